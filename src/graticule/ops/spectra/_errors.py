"""Standard errors that go with an image, and where they come from when nobody gave them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graticule.core import Image, like
from graticule.core.errors import ImageError
from graticule.core.typing import Array

_COUNTS = ("", "count", "counts", "ct", "electron", "photon", "neutron")
"""Units of numbers of events; no unit may be one too."""
DIMENSIONLESS = "1"
"""Unit of a ratio: what says that an image holds no counts any more."""


class Measured(NamedTuple):
    """Values, and one standard deviation of each."""

    image: Image
    error: Image


def holds_counts(image: Image) -> bool:
    """Whether the values may be counts, by their unit."""
    return is_unit_of_counts(str(image.attrs.get("units", "")))


def is_unit_of_counts(unit: str) -> bool:
    """Whether a unit, or that there is none, allows for numbers of events."""
    return unit.lower() in _COUNTS


def variances(image: Image, error: Image | None, what: str = "error") -> Array:
    """Return the variance of every value by itself, in the order of the image's dims.

    Without an error it is that of counts: their number, 1 where there is none, and unknown (NaN)
    where it is negative.

    Raises
    ------
    ImageError
        As of `variances_to_add`.
    """
    variance = variances_to_add(image, error, what)
    return of_sums(variance) if error is None else variance


def of_sums(added: Array) -> Array:
    """Return the variance of sums of counts, which is 1 where there is none.

    Examples
    --------
    >>> of_sums(np.array([4.0, 0.0, np.nan]))
    array([ 4.,  1., nan])
    """
    return np.where(added == 0, 1.0, added)


def variances_to_add(image: Image, error: Image | None, what: str = "error") -> Array:
    """Return for every value what it adds to the variance of a sum, in the order of the dims.

    Without an error that is the number of counts, and unknown (NaN) where it is negative: the
    variance of a sum of counts is the sum of them, so a value of 0 adds nothing.

    Raises
    ------
    ImageError
        If there is no error and the unit says that the values are no counts, or the error has
        other dims.
    """
    require_error(image, error, what)
    if error is None:
        counts = image.values.astype(np.float64)
        return np.where(counts >= 0, counts, np.nan)
    with np.errstate(over="ignore"):
        return np.asarray(error.transpose(*image.dims).values.astype(np.float64) ** 2)


def require_error(image: Image, error: Image | None, what: str = "error") -> None:
    """Raise `ImageError` unless there is an error with the image's dims, or the values are counts.

    ``what`` is what the error is called.
    """
    if error is None and not holds_counts(image):
        raise ImageError(
            f"holds values in {image.attrs['units']!r} and no counts, so their error is not known",
            hint=f"give it as {what}, as the step before has it in its part error",
        )
    if error is not None and set(error.dims) != set(image.dims):
        raise ImageError(
            f"{what} must have the dims of its image, {', '.join(map(str, image.dims))}; it "
            f"has {', '.join(map(str, error.dims))}",
            hint="it is one standard deviation of every value",
        )


def measured(image: Image, values: Array, variance: Array, units: str | None) -> Measured:
    """Return values and the roots of their variances as float32 images; both NaN where one is."""
    with np.errstate(invalid="ignore"):
        deviation = np.sqrt(variance)
        known = np.isfinite(values) & np.isfinite(deviation)
    deviation[~known] = np.nan
    return pair(image, values.astype(np.float32), deviation.astype(np.float32), units)


def pair(image: Image, values: Array, deviation: Array, units: str | None) -> Measured:
    """Return values and their standard deviations with the coordinates of an image."""
    attrs = {} if units is None else {"units": units}
    shape = image.shape
    return Measured(
        like(image, values.reshape(shape), **attrs), like(image, deviation.reshape(shape), **attrs)
    )


def spread_over(other: Image, image: Image, what: str) -> Array:
    """Return the values of an image with fewer dims along the axes of another, as float64.

    Raises
    ------
    ImageError
        If it has a dim the other has not.
    """
    more = [str(dim) for dim in other.dims if dim not in image.dims]
    if more:
        raise ImageError(
            f"{what} has the dim {more[0]}, and the image has {', '.join(map(str, image.dims))}",
            hint=f"take one index along {more[0]}, or its mean, first",
        )
    shared = [dim for dim in image.dims if dim in other.dims]
    values = other.transpose(*shared).values.astype(np.float64)
    return np.asarray(
        values.reshape([image.sizes[dim] if dim in shared else 1 for dim in image.dims])
    )
