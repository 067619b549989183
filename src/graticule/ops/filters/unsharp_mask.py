"""Unsharp masking."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Neighbourhood, op, with_values
from graticule.ops._parameters import DOC, Sigma
from graticule.ops.filters._separable import gaussian_halo, gaussian_smoothed

_TRUNCATE = 4.0
_HALO = partial(gaussian_halo, truncate=_TRUNCATE)


@op(version=1, scope=Neighbourhood(_HALO), dtype="float32", tolerance=1e-5, doc=DOC)
def unsharp_mask(
    image: Image,
    *,
    sigma: Sigma = Length(1.0),
    amount: Annotated[float, Field(title="Amount", ge=0, le=1000)] = 1.0,
) -> Image:
    r"""Sharpen an image by adding what smoothing takes away.

    :math:`f + a\,(f - G_\sigma * f)`. Values may leave the range of the image: nothing is cut
    off. It makes noise stronger too, and numbers read from its result are no measurements. The
    Gaussian is cut off at four widths and mirrored at the border. NaN has no say and stays NaN.

    Parameters
    ----------
    %(image)s
    sigma : Length
        Standard deviation of the Gaussian, in pixels or as a length.
    amount : float
        How much of the details is added.

    %(float32_raises)s

    See Also
    --------
    skimage.filters.unsharp_mask : the same values with ``preserve_range=True``.

    %(examples)s
    >>> gt.filters.unsharp_mask(np.array([1, 1, 1, 5, 5, 5]), sigma=0.5).round(1)
    array([1. , 1. , 0.6, 5.4, 5. , 5. ], dtype=float32)
    """
    values = np.ascontiguousarray(image.values, np.float32)
    smooth = gaussian_smoothed(image, values, sigma, _TRUNCATE)
    with np.errstate(invalid="ignore"):  # infinity less infinity is NaN, as it should be
        return with_values(image, values + np.float32(amount) * (values - smooth))
