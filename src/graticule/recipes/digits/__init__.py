"""Digits: whole images classified, and the trap of a score on the training data."""
