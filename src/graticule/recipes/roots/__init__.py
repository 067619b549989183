"""Roots in soil: losses of a network compared, and how much of their length is found."""
