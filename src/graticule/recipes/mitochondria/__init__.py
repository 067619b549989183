"""Mitochondria in an electron micrograph: many ways to learn, judged on blocks with a buffer."""
