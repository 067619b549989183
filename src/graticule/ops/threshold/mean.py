"""The mean as a threshold."""

from __future__ import annotations

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import DOC, EXACT, Histogram, Keep, thresholding


def _criterion(histogram: Histogram) -> float | int:
    """Return the mean of the values."""
    count = int(histogram.fine_counts.sum())
    above = float((histogram.fine_counts * histogram.fine_values).sum())
    if (
        isinstance(histogram.low, int) and abs(histogram.low) < EXACT
    ):  # whole numbers, whose quotient is rounded once
        return (histogram.low * count + int(above)) / count
    return histogram.above_lowest(above / count)


_SCOPE = thresholding(_criterion)


@op(version=1, scope=_SCOPE, dtype="bool", doc=DOC)
def mean(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Keep what is above the mean of the image.

    The simplest threshold that follows the light; right only where about as much is bright as is
    dark [1]_. The mean is exact for integers, and for floats to 1 in 4e9 of their range.

    %(page)s

    See Also
    --------
    skimage.filters.threshold_mean : the same threshold.
    %(see_values)s

    References
    ----------
    .. [1] Glasbey, C. A., "An analysis of histogram-based thresholding algorithms", CVGIP:
       Graphical Models and Image Processing 55(6), 532-537, 1993. :doi:`10.1006/cgip.1993.1040`

    %(examples)s
    >>> gt.threshold.mean(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    return _SCOPE.mask(image, mask, keep)
