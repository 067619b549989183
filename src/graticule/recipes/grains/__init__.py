"""Grains: particles of a packed bed that touch, parted and measured in three dimensions."""
