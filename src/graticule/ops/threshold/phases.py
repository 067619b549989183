"""Phases between thresholds that are given."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field

from graticule.core import Image, Labels, Mask, Pointwise, like, op
from graticule.ops.threshold._counting import broadcast_mask
from graticule.ops.threshold._histogram import DOC, level_in


def _rising(values: tuple[float, ...]) -> tuple[float, ...]:
    if any(one >= other for one, other in itertools.pairwise(values)):
        raise ValueError("must rise from each threshold to the next")
    return values


Rising = Annotated[tuple[float, ...], AfterValidator(_rising)]


@op(version=1, scope=Pointwise(), dtype="int32", doc=DOC)
def phases(
    image: Image,
    mask: Mask | None = None,
    *,
    values: Annotated[Rising, Field(title="Thresholds", min_length=1)],
) -> Labels:
    """Give a number to each phase between thresholds.

    Phase :math:`k` is what is above :math:`k - 1` of the thresholds.

    Parameters
    ----------
    image : Image
        Any dims.
    %(where)s
    values : sequence of float
        The thresholds, rising, in the unit of the image's values.

    Returns
    -------
    Labels
        int32: 1 for what is at most the first threshold, to one more than there are thresholds;
        0 for NaN and outside ``mask``.

    Raises
    ------
    ParameterError
        If the thresholds do not rise.
    ImageError
        If the values are complex, or the mask has dims that the image has not.

    See Also
    --------
    graticule.threshold.multi_otsu : finds the thresholds.

    %(examples)s
    >>> gt.threshold.phases(np.array([0, 1, 5, 9]), values=[1, 6])
    array([1, 1, 2, 3], dtype=int32)
    """
    return phases_of(image, mask, values)


def phases_of(image: Image, mask: Image | None, thresholds: Sequence[Any]) -> Image:
    """Return 1 up to the first threshold, 2 above it, and so on; 0 for what is left out."""
    labels = np.ones(image.shape, np.int32)
    for threshold in thresholds:
        labels += image.values > level_in(image.dtype, threshold)
    if image.dtype.kind == "f":
        labels[np.isnan(image.values)] = 0
    if mask is not None:
        labels *= broadcast_mask(mask, image).values
    return like(image, labels)
