"""Nuclei: objects that stand out from their ground, whichever way, and touch."""
