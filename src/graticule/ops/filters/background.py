"""Correction of uneven light, estimated from the surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from graticule.core import Image, Length, Neighbourhood, op
from graticule.ops._background import Correction, corrected
from graticule.ops._morphology import dilated, eroded, reach
from graticule.ops.filters.gaussian import gaussian

_TRUNCATE = 3.0


def _halo(image: xr.DataArray, params: Mapping[str, Any]) -> dict[str, int]:
    if params["method"] == "opening":
        return reach(image, params["width"], times=2)
    smooth = {"sigma": params["width"], "truncate": _TRUNCATE}
    assert isinstance(gaussian.scope, Neighbourhood)
    return dict(gaussian.scope.halo(image, smooth))


@op(version=1, scope=Neighbourhood(_halo), dtype="float32", tolerance=4e-6)
def background(
    image: Image,
    *,
    width: Annotated[Length, Field(title="Width", gt=0)] = Length(50),
    method: Annotated[Literal["gaussian", "opening"], Field(title="Method")] = "gaussian",
    correction: Correction = "subtract",
) -> Image:
    r"""Take away the light that varies slowly across an image.

    The background :math:`b` is the image smoothed with a Gaussian of standard deviation
    ``width``, or its grey opening by a ball of that radius [1]_, which follows the darkest
    surroundings and so suits bright objects on a dark ground. The result is :math:`f - b`, or
    :math:`f / b`. Choose a width well above that of the objects.

    NaN has no say in the background and stays NaN; so does a ratio to a background of 0.

    Parameters
    ----------
    image : Image
        Any dims; worked on along ``z y x``, or along all where it has none of these.
    width : Length
        Standard deviation or radius, in pixels or as a length.
    method : {"gaussian", "opening"}
        How the background is estimated.
    correction : {"subtract", "divide"}
        Difference from the background (light that was added), or ratio to it (uneven
        illumination).

    Returns
    -------
    Image
        float32; in the units of ``image``, or without a unit for a ratio.

    Raises
    ------
    ImageError
        If the values are complex.
    UnitsError
        If ``width`` has a unit and a filtered dim has none.

    See Also
    --------
    graticule.ops.filters.background_polynomial : a smooth surface over the whole image.

    References
    ----------
    .. [1] Sternberg, S. R., "Biomedical image processing", Computer 16(1), 22-34, 1983.
       :doi:`10.1109/MC.1983.1654163`

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.filters.background(np.array([3, 3, 8, 3, 3]), width=1, method="opening")
    array([0., 0., 5., 0., 0.], dtype=float32)
    """
    if method == "opening":
        values = image.values.astype(np.float32, copy=False)
        level = dilated(image, eroded(image, values, width, "ball"), width, "ball")
    else:
        level = gaussian.function(image, sigma=width, truncate=_TRUNCATE).values
    return corrected(image, level, correction)
