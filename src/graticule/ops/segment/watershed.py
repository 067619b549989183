"""Watershed from markers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Image, Labels, Mask, Whole, filtered_dims, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC, Connectivity, require_connectivity


@op(
    version=1,
    scope=Whole("a flood may go anywhere before it meets another", memory=22.0),
    dtype="int32",
    doc=DOC,
)
def watershed(
    image: Image,
    markers: Labels | None = None,
    mask: Mask | None = None,
    *,
    connectivity: Connectivity = 1,
    lines: Annotated[bool, Field(title="Lines between basins")] = False,
) -> Labels:
    """Divide an image into the basins that floods from markers fill.

    Water rises from the markers; the lowest sample next to it is taken first, and of equals the
    one that was reached first, so that a plateau is shared between the floods at its ends [1]_.
    To part dark objects flood the image, to part bright ones its negative, to find the edges of
    objects the magnitude of its gradient, and to part touching objects the negative of the
    distance to their border (`segment.split` does all of that).

    NaN is flooded last. Where no flood comes, and where the mask is False, the result is 0;
    without any marker it is 0 everywhere.

    Parameters
    ----------
    %(image)s
    markers : Labels, optional
        Where floods begin, and the label of each; by default the minima of the image within the
        mask, numbered in raster order.
    mask : Mask, optional
        Where floods may go; by default everywhere.
    %(connectivity)s
    lines : bool
        Leave a line of 0 between basins.

    Returns
    -------
    Labels
        int32.

    Raises
    ------
    %(connectivity_error)s
    ImageError
        If a marker is negative or more than 2,147,483,647, or sizes differ.

    See Also
    --------
    skimage.segmentation.watershed : equal, but for ties between samples of markers.

    References
    ----------
    .. [1] Meyer, F., "Topographic distance and watershed lines", Signal Processing 38(1),
       113-125, 1994. :doi:`10.1016/0165-1684(94)90060-4`

    %(examples)s
    >>> gt.segment.watershed(np.array([2, 1, 3, 5, 3, 0, 4]))
    array([1, 1, 1, 2, 2, 2, 2], dtype=int32)
    >>> gt.segment.watershed(np.array([2, 1, 3, 5, 3, 0, 4]), lines=True)
    array([1, 1, 1, 0, 2, 2, 2], dtype=int32)
    """
    from graticule.ops._spatial import apply_spatially
    from graticule.ops._watershed import flooded

    require_connectivity(connectivity, filtered_dims(image))

    def work(values: Array, marks: Array | None, within: Array | None) -> Array:
        if marks is None:
            marks = _minima(values, within, connectivity)
        return flooded(values, marks, within, connectivity, lines=lines)

    return apply_spatially(work, image, markers, mask)


def _minima(values: Array, within: Array | None, connectivity: int) -> Array:
    """Return the minima of an image, numbered."""
    from graticule.ops.segment._extrema import maxima
    from graticule.ops.segment._runs import parts_of

    lowest = maxima(values, connectivity, lowest=True)
    if within is not None:
        lowest &= within
    return parts_of(lowest, range(values.ndim), connectivity).labelled()
