"""Ops of the family ``detect``, one a module."""
