"""Ops of the family ``radiography``, one a module."""
