"""Contours that move until they fit."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Mask, Whole, filtered_dims, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC


@op(
    version=1,
    scope=Whole("a contour may move anywhere, and means are of the whole", memory=52.0),
    dtype="bool",
    doc=DOC,
)
def level_set(
    image: Image,
    start: Mask,
    *,
    method: Annotated[Literal["regions", "edges"], Field(title="What the contour fits")] = (
        "regions"
    ),
    steps: Annotated[int, Field(title="Steps", ge=0, le=10_000)] = 50,
    smoothing: Annotated[int, Field(title="Smoothing", ge=0, le=10)] = 1,
    balloon: Annotated[float, Field(title="Growth", ge=-1, le=1)] = 0.0,
) -> Mask:
    r"""Move a contour until it parts two regions, or lies on an edge.

    Both are morphological level sets [1]_. ``regions`` is Chan and Vese's model without edges:
    a sample at the contour goes to the side whose mean its value is nearer to. ``edges`` is the
    geodesic active contour: the image must then be low on edges and high elsewhere, as
    :math:`1 / \sqrt{1 + \alpha |\nabla f|}` is; the contour moves down to where it is low, and
    grows or shrinks by ``balloon`` where nothing holds it.

    Parameters
    ----------
    image : Image
        Finite numbers; worked on along ``z y x``, or along all where it has none of these, of
        which there must be two or three, for every index along the others.
    start : Mask
        The inside of the contour at the beginning.
    method : {"regions", "edges"}
        What the contour fits.
    steps : int
        How often it moves.
    smoothing : int
        Times it is smoothed in a step.
    balloon : float
        With ``edges``, 1 grows and -1 shrinks.

    Returns
    -------
    Mask
        The inside of the contour at the end.

    Raises
    ------
    ImageError
        If there are not two or three dims to work along, one of them has a single sample, or
        values are not finite.

    See Also
    --------
    skimage.segmentation.morphological_chan_vese : equal.
    skimage.segmentation.morphological_geodesic_active_contour : equal.

    References
    ----------
    .. [1] Márquez-Neila, P., Baumela, L., Álvarez, L., "A morphological approach to
       curvature-based evolution of curves and surfaces", IEEE Trans. Pattern Anal. Mach. Intell.
       36(1), 2-17, 2014. :doi:`10.1109/TPAMI.2013.106`

    %(examples)s
    >>> image = np.zeros((20, 20))
    >>> image[5:15, 5:15] = 1
    >>> start = np.zeros((20, 20), bool)
    >>> start[8:12, 8:12] = True
    >>> int(gt.segment.level_set(image, start, steps=20, smoothing=0).sum())
    100
    """
    from graticule.ops._spatial import apply_spatially

    dims = filtered_dims(image)
    if len(dims) not in (2, 3):
        raise ImageError(f"a level set has two or three dims, not {', '.join(dims)}")
    thin = [dim for dim in dims if image.sizes[dim] < 2]
    if thin:
        raise ImageError(f"a level set needs two samples or more along {thin[0]}, not one")

    def work(values: Array, inside: Array) -> Array:
        return _moved(values, inside, method, steps, smoothing, balloon)

    return apply_spatially(work, image, start)


def _moved(
    values: Array, inside: Array, method: str, steps: int, smoothing: int, balloon: float
) -> Array:
    from skimage import segmentation

    heights = values.astype(np.float64)
    if not np.isfinite(heights).all():
        raise ImageError("a level set needs finite values", hint="fill what is missing first")
    level = inside.astype(np.int8)
    if method == "regions":
        region = segmentation.morphological_chan_vese(
            heights, steps, init_level_set=level, smoothing=smoothing
        )
    else:
        region = segmentation.morphological_geodesic_active_contour(
            heights, steps, init_level_set=level, smoothing=smoothing, balloon=balloon
        )
    return np.asarray(region).astype(np.bool_)
