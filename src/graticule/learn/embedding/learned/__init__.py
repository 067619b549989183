"""Embeddings that are fitted to a collection, one module each, found by name."""
