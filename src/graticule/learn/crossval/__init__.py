"""Scores on samples that were held out, with intervals."""
