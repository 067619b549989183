"""Fixed embeddings, one a module."""
