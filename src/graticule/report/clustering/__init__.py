"""The report of a clustering: how many groups, whether they are there, and what they look like."""
