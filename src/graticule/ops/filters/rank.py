"""A percentile of a window."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Image, Length, Neighbourhood, op, with_values
from graticule.ops._morphology import halo_once
from graticule.ops._parameters import DOC, Radius, Window
from graticule.ops.filters._rank import rank_filter


@op(version=1, scope=Neighbourhood(halo_once), dtype="same", doc=DOC)
def rank(
    image: Image,
    *,
    percentile: Annotated[float, Field(title="Percentile", ge=0, le=100)] = 50.0,
    radius: Radius = Length(1),
    shape: Window = "box",
) -> Image:
    r"""Replace each sample by a percentile of a window around it.

    Of the :math:`n` values in the window, the one that has :math:`\lfloor n p / 100 \rfloor`
    others below it (or the largest), so that 0 is the minimum, 100 the maximum, and the result
    always is a value of the image. At the border the window is filled with the nearest sample of
    the image. NaN is left out; where nothing else is in the window, the result is NaN.

    Parameters
    ----------
    %(image)s
    percentile : float
        From 0 to 100.
    %(window)s

    %(same_raises)s

    See Also
    --------
    graticule.ops.filters.median : faster for 50.
    scipy.ndimage.percentile_filter : the same values where there is no NaN, with
        ``mode="nearest"``.

    References
    ----------
    Huang, T. S., Yang, G. J., Tang, G. Y., "A fast two-dimensional median filtering algorithm",
    IEEE Trans. Acoustics, Speech, and Signal Processing 27(1), 13-18, 1979.
    :doi:`10.1109/TASSP.1979.1163188`

    %(examples)s
    >>> gt.filters.rank(np.array([1, 1, 9, 1, 5, 5, 5]), percentile=100)
    array([1, 9, 9, 9, 5, 5, 5])
    """
    return with_values(image, rank_filter(image, radius, shape, percentile))
