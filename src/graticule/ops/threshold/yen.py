"""Yen's threshold."""

from __future__ import annotations

from graticule.core import Image, Mask, op
from graticule.ops.threshold._criteria import yen as _method
from graticule.ops.threshold._histogram import Keep, thresholding

_SCOPE = thresholding(_method)


@op(version=1, scope=_SCOPE, dtype="bool")
def yen(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    r"""Separate bright from dark where the two classes are most correlated in themselves.

    The threshold maximises
    :math:`-\ln\left(\sum_{i \le t} p_i^2 \sum_{i > t} p_i^2\right) + 2 \ln\left(P (1 - P)\right)`
    with the frequencies :math:`p` and :math:`P = \sum_{i \le t} p_i` [1]_.
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
    skimage.filters.threshold_yen : the same threshold.
    graticule.threshold.values : the thresholds of all methods at once.

    References
    ----------
    .. [1] Yen, J. C., Chang, F. J., Chang, S., "A new criterion for automatic multilevel
       thresholding", IEEE Trans. Image Process. 4(3), 370-378, 1995. :doi:`10.1109/83.366472`

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.threshold.yen(np.array([1, 2, 1, 9, 8, 2]))
    array([False, False, False,  True,  True, False])
    """
    result: Mask = _SCOPE.whole(image, mask, keep=keep)
    return result
