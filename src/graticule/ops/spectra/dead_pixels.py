"""Pixels of a detector that count nothing, or far too much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Image, Mask, Neighbourhood, op
from graticule.ops.spectra._axis import DOC, spectral_dim, whole_spectra

_PLANE = ("y", "x")


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    reach = {str(dim): params["radius"] for dim in image.dims if dim in _PLANE}
    return {**reach, **whole_spectra(image, params)}


@op(version=1, scope=Neighbourhood(_halo, memory=6), dtype="bool", doc=DOC)
def dead_pixels(
    image: Image,
    *,
    low: Annotated[float, Field(title="Least part of the neighbours", ge=0, lt=1)] = 0.3,
    high: Annotated[float, Field(title="Most times the neighbours", gt=1)] = 3.0,
    radius: Annotated[int, Field(title="Reach of the neighbours (pixels)", ge=1, le=50)] = 2,
) -> Mask:
    r"""Find the pixels that are dead, dim or hot by their counts over the whole spectrum.

    A pixel is marked where its sum over the spectrum is 0 or not finite, below ``low`` times or
    above ``high`` times the median of the sums around it. It is best done on the open beam, where
    neighbours are alike; borders of a sample differ by less than the factors as a rule.

    Parameters
    ----------
    %(cube)s
    low, high : float
        Factors to the median of the neighbours.
    radius : int
        Reach of the square of neighbours along ``y x``.

    Returns
    -------
    Mask
        True where a pixel does not count, without the spectral dim. `spectra.open_beam` takes it
        as ``dead``.

    Raises
    ------
    %(spectral_error)s

    %(examples)s
    >>> counts = np.full((2, 5, 5), 100)
    >>> counts[:, 2, 3] = 0
    >>> cube = gt.core.as_image(counts, dims=["tof", "y", "x"])
    >>> np.argwhere(gt.spectra.dead_pixels(cube).values)
    array([[2, 3]])
    """
    from scipy import ndimage

    dim = spectral_dim(image)
    template = image.isel({dim: 0}, drop=True)
    with np.errstate(invalid="ignore", over="ignore"):
        total = image.values.sum(axis=image.get_axis_num(dim), dtype=np.float64)
    total = np.where(np.isfinite(total), total, 0.0)
    size = [2 * radius + 1 if each in _PLANE else 1 for each in template.dims]
    usual = ndimage.median_filter(total, size=size, mode="mirror") if size else total
    wrong = (total <= 0) | (total < low * usual) | (total > high * usual)
    return template.copy(data=np.asarray(wrong)).assign_attrs(_without_units(image))


def _without_units(image: Image) -> dict[str, Any]:
    return {str(key): value for key, value in image.attrs.items() if key != "units"}
