"""Rows in tiles of near ones, so that what is far apart is passed over tile by tile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graticule.core.typing import Array

TILE = 128
"""Rows of a tile."""


@dataclass(frozen=True)
class Tiles:
    """Rows sorted into tiles.

    Attributes
    ----------
    values : ndarray
        (tiles, features, `TILE`) of float64; features are padded with 0 to a multiple of four,
        places without a row are inf.
    rows : ndarray of int64
        (tiles, `TILE`): which row is at a place, -1 for none.
    low, high : ndarray
        (tiles, features): the box around each tile.
    """

    values: Array
    rows: Array
    low: Array
    high: Array

    def spread(self, of_rows: Array, fill: float) -> Array:
        """Return a number of each row as (tiles, `TILE`), with a filling where there is none."""
        placed: Array = np.where(self.rows >= 0, of_rows[self.rows], fill)
        return placed


def tiled(rows: Array) -> Tiles:
    """Return rows in tiles, halved at the median of the widest feature over and over.

    Examples
    --------
    >>> tiles = tiled(np.random.default_rng(0).normal(size=(300, 2)))
    >>> tiles.values.shape, (tiles.rows >= 0).sum(axis=1).tolist()
    ((3, 4, 128), [100, 100, 100])
    """
    count = -(-len(rows) // TILE)
    parts: list[Array] = []
    waiting = [(np.arange(len(rows)), count)]
    while waiting:
        part, tiles = waiting.pop()
        if tiles == 1:
            parts.append(part)
            continue
        first = tiles // 2
        at = len(part) * first // tiles
        feature = int(np.ptp(rows[part], axis=0).argmax())
        part = part[np.argpartition(rows[part, feature], at)]
        waiting += [(part[at:], tiles - first), (part[:at], first)]
    features = rows.shape[1]
    values = np.full((count, -(-features // 4) * 4, TILE), np.inf)
    owner = np.full((count, TILE), -1)
    for number, part in enumerate(parts):
        owner[number, : len(part)] = part
        values[number, :features, : len(part)] = rows[part].T
    values[:, features:] = 0
    low = np.array([rows[part].min(axis=0) for part in parts])
    high = np.array([rows[part].max(axis=0) for part in parts])
    return Tiles(values, owner, low, high)
