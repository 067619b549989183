"""Intervals by resampling images, or blocks of one image; never samples.

Neighbouring samples of an image are right or wrong together, so an interval over samples is far
too narrow. What is resampled here are units that know little of each other: images, or blocks
of an image as large as the correlation reaches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from graticule.core.errors import CheckError, ParameterError
from graticule.core.typing import Array

__all__ = ["Interval", "block_size", "blocks", "bootstrap", "bootstrap_sums", "correlation_length"]

_ENOUGH = 25
"""Blocks that are not given up for larger ones."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval of confidence.

    Attributes
    ----------
    estimate : float
        The statistic of all units.
    low, high : float
        NaN where there are fewer than two units, which say nothing of how units differ.
    units : int
        How many units there were.
    left_out : int
        Units without a value (NaN), which are not counted.

    Examples
    --------
    >>> found = Interval(0.8, 0.71, 0.86, units=12, left_out=1)
    >>> found.low < found.estimate < found.high, found.units
    (True, 12)
    """

    estimate: float
    low: float
    high: float
    units: int
    left_out: int = 0

    def __str__(self) -> str:
        if math.isnan(self.low):
            return f"{self.estimate:.4g}"
        return f"{self.estimate:.4g} ({self.low:.4g} to {self.high:.4g})"


def _mean(rows: Array) -> Any:
    return rows.mean(axis=0)


def bootstrap(
    values: ArrayLike,
    statistic: Callable[[Array], Any] = _mean,
    *,
    n: int = 2000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Return the percentile interval of a statistic over resampled units [1]_.

    Parameters
    ----------
    values : array_like
        One number for each unit, or a row of numbers (as counts, of which ``statistic`` makes a
        ratio). Units with a NaN are left out and counted.
    statistic : callable
        From the units drawn (an array of the same number of dims) to a number.
    n : int
        How often units are drawn, with replacement.
    seed : int
        Of the drawing.
    confidence : float
        Part of the resampled statistics within the interval.

    Returns
    -------
    Interval
        Statistics that are NaN (as the ratio of nothing to nothing) are left out of it.

    Raises
    ------
    CheckError
        If there is no unit with a value, or values are no numbers.
    ParameterError
        If ``n`` or ``confidence`` is out of range.

    References
    ----------
    .. [1] B. Efron and R. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall (1993).

    Examples
    --------
    >>> found = bootstrap([0.7, 0.8, 0.9, 0.8, 0.6, 0.85])
    >>> round(found.estimate, 3), 0.6 < found.low < 0.78 < found.high < 0.9
    (0.775, True)
    """
    _require_sound(n, confidence)
    rows = _rows(values)
    known = ~np.isnan(rows.reshape(len(rows), -1)).any(axis=1) if rows.size else np.zeros(0, bool)
    rows, left_out = rows[known], int(np.count_nonzero(~known))
    if len(rows) == 0:
        raise CheckError(f"there is no unit with a value; {left_out} have none")
    drawn = np.array([float(statistic(rows[at])) for at in _draws(len(rows), n, seed)])
    return _interval(float(statistic(rows)), drawn, confidence, len(rows), left_out)


