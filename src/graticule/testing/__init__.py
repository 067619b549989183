"""For tests of ops, yours and ours: images, Hypothesis strategies, the op contract."""
