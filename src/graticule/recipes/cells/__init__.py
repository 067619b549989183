"""Cells: dark colonies on a bright ground whose light changes from picture to picture."""
