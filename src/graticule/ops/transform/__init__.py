"""Ops of the family ``transform``, one a module."""
