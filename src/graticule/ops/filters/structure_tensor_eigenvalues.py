"""Eigenvalues of the structure tensor."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Neighbourhood, filtered_dims, like, op
from graticule.ops.filters._gradients import (
    CURVATURE_DOC,
    TRUNCATE,
    Which,
    derivative,
    eigenvalue,
    kernel_halo,
)
from graticule.ops.filters._separable import gaussian_taps, reach_of, separable, widths_of


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    inner = kernel_halo(image, params)
    outer = widths_of(image, params["rho"])
    return {dim: inner[dim] + reach_of(outer[dim], TRUNCATE) for dim in inner}


@op(
    version=2,
    scope=Neighbourhood(_halo, memory=7),
    dtype="float32",
    tolerance=1e-5,
    doc=CURVATURE_DOC,
)
def structure_tensor_eigenvalues(
    image: Image,
    *,
    sigma: Annotated[Length, Field(title="Width of the derivative", ge=0)] = Length(1.0),
    rho: Annotated[Length, Field(title="Width of the mean", ge=0)] = Length(2.0),
    which: Which = "largest",
) -> Image:
    r"""Return an eigenvalue of the mean product of slopes around each sample.

    Of :math:`J_{de} = G_\rho * (\partial_d f_\sigma \, \partial_e f_\sigma)` with
    :math:`f_\sigma = G_\sigma * f`. The largest is the mean square slope along the direction in
    which the image changes most, the smallest along that in which it changes least: all are
    near 0 on even ground, one is large along edges and fibres, and all at corners [1]_. Gaussians
    are cut off at four widths and mirrored at the border.

    Slopes are per unit of length where all filtered dims have a unit of one kind (per that of
    the first, different spacings respected), otherwise per pixel. A sample with a NaN within the
    box of both reaches is NaN.

    Parameters
    ----------
    %(image)s
    sigma : Length
        Standard deviation of the Gaussian whose derivatives are taken, in pixels or as a length:
        the size of the noise.
    rho : Length
        Standard deviation of the mean, in pixels or as a length: the size of the texture.
    which : {"largest", "middle", "smallest"}
        Which eigenvalue; the middle one with three dims only.

    Returns
    -------
    Image
        float32, without a unit: the square of that of ``image`` per unit of length.

    Raises
    ------
    %(middle_error)s
    %(spacing_error)s
    %(complex_error)s

    See Also
    --------
    graticule.ops.filters.hessian_eigenvalues : how the image curves.
    skimage.feature.structure_tensor_eigenvalues : all of them, in pixels.

    References
    ----------
    .. [1] Weickert, J., "Coherence-enhancing diffusion filtering", Int. J. Computer Vision
       31(2/3), 111-127, 1999. :doi:`10.1023/A:1008009714131`

    %(examples)s
    >>> y, x = np.mgrid[0:30, 0:30]
    >>> for which in ("largest", "smallest"):
    ...     found = gt.filters.structure_tensor_eigenvalues(3 * x + 4 * y, which=which)
    ...     print(round(float(found[15, 15]), 3) + 0.0)
    25.0
    0.0
    """
    dims = filtered_dims(image)
    values = np.ascontiguousarray(image.values, np.float32)
    slopes = [derivative(image, values, sigma, (dim,)) for dim in dims]
    outer = {
        image.get_axis_num(dim): gaussian_taps(width, TRUNCATE)
        for dim, width in widths_of(image, rho).items()
    }
    pairs = itertools.combinations_with_replacement(range(len(dims)), 2)
    with np.errstate(over="ignore", invalid="ignore"):  # squares of the largest are infinite
        parts = {(i, j): separable(slopes[i] * slopes[j], outer) for i, j in pairs}
    return like(image, eigenvalue(parts, len(dims), which))
