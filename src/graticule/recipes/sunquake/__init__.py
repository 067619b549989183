"""Sunquake: a ripple under noise, and how often noise alone looks like one."""
