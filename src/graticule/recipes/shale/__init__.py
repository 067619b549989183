"""Shale: three phases, and the false skin of the middle one between the other two."""
