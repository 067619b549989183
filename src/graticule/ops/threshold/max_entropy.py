"""The maximum entropy threshold."""

from __future__ import annotations

from graticule.core import Image, Mask, op
from graticule.ops.threshold._criteria import max_entropy as _method
from graticule.ops.threshold._histogram import Keep, thresholding

_SCOPE = thresholding(_method)


@op(version=1, scope=_SCOPE, dtype="bool")
def max_entropy(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark where the two classes have the most entropy together.

    The threshold maximises :math:`H_0(t) + H_1(t)`, with the entropies
    :math:`H = -\sum (p_i / P) \ln(p_i / P)` of the values up to and above it [1]_.
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
    graticule.threshold.yen : a like criterion of second order.
    graticule.threshold.values : the thresholds of all methods at once.

    References
    ----------
    .. [1] Kapur, J. N., Sahoo, P. K., Wong, A. K. C., "A new method for gray-level picture
       thresholding using the entropy of the histogram", Computer Vision, Graphics, and Image
       Processing 29(3), 273-285, 1985. :doi:`10.1016/0734-189X(85)90125-2`

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.threshold.max_entropy(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    result: Mask = _SCOPE.whole(image, mask, keep=keep)
    return result
