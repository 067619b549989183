"""The mean as a threshold."""

from __future__ import annotations

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import Keep, thresholding
from graticule.ops.threshold._means import mean as _method

_SCOPE = thresholding(_method)


@op(version=1, scope=_SCOPE, dtype="bool")
def mean(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Keep what is above the mean of the image.

    The simplest threshold that follows the light; right only where about as much is bright as is
    dark [1]_. The mean is exact for integers, and for floats to 1 in 4e9 of their range.

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
    skimage.filters.threshold_mean : the same threshold.
    graticule.threshold.values : the thresholds of all methods at once.

    References
    ----------
    .. [1] Glasbey, C. A., "An analysis of histogram-based thresholding algorithms", CVGIP:
       Graphical Models and Image Processing 55(6), 532-537, 1993. :doi:`10.1006/cgip.1993.1040`

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.threshold.mean(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    result: Mask = _SCOPE.whole(image, mask, keep=keep)
    return result
