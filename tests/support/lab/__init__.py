"""A plugin package: an op, a histogram threshold, a format, a check and a kind of method.

Each is one file. ``tests/test_plugin.py`` installs the package and uses them from the command line.
"""
