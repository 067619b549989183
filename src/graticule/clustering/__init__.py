"""Clustering documents carried out: a collection prepared, described in numbers, and grouped."""