def bootstrap_sums(
    counts: ArrayLike,
    statistic: Callable[[Array], Any],
    *,
    n: int = 1000,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Return the interval of a statistic of counts that add up over units, as blocks.

    The same as `bootstrap` with a statistic of the sum of the rows, and much faster where a row
    is long.

    Parameters
    ----------
    counts : array_like
        A row of counts for each unit.
    statistic : callable
        From the summed row to a number.
    n, seed : int
        As for `bootstrap`.
    confidence : float
        As for `bootstrap`.

    Returns
    -------
    Interval
        NaN at both ends where there are fewer than two units.

    Raises
    ------
    CheckError
        If there is no unit.
    ParameterError
        If ``n`` or ``confidence`` is out of range.

    Examples
    --------
    >>> found = bootstrap_sums([[1, 2], [3, 4], [9, 10]], lambda row: row[0] / row[1])
    >>> found.estimate, 0.5 <= found.low < found.high <= 0.9
    (0.8125, True)
    """
    _require_sound(n, confidence)
    rows = _rows(counts)
    if len(rows) == 0:
        raise CheckError("there is no unit to draw from")
    times = np.array([np.bincount(at, minlength=len(rows)) for at in _draws(len(rows), n, seed)])
    drawn = np.array([float(statistic(row)) for row in times @ rows])
    return _interval(float(statistic(rows.sum(axis=0))), drawn, confidence, len(rows))


def _require_sound(n: int, confidence: float) -> None:
    if n < 1 or not 0 < confidence < 1:
        raise ParameterError(
            f"needs n of 1 or more and a confidence between 0 and 1, not {n} and {confidence}"
        )


def _rows(values: ArrayLike) -> Array:
    try:
        rows = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise CheckError("needs numbers, one or a row of them for each unit") from None
    if rows.ndim == 0:
        raise CheckError(f"needs a number for each unit, not a single one ({rows})")
    return rows


def _interval(
    estimate: float, drawn: Array, confidence: float, units: int, left_out: int = 0
) -> Interval:
    known = drawn[~np.isnan(drawn)]
    rest = (1 - confidence) / 2
    low = high = math.nan
    if units > 1 and known.size:
        if np.isfinite(known).all():
            low, high = (float(x) for x in np.quantile(known, [rest, 1 - rest]))
        else:  # there is nothing between a number and infinity
            order = np.sort(known)
            at = np.rint(np.array([rest, 1 - rest]) * (order.size - 1)).astype(int)
            low, high = (float(x) for x in order[at])
    return Interval(estimate, low, high, units, left_out)


def _draws(size: int, n: int, seed: int) -> Iterator[Array]:
    rng = np.random.default_rng(seed)
    for _ in range(n):
        yield rng.integers(0, size, size)


def correlation_length(field: Any) -> float:
    """Return how far the values of a field know of each other, in samples.

    The largest distance along any axis up to which the autocorrelation stays above 1/e; 1 for
    a constant field.

    Parameters
    ----------
    field : array_like
        Numbers or bools, as the map of what is wrong.

    Returns
    -------
    float
        At least 1, at most the longest side.

    Examples
    --------
    >>> correlation_length(np.random.default_rng(0).normal(size=(64, 64)))
    1.0
    >>> correlation_length(np.random.default_rng(0).normal(size=(16, 16)).repeat(8, axis=0))
    5.0
    """
    values = np.asarray(field, dtype=np.float32)
    values = values - values.mean(dtype=float).astype(np.float32) if values.size else values
    return float(max((_reach(values, axis) for axis in range(values.ndim)), default=1))


def _reach(values: Array, axis: int) -> int:
    """Return the first lag along an axis at which the autocorrelation is 1/e or less."""
    from scipy import fft

    size = values.shape[axis]
    if values.size == 0 or size < 2:
        return 1
    lines = np.moveaxis(values, axis, -1).reshape(-1, size)
    long = fft.next_fast_len(2 * size, real=True)
    power = np.zeros(long // 2 + 1)
    for start in range(0, len(lines), 1024):
        power += (np.abs(fft.rfft(lines[start : start + 1024], long, axis=-1)) ** 2).sum(axis=0)
    shared = fft.irfft(power, long)[:size] / np.arange(size, 0, -1)
    if shared[0] <= 0:
        return 1
    below = np.flatnonzero(shared <= shared[0] / math.e)
    return int(below[0]) if below.size else size


def block_size(field: Any, *, least: int = 8) -> int:
    """Return a side for blocks that know little of each other: six times the correlation length.

    Smaller blocks share what lies across their borders, and intervals over them are too narrow.
    Where fewer than 25 blocks would be left, which say little of how blocks differ, the side is
    smaller, but never less than twice the correlation length.

    Parameters
    ----------
    field : array_like
        As for `correlation_length`.
    least : int
        Smallest side.

    Returns
    -------
    int
        In samples.

    Examples
    --------
    >>> block_size(np.random.default_rng(0).normal(size=(64, 64)))
    8
    """
    shape = np.shape(field)
    reach = correlation_length(field)
    fits = int((math.prod(shape) / _ENOUGH) ** (1 / len(shape))) if shape else 1
    return max(least, math.ceil(2 * reach), min(math.ceil(6 * reach), fits))


def blocks(shape: tuple[int, ...], size: int) -> list[tuple[slice, ...]]:
    """Cut an image into blocks of at least ``size`` samples a side.

    Every axis is cut into as many equal parts as fit, so that there is no narrow rest.

    Parameters
    ----------
    shape : tuple of int
        Of the image.
    size : int
        Smallest side, where the image is that long.

    Returns
    -------
    list of tuple of slice
        The blocks in raster order; they hold each sample once.

    Examples
    --------
    >>> blocks((10, 5), 4)
    [(slice(0, 5, None), slice(0, 5, None)), (slice(5, 10, None), slice(0, 5, None))]
    """
    import itertools

    if size < 1:
        raise ParameterError(f"must be 1 or more, not {size}", where="size")
    cuts = []
    for length in shape:
        count = max(1, length // size)
        edges = [length * number // count for number in range(count + 1)]
        cuts.append([slice(a, b) for a, b in itertools.pairwise(edges)])
    return list(itertools.product(*cuts))
