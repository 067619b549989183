"""Forests that answer many samples at once, a bit a sample."""
