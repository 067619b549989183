"""Cortex: parts of tissue told by grey value and by place."""
