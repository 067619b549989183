"""Microarray: the spots of a two-colour array on their grid, each as the ratio of its colours."""
