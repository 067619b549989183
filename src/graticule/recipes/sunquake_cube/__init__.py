"""Sunquake from a Doppler cube: rings around the epicentre, then the recipe sunquake."""
