"""What the metrics take: masks, labels and scores beside a truth of the same shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graticule.core import Image, as_image, is_image, step_of
from graticule.core.errors import ImageError, ParameterError, UnitsError
from graticule.core.image import native_array
from graticule.core.typing import Array


def mask_pair(mask: Any, truth: Any) -> tuple[Array, Array]:
    """Return an answer and its truth as bool arrays of one shape.

    Bools are taken as they are; numbers where they have no more than two values, of which one
    is 0 (a mask read from a picture has 0 and 255).
    """
    found, true = of_one_shape(mask, truth, "the mask")
    return as_mask(found, "the mask"), as_mask(true, "the truth")


def label_pair(labels: Any, truth: Any) -> tuple[Array, Array]:
    """Return labels and their truth as integer arrays of one shape, none negative."""
    found, true = of_one_shape(labels, truth, "the labels")
    return as_labels(found, "the labels"), as_labels(true, "the truth")


def score_pair(scores: Any, truth: Any) -> tuple[Array, Array]:
    """Return scores (finite numbers) and their truth (bool) of one shape."""
    found, true = of_one_shape(scores, truth, "the scores")
    return as_scores(found, "the scores"), as_mask(true, "the truth")


def value_pair(values: Any, truth: Any) -> tuple[Array, Array]:
    """Return two arrays of finite numbers of one shape."""
    found, true = of_one_shape(values, truth, "the image")
    return as_scores(found, "the image"), as_scores(true, "the truth")


def as_mask(array: Array, what: str) -> Array:
    """Return bools; raise `ImageError` unless the array has two values, one of them 0."""
    if array.dtype == np.bool_:
        return array
    if array.size == 0:
        return array.astype(bool)
    inside = array != 0
    inner = array[inside]
    if inner.size and not (inner == inner[0]).all():
        raise ImageError(
            f"{what} must be a mask (bools, or 0 and one other value); it has more values",
            hint="make it one with threshold.fixed, or compare labels with labels",
        )
    return np.asarray(inside)


def as_labels(array: Array, what: str) -> Array:
    """Return labels; raise `ImageError` where they are not whole numbers from 0 on."""
    if array.dtype == np.bool_:
        raise ImageError(
            f"{what} must be labels (whole numbers, 0 for background), not a mask",
            hint="number its parts with graticule.segment.label",
        )
    if array.dtype.kind == "f" and (array == np.rint(array)).all() and (abs(array) < 2**53).all():
        array = array.astype(np.int64)  # some formats hold no whole numbers
    if array.dtype.kind not in "iu":
        raise ImageError(f"{what} must be labels (whole numbers), not values of {array.dtype}")
    if array.size and array.dtype.kind == "i" and array.min() < 0:
        raise ImageError(f"{what} must not be negative; the smallest is {array.min()}")
    return array


def as_scores(array: Array, what: str) -> Array:
    """Return real numbers; raise `ImageError` where one is not finite."""
    if array.dtype.kind == "c":
        raise ImageError(f"{what} must be real numbers, not {array.dtype}")
    if array.dtype.kind == "f":
        bad = array.size - int(np.count_nonzero(np.isfinite(array)))
        if bad:
            raise ImageError(
                f"{what} must be finite; {bad:,} of {array.size:,} samples are not",
                hint="leave them out of both, or fill them first",
            )
    return array


def of_one_shape(found: Any, truth: Any, what: str) -> tuple[Array, Array]:
    if is_image(found) and is_image(truth):
        if set(found.dims) != set(truth.dims):
            raise ImageError(
                f"{what} has the dims {', '.join(map(str, found.dims))}, the truth "
                f"{', '.join(map(str, truth.dims))}",
                hint="name the axes of both alike",
            )
        truth = truth.transpose(*found.dims)
    first, second = (_array(data) for data in (found, truth))
    if first.shape != second.shape:
        raise ImageError(
            f"{what} is {_size(first.shape)}, the truth {_size(second.shape)}; "
            "they must be of one size",
            hint="resample or crop one of them to the other",
        )
    return first, second


def _array(data: Any) -> Array:
    return native_array(data.values if is_image(data) else data)


def _size(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape)) if shape else "a single number"


def sampling(
    image: Any, ndim: int, spacing: Sequence[float] | None = None
) -> tuple[tuple[float, ...], str]:
    """Return the distance between samples along each axis, and its unit.

    Given, they are in the unit of the caller; else they come from the coordinates of a
    DataArray, brought to one unit. Without either they are 1 pixel.

    Raises
    ------
    UnitsError
        If some axes have a unit and others have none, or units of another kind.
    ParameterError
        If not one positive number is given for each axis.
    """
    if spacing is not None:
        try:
            given = tuple(float(step) for step in spacing)
        except (TypeError, ValueError):
            given = ()
        if len(given) != ndim or not all(np.isfinite(step) and step > 0 for step in given):
            raise ParameterError(
                f"needs {ndim} positive numbers, one for each axis, not {spacing!r}",
                where="spacing",
            )
        return given, ""
    if not is_image(image):
        return (1.0,) * ndim, "px"
    return _own_steps(as_image(image))


def _own_steps(image: Image) -> tuple[tuple[float, ...], str]:
    from graticule.core.units import unit_scale

    found = [step_of(image, dim) for dim in image.dims]
    units = list(dict.fromkeys(unit for _, unit in found))
    if len(units) <= 1:
        return tuple(step for step, _ in found), (units[0] if units else "") or "px"
    if "" in units or len({unit_scale(unit)[1] for unit in units}) > 1:
        named = ", ".join(unit or "px" for unit in units)
        raise UnitsError(
            f"distances need all axes in one kind of unit, not {named}",
            hint="pass spacing, one number for each axis",
        )
    first = unit_scale(units[0])[0]
    return tuple(step * unit_scale(unit)[0] / first for step, unit in found), units[0]
