"""Taking one sample along a dim, and the dim away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from graticule.core import ALL, Image, Neighbourhood, op, require_dims
from graticule.core.errors import ImageError
from graticule.ops._parameters import DOC


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    return {params["dim"]: ALL}


@op(version=1, scope=Neighbourhood(_halo), dtype="same", doc=DOC)
def select(
    image: Image,
    *,
    dim: Annotated[str, Field(title="Dim")] = "c",
    index: Annotated[int, Field(title="Which sample")] = 0,
) -> Image:
    """Take one channel, plane or frame of an image.

    Parameters
    ----------
    image : Image
        With the dim ``dim``.
    dim : str
        ``c`` for a channel, ``z`` for a plane, ``t`` for a frame.
    index : int
        From 0; negative counts from the end.

    Returns
    -------
    Image
        Without ``dim``.

    Raises
    ------
    ImageError
        If there is no such dim or sample.

    %(examples)s
    >>> image = gt.core.as_image(np.arange(12).reshape(2, 2, 3), dims=["y", "x", "c"])
    >>> gt.transform.select(image, index=-1).values
    array([[ 2,  5],
           [ 8, 11]])
    """
    require_dims(image, [dim])
    size = image.sizes[dim]
    if not -size <= index < size:
        raise ImageError(f"{dim} has the samples 0 to {size - 1}; there is no {index}")
    return image.isel({dim: index}, drop=True)
