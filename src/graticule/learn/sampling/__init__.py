"""Which samples train."""
