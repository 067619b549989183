"""Distance to the background."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from graticule.core import ALL, Image, Length, Mask, Neighbourhood, filtered_dims, like, op
from graticule.ops._parameters import DOC


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    if params["limit"] is None:
        return dict.fromkeys(filtered_dims(image), ALL)
    from graticule.ops._distance import reach_of

    return reach_of(image, params["limit"])


@op(version=1, scope=Neighbourhood(_halo), dtype="float32", doc=DOC)
def distance(
    mask: Mask,
    *,
    limit: Annotated[Length | None, Field(title="Largest distance", ge=0)] = None,
) -> Image:
    r"""Measure how far each sample of a mask is from the background.

    :math:`d(x) = \min_{y \notin M} \lVert x - y \rVert`, exactly, in the units of the axes, so
    that anisotropic spacing is respected; 0 outside the mask. Outside the image there is no
    background. Where there is no background at all, the distance is infinite.

    Parameters
    ----------
    %(mask)s
    limit : Length, optional
        Distances above this are given as this: then only so much around a place decides, and
        the image may be cut into tiles. In pixels (of the smallest spacing) or as a length.

    Returns
    -------
    Image
        float32, in the unit of the last spatial dim; in pixels where dims have no unit.

    Raises
    ------
    UnitsError
        If only some of the dims have a unit, or ``limit`` has one and they have none.

    See Also
    --------
    scipy.ndimage.distance_transform_edt : equal, with ``sampling`` the spacing.

    References
    ----------
    Felzenszwalb, P. F., Huttenlocher, D. P., "Distance transforms of sampled functions", Theory
    of Computing 8, 415-428, 2012. :doi:`10.4086/toc.2012.v008a019`

    %(examples)s
    >>> gt.segment.distance(np.array([0, 1, 1, 1, 1, 0], bool))
    array([0., 1., 2., 2., 1., 0.], dtype=float32)
    """
    from graticule.ops._distance import distances, extent_of, steps_of
    from graticule.ops._spatial import apply_spatially

    steps, unit = steps_of(mask)
    most = math.inf if limit is None else extent_of(mask, limit)
    result = apply_spatially(lambda values: distances(values, steps, most), mask)
    return like(mask, result.values, **({"units": unit} if unit else {}))
