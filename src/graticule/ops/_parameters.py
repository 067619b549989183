"""Parameters that ops of several families share: their types, and what docstrings say of them."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from graticule.core import Length
from graticule.core.errors import ParameterError

Radius = Annotated[Length, Field(title="Radius", ge=0)]
Shape = Annotated[Literal["ball", "box", "diamond"], Field(title="Shape of the footprint")]
Window = Annotated[Literal["box", "ball", "diamond"], Field(title="Shape of the window")]
FeatureDims: TypeAlias = Annotated[tuple[str, ...] | None, Field(title="Dims of features")]
Sigma = Annotated[Length, Field(title="Width", ge=0)]
Connectivity = Annotated[int, Field(title="Connectivity", ge=1, le=8)]

_ALONG = """\
    Any dims; worked on along ``z y x``, or along all where it has none of these, for every
    index along the others."""
_LENGTH_ERROR = """\
UnitsError
    If a length has a unit and a dim it is taken along has none."""
_COMPLEX_ERROR = """\
ImageError
    If the values are complex."""
_VALUES_ERROR = """\
ImageError
    If the values are complex, or none is finite."""
_CONNECTIVITY_ERROR = """\
ParameterError
    If ``connectivity`` is more than the number of dims."""
_RAISES = "Raises\n------\n"
_LENGTH_OR_COMPLEX = f"{_RAISES}{_LENGTH_ERROR}\n{_COMPLEX_ERROR}"
_SAME = """\
Returns
-------
Image
    In the dtype and units of ``image``."""
_FLOAT32 = """\
Returns
-------
Image
    float32, in the units of ``image``."""

DOC = {
    "image": f"image : Image\n{_ALONG}",
    "mask": f"mask : Mask\n{_ALONG}",
    "labels": f"labels : Labels\n{_ALONG}",
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
    Neighbours differ by one step along at most so many dims: 1 for faces, the number of dims
    for corners as well.""",
    "feature_dims": """\
features : sequence of str, optional
    Dims along which samples are the features of one place. By default those that are known as
    such: channels (``c``, ``channel``, ``rgb``, ``band``), spectra (``wavelength``,
    ``wavenumber``, ``energy``, ``frequency``, ``velocity``, ``redshift``, ``tof``,
    ``time_of_flight``, ``lifetime``), ``stokes`` and ``class``. Along others, as ``t`` and
    ``time``, each index has samples of its own; beside ``z y x`` a dim that is not known must be
    decided on.""",
    "same": _SAME,
    "float32": _FLOAT32,
    "numbered": """\
Returns
-------
Labels
    int32; numbered by first sample in raster order.""",
    "same_mask": """\
Returns
-------
Mask
    With the dims of ``mask``.""",
    "length_error": _LENGTH_ERROR,
    "complex_error": _COMPLEX_ERROR,
    "values_error": _VALUES_ERROR,
    "connectivity_error": _CONNECTIVITY_ERROR,
    "raises": _LENGTH_OR_COMPLEX,
    "same_raises": f"{_SAME}\n\n{_LENGTH_OR_COMPLEX}",
    "float32_raises": f"{_FLOAT32}\n\n{_LENGTH_OR_COMPLEX}",
    "raises_length": f"{_RAISES}{_LENGTH_ERROR}",
    "raises_values": f"{_RAISES}{_VALUES_ERROR}",
    "raises_connectivity": f"{_RAISES}{_CONNECTIVITY_ERROR}",
    "examples": """\
Examples
--------
>>> import graticule as gt
>>> import numpy as np""",
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
