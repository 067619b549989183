"""Line artefacts of a radiograph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Neighbourhood, like, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops.radiography import _stripes as stripes
from graticule.ops.radiography._medians import fill_with_median


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    halo = stripes.halo_of_plane(image, params)
    if params["method"] == "median":
        halo[params["across"]] = stripes.half_window(image, params["radius"], params["across"])
    return halo


@op(version=1, scope=Neighbourhood(_halo, memory=15), dtype="float32", tolerance=1e-5, doc=DOC)
def remove_lines(
    image: Image,
    *,
    dim: Annotated[str, Field(title="Dim along the lines")] = "y",
    across: Annotated[str, Field(title="Dim across the lines")] = "x",
    method: Annotated[Literal["median", "wavelet"], Field(title="Method")] = "median",
    correction: Annotated[Literal["subtract", "divide"], Field(title="Correction")] = "subtract",
    radius: Annotated[Length, Field(title="Radius of the window across", ge=0)] = Length(5),
    levels: Annotated[int, Field(title="Levels of wavelets", ge=1, le=10)] = 4,
    width: Annotated[float, Field(title="Width of the damping (frequencies)", gt=0)] = 3.0,
) -> Image:
    r"""Take away lines along one dim of an image: columns or rows that are off.

    ``median``
        The values of each line are sorted, and compared rank by rank with the median of the
        window of ``radius`` across; the median over the ranks is what the line is off by. It is
        taken away from the line: a difference where the readout adds something (``subtract``), or
        a ratio where the sensitivity is wrong (``divide``). Structures of the sample stay as long
        as they follow a line for less than half of its length.
    ``wavelet``
        The image is split by a Daubechies wavelet (five vanishing moments), and of the details
        across the lines the Fourier coefficients :math:`k` along them are multiplied by
        :math:`1 - e^{-k^2 / 2 w^2}` with the ``width`` :math:`w` [1]_. For lines that fade, bend or
        are up to :math:`2^{levels}` samples wide; it takes away low frequencies of the sample,
        too.

    NaN (and infinity, for the wavelet) counts as the median of its line, and stays.

    Parameters
    ----------
    image : Image
        Any dims that include the two; each plane of them is corrected by itself.
    dim, across : str
        Along the lines, and across them.
    method : {"median", "wavelet"}
        How lines are told from the sample.
    correction : {"subtract", "divide"}
        Of the median.
    radius : Length
        Of the median; more than the width of a line.
    levels : int
        Of the wavelet: lines of up to 2, 4, 8, ... samples.
    width : float
        Of the wavelet; larger takes away more.

    %(float32)s

    Raises
    ------
    ParameterError
        If the image does not have the dims, or they are the same.

    References
    ----------
    .. [1] Münch, B., Trtik, P., Marone, F., Stampanoni, M., "Stripe and ring artifact removal
       with combined wavelet - Fourier filtering", Optics Express 17(10), 8567-8591, 2009.
       :doi:`10.1364/OE.17.008567`

    %(examples)s
    >>> image = np.arange(4.0)[:, None] + np.zeros((4, 5))
    >>> image[:, 2] += 3
    >>> gt.radiography.remove_lines(image)
    array([[0., 0., 0., 0., 0.],
           [1., 1., 1., 1., 1.],
           [2., 2., 2., 2., 2.],
           [3., 3., 3., 3., 3.]], dtype=float32)
    """
    stripes.require_plane(image, dim, across)
    planes, restore = stripes.in_planes(image, dim, across)
    half = stripes.half_window(image, radius, across)
    out = np.empty_like(planes)
    for index, plane in enumerate(planes):
        if method == "median":
            out[index] = _by_median(plane, half, correction)
        else:
            clean = stripes.damped(fill_with_median(plane), levels, width)
            out[index] = np.where(np.isfinite(plane), clean, plane)
    unit = {key: value for key, value in image.attrs.items() if key == "units"}
    return like(image, restore(out).astype(np.float32), **unit)


def _by_median(plane: Array, half: int, correction: str) -> Array:
    """Return the plane with each line brought to its surroundings."""
    whole = fill_with_median(plane)
    with np.errstate(invalid="ignore"):
        if correction == "subtract":
            return np.asarray(plane - stripes.shifts(whole, half))
        return np.asarray(plane / stripes.factors(whole, half))
