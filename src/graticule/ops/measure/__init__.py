"""Ops of the family ``measure``, one a module."""
