"""Colours that everybody can tell apart, for figures of any part."""

from __future__ import annotations

# Okabe and Ito's colours, told apart by people with any colour vision.
BLUE, ORANGE, GREEN, RED, GREY = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#6b7280"
INK, FAINT = "#1f2933", "#9aa5b1"
