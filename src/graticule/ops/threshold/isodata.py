"""The isodata threshold."""

from __future__ import annotations

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import Keep, thresholding
from graticule.ops.threshold._means import isodata as _method

_SCOPE = thresholding(_method)


@op(version=1, scope=_SCOPE, dtype="bool")
def isodata(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark midway between the means of the two.

    The threshold is the lowest :math:`t` with :math:`t = (\mu_0(t) + \mu_1(t)) / 2` to within
    a bin, for the means :math:`\mu` of the values up to and above it [1]_.
    Floats are counted in 256 bins between the smallest and the largest value, integers value by
    value (in 256 bins where they span more than a million).

    NaN, infinite values and what is outside ``mask`` are left out of the histogram; NaN and what
    is outside are never in the result. The value of a constant image is its threshold: nothing
    in it is bright.

    Parameters
    ----------
    image : Image
        Any dims; one threshold for all of it.
    mask : Mask, optional
        Where to look; everywhere by default.
    keep : {"bright", "dark"}
        What is above the threshold, or what is up to it.

    Returns
    -------
    Mask
        True where the image is above the threshold; with ``keep="dark"`` where it is not.

    Raises
    ------
    ImageError
        If the values are complex, or none is finite.

    See Also
    --------
    skimage.filters.threshold_isodata : the same threshold.
    graticule.threshold.values : the thresholds of all methods at once.

    References
    ----------
    .. [1] Ridler, T. W., Calvard, S., "Picture thresholding using an iterative selection method",
       IEEE Trans. Syst. Man Cybern. 8(8), 630-632, 1978. :doi:`10.1109/TSMC.1978.4310039`

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.threshold.isodata(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    result: Mask = _SCOPE.whole(image, mask, keep=keep)
    return result
