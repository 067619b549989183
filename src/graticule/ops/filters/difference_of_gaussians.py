"""Difference of Gaussians."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Neighbourhood, op, with_values
from graticule.ops._parameters import DOC
from graticule.ops.filters._separable import gaussian_halo, gaussian_smoothed

_TRUNCATE = 4.0


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    low, high = (gaussian_halo(image, params, _TRUNCATE, s) for s in ("sigma_low", "sigma_high"))
    return {dim: max(low[dim], high[dim]) for dim in low}


@op(version=1, scope=Neighbourhood(_halo), dtype="float32", tolerance=4e-6, doc=DOC)
def difference_of_gaussians(
    image: Image,
    *,
    sigma_low: Annotated[Length, Field(title="Narrow width", ge=0)] = Length(1.0),
    sigma_high: Annotated[Length, Field(title="Wide width", ge=0)] = Length(1.6),
) -> Image:
    r"""Keep structures between two sizes: a band-pass.

    :math:`G_{\sigma_1} * f - G_{\sigma_2} * f`. What is finer than ``sigma_low`` is smoothed
    away, and what is coarser than ``sigma_high`` subtracted, uneven light included. With
    :math:`\sigma_2 = 1.6\, \sigma_1` it is close to the negative Laplacian of Gaussian [1]_.
    Gaussians are cut off at four widths and mirrored at the border. NaN samples have no weight; a
    sample without a finite neighbour is NaN.

    Parameters
    ----------
    %(image)s
    sigma_low, sigma_high : Length
        Standard deviations, in pixels or as a length; the second is usually the larger (the
        sign changes if it is not).

    %(float32)s

    Raises
    ------
    %(length_error)s
    ParameterError
        If a Gaussian reaches further than a million samples.
    %(complex_error)s

    See Also
    --------
    skimage.filters.difference_of_gaussians : the same values with ``mode="reflect"``.

    References
    ----------
    .. [1] Marr, D., Hildreth, E., "Theory of edge detection", Proc. R. Soc. Lond. B 207,
       187-217, 1980. :doi:`10.1098/rspb.1980.0020`

    %(examples)s
    >>> spot = np.zeros((9, 9))
    >>> spot[4, 4] = 1
    >>> found = gt.filters.difference_of_gaussians(spot)
    >>> bool(found[4, 4] > 0), bool(found[4, 0] < 0)
    (True, True)
    """
    values = np.ascontiguousarray(image.values, np.float32)
    narrow, wide = (
        gaussian_smoothed(image, values, sigma, _TRUNCATE) for sigma in (sigma_low, sigma_high)
    )
    with np.errstate(invalid="ignore"):  # infinity less infinity is NaN, as it should be
        return with_values(image, narrow - wide)
