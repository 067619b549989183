"""Slope by the Scharr operator."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Image, Neighbourhood, op
from graticule.ops.filters._gradients import edges, one_each_way


@op(version=1, scope=Neighbourhood(one_each_way), dtype="float32", tolerance=1e-6)
def scharr(
    image: Image, *, dim: Annotated[str | None, Field(title="Along which dim")] = None
) -> Image:
    r"""Return the slope of an image: along one dim, or its steepest.

    Central differences :math:`(f_{i+1} - f_{i-1}) / 2 \Delta`, averaged over the neighbours
    across with the weights 3 10 3, which make it depend less on the
    direction of an edge than Sobel's; without a ``dim``
    the length of the gradient, :math:`\sqrt{\sum_d (\partial_d f)^2}`. The image is mirrored at
    its border.

    Slopes are per unit of length where all filtered dims have a unit of one kind (per that of
    the first, different spacings respected), otherwise per pixel. A sample with a NaN among its
    neighbours, corners included, is NaN.

    Parameters
    ----------
    image : Image
        Any dims; filtered along ``z y x``, or along all where it has none of these.
    dim : str, optional
        The dim along which the slope is wanted, with its sign.

    Returns
    -------
    Image
        float32, in the units of ``image`` per unit of length.

    Raises
    ------
    ParameterError
        If ``dim`` is not among the filtered dims.
    UnitsError
        If the samples along a dim are not evenly spaced.
    ImageError
        If the values are complex.

    See Also
    --------
    skimage.filters.scharr : twice this along one dim, as it takes the difference of the samples on
        both sides and not the slope between them.

    References
    ----------
    Scharr, H., "Optimale Operatoren in der Digitalen Bildverarbeitung", dissertation,
    University of Heidelberg, 2000.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> y, x = np.mgrid[0:3, 0:5]
    >>> gt.filters.scharr(3 * x + 4 * y)[1, 1:4]
    array([5., 5., 5.], dtype=float32)
    """
    return edges(image, dim, (0.625, 0.1875))
