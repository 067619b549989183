"""Parameters that ops of several families share: their types, and what docstrings say of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from graticule.core import Length
from graticule.core.errors import ParameterError

Radius = Annotated[Length, Field(title="Radius", ge=0)]
Shape = Annotated[Literal["ball", "box", "diamond"], Field(title="Shape of the footprint")]
Window = Annotated[Literal["box", "ball", "diamond"], Field(title="Shape of the window")]
Sigma = Annotated[Length, Field(title="Width", ge=0)]
Connectivity = Annotated[int, Field(title="Connectivity", ge=1, le=8)]

DOC = {
    "image": """\
image : Image
    Any dims; worked on along ``z y x``, or along all where it has none of these.""",
    "mask": """\
mask : Mask
    Any dims; worked on along ``z y x``, or along all where it has none of these.""",
    "where": """\
mask : Mask, optional
    Where to look; everywhere by default.""",
    "shape": """\
shape : {"ball", "box", "diamond"}
    Samples within the radius by Euclidean, chessboard or city-block distance.""",
    "window": """\
radius : Length
    Reach of the window from its middle, in pixels or as a length; below one pixel nothing
    changes.
shape : {"box", "ball", "diamond"}
    Samples within the radius by chessboard, Euclidean or city-block distance.""",
    "connectivity": """\
connectivity : int
    Neighbours differ by one step along at most so many dims.""",
    "same": """\
Returns
-------
Image
    In the dtype and units of ``image``.""",
    "float32": """\
Returns
-------
Image
    float32, in the units of ``image``.""",
    "radius_error": """\
UnitsError
    If ``radius`` has a unit and a filtered dim has none.""",
    "sigma_error": """\
UnitsError
    If ``sigma`` has a unit and a filtered dim has none.""",
    "connectivity_error": """\
ParameterError
    If ``connectivity`` is more than the number of dims.""",
    "complex_error": """\
ImageError
    If the values are complex.""",
}
"""Paragraphs of docstrings, for ``@op(..., doc=DOC)``."""


def require_connectivity(connectivity: int, dims: tuple[str, ...]) -> None:
    """Raise `ParameterError` where connectivity is more than there are dims."""
    if connectivity > len(dims):
        raise ParameterError(
            f"must be at most {len(dims)}, not {connectivity}",
            where="connectivity",
            hint=f"it counts dims among {', '.join(dims)}",
        )
