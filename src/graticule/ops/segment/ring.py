"""Rings around objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Length, Neighbourhood, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    from graticule.ops._distance import reach_of

    one, two = (reach_of(image, params[name]) for name in ("width", "gap"))
    return {dim: one[dim] + two[dim] + 1 for dim in one}


@op(version=1, scope=Neighbourhood(_halo), dtype="same", doc=DOC)
def ring(
    labels: Labels,
    *,
    width: Annotated[Length, Field(title="Width", ge=0)] = Length(3),
    gap: Annotated[Length, Field(title="Gap", ge=0)] = Length(0),
) -> Labels:
    """Return the ring around each object, with its number.

    A ring holds the background whose nearest object is the ring's, further from it than ``gap``
    and no further than ``gap`` and ``width`` together. So a ring lies in no object, and where two
    would meet each ends half way. Around a nucleus it is the cytoplasm that is surely its cell's.
    Distances are Euclidean, from the middle of a sample to the middle of another, and respect
    anisotropic spacing; a sample equally near to several objects goes to the lowest number.

    Parameters
    ----------
    %(labels)s
    width : Length
        Of the ring, in pixels (of the smallest spacing) or as a length.
    gap : Length
        Between object and ring.

    Returns
    -------
    Labels
        In the dtype of ``labels``; the objects themselves are background.

    %(raises_length)s

    See Also
    --------
    segment.expand_labels : objects grown, with themselves.

    %(examples)s
    >>> gt.segment.ring(np.array([0, 0, 0, 0, 1, 0, 0, 0, 2, 2, 0, 0]), width=2, gap=1)
    array([0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 2])
    """
    from graticule.ops._distance import extent_of, nearest_labels, steps_of
    from graticule.ops._spatial import apply_spatially

    steps, _ = steps_of(labels)
    near = extent_of(labels, gap)
    far = near + extent_of(labels, width)

    def around(values: Array) -> Array:
        grown = nearest_labels(values, steps, far)
        grown[nearest_labels(values, steps, near) != 0] = 0
        return np.asarray(grown)

    return apply_spatially(around, labels)
