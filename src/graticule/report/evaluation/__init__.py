"""Results against their truth: finding the pairs, judging them, and the page."""
