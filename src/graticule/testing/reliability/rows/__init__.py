"""Rows: each public module holds one promise or a few that belong together."""
