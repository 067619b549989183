"""Splitting objects that touch."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import Labels, Length, Mask, Whole, filtered_dims, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC, Connectivity, require_connectivity


@op(
    version=1,
    scope=Whole("where objects part depends on all that touch", memory=40.0),
    dtype="int32",
    doc=DOC,
)
def split(
    mask: Mask,
    *,
    depth: Annotated[Length, Field(title="Depth of a neck", ge=0)] = Length(1),
    min_distance: Annotated[Length, Field(title="Smallest distance", ge=0)] = Length(0),
    connectivity: Connectivity = 1,
    lines: Annotated[bool, Field(title="Lines between objects")] = False,
) -> Labels:
    """Give a number to each object, and part those that touch at a neck.

    The distance to the background is highest in the middle of an object. Each of its maxima that
    stands ``depth`` above the neck to a higher one marks an object, and a watershed of the
    negative distance gives every sample of the mask to one. So two balls are parted if the
    radius of the smaller is larger than that of the neck by ``depth`` or more.

    Parameters
    ----------
    %(mask)s
    depth : Length
        How much narrower than the objects a neck must be, as a difference of radii; higher
        values split less. In pixels (of the smallest spacing) or as a length.
    min_distance : Length
        Maxima closer than this to a higher one mark no object.
    %(connectivity)s
    lines : bool
        Leave a line of 0 where objects touch.

    %(numbered)s

    Raises
    ------
    %(connectivity_error)s
    %(length_error)s

    See Also
    --------
    segment.distance, segment.markers, segment.watershed : the steps it is made of.

    References
    ----------
    Soille, P., *Morphological Image Analysis*, Springer, 2003, section 9.2.

    %(examples)s
    >>> mask = np.zeros((5, 11), bool)
    >>> mask[:, :5] = mask[2, 5] = mask[:, 6:] = True
    >>> labels = gt.segment.split(mask)
    >>> labels[0]
    array([1, 1, 1, 1, 1, 0, 2, 2, 2, 2, 2], dtype=int32)
    """
    from graticule.ops._distance import extent_of, steps_of
    from graticule.ops._spatial import apply_spatially
    from graticule.ops.segment._kernels import number_by_appearance

    require_connectivity(connectivity, filtered_dims(mask))
    steps, _ = steps_of(mask)
    height, apart = extent_of(mask, depth), extent_of(mask, min_distance)
    count = 0

    def work(values: Array) -> Array:
        nonlocal count
        objects, most = _split(values, steps, height, apart, connectivity, lines)
        objects[objects > 0] += count
        count += most
        return objects

    labels = apply_spatially(work, mask)
    number_by_appearance(labels.values.reshape(-1), count)
    return labels


def _split(
    mask: Array, steps: list[float], height: float, apart: float, connectivity: int, lines: bool
) -> tuple[Array, int]:
    """Return labels of the objects of one array, and how many there are."""
    from graticule.ops._distance import distances
    from graticule.ops._watershed import flooded
    from graticule.ops.segment._extrema import high_regions, spaced
    from graticule.ops.segment._runs import parts_of

    if mask.all():
        return np.ones(mask.shape, np.int32), 1
    far = distances(mask, steps)
    far[~mask] = np.nan  # no way leads over background, so that each object keeps a maximum
    axes = range(mask.ndim)
    parts = parts_of(high_regions(far, height, connectivity), axes, connectivity)
    marks = parts.labelled()
    if apart > 0 and parts.count > 1:
        within = parts_of(mask, axes, connectivity).labelled()
        kept = spaced(marks, parts.count, far, steps, apart, within)
        marks[~kept[marks]] = 0
    np.negative(far, out=far)
    return flooded(far, marks, mask, connectivity, lines=lines), parts.count
