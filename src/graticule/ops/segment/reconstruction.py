"""Reconstruction of images and masks."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import Field

from graticule.core import Image, Whole, filtered_dims, op

Array: TypeAlias = np.ndarray[Any, Any]
Method = Annotated[Literal["dilation", "erosion"], Field(title="Method")]


@op(
    version=1,
    scope=Whole("what is reached from a marker may lie anywhere", memory=6.0),
    dtype="same",
)
def reconstruction(
    image: Image,
    marker: Image,
    *,
    method: Method = "dilation",
    connectivity: Annotated[int, Field(title="Connectivity", ge=1, le=8)] = 1,
) -> Image:
    """Grow a marker under an image until nothing moves.

    By dilation, the result is the highest image that is nowhere above ``image`` and has no
    maximum that is not in ``marker``; by erosion, the same upside down. Of a mask, it is the
    objects that hold a sample of the marker: that is the opening by reconstruction if the
    marker is an erosion of the mask.

    Parameters
    ----------
    image : Image
        The limit: numbers or bools, any dims; worked on along ``z y x``, or along all where it
        has none of these. Nothing passes NaN.
    marker : Image
        Where growth begins; it is cut to the image first.
    method : {"dilation", "erosion"}
        Grow below the image, or shrink above it.
    connectivity : int
        Neighbours differ by one step along at most so many dims.

    Returns
    -------
    Image
        In the dtype of ``image``.

    Raises
    ------
    ParameterError
        If ``connectivity`` is more than the number of dims.

    See Also
    --------
    skimage.morphology.reconstruction : equal where the marker is within the limit.

    References
    ----------
    Vincent, L., "Morphological grayscale reconstruction in image analysis: applications and
    efficient algorithms", IEEE Trans. Image Processing 2(2), 176-201, 1993.
    :doi:`10.1109/83.217222`

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> image, marker = np.array([1, 5, 2, 0, 6]), np.array([0, 4, 0, 0, 0])
    >>> gt.segment.reconstruction(image, marker)
    array([1, 4, 2, 0, 0])
    """
    from graticule.core.image import like
    from graticule.ops.segment._each import each
    from graticule.ops.segment.label import require_connectivity

    require_connectivity(connectivity, filtered_dims(image))

    def work(limit: Array, seed: Array) -> Array:
        from graticule.ops._reconstruction import reconstructed

        if limit.dtype == np.bool_ and method == "dilation":
            return _objects(limit, seed, connectivity)
        return reconstructed(seed.astype(limit.dtype), limit, connectivity, method=method)

    found = each(work, image, marker)
    units = {key: value for key, value in image.attrs.items() if key == "units"}
    return like(image, found.values, **units)


def _objects(mask: Array, seed: Array, connectivity: int) -> Array:
    """Return the connected parts of a mask that hold a sample of the seed."""
    from graticule.ops.segment._runs import parts_of

    parts = parts_of(mask, range(mask.ndim), connectivity)
    return parts.painted(parts.met_by(seed != 0))
