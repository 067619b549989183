"""Phases between thresholds that are given."""

from __future__ import annotations

import itertools
from typing import Annotated

from pydantic import AfterValidator, Field

from graticule.core import Image, Labels, Mask, Pointwise, op
from graticule.ops.threshold._partition import phases_of


def _rising(values: tuple[float, ...]) -> tuple[float, ...]:
    if any(one >= other for one, other in itertools.pairwise(values)):
        raise ValueError("must rise from each threshold to the next")
    return values


Rising = Annotated[tuple[float, ...], AfterValidator(_rising)]


@op(version=1, scope=Pointwise(), dtype="int32")
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
    mask : Mask, optional
        Where to look; everywhere by default.
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

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.threshold.phases(np.array([0, 1, 5, 9]), values=[1, 6])
    array([1, 1, 2, 3], dtype=int32)
    """
    return phases_of(image, mask, values)
