"""Pipelines: their grammar, keys, step store, tiles and runs."""
