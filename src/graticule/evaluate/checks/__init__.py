"""Checks a pipeline can name, one a module."""
