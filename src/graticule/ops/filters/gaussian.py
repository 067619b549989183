"""Gaussian smoothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import xarray as xr
from pydantic import Field

from graticule.core import Image, Length, Neighbourhood, filtered_dims, like, op
from graticule.core.errors import ParameterError

_LONGEST = 1_000_000


def _widths(image: xr.DataArray, sigma: Length) -> dict[str, float]:
    return {dim: sigma.samples(image, dim) for dim in filtered_dims(image)}


def _halo(image: xr.DataArray, params: Mapping[str, Any]) -> dict[str, int]:
    widths = _widths(image, params["sigma"])
    return {dim: _radius(width, params["truncate"]) for dim, width in widths.items()}


def _radius(width: float, truncate: float) -> int:
    radius = int(truncate * width + 0.5)
    if radius > _LONGEST:
        raise ParameterError(f"reaches {radius:.3g} samples; at most {_LONGEST:.0g} make sense")
    return radius


@op(version=1, scope=Neighbourhood(_halo), dtype="float32", tolerance=2e-6)
def gaussian(
    image: Image,
    *,
    sigma: Annotated[Length, Field(title="Width", ge=0)] = Length(1.0),
    truncate: Annotated[float, Field(title="Reach in widths", ge=1, le=10)] = 4.0,
) -> Image:
    r"""Smooth an image with a Gaussian of width ``sigma``.

    Each sample becomes the mean of its neighbours with weights
    :math:`\exp(-d^2 / 2\sigma^2)`, cut off at ``truncate`` widths; the image is mirrored at
    its border (``d c b a | a b c d | d c b a``). NaN samples have no weight; a sample without
    a finite neighbour is NaN.

    Parameters
    ----------
    image : Image
        Any dims; filtered along ``z y x``, or along all where it has none of these.
    sigma : Length
        Standard deviation, in pixels or as a length (anisotropic spacing is respected).
    truncate : float
        Reach, in widths.

    Returns
    -------
    Image
        float32, in the units of ``image``.

    Raises
    ------
    UnitsError
        If ``sigma`` has a unit and a filtered dim has none.
    ParameterError
        If it reaches further than a million samples.

    See Also
    --------
    scipy.ndimage.gaussian_filter : the same values where there is no NaN.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> spot = np.zeros((5, 5))
    >>> spot[2, 2] = 1
    >>> gt.filters.gaussian(spot, sigma=1.0).round(3)[2]
    array([0.023, 0.097, 0.159, 0.097, 0.023], dtype=float32)
    """
    values = np.ascontiguousarray(image.values, dtype=np.float32)
    kernels = {
        image.get_axis_num(dim): _kernel(width, _radius(width, truncate))
        for dim, width in _widths(image, sigma).items()
        if _radius(width, truncate) > 0
    }
    missing = np.isnan(values)
    if not missing.any():
        smooth = _separable(values, kernels)
    else:
        weight = _separable((~missing).astype(np.float32), kernels)
        total = _separable(np.where(missing, np.float32(0), values), kernels)
        with np.errstate(invalid="ignore", divide="ignore"):
            smooth = np.where(weight > 1e-6, total / weight, np.float32(np.nan))
    return like(image, smooth, **{k: v for k, v in image.attrs.items() if k == "units"})


def _kernel(width: float, radius: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 * (offsets / width) ** 2)
    return np.asarray(weights / weights.sum())


def _separable(
    values: np.ndarray[Any, Any], kernels: Mapping[int, np.ndarray[Any, Any]]
) -> np.ndarray[Any, Any]:
    from scipy import ndimage

    if values.ndim == 2 and len(kernels) == 2:
        import cv2

        return np.asarray(
            cv2.sepFilter2D(
                values,
                cv2.CV_32F,
                kernels[1].astype(np.float32),
                kernels[0].astype(np.float32),
                borderType=cv2.BORDER_REFLECT,
            )
        )
    for axis, kernel in kernels.items():
        values = ndimage.correlate1d(values, kernel, axis=axis, mode="reflect")
    return values
