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
    centres : ndarray
        (tiles, features): the mean of the rows of each tile, padded as they are.
    radii : ndarray
        Distance of the farthest row of each tile from its centre.
    """

    values: Array
    rows: Array
    centres: Array
    radii: Array

    def spread(self, of_rows: Array, fill: float) -> Array:
        """Return a number of each row as (tiles, `TILE`), with a filling where there is none."""
        placed: Array = np.where(self.rows >= 0, of_rows[self.rows], fill)
        return placed


def tiled(rows: Array) -> Tiles:
    """Return rows in tiles, cut in two over and over across the direction they are widest in.

    Examples
    --------
    >>> tiles = tiled(np.random.default_rng(0).normal(size=(300, 2)))
    >>> tiles.values.shape[1:], int((tiles.rows >= 0).sum())
    ((4, 128), 300)
    """
    parts: list[Array] = []
    waiting = [np.arange(len(rows))]
    while waiting:
        part = waiting.pop()
        if len(part) <= TILE:
            parts.append(part)
        else:
            waiting += _halves(rows, part)
    count = len(parts)
    features = rows.shape[1]
    values = np.full((count, -(-features // 4) * 4, TILE), np.inf)
    owner = np.full((count, TILE), -1)
    for number, part in enumerate(parts):
        owner[number, : len(part)] = part
        values[number, :features, : len(part)] = rows[part].T
    values[:, features:] = 0
    centres = np.zeros(values.shape[:2])
    centres[:, :features] = [rows[part].mean(axis=0) for part in parts]
    radii = [
        float(np.linalg.norm(rows[part] - centre, axis=1).max())
        for part, centre in zip(parts, centres[:, :features], strict=True)
    ]
    return Tiles(values, owner, centres, np.array(radii))


def _halves(rows: Array, part: Array) -> tuple[Array, Array]:
    """Cut rows where they are sparsest, across the direction they are widest in.

    Neither half has less than a quarter; where all is equally dense they are equal.
    """
    places = rows[part] @ _widest(rows[part])
    order = np.argsort(places, kind="stable")
    places, size = places[order], len(part)
    near = max(1, size // 50)
    cuts = np.arange(size // 4, size - size // 4)
    sparse = places[np.minimum(cuts + near, size - 1)] - places[cuts - near]
    middle = 1 - 0.5 * np.abs(2 * cuts / size - 1)
    at = int(cuts[(sparse * middle).argmax()])
    return part[order[at:]], part[order[:at]]


def _widest(rows: Array) -> Array:
    """Return roughly the first principal axis of rows, from at most 1,000 of them."""
    centred = rows[:: -(-len(rows) // 1000)]
    centred = centred - centred.mean(axis=0)
    axis = np.zeros(rows.shape[1])
    axis[centred.var(axis=0).argmax()] = 1
    for _ in range(6):
        moved = centred.T @ (centred @ axis)
        length = float(np.linalg.norm(moved))
        if length == 0:
            break
        axis = moved / length
    return axis
