"""Number, mean and spread of the values of a region in every bin, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graticule.core.typing import Array


@dataclass(frozen=True)
class Moments:
    """What the values of one region are in each bin of the whole spectrum.

    Attributes
    ----------
    number : ndarray
        Finite values.
    mean : ndarray
        Their mean; 0 where there is none.
    squares : ndarray
        Sum of the squared differences from it.
    variance : ndarray
        Sum of the variances of the values.
    """

    number: Array
    mean: Array
    squares: Array
    variance: Array

    def merged(self, other: Moments) -> Moments:
        """Return the moments of both together."""
        number = self.number + other.number
        apart = other.mean - self.mean
        with np.errstate(over="ignore", invalid="ignore"):
            share = other.number / np.maximum(number, 1)
            return Moments(
                number,
                self.mean + apart * share,
                self.squares + other.squares + apart**2 * self.number * share,
                self.variance + other.variance,
            )

    @property
    def error_counts(self) -> Array:
        """Standard error of the mean, from the errors of the values."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(
                np.sqrt(self.variance) / np.where(self.number > 0, self.number, np.nan)
            )

    @property
    def error_pixels(self) -> Array:
        """Standard error of the mean, from the spread of the values; NaN for a single one."""
        degrees = np.where(self.number > 1, self.number - 1, np.nan)
        return np.asarray(np.sqrt(self.squares / degrees / np.maximum(self.number, 1)))


def moments_by_group(
    values: Array, variance: Array, groups: Array, start: int, size: int
) -> dict[int | str, Moments]:
    """Return the moments of each group of rows.

    Parameters
    ----------
    values, variance : ndarray
        A row for each place, a column for each bin of a block.
    groups : ndarray of int
        The group of each place; 0 belongs to none.
    start, size : int
        The block's first bin, and the bins of the whole.
    """
    chosen = np.flatnonzero(groups)
    order = chosen[np.argsort(groups[chosen], kind="stable")]
    if order.size == 0:
        return {}
    numbers, first = np.unique(groups[order], return_index=True)
    values = values[order]
    known = np.isfinite(values)
    values = np.where(known, values, 0.0)
    lengths = np.diff(np.append(first, order.size))
    with np.errstate(over="ignore", invalid="ignore"):
        number = np.add.reduceat(known.astype(np.float64), first, axis=0)
        mean = np.add.reduceat(values, first, axis=0) / np.maximum(number, 1)
        away = np.where(known, values - np.repeat(mean, lengths, axis=0), 0.0)
        squares = np.add.reduceat(away**2, first, axis=0)
        sums = np.add.reduceat(np.where(known, variance[order], 0.0), first, axis=0)
    whole = np.zeros((4, len(numbers), size))
    whole[..., start : start + values.shape[1]] = number, mean, squares, sums
    return {key: Moments(*whole[:, row]) for row, key in enumerate(numbers.tolist())}
