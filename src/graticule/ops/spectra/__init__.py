"""Ops of the family ``spectra``, one a module."""
