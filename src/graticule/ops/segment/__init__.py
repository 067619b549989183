"""Ops of the family ``segment``, one a module."""
