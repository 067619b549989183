"""Ops of the family ``filters``, one a module."""
