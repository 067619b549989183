"""Growing labels into the background."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from graticule.core import Image, Labels, Length, Neighbourhood, op
from graticule.ops._parameters import DOC


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    from graticule.ops._distance import reach_of

    return reach_of(image, params["distance"])


@op(version=2, scope=Neighbourhood(_halo), dtype="same", doc=DOC)
def expand_labels(
    labels: Labels,
    *,
    distance: Annotated[Length, Field(title="Distance", ge=0)] = Length(1),
) -> Labels:
    """Give background the label that is nearest, if it is near enough.

    Objects grow by ``distance`` and stop where they meet. Distances are Euclidean and respect
    anisotropic spacing; a sample equally near to several labels gets the lowest.

    Parameters
    ----------
    %(labels)s
    distance : Length
        In pixels (of the smallest spacing) or as a length.

    Returns
    -------
    Labels
        In the dtype of ``labels``; what was labelled keeps its label.

    %(raises_length)s

    See Also
    --------
    skimage.segmentation.expand_labels : equal but for samples equally near to several labels.

    %(examples)s
    >>> gt.segment.expand_labels(np.array([2, 0, 0, 0, 1, 0, 0, 0]), distance=2)
    array([2, 2, 1, 1, 1, 1, 1, 0])
    """
    from graticule.ops._distance import extent_of, nearest_labels, steps_of
    from graticule.ops._spatial import apply_spatially

    steps, _ = steps_of(labels)
    limit = extent_of(labels, distance)
    return apply_spatially(lambda values: nearest_labels(values, steps, limit), labels)
