"""Grey reconstruction."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Whole, filtered_dims, op, with_values
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC, Connectivity, require_connectivity
from graticule.ops._reconstruction import reconstructed
from graticule.ops._spatial import apply_spatially

_WHY = "a value of the marker may travel all across the image"


@op(version=1, scope=Whole(_WHY, memory=4.0), dtype="same", doc=DOC)
def reconstruction(
    image: Image,
    marker: Image,
    *,
    method: Annotated[Literal["dilation", "erosion"], Field(title="Grow or shrink")] = "dilation",
    connectivity: Connectivity = 1,
) -> Image:
    r"""Grow a marker under an image until nothing moves.

    The marker is dilated by one sample and cut to the image, again and again [1]_: what remains
    are the structures of the image that the marker touches, with their own shape. With the
    image less a height :math:`h` as the marker it cuts domes off at that height; with an eroded
    image it removes whole structures and leaves the others as they are. By erosion the marker
    shrinks above the image: with a marker that is the image at its border and its maximum
    elsewhere, holes are filled.

    A marker beyond the image is cut to it first. Where the image is NaN nothing passes and the
    result is NaN; a NaN of the marker has no say.

    Parameters
    ----------
    %(image)s
    marker : Image
        Of the same dims; its values must fit into the dtype of ``image``.
    method : {"dilation", "erosion"}
        Grow below the image, or shrink above it.
    %(connectivity)s

    %(same)s

    Raises
    ------
    ImageError
        If the marker has other dims, values that the dtype of ``image`` cannot hold, or complex
        ones.
    %(connectivity_error)s

    See Also
    --------
    skimage.morphology.reconstruction : the same values, with the marker first.

    References
    ----------
    .. [1] Vincent, L., "Morphological grayscale reconstruction in image analysis: applications
       and efficient algorithms", IEEE Trans. Image Processing 2(2), 176-201, 1993.
       :doi:`10.1109/83.217222`

    %(examples)s
    >>> image = np.array([1, 5, 2, 0, 6, 1])
    >>> gt.filters.reconstruction(image, np.array([0, 4, 0, 0, 0, 0]))
    array([1, 4, 2, 0, 0, 0])
    """
    require_connectivity(connectivity, filtered_dims(image))

    def grown(limit: Array, start: Array) -> Array:
        return reconstructed(start, limit, connectivity, method=method)

    return with_values(image, apply_spatially(grown, image, _fitting(marker, image)).values)


def _fitting(marker: Image, image: Image) -> Image:
    """Return the marker in the dtype of the image."""
    if set(marker.dims) != set(image.dims):
        raise ImageError(
            f"the marker must have the dims of the image, {', '.join(map(str, image.dims))}, "
            f"not {', '.join(map(str, marker.dims))}"
        )
    floats = image.dtype.kind == "f" and marker.dtype.kind == "f"
    with np.errstate(invalid="ignore", over="ignore"):
        cast = marker.astype(image.dtype)
    if not floats and not bool((cast == marker).all()):
        raise ImageError(
            f"the marker has values that {image.dtype}, the dtype of the image, cannot hold",
            hint="convert the image to float32 first",
        )
    return cast
