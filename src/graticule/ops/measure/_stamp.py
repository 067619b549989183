"""The surroundings of one object, and the sky in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graticule.core.typing import Array

_WIDER, _LEAST = 2.5, 48
"""Surroundings are a square so many times as wide as the object, of at least so many samples."""
_OUTLIER = 10.0
_BOX = 32


@dataclass(frozen=True)
class Stamp:
    """An object and what is around it.

    Attributes
    ----------
    values : ndarray
        Light over the sky, 0 where masked; float64, in units of ``2 ** exponent``, so that none is
        larger than 1.
    mask : ndarray
        Samples of other objects, that are no numbers, and outliers.
    own : ndarray
        Samples of the object that are not masked.
    top, left : int
        Where it lies in the image.
    sky : ndarray
        Values of the first square of the sky; empty where there is none.
    exponent : int
        Of the unit of the values.
    """

    values: Array
    mask: Array
    own: Array
    top: int
    left: int
    sky: Array
    exponent: int

    @cached_property
    def light(self) -> Array:
        """Values of the object's own samples, 0 elsewhere."""
        return np.where(self.own, self.values, 0.0)

    @cached_property
    def sums(self) -> tuple[Array, Array]:
        """Running sums along rows of the values, and of the samples that are not masked."""
        return running_sums(self.values), running_sums(~self.mask)

    @cached_property
    def noise(self) -> float:
        """Standard deviation of the sky; 0 where there is none."""
        return float(self.sky.std()) if self.sky.size else 0.0


def bounds_of(box: tuple[int, int, int, int], shape: tuple[int, int]) -> tuple[slice, slice]:
    """Return the surroundings of a bounding box (top, bottom, left, right; half open)."""
    top, bottom, left, right = box
    reach = max(int(max(bottom - top, right - left) * _WIDER / 2), _LEAST // 2)
    y, x = top + (bottom - top) // 2, left + (right - left) // 2
    return (
        slice(max(0, y - reach), min(shape[0], y + reach)),
        slice(max(0, x - reach), min(shape[1], x + reach)),
    )


def stamp_of(values: Array, labels: Array, label: int, bounds: tuple[slice, slice]) -> Stamp:
    """Return an object's surroundings in an image whose sky is 0."""
    from graticule.ops.measure._stamp_kernels import empty_box, outliers

    part = np.ascontiguousarray(values[bounds], np.float64)
    near = labels[bounds]
    largest = np.abs(part[np.isfinite(part)]).max(initial=0)
    exponent = int(np.frexp(largest)[1])
    part = np.ldexp(part, -exponent)
    mask = np.empty(part.shape, np.bool_)
    outliers(np.where(np.isinf(part), np.nan, part), _OUTLIER, mask)
    mask |= ((near != 0) & (near != label)) | ~np.isfinite(part)
    part = np.where(mask, 0.0, part)
    taken, size = near != 0, _BOX
    y, x = empty_box(taken, size)
    while y < 0 and size > 2:
        size //= 2
        y, x = empty_box(taken, size)
    sky = part[y : y + size, x : x + size] if y >= 0 else part[:0, :0]
    own = (near == label) & ~mask
    return Stamp(part, mask, own, bounds[0].start, bounds[1].start, sky, exponent)


def running_sums(values: Array) -> Array:
    """Return sums along rows, from 0 to that of all.

    Examples
    --------
    >>> running_sums(np.array([[1.0, 2.0]]))
    array([[0., 1., 3.]])
    """
    sums = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums


def box_mean(values: Array, size: int) -> Array:
    """Return means over squares; an image is mirrored at its border (``b a | a b``).

    Examples
    --------
    >>> box_mean(np.array([[0.0, 3.0, 0.0]]), 3)
    array([[1., 1., 1.]])
    """
    import cv2

    if size < 2:
        return values
    middle = (size // 2, size // 2)
    mean = cv2.blur(values, (size, size), anchor=middle, borderType=cv2.BORDER_REFLECT)
    return np.asarray(mean).reshape(values.shape)


def part_around(mask: Array, place: tuple[int, int]) -> tuple[Array, int]:
    """Return the connected part of a mask that holds a place, and how many parts there are."""
    import cv2

    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    return np.asarray(labels == labels[place]), count - 1


def brightest(values: Array) -> tuple[int, int]:
    """Return the place of the largest value."""
    y, x = np.unravel_index(int(np.argmax(values)), values.shape)
    return int(y), int(x)


def mode_of_sky(values: Array) -> tuple[float, float]:
    """Return the mode of the sky, 2.5 medians less 1.5 means, and its deviation, both clipped.

    What is more than 3 deviations from the mode is put aside until nothing is [1]_.

    References
    ----------
    .. [1] Bertin, E. and Arnouts, S., Astron. Astrophys. Suppl. 117, 393-404, 1996.

    Examples
    --------
    >>> mode, deviation = mode_of_sky(np.append(np.random.default_rng(0).normal(5, 2, 9999), 1e4))
    >>> round(mode, 1), round(deviation, 1)
    (4.9, 2.0)
    """
    ordered = _Ordered(np.sort(values, axis=None))
    low, high = 0, values.size
    while True:
        inner = _clipped_by_median(ordered, low, high)
        centre = 2.5 * ordered.median(*inner) - 1.5 * ordered.mean(*inner)
        kept = ordered.within(low, high, centre, ordered.deviation(low, high))
        if kept == (low, high) or kept[0] >= kept[1]:
            break
        low, high = kept
    mode = 2.5 * ordered.median(low, high) - 1.5 * ordered.mean(low, high)
    return mode, ordered.deviation(low, high)


class _Ordered:
    """Sorted values, and quick statistics of the ranks from ``low`` up to ``high``."""

    def __init__(self, values: Array) -> None:
        self.values = values
        self.middle = float(values[values.size // 2])
        moved = values - self.middle
        self.sums = np.append(0.0, np.cumsum(moved))
        self.squares = np.append(0.0, np.cumsum(moved**2))

    def mean(self, low: int, high: int) -> float:
        return self.middle + float(self.sums[high] - self.sums[low]) / (high - low)

    def deviation(self, low: int, high: int) -> float:
        number = high - low
        mean = float(self.sums[high] - self.sums[low]) / number
        square = float(self.squares[high] - self.squares[low]) / number
        return float(np.sqrt(max(square - mean**2, 0.0)))

    def median(self, low: int, high: int) -> float:
        half = (low + high) // 2
        if (high - low) % 2:
            return float(self.values[half])
        return 0.5 * float(self.values[half - 1] + self.values[half])

    def within(self, low: int, high: int, centre: float, deviation: float) -> tuple[int, int]:
        first = int(np.searchsorted(self.values, centre - 3 * deviation, "left"))
        end = int(np.searchsorted(self.values, centre + 3 * deviation, "right"))
        return max(first, low), min(end, high)


def _clipped_by_median(ordered: _Ordered, low: int, high: int) -> tuple[int, int]:
    for _ in range(10):
        kept = ordered.within(low, high, ordered.median(low, high), ordered.deviation(low, high))
        if kept == (low, high) or kept[0] >= kept[1]:
            break
        low, high = kept
    return low, high
