"""Spectra of which others are sums: how much of each there is, and which they are."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from graticule.core import map_ranges
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.clustering.step import Fit, numbered_by_size

_SWEEPS, _TOLERANCE = 10_000, 1e-9
_FEWEST = 20
"""Rows that a refined end member is a mean of, at least."""


def unit_rows(rows: Array) -> Array:
    """Return rows of length 1; those of length 0 as they are.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1))


def weights_of(rows: Array, members: Array) -> Array:
    """Return how much of each end member a row holds, by least squares without negative ones.

    Parameters
    ----------
    rows, members : ndarray
        (rows, features) and (end members, features).

    Returns
    -------
    ndarray
        (rows, end members).

    Examples
    --------
    >>> weights_of(np.array([[2.0, 1.0], [1.0, -1.0]]), np.eye(2)).tolist()
    [[2.0, 1.0], [1.0, 0.0]]
    """
    from graticule.learn.clustering._abundance_kernels import nonnegative

    gram = np.asarray(members @ members.T, np.float64)
    products = np.asarray(rows @ members.T, np.float64)
    found = np.zeros(products.shape)

    def part(first: int, last: int) -> None:
        nonnegative(gram, products[first:last], found[first:last], _SWEEPS, _TOLERANCE)

    map_ranges(part, len(rows), least=2048)
    return found


def abundances(rows: Array, members: Array) -> Array:
    """Return the share of each end member in the rows, from 0 to 1 and together 1.

    Rows and end members are taken at length 1, so that only their directions count, not how bright
    or thick anything is; the weights of `weights_of` are divided by their sum. A row that holds
    nothing of any has the same share of each.

    Examples
    --------
    >>> rows = np.array([[30.0, 10.0], [0.1, 0.0]])
    >>> abundances(rows, np.array([[1.0, 0.0], [0.0, 9.0]])).tolist()
    [[0.75, 0.25], [1.0, 0.0]]
    """
    weights = weights_of(unit_rows(rows), unit_rows(members))
    total = weights.sum(axis=1, keepdims=True)
    shares: Array = np.where(total > 0, weights / np.where(total > 0, total, 1), 1 / len(members))
    return shares


def purest(rows: Array, members: Array, pure: float, *, rounds: int = 50) -> Array:
    """Return end members of length 1 as means of the rows that are nearly pure of them.

    Rows of which an end member has the share ``pure`` or more give its new direction, as their
    mean, and so on until none moves. Where there are fewer than 20, these 20 give it.

    Examples
    --------
    >>> share = np.linspace(0, 1, 101)[:, None]
    >>> rows = share * [1.0, 0.0] + (1 - share) * [0.0, 1.0]
    >>> purest(rows, np.array([[0.9, 0.4], [0.4, 0.9]]), 0.9).round(1).tolist()
    [[1.0, 0.1], [0.1, 1.0]]
    """
    directions, members = unit_rows(rows), unit_rows(members)
    fewest = min(_FEWEST, len(rows))
    for _ in range(rounds):
        shares = abundances(directions, members)
        moved = np.empty_like(members)
        for number, share in enumerate(shares.T):
            least = min(pure, float(np.partition(share, -fewest)[-fewest]))
            moved[number] = directions[share >= least].mean(axis=0)
        moved = unit_rows(moved)
        rest = float(np.abs(moved - members).max())
        members = moved
        if rest < 1e-7:
            break
    return members


def largest_simplex(scores: Array, count: int, seed: int, starts: int = 10) -> Array:
    """Return the rows that span the simplex of largest volume: the N-FINDR algorithm [1]_.

    Parameters
    ----------
    scores : ndarray
        (rows, ``count - 1``).
    count : int
        Corners.
    seed, starts : int
        Of the rows it starts from; of so many starts the largest simplex is kept.

    Returns
    -------
    ndarray of int64
        Numbers of rows, sorted.

    References
    ----------
    .. [1] M. E. Winter, Proc. SPIE 3753, 266 (1999), :doi:`10.1117/12.366289`.

    Examples
    --------
    >>> rows = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.3, 0.3], [0.4, 0.1]])
    >>> largest_simplex(rows, 3, 0).tolist()
    [0, 1, 2]
    """
    if len(scores) < count:
        raise ImageError(
            f"{count} end members need {count} rows, not {len(scores)}",
            hint="ask for fewer groups or give more rows",
        )
    if count == 1:
        return np.array([int(np.abs(scores).sum(axis=1).argmax())])
    lifted = np.concatenate([np.ones((len(scores), 1)), scores], axis=1)
    rng = np.random.default_rng(seed)
    best, largest = np.arange(count), -1.0
    for _ in range(starts):
        corners = rng.choice(len(scores), count, replace=False)
        volume = abs(float(np.linalg.det(lifted[corners])))
        settled = 0
        for number in itertools.islice(itertools.cycle(range(count)), 50 * count):
            # the determinant is linear in one row: its minors say how
            others = np.delete(lifted[corners], number, axis=0)
            minors = [
                (-1) ** (number + f) * np.linalg.det(np.delete(others, f, axis=1))
                for f in range(count)
            ]
            volumes = np.abs(lifted @ np.array(minors))
            found, settled = int(volumes.argmax()), settled + 1
            if volumes[found] > volume * (1 + 1e-9):
                corners[number], volume, settled = found, float(volumes[found]), 0
            if settled == count:
                break
        if volume > largest and math.isfinite(volume):
            best, largest = corners.copy(), volume
    return np.sort(best)


def shares_fit(rows: Array, members: Array, facts: Mapping[str, Any]) -> Fit:
    """Return the groups of the largest share of end members, without empty ones."""
    members = np.asarray(members, np.float64)
    while True:  # rows between two may go to either when there are fewer, or in another order
        labels, order = numbered_by_size(abundances(rows, members).argmax(axis=1))
        if order.tolist() == list(range(len(members))):
            return Fit(labels, {"members": members}, facts)
        members = members[order]


def apply_shares(rows: Array, content: Mapping[str, Array], parameters: Any) -> Array:
    """Return the group of the largest share."""
    return np.asarray(abundances(rows, content["members"]).argmax(axis=1), np.int32)
