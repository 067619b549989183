"""Ops of the family ``threshold``, one a module."""
