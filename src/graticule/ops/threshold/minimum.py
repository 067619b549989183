"""The minimum between two modes."""

from __future__ import annotations

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import Keep, thresholding
from graticule.ops.threshold._modes import minimum as _method

_SCOPE = thresholding(_method)


@op(version=1, scope=_SCOPE, dtype="bool")
def minimum(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark at the lowest count between two modes.

    The histogram is smoothed by means of three until it has two maxima; the threshold is the
    lowest place between them [1]_ [2]_. Of two values, the lower is the threshold.
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
        If the values are complex, or none is finite,
        or if 10,000 rounds of smoothing leave no two maxima.

    See Also
    --------
    skimage.filters.threshold_minimum : the same threshold.
    graticule.threshold.values : the thresholds of all methods at once.

    References
    ----------
    .. [1] Prewitt, J. M. S., Mendelsohn, M. L., "The analysis of cell images", Annals of the New
       York Academy of Sciences 128(3), 1035-1053, 1966. :doi:`10.1111/j.1749-6632.1965.tb11715.x`
    .. [2] Glasbey, C. A., "An analysis of histogram-based thresholding algorithms", CVGIP:
       Graphical Models and Image Processing 55(6), 532-537, 1993. :doi:`10.1006/cgip.1993.1040`

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> image = np.array([0, 2, 3, 3, 3, 4, 9, 10, 10, 10, 11, 13])
    >>> gt.threshold.minimum(image).sum()
    np.int64(6)
    """
    result: Mask = _SCOPE.whole(image, mask, keep=keep)
    return result
