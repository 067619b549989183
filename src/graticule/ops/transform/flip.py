"""Reversing an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from graticule.core import Image, Pointwise, op, require_dims
from graticule.ops._parameters import DOC


def _index(image: Image, params: Mapping[str, Any]) -> dict[str, slice]:
    require_dims(image, [params["dim"]])
    return {params["dim"]: slice(None, None, -1)}


@op(version=1, scope=Pointwise(index=_index), dtype="same", doc=DOC)
def flip(image: Image, *, dim: Annotated[str, Field(title="Dim to reverse")]) -> Image:
    """Reverse the order of the samples along a dim, each with its coordinate.

    Parameters
    ----------
    image : Image
        Any dims.
    dim : str
        Which to reverse.

    Returns
    -------
    Image
        The same samples; flipping twice gives the image back.

    Raises
    ------
    ImageError
        If there is no such dim.

    %(examples)s
    >>> gt.transform.flip(np.array([1, 2, 3]), dim="x")
    array([3, 2, 1])
    """
    return image.isel(_index(image, {"dim": dim}))
