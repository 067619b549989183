"""Timelapse: dividing cells followed through a film, with speeds, divisions and cell cycles."""
