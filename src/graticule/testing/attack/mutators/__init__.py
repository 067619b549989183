"""Mutators: each public module is that of one format, and declares it as ``MUTATOR``."""
