"""Which method? Every alternative of a step side by side, scored, timed and pictured."""
