"""Median of a window."""

from __future__ import annotations

from graticule.core import Image, Length, Neighbourhood, op, with_values
from graticule.ops._morphology import halo_once
from graticule.ops._parameters import DOC, Radius, Window
from graticule.ops.filters._rank import MEDIAN, rank_filter


@op(version=1, scope=Neighbourhood(halo_once), dtype="same", doc=DOC)
def median(image: Image, *, radius: Radius = Length(1), shape: Window = "box") -> Image:
    r"""Replace each sample by the median of a window around it.

    Removes spots smaller than half of the window and keeps straight edges as they are. The
    window is a box of :math:`2 r + 1` samples a side by default; at the border it is filled with
    the nearest sample of the image. NaN is left out; of an even number of values that remain the
    median is the mean of the middle two, and of none it is NaN.

    Parameters
    ----------
    %(image)s
    %(window)s

    %(same_raises)s

    See Also
    --------
    graticule.ops.filters.rank : any other percentile.
    skimage.filters.median : the same values where there is no NaN.

    References
    ----------
    Huang, T. S., Yang, G. J., Tang, G. Y., "A fast two-dimensional median filtering algorithm",
    IEEE Trans. Acoustics, Speech, and Signal Processing 27(1), 13-18, 1979.
    :doi:`10.1109/TASSP.1979.1163188`

    %(examples)s
    >>> gt.filters.median(np.array([1, 1, 9, 1, 5, 5, 5]))
    array([1, 1, 1, 5, 5, 5, 5])
    """
    return with_values(image, rank_filter(image, radius, shape, MEDIAN))
