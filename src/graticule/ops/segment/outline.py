"""Outlines of objects."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Length, Neighbourhood, like, op
from graticule.ops._morphology import dilated, eroded, reach
from graticule.ops._parameters import DOC


def _halo(labels: Image, params: Mapping[str, Any]) -> dict[str, int]:
    return {dim: max(1, math.floor(r)) for dim, r in reach(labels, params["width"]).items()}


@op(version=1, scope=Neighbourhood(_halo), dtype="same", doc=DOC)
def outline(
    labels: Labels,
    *,
    width: Annotated[Length, Field(title="Width", ge=0)] = Length(1),
) -> Labels:
    """Keep of each object the samples next to something else.

    A sample is on the outline of its object if another label, or background, lies within
    ``width`` of it along the dims (chessboard distance). The border of the image is no outline.

    Parameters
    ----------
    %(labels)s
    width : Length
        Thickness of the outline, in pixels or as a length; below one pixel there is none.

    Returns
    -------
    Labels
        The labels on the outlines, 0 elsewhere, in the dtype of ``labels``.

    %(raises_length)s

    See Also
    --------
    skimage.segmentation.find_boundaries : equal with ``mode="inner"`` and full connectivity.
    graticule.ops.transform.overlay : draws the outlines on a picture.

    %(examples)s
    >>> gt.segment.outline(np.array([0, 1, 1, 1, 1, 2, 2, 2]))
    array([0, 1, 0, 0, 1, 2, 0, 0])
    """
    values = labels.values
    low, high = (part(labels, values, width, "box") for part in (eroded, dilated))
    return like(labels, np.where(low != high, values, values.dtype.type(0)))
