"""How a limited number of samples is shared out among classes, and what each then counts for."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np

from graticule.core.errors import ParameterError
from graticule.core.typing import Array

Balance: TypeAlias = bool | Literal["auto"]

_FLOOR = 10
"""Where classes are not balanced, a rare one still gets this part of an even share."""
_LEAST = 10
"""Samples that a rare class keeps where more of them could not be weighed down again."""


def require_balance(given: Any) -> None:
    """Refuse what says nothing about how classes count."""
    if given not in (True, False, "auto"):
        raise ParameterError(f"must be auto, True or False, not {given!r}", where="balance")


def class_quotas(counts: Array, most: int | None, balance: bool, *, weighed: bool = True) -> Array:
    """Return how many samples of each class are taken, at most so many together.

    Parameters
    ----------
    counts : ndarray
        How many there are of each class.
    most : int or None
        None for all.
    balance : bool
        Whether shares are even, as far as there are samples; else they are as in ``counts``, but
        for rare classes.
    weighed : bool
        Whether rare classes may get a tenth of an even share, since weights make up for it; else
        they get ten samples.

    Examples
    --------
    >>> class_quotas(np.array([1000, 10, 500]), 210, balance=True).tolist()
    [100, 10, 100]
    >>> class_quotas(np.array([1000, 10, 990]), 200, balance=False).tolist()
    [97, 6, 96]
    >>> class_quotas(np.array([90000, 20, 9980]), 1000, balance=False, weighed=False).tolist()
    [883, 10, 106]
    """
    if most is None or counts.sum() <= most:
        return counts.copy()
    if balance:
        return _even(counts, most)
    if weighed:
        floor = _even(counts, min(most, max(counts.size, most // _FLOOR)))
    else:
        floor = _even(np.minimum(counts, _LEAST), most)
    rest = counts - floor
    taken = floor + rest * (most - floor.sum()) // max(1, rest.sum())
    limited: Array = np.minimum(taken, counts)
    return limited


def _even(counts: Array, most: int) -> Array:
    """Share out evenly; what a class cannot use goes to the others."""
    taken = np.zeros_like(counts)
    left = most
    order = np.argsort(counts, kind="stable")
    for place, number in enumerate(order):
        taken[number] = min(counts[number], left // (counts.size - place))
        left -= taken[number]
    return taken


def weights(codes: Array, counts: Array, balance: bool) -> Array | None:
    """Return what each chosen sample counts for; None where all count the same.

    Balanced, every class counts as much as every other; else each as much as it has labelled
    samples (``counts``), however many of them were taken.

    Examples
    --------
    >>> weights(np.array([0, 0, 1]), np.array([6, 6]), balance=False)
    array([0.75, 0.75, 1.5 ])
    """
    taken = np.bincount(codes, minlength=counts.size)
    present = np.maximum(taken, 1)
    per_class = 1 / present if balance else counts / present
    found: Array = per_class[codes]
    found = found * (found.size / found.sum())
    return None if np.allclose(found, 1.0, rtol=1e-12) else found
