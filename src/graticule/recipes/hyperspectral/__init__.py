"""Hyperspectral: what the pixels of a scene are made of, and how much of each."""
