"""Moving average along spectra and over neighbouring pixels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Image, Neighbourhood, op
from graticule.core.typing import Array
from graticule.ops.spectra._axis import DOC, spectral_dim
from graticule.ops.spectra._errors import Measured, measured, of_sums, variances_to_add


def _reach(image: Image, bins: int, pixels: int) -> dict[str, int]:
    along = {str(dim): pixels for dim in image.dims if dim in ("y", "x") and pixels}
    return {**along, spectral_dim(image): bins} if bins else along


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    return _reach(image, params["bins"], params["pixels"])


@op(version=2, scope=Neighbourhood(_halo, memory=24), dtype="float32", doc=DOC)
def moving_average(
    image: Image,
    error: Image | None = None,
    *,
    bins: Annotated[int, Field(title="Reach along the spectrum (bins)", ge=0, le=500)] = 1,
    pixels: Annotated[int, Field(title="Reach along y and x (pixels)", ge=0, le=100)] = 0,
) -> Measured:
    r"""Average each value with those around it: bins of its spectrum, and pixels beside it.

    .. math:: \bar f = \frac{1}{n} \sum_W f, \qquad \sigma^2 = \frac{1}{n^2} \sum_W \sigma_f^2

    over the box :math:`W` of ``2 bins + 1`` by ``2 pixels + 1`` by ``2 pixels + 1`` samples, of
    which those count that exist and are finite. The error is that of one value, from independent
    ones; neighbours that share samples have errors in common, so that of a sum of them does not
    follow. An edge becomes as wide as the box.

    Parameters
    ----------
    %(cube)s
    %(error)s
    bins : int
        How many bins on either side.
    pixels : int
        How many pixels on either side along ``y`` and ``x``.

    Returns
    -------
    image : Image
        float32, in the units of ``image``; NaN where no sample is finite.
    error : Image
        One standard deviation of it.

    Raises
    ------
    %(spectral_error)s
        Or there is no error, and the values are no counts.

    See Also
    --------
    spectra.rebin : fewer bins, which stay independent.

    %(examples)s
    >>> cube = gt.core.as_image(np.array([[4.0], [10.0], [4.0]]), dims=["tof", "x"])
    >>> found = gt.spectra.moving_average(cube)
    >>> found.image.values[:, 0], found.error.values[:, 0].round(3)
    (array([7., 6., 7.], dtype=float32), array([1.871, 1.414, 1.871], dtype=float32))
    """
    spectral_dim(image)
    reach = _reach(image, bins, pixels)
    values, variance = image.values.astype(np.float64), variances_to_add(image, error)
    known = np.isfinite(values) & np.isfinite(variance)
    sizes = [2 * reach.get(str(dim), 0) + 1 for dim in image.dims]
    number = _box_sums(known.astype(np.float64), sizes)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        mean = _box_sums(np.where(known, values, 0), sizes) / number
        added = _box_sums(np.where(known, variance, 0), sizes)
        spread = (of_sums(added) if error is None else added) / number**2
    return measured(image, mean, spread, image.attrs.get("units"))


def _box_sums(values: Array, sizes: list[int]) -> Array:
    """Return the sum over a box around each sample; nothing is outside."""
    from scipy import ndimage

    for axis, size in enumerate(sizes):
        if size > 1:
            weights = np.ones(size)
            values = ndimage.correlate1d(values, weights, axis=axis, mode="constant", cval=0.0)
    return values
