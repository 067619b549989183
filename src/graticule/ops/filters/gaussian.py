"""Gaussian smoothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Neighbourhood, op, with_values
from graticule.ops._parameters import DOC, Sigma
from graticule.ops.filters._separable import gaussian_halo, gaussian_smoothed


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    return gaussian_halo(image, params, params["truncate"])


@op(version=1, scope=Neighbourhood(_halo), dtype="float32", tolerance=2e-6, doc=DOC)
def gaussian(
    image: Image,
    *,
    sigma: Sigma = Length(1.0),
    truncate: Annotated[float, Field(title="Reach in widths", ge=1, le=10)] = 4.0,
) -> Image:
    r"""Smooth an image with a Gaussian of width ``sigma``.

    Each sample becomes the mean of its neighbours with weights
    :math:`\exp(-d^2 / 2\sigma^2)`, cut off at ``truncate`` widths; the image is mirrored at
    its border (``d c b a | a b c d | d c b a``). NaN samples have no weight; a sample without
    a finite neighbour is NaN.

    Parameters
    ----------
    %(image)s
    sigma : Length
        Standard deviation, in pixels or as a length (anisotropic spacing is respected).
    truncate : float
        Reach, in widths.

    %(float32)s

    Raises
    ------
    %(length_error)s
    ParameterError
        If it reaches further than a million samples.

    See Also
    --------
    scipy.ndimage.gaussian_filter : the same values where there is no NaN.

    %(examples)s
    >>> spot = np.zeros((5, 5))
    >>> spot[2, 2] = 1
    >>> gt.filters.gaussian(spot, sigma=1.0).round(3)[2]
    array([0.023, 0.097, 0.159, 0.097, 0.023], dtype=float32)
    """
    values = np.ascontiguousarray(image.values, dtype=np.float32)
    return with_values(image, gaussian_smoothed(image, values, sigma, truncate))
