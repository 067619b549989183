"""Simulated measurements with their truth: physical, seeded, for tests and for training."""
