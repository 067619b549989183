"""The triangle threshold."""

from __future__ import annotations

from graticule.core import Image, Mask, op
from graticule.ops.threshold._criteria import triangle as _method
from graticule.ops.threshold._histogram import Keep, thresholding

_SCOPE = thresholding(_method)


@op(version=2, scope=_SCOPE, dtype="bool")
def triangle(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate the long tail of a histogram from its peak.

    A line is drawn from the peak of the histogram to the end of its longer tail; the threshold
    is the value whose count lies furthest below the line [1]_. It suits images where one phase
    is most of the picture and has a sharp peak. Floats are counted in 256 bins, integers
    value by value (in 256 bins where they span more than a million).

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
    skimage.filters.threshold_triangle : the same threshold.
    graticule.threshold.values : the thresholds of all methods at once.

    References
    ----------
    .. [1] Zack, G. W., Rogers, W. E., Latt, S. A., "Automatic measurement of sister chromatid
       exchange frequency", J. Histochem. Cytochem. 25(7), 741-753, 1977.
       :doi:`10.1177/25.7.70454`

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.threshold.triangle(np.array([0, 0, 0, 0, 0, 1, 1, 5, 7]))
    array([False, False, False, False, False, False, False,  True,  True])
    """
    result: Mask = _SCOPE.whole(image, mask, keep=keep)
    return result
