"""Bilateral filter."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Neighbourhood, filtered_dims, op, with_values
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops._windows import over_blocks, over_windows, pad
from graticule.ops.filters._separable import gaussian_halo, reach_of, widths_of

_TRUNCATE = 3.0
_HALO = partial(gaussian_halo, truncate=_TRUNCATE)


@op(version=1, scope=Neighbourhood(_HALO), dtype="float32", tolerance=2e-6, doc=DOC)
def bilateral(
    image: Image,
    *,
    sigma_value: Annotated[float, Field(title="Width in value", gt=0)],
    sigma: Annotated[Length, Field(title="Width in space", ge=0)] = Length(1.5),
) -> Image:
    r"""Smooth an image but not across its edges.

    Each sample becomes the mean of its neighbours with weights
    :math:`\exp(-d^2 / 2\sigma^2)\, \exp(-(f_j - f_i)^2 / 2 s^2)`, so that those of another value
    count for little [1]_. Neighbours lie within three widths; the image is mirrored at its
    border. NaN and infinite samples have no say and stay as they are.

    Parameters
    ----------
    %(image)s
    sigma_value : float
        Width :math:`s` in the units of ``image``: between the noise and the step at an edge,
        as two to three times the standard deviation of the noise.
    sigma : Length
        Width in space, in pixels or as a length (anisotropic spacing is respected).

    %(float32_raises)s

    See Also
    --------
    graticule.ops.filters.non_local_means : means of patches that are alike, wherever they lie.
    graticule.ops.filters.total_variation : the image with the least sum of gradients.
    skimage.restoration.denoise_bilateral : the same idea with tables of weights.

    References
    ----------
    .. [1] Tomasi, C., Manduchi, R., "Bilateral filtering for gray and color images", ICCV 1998,
       839-846. :doi:`10.1109/ICCV.1998.710815`

    %(examples)s
    >>> gt.filters.bilateral(np.array([0.0, 1, 0, 1, 100, 101, 100]), sigma_value=5).round(1)
    array([  0.4,   0.4,   0.5,   0.6, 100.3, 100.4, 100.3], dtype=float32)
    """
    widths = widths_of(image, sigma)
    reach = [reach_of(widths[dim], _TRUNCATE) for dim in filtered_dims(image)]
    grids = np.meshgrid(*[np.arange(-r, r + 1) for r in reach], indexing="ij")
    apart = np.zeros(grids[0].shape)
    for grid, width in zip(grids, widths.values(), strict=True):
        apart += (grid / width) ** 2 if width > 0 else 0
    footprint = apart <= (_TRUNCATE * (1 + 1e-9)) ** 2
    weights = np.exp(-0.5 * apart[footprint])
    values = np.ascontiguousarray(image.values, np.float32)
    means = over_blocks(image, values, lambda block: _means(block, footprint, weights, sigma_value))
    return with_values(image, means)


def _means(values: Array, footprint: Array, weights: Array, sigma: float) -> Array:
    from graticule.ops._windows_kernels import bilateral_means

    padded = pad(values, [size // 2 for size in footprint.shape])
    return over_windows(bilateral_means, padded, footprint, weights, sigma)
