"""Benchmarks: every figure with its baseline beside it, measured in the same run."""
