"""Markers of a watershed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Image, Labels, Length, Mask, Whole, filtered_dims, like, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC, Connectivity, require_connectivity


@op(
    version=1,
    scope=Whole("the way from a maximum to a higher place may lead anywhere", memory=21.0),
    dtype="int32",
    doc=DOC,
)
def markers(
    image: Image,
    mask: Mask | None = None,
    *,
    h: Annotated[float, Field(title="Height", ge=0)] = 0.0,
    min_distance: Annotated[Length, Field(title="Smallest distance", ge=0)] = Length(0),
    connectivity: Connectivity = 1,
) -> Labels:
    """Give a number to each maximum of an image that stands out and apart.

    A marker is what surrounds a maximum that stands ``h`` above the way to a higher place, down
    by ``h`` (the maximum itself where ``h`` is 0); maxima with no lower way between them share
    one. Those are kept that have no higher one closer than ``min_distance``: the highest is
    taken first, of equals the first in raster order, and the place of a marker is its highest
    sample. An image that spans less than ``h`` has none. For objects that touch, the
    image is the distance to the background (`segment.distance`); for bright ones, the smoothed
    image itself.

    Parameters
    ----------
    %(image)s
    mask : Mask, optional
        Where maxima count.
    h : float
        Least height of a maximum, in the unit of the values.
    min_distance : Length
        In pixels (of the smallest spacing) or as a length.
    %(connectivity)s

    %(numbered)s

    Raises
    ------
    %(connectivity_error)s
    %(length_error)s

    %(examples)s
    >>> gt.segment.markers(np.array([0, 3, 1, 5, 4, 4.5, 0]), h=1)
    array([0, 1, 0, 2, 2, 2, 0], dtype=int32)
    >>> gt.segment.markers(np.array([0, 3, 1, 5, 4, 4.5, 0]), h=1, min_distance=3)
    array([0, 0, 0, 1, 1, 1, 0], dtype=int32)
    """
    from graticule.ops._distance import extent_of, steps_of
    from graticule.ops._spatial import apply_spatially
    from graticule.ops.segment._extrema import high_regions, spaced
    from graticule.ops.segment._runs import parts_of
    from graticule.ops.segment.label import label

    require_connectivity(connectivity, filtered_dims(image))
    apart = extent_of(image, min_distance) if min_distance > 0 else 0.0
    steps = steps_of(image)[0] if apart else []

    def work(values: Array, within: Array | None) -> Array:
        tops = high_regions(values, h, connectivity)
        if within is not None:
            tops &= within
        parts = parts_of(tops, range(values.ndim), connectivity)
        if apart == 0 or parts.count < 2:
            return tops
        return parts.painted(spaced(parts.labelled(), parts.count, values, steps, apart))

    tops = apply_spatially(work, image, mask)
    numbered: Labels = label.function(like(image, tops.values), connectivity=connectivity)
    return numbered
