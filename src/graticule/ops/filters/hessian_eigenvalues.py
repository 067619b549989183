"""Eigenvalues of the Hessian."""

from __future__ import annotations

import itertools

import numpy as np

from graticule.core import Image, Length, Neighbourhood, filtered_dims, op
from graticule.ops._parameters import Sigma
from graticule.ops.filters._gradients import (
    CURVATURE_DOC,
    Which,
    derivative,
    eigenvalue,
    kernel_halo,
    per_length,
)


@op(version=2, scope=Neighbourhood(kernel_halo), dtype="float32", tolerance=1e-5, doc=CURVATURE_DOC)
def hessian_eigenvalues(
    image: Image,
    *,
    sigma: Sigma = Length(1.0),
    which: Which = "largest",
) -> Image:
    r"""Return an eigenvalue of the matrix of second derivatives at a scale.

    Of :math:`H_{de} = \partial_d \partial_e (G_\sigma * f)`: how the image curves along its own
    main directions, whatever way these lie. On a bright line the smallest eigenvalue is strongly
    negative and the others are near 0; on a dark line the largest is strongly positive; on a
    spot all have one sign [1]_. The Gaussian is cut off at four widths and the image mirrored
    at its border.

    Derivatives are per unit of length squared where all filtered dims have a unit of one kind
    (per that of the first, different spacings respected), otherwise per pixel squared; multiply
    by ``sigma`` squared to compare scales. A sample with a NaN within the box of the
    Gaussian's reach is NaN.

    Parameters
    ----------
    %(image)s
    sigma : Length
        Standard deviation of the Gaussian, in pixels or as a length; 0 for differences of
        neighbours.
    which : {"largest", "middle", "smallest"}
        Which eigenvalue, by value and not by magnitude; the middle one with three dims only.

    %(returns)s

    Raises
    ------
    %(middle_error)s
    %(spacing_error)s
    %(complex_error)s

    See Also
    --------
    graticule.ops.filters.structure_tensor_eigenvalues : directions of the slope.
    skimage.feature.hessian_matrix_eigvals : all of them, in pixels.

    References
    ----------
    .. [1] Frangi, A. F., Niessen, W. J., Vincken, K. L., Viergever, M. A., "Multiscale vessel
       enhancement filtering", MICCAI 1998, 130-137. :doi:`10.1007/BFb0056195`

    %(examples)s
    >>> y, x = np.mgrid[0:9, 0:9]
    >>> found = gt.filters.hessian_eigenvalues(3 * x**2 - y**2, sigma=0, which="smallest")
    >>> float(found[4, 4])
    -2.0
    """
    dims = filtered_dims(image)
    values = np.ascontiguousarray(image.values, np.float32)
    pairs = itertools.combinations_with_replacement(range(len(dims)), 2)
    parts = {(i, j): derivative(image, values, sigma, (dims[i], dims[j])) for i, j in pairs}
    return per_length(image, eigenvalue(parts, len(dims), which), 2)
