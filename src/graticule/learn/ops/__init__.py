"""Ops that apply what was learned: one file per op."""
