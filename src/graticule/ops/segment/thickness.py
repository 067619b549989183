"""Local thickness."""

from __future__ import annotations

import numpy as np

from graticule.core import Image, Mask, Whole, filtered_dims, like, map_ranges, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC


@op(
    version=1,
    scope=Whole("a ball may reach anywhere", memory=28.0),
    dtype="float32",
    doc=DOC,
)
def thickness(mask: Mask) -> Image:
    r"""Measure how thick a structure is: the largest ball that fits in and holds a sample.

    :math:`t(x) = 2 \max \{ d(c) : \lVert x - c \rVert < d(c) \}` over all samples :math:`c` of
    the mask, with :math:`d` the distance to the background (`segment.distance`) [1]_. Exact on
    the grid, in the units of the axes; 0 outside the mask. Of the mask's complement it is the
    size of pores.

    Parameters
    ----------
    %(mask)s

    Returns
    -------
    Image
        float32, a diameter, in the unit of the last spatial dim; in pixels where dims have no
        unit. Infinite where there is no background.

    Raises
    ------
    ImageError
        If there are more than three dims to measure along.
    UnitsError
        If only some of the dims have a unit.

    References
    ----------
    .. [1] Hildebrand, T., Rüegsegger, P., "A new method for the model-independent assessment of
       thickness in three-dimensional images", J. Microscopy 185(1), 67-75, 1997.
       :doi:`10.1046/j.1365-2818.1997.1340694.x`

    %(examples)s
    >>> gt.segment.thickness(np.array([0, 1, 1, 1, 0, 1, 0], bool))
    array([0., 4., 4., 4., 0., 2., 0.], dtype=float32)
    """
    from graticule.ops._distance import steps_of
    from graticule.ops._spatial import apply_spatially

    dims = filtered_dims(mask)
    if len(dims) > 3:
        raise ImageError(f"thickness has up to three dims, not {', '.join(dims)}")
    steps, unit = steps_of(mask)
    thick = apply_spatially(lambda values: _thickness(values, steps), mask)
    return like(mask, thick.values, **({"units": unit} if unit else {}))


def _thickness(mask: Array, steps: list[float]) -> Array:
    from graticule.ops._distance import distances
    from graticule.ops.segment._thickness_kernels import is_ridge, paint_balls

    if mask.all():
        return np.full(mask.shape, np.inf, np.float32)
    lacking = 3 - mask.ndim
    solid = mask.reshape((1,) * lacking + mask.shape)
    scale = np.array([1.0] * lacking + steps)
    far = distances(mask, steps).reshape(solid.shape)
    ridge = np.zeros(solid.shape, np.bool_)
    least = max(1, (1 << 14) // (solid.shape[1] * solid.shape[2]))
    map_ranges(lambda begin, end: is_ridge(far, begin, end, scale, ridge), len(solid), least=least)
    balls = np.argwhere(ridge)
    radii = far[ridge]
    order = np.argsort(-radii, kind="stable")
    balls, radii = balls[order], radii[order]
    out = np.zeros(solid.shape, np.float32)

    def part(begin: int, end: int) -> None:
        paint_balls(balls, radii, begin, end, scale, solid, out)

    map_ranges(part, len(solid), least=least)
    return out.reshape(mask.shape)
