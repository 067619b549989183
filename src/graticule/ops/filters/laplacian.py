"""Laplacian, and Laplacian of Gaussian."""

from __future__ import annotations

import numpy as np

from graticule.core import Image, Length, Neighbourhood, filtered_dims, op
from graticule.ops._parameters import Sigma
from graticule.ops.filters._gradients import CURVATURE_DOC, derivative, kernel_halo, per_length


@op(version=1, scope=Neighbourhood(kernel_halo), dtype="float32", tolerance=4e-6, doc=CURVATURE_DOC)
def laplacian(image: Image, *, sigma: Sigma = Length(0)) -> Image:
    r"""Return the sum of the second derivatives, after smoothing if wanted.

    :math:`\nabla^2 (G_\sigma * f) = \sum_d \partial_d^2 (G_\sigma * f)` [1]_, with the second
    derivative of the Gaussian cut off at four widths; without a width
    :math:`f_{i-1} - 2 f_i + f_{i+1}` along each dim. It is negative on bright spots and
    ridges, positive on dark ones, and passes through 0 at edges. The image is mirrored at its
    border.

    Derivatives are per unit of length squared where all filtered dims have a unit of one kind
    (per that of the first, different spacings respected), otherwise per pixel squared. A sample
    with a NaN within the box of the Gaussian's reach is NaN.

    Parameters
    ----------
    %(image)s
    sigma : Length
        Standard deviation of the smoothing, in pixels or as a length; 0 for none.

    %(returns)s

    Raises
    ------
    %(spacing_error)s
    %(complex_error)s

    See Also
    --------
    scipy.ndimage.laplace, scipy.ndimage.gaussian_laplace : the same in pixels, to the small part
        of the kernel that is cut off.

    References
    ----------
    .. [1] Marr, D., Hildreth, E., "Theory of edge detection", Proc. R. Soc. Lond. B 207,
       187-217, 1980. :doi:`10.1098/rspb.1980.0020`

    %(examples)s
    >>> gt.filters.laplacian(np.array([0, 0, 1, 0, 0]))
    array([ 0.,  1., -2.,  1.,  0.], dtype=float32)
    """
    values = np.ascontiguousarray(image.values, np.float32)
    total = np.zeros_like(values)
    for dim in filtered_dims(image):
        total += derivative(image, values, sigma, (dim, dim))
    return per_length(image, total, 2)
