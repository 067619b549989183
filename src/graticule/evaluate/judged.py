"""Which samples are judged: those in the region of interest that have a truth and a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core import is_image
from graticule.core.errors import ImageError
from graticule.core.image import native_array
from graticule.core.typing import Array
from graticule.evaluate._inputs import of_one_shape

__all__ = ["Judged", "judged"]

OUTSIDE, IGNORED, VALUELESS = REASONS = ("outside_roi", "ignored", "nan")
"""Why samples are not judged, in the order they are looked at."""


@dataclass(frozen=True)
class Judged:
    """Which samples are judged.

    Attributes
    ----------
    where : ndarray
        Bool, of the shape of the result.
    left_out : dict of int
        How many are not, each counted once: ``outside_roi``, ``ignored``, ``nan``; only what is
        not 0.

    Examples
    --------
    >>> found = judged([0.3, np.nan, 0.7], [0, 1, 1])
    >>> found.where.tolist(), found.left_out
    ([True, False, True], {'nan': 1})
    """

    where: Array
    left_out: dict[str, int]


def judged(
    result: Any, truth: Any, *, roi: Any | None = None, ignore_label: int | None = None
) -> Judged:
    """Return which samples of a result are judged against its truth.

    Parameters
    ----------
    result, truth : array_like or DataArray
        Of one shape. Samples that are NaN in either are left out.
    roi : array_like or DataArray, optional
        Region of interest: what is not 0 is judged. Of the shape of the result, or with some of
        its dims.
    ignore_label : int, optional
        Value of the truth that means unknown; ``ignore_index`` in PyTorch and torchmetrics.

    Returns
    -------
    Judged
        What is judged, and how much is not for which reason.

    Raises
    ------
    ImageError
        If the shapes differ, or nothing is left.

    Examples
    --------
    >>> found = judged([0.3, np.nan, 0.7, 0.1], [0, 1, 255, 1], roi=[1, 1, 1, 0], ignore_label=255)
    >>> found.where, found.left_out
    (array([ True, False, False, False]), {'outside_roi': 1, 'ignored': 1, 'nan': 1})
    """
    values, true = of_one_shape(result, truth, "the result")
    reasons = {}
    if roi is not None:
        reasons[OUTSIDE] = _roi(roi, result, values.shape) == 0
    if ignore_label is not None:
        reasons[IGNORED] = true == ignore_label
    reasons[VALUELESS] = _is_nan(values) | _is_nan(true)
    where, left_out = np.ones(values.shape, bool), {}
    for name, reason in reasons.items():
        count = int(np.count_nonzero(where & reason))
        if count:
            left_out[name] = count
            where &= ~reason
    if left_out and not where.any():
        counts = ", ".join(f"{name} {count:,}" for name, count in left_out.items())
        raise ImageError(f"no sample is left to be judged; left out are {counts}")
    return Judged(where, left_out)


def _roi(roi: Any, result: Any, shape: tuple[int, ...]) -> Array:
    """Return a region along all axes of the result."""
    if is_image(roi) and is_image(result) and set(roi.dims) <= set(result.dims):
        missing = {dim: result.sizes[dim] for dim in result.dims if dim not in roi.dims}
        bare = roi.drop_vars(list(roi.coords))
        roi = bare.expand_dims(missing).transpose(*result.dims)
    region = native_array(roi.values if is_image(roi) else roi)
    if region.shape != shape:
        sizes = [" x ".join(map(str, each)) for each in (region.shape, shape)]
        raise ImageError(
            f"the region of interest is {sizes[0]}, the result {sizes[1]}; they must be of one size"
        )
    return region


def _is_nan(values: Array) -> Array:
    if values.dtype.kind != "f":
        return np.broadcast_to(np.False_, values.shape)
    return np.isnan(values)
