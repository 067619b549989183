"""Spots: five ways to find outliers of a radiograph, learned and not, on one split."""
