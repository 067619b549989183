"""Simulated time-lapse of cells that move, grow, divide and are missed now and then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import xarray as xr

from graticule.core import Table, as_image
from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.simulate._primitives import blurred, ellipsoid

_RELAXED = 3
"""Rounds in which cells push each other away, in each frame."""


class CellMovie(NamedTuple):
    """A simulated time-lapse and its truth; dims ``t y x``.

    Attributes
    ----------
    image : DataArray
        Grey values, uint16. A cell that is missed is dim there.
    labels : DataArray
        int32: the cells that are not missed, numbered anew in every frame.
    tracks : DataArray
        int32: all cells, each with the number of its track.
    lineage : DataFrame
        ``track``, ``parent`` (0 for none), ``start`` and ``stop`` (first and last frame).
    """

    image: xr.DataArray
    labels: xr.DataArray
    tracks: xr.DataArray
    lineage: Table


@dataclass
class _Cell:
    """A cell of age 0 to 1, which it divides at, in parts of its own cycle."""

    track: int
    parent: int
    place: Array
    velocity: Array
    age: float
    cycle: float
    angle: float
    elongation: float
    brightness: float
    start: int
    stop: int = 0
    missed: int = field(default=0)

    def radius(self, newborn: float) -> float:
        return newborn * float(np.sqrt(1 + min(self.age, 1.0)))


def dividing_cells(
    shape: Sequence[int] = (256, 256),
    *,
    frames: int = 40,
    count: int = 30,
    radius: float = 7.0,
    speed: float = 1.5,
    persistence: float = 0.5,
    cycle: float = 60.0,
    missed: float = 0.02,
    longest_gap: int = 2,
    photons: float = 60.0,
    seed: int | list[int] = 0,
) -> CellMovie:
    """Simulate a time-lapse of cells whose number stays about the same.

    Cells walk at random with some memory of their direction, push each other away, and grow to
    twice their size; then each divides into two on either side of where it was. As many others
    leave as are born beyond ``count``. Now and then one is missed for some frames.

    Parameters
    ----------
    shape : sequence of int
        Samples along ``y x``.
    frames : int
        Along ``t``.
    count : int
        Cells in the first frame, and about as many in all others.
    radius : float
        Mean radius, in samples.
    speed : float
        Root mean square of a step along each axis, in samples a frame.
    persistence : float
        The part of the last step that the next one goes on with; 0 is a random walk.
    cycle : float
        Mean time from division to division, in frames; it differs by 15 % from cell to cell.
    missed : float
        The part of cells that begin to be missed, in each frame.
    longest_gap : int
        Frames that a cell is missed for at most.
    photons : float
        Mean number counted at a cell of usual brightness.
    seed : int or list of int
        Of everything that is drawn.

    Returns
    -------
    CellMovie
        The movie, the labels of what is seen, and the truth.

    Raises
    ------
    ParameterError
        If there are not two sizes of at least 1, ``frames`` or ``count`` is below 1, or
        ``radius`` or ``cycle`` is not positive.

    Examples
    --------
    >>> movie = dividing_cells((96, 96), frames=20, count=8, seed=1)
    >>> movie.labels.dims, bool((movie.lineage["parent"] > 0).any())
    (('t', 'y', 'x'), True)
    """
    if len(shape) != 2 or min(shape) < 1 or frames < 1 or count < 1:
        raise ParameterError(
            f"two sizes, frames and count of at least 1, not {list(shape)}, {frames}, {count}",
            where="dividing_cells",
        )
    if not radius > 0 or not cycle > 0:
        raise ParameterError(
            f"radius and cycle must be above 0, not {radius:g}, {cycle:g}", where="dividing_cells"
        )
    rng = np.random.default_rng(seed)
    newborn = radius / np.sqrt(1.5)
    alive = [_first(rng, number, shape, cycle) for number in range(1, count + 1)]
    done: list[_Cell] = []
    for _ in range(20):
        _push(alive, newborn, shape)
    sizes = (frames, *shape)
    truth, labels = np.zeros(sizes, np.int32), np.zeros(sizes, np.int32)
    image = np.zeros(sizes, np.uint16)
    for frame in range(frames):
        if frame:
            alive, gone = _next(rng, alive, len(done), newborn, cycle, frame, count)
            done += gone
            _move(rng, alive, speed, persistence)
            for _ in range(_RELAXED):
                _push(alive, newborn, shape)
        for cell in alive:
            cell.stop = frame
            is_missed = cell.missed == 0 and frame and rng.random() < missed
            cell.missed = max(0, cell.missed - 1)
            if is_missed:
                cell.missed = int(rng.integers(1, longest_gap + 1))
        light = _drawn(rng, alive, newborn, truth[frame], labels[frame])
        counts = rng.poisson(photons * (blurred(light, 1.0) + 0.05))
        image[frame] = np.clip(np.rint(8 * counts + rng.normal(100, 10, shape)), 0, 65535)
    made = [as_image(values, dims=("t", "y", "x")) for values in (image, labels, truth)]
    return CellMovie(made[0], made[1], made[2], _lineage(done + alive))


def _first(rng: np.random.Generator, number: int, shape: Sequence[int], cycle: float) -> _Cell:
    place = rng.uniform(0, np.array(shape) - 1.0)
    return _new(rng, number, 0, place, rng.uniform(0, 0.95), cycle, 0)


def _new(
    rng: np.random.Generator,
    track: int,
    parent: int,
    place: Array,
    age: float,
    cycle: float,
    start: int,
) -> _Cell:
    own = cycle * float(np.clip(rng.normal(1, 0.15), 0.5, 1.6))
    angle, elongation = rng.uniform(0, np.pi), rng.uniform(1.0, 1.35)
    bright = float(np.exp(rng.normal(0, 0.2)))
    return _Cell(track, parent, place, np.zeros(2), age, own, angle, elongation, bright, start)


def _next(
    rng: np.random.Generator,
    alive: list[_Cell],
    gone: int,
    newborn: float,
    cycle: float,
    frame: int,
    count: int,
) -> tuple[list[_Cell], list[_Cell]]:
    """Return the cells of the next frame, and those that are no more; some of these divided."""
    stay, ended = [], []
    last = len(alive) + gone
    for cell in alive:
        cell.age += 1 / cell.cycle
        if cell.age < 1:
            stay.append(cell)
            continue
        ended.append(cell)
        way = newborn * np.array([np.sin(cell.angle), np.cos(cell.angle)])
        for side in (-1, 1):
            last += 1
            place = cell.place + 1.05 * side * way
            stay.append(_new(rng, last, cell.track, place, 0.0, cycle, frame))
    leave = max(0, len(stay) - count)
    older = [cell for cell in stay if cell.start < frame]
    for number in rng.permutation(len(older))[:leave]:
        ended.append(older[number])
        stay.remove(older[number])
    return stay, ended


def _move(rng: np.random.Generator, alive: list[_Cell], speed: float, persistence: float) -> None:
    fresh = speed * np.sqrt(1 - persistence**2)
    for cell in alive:
        cell.velocity = persistence * cell.velocity + rng.normal(0, fresh, 2)
        cell.place = cell.place + cell.velocity
        cell.angle += rng.normal(0, 0.1)


def _push(alive: list[_Cell], newborn: float, shape: Sequence[int]) -> None:
    """Move cells that overlap apart by half of what they overlap, and all into the field."""
    places = np.array([cell.place for cell in alive])
    radii = np.array([cell.radius(newborn) for cell in alive])
    way = places[:, None] - places[None]
    away = np.maximum(np.linalg.norm(way, axis=2), 1e-6)
    overlap = np.maximum(0, 1.1 * (radii[:, None] + radii[None]) - away)
    np.fill_diagonal(overlap, 0)
    places += 0.25 * ((overlap / away)[:, :, None] * way).sum(axis=1)
    places = np.clip(places, 0, np.array(shape) - 1.0)
    for cell, place in zip(alive, places, strict=True):
        cell.place = place


def _drawn(
    rng: np.random.Generator, alive: list[_Cell], newborn: float, truth: Array, labels: Array
) -> Array:
    """Draw the cells of a frame into truth and labels; return the light of them."""
    light = np.zeros(truth.shape)
    numbers = rng.permutation(len(alive)) + 1
    for cell, number in zip(alive, numbers, strict=True):
        stretch = np.sqrt(cell.elongation)
        half = cell.radius(newborn) * np.array([stretch, 1 / stretch])
        sine, cosine = np.sin(cell.angle), np.cos(cell.angle)
        body = ellipsoid(truth.shape, cell.place, half, np.array([[sine, cosine], [cosine, -sine]]))
        free = truth[body.inside] == 0
        inside = tuple(index[free] for index in body.inside)
        truth[inside] = cell.track
        if not cell.missed:
            labels[inside] = number
        light[inside] = cell.brightness * (0.5 + 0.5 * body.depth[free])
        light[inside] *= 0.1 if cell.missed else 1.0
    return light


def _lineage(cells: list[_Cell]) -> Table:
    import pandas as pd

    rows = [(each.track, each.parent, each.start, each.stop) for each in cells]
    return pd.DataFrame(sorted(rows), columns=["track", "parent", "start", "stop"])
