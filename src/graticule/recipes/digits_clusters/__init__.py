"""Digits: groups of images that nobody labelled, held against tables without structure."""
