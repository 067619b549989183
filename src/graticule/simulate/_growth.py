"""Branching paths in a plane or in space, and the room they take on a grid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from graticule.core.typing import Array

THINNEST = 0.75
"""Smallest radius in samples: thinner, a path could pass between the centres of samples."""

_AHEAD = 4.0
"""Samples over which the way of a root keeps its bend."""


@dataclass(frozen=True)
class Path:
    """A root: places a sample apart, dims in the order of the image, and a radius at each."""

    places: Array
    radii: Array


@dataclass(frozen=True)
class Growth:
    """How roots grow.

    Attributes
    ----------
    count : int
        Main roots, which start at the top.
    radius : float
        Of a main root where it starts, in samples; from root to root it differs by 20 %.
    length : float
        Of a main root, in parts of the height of the image; it differs by 20 % too.
    taper : float
        Part of the radius that is lost towards the tip.
    spacing : float
        Mean distance between two branches along a root, in samples.
    angle : float
        Mean angle between a branch and its root, in degrees; it differs by 12 degrees.
    thinning, shortening : float
        Radius and length of a branch, as parts of those of its root from there on.
    orders : int
        1 for main roots alone, 2 for their branches, and so on.
    tropism : float
        How strongly roots turn downwards: the part of the way to go at each sample.
    wander : float
        How crooked they are: standard deviation of the turn over a sample.

    Examples
    --------
    >>> from graticule.simulate.roots import roots
    >>> sparse = roots((96, 80), growth=Growth(count=1, orders=1), seed=1)
    >>> dense = roots((96, 80), growth=Growth(count=5, orders=2), seed=1)
    >>> sparse.length < dense.length
    True
    """

    count: int = 3
    radius: float = 3.0
    length: float = 0.85
    taper: float = 0.6
    spacing: float = 28.0
    angle: float = 55.0
    thinning: float = 0.55
    shortening: float = 0.45
    orders: int = 3
    tropism: float = 0.008
    wander: float = 0.02


def grown(rng: np.random.Generator, shape: Sequence[int], growth: Growth) -> list[Path]:
    """Return the roots of a plant, parents before their branches; the second last dim is down."""
    down = np.zeros(len(shape))
    down[-2] = 1.0
    paths: list[Path] = []
    for number in range(growth.count):
        start = np.array(shape, float) * rng.uniform(0.4, 0.6, len(shape))
        start[-2] = 0.0
        lean = down + rng.normal(0, 0.6, len(shape)) * (1 - down) * (number > 0)
        length = growth.length * shape[-2] * rng.uniform(0.8, 1.2)
        radius = growth.radius * rng.uniform(0.8, 1.2)
        _grow(rng, paths, growth, start, lean, length, radius, 1)
    return paths


def _grow(
    rng: np.random.Generator,
    paths: list[Path],
    growth: Growth,
    start: Array,
    heading: Array,
    length: float,
    radius: float,
    order: int,
) -> None:
    """Add a root and all its branches."""
    count = max(2, int(length))
    # A branch feels the pull of gravity less than its root.
    places, headings = walked(
        rng, start, heading, count, growth.tropism / order**2, growth.wander * order
    )
    radii = np.maximum(radius * (1 - growth.taper * np.linspace(0, 1, count)), THINNEST)
    paths.append(Path(places, radii))
    if order >= growth.orders:
        return
    at = rng.exponential(growth.spacing)
    while at < count - 1:
        here = int(at)
        direction = _turned(rng, headings[here], np.radians(rng.normal(growth.angle, 12)))
        left = growth.shortening * (count - here) * rng.uniform(0.2, 1.0)
        if left > 3:
            thin = growth.thinning * radii[here] * rng.uniform(0.8, 1.2)
            _grow(rng, paths, growth, places[here], direction, left, thin, order + 1)
        at += rng.exponential(growth.spacing)


def walked(
    rng: np.random.Generator,
    start: Array,
    heading: Array,
    count: int,
    tropism: float,
    wander: float,
) -> tuple[Array, Array]:
    """Return places a sample apart along a smoothly bending way, and the heading at each."""
    down = np.zeros(len(start))
    down[-2] = 1.0
    keep = np.exp(-1 / _AHEAD)
    kicks = rng.normal(0, wander * np.sqrt(1 - keep**2), (count, len(start)))
    places, headings = np.empty((count, len(start))), np.empty((count, len(start)))
    place, heading = np.array(start, float), heading / np.linalg.norm(heading)
    turn = np.zeros(len(start))
    for index in range(count):
        places[index], headings[index] = place, heading
        turn = keep * turn + kicks[index]
        heading = heading + turn + tropism * down
        heading = heading / np.linalg.norm(heading)
        place = place + heading
    return places, headings


def _turned(rng: np.random.Generator, heading: Array, angle: float) -> Array:
    """Return a heading that differs by an angle, to a side that is drawn."""
    side = rng.standard_normal(len(heading))
    side -= (side @ heading) * heading
    side /= np.linalg.norm(side)
    return np.asarray(np.cos(angle) * heading + np.sin(angle) * side)


@dataclass(frozen=True)
class Painted:
    """Paths on a grid.

    Attributes
    ----------
    chord : ndarray
        How long a line across the plane of the image runs inside, summed over the paths.
    radius : ndarray
        Radius of the thickest path that holds a sample; 0 outside.
    centreline : ndarray of bool
        Samples the paths run through.
    length : float
        Of all paths, as far as they are in the image.
    """

    chord: Array
    radius: Array
    centreline: Array
    length: float

    @property
    def mask(self) -> Array:
        """Samples inside a path."""
        return np.asarray(self.radius > 0)


def painted(paths: Iterable[Path], shape: Sequence[int]) -> Painted:
    """Return the room that paths take: balls of their radius around each place."""
    chord, radius = np.zeros(tuple(shape)), np.zeros(tuple(shape), np.float32)
    centreline = np.zeros(tuple(shape), bool)
    length = 0.0
    for path in paths:
        inside = np.all((path.places >= 0) & (path.places <= np.array(shape) - 1), axis=1)
        centreline[tuple(np.rint(path.places[inside]).astype(int).T)] = True
        length += float(np.count_nonzero(inside[1:] & inside[:-1]))
        _paint(path, chord, radius)
    return Painted(chord, radius, centreline, length)


def _paint(path: Path, chord: Array, radius: Array) -> None:
    """Add the chords of one path, and enter its radius where it is the thickest."""
    corner, own, of = _box(path, chord.shape)
    if own.size == 0:
        return
    for place, reach in zip(path.places, path.radii, strict=True):
        window = tuple(
            slice(max(0, int(np.ceil(c - reach)) - o), max(0, int(np.floor(c + reach)) + 1 - o))
            for c, o in zip(place, corner, strict=True)
        )
        room = own[window]
        if room.size == 0:
            continue
        grids = np.ogrid[tuple(slice(0, size) for size in room.shape)]
        parts = [
            (grid + part.start + o - c) ** 2
            for grid, part, o, c in zip(grids, window, corner, place, strict=True)
        ]
        depth = reach**2 - sum(parts[1:], parts[0])
        of[window][depth > np.maximum(room, 0)] = reach
        np.maximum(room, depth, out=room)
    whole = tuple(slice(o, o + size) for o, size in zip(corner, own.shape, strict=True))
    chord[whole] += 2 * np.sqrt(own)
    np.maximum(radius[whole], of, out=radius[whole])


def _box(path: Path, shape: Sequence[int]) -> tuple[list[int], Array, Array]:
    """Return the corner of the part of the image a path is in, and two empty arrays for it."""
    low = np.floor(path.places.min(axis=0) - path.radii.max()).astype(int)
    high = np.ceil(path.places.max(axis=0) + path.radii.max()).astype(int) + 1
    corner = np.clip(low, 0, shape)
    sizes = np.clip(high, 0, shape) - corner
    return [int(c) for c in corner], np.zeros(tuple(sizes)), np.zeros(tuple(sizes), np.float32)
