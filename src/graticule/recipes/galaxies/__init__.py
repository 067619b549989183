"""Galaxies: the object of each cut-out of a survey, in a frame of its own, or why not."""
