"""What is right and wrong of an answer, in the same colours everywhere."""

from __future__ import annotations

import numpy as np

from graticule.core.typing import Array

# Okabe and Ito's colours; told apart by lightness too, for print and for every colour vision.
HITS = (
    ("true negative", (24, 27, 31)),
    ("true positive", (232, 236, 240)),
    ("false positive", (213, 94, 0)),
    ("false negative (missed)", (86, 180, 233)),
)
"""Name and colour of each code that `graticule.evaluate.pixels.hit_map` gives, in their order."""


def painted_hits(hits: Array) -> Array:
    """Return a hit map as an array of r, g, b from 0 to 255.

    Examples
    --------
    >>> painted_hits(np.array([[0, 1]]))[0, 1].tolist()
    [232, 236, 240]
    """
    table = np.array([colour for _, colour in HITS], np.uint8)
    return np.asarray(table[hits])


def hit_key() -> list[tuple[str, str]]:
    """Return the names and colours (``#rrggbb``) of a legend."""
    return [(name, "#{:02x}{:02x}{:02x}".format(*colour)) for name, colour in HITS]
