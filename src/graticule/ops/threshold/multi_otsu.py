"""Otsu's thresholds between several phases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Mask, op
from graticule.ops.threshold._histogram import DOC, Histogram, counting
from graticule.ops.threshold.phases import phases_of


def thresholds_of(histogram: Histogram, *, classes: int) -> tuple[Any, ...]:
    """Return the thresholds with the largest variance between classes; each value where too few."""
    from graticule.ops.threshold._kernels import best_cuts

    used = np.flatnonzero(histogram.counts)
    if used.size <= classes:
        return tuple(histogram.centers[used[:-1]])
    values = histogram.offsets[used]
    counts = histogram.counts[used].astype(np.float64)
    middle = (counts * values).sum() / counts.sum()
    cuts = best_cuts(counts, values - middle, classes)
    return tuple(histogram.centers[used[cuts - 1]])


def _apply(image: Image, mask: Image | None, *, result: Sequence[Any], **_: Any) -> Image:
    return phases_of(image, mask, result)


_SCOPE = counting(thresholds_of, _apply)


@op(version=1, scope=_SCOPE, dtype="int32", doc=DOC)
def multi_otsu(
    image: Image,
    mask: Mask | None = None,
    *,
    classes: Annotated[int, Field(title="Number of phases", ge=2, le=10)] = 3,
) -> Labels:
    r"""Separate several phases where they are furthest apart.

    The thresholds maximise the variance between the classes,
    :math:`\sum_k w_k (\mu_k - \mu)^2`, with their weights :math:`w` and means :math:`\mu` [1]_.
    The best of all cuts is found, also between the 65,536 values of 16 bits [2]_. Floats are
    counted in 256 bins between the smallest and the largest value, integers value by value (in
    256 bins where they span more than a million).

    The values of partly filled voxels lie between those of their phases, so that a third phase
    shows as a false skin between two others; `edge_guard` is the cure. The thresholds
    themselves are given by `threshold.values` with ``methods=["multi_otsu"]``.

    Parameters
    ----------
    image : Image
        Any dims; the same thresholds for all of it.
    %(where)s
    classes : int
        How many phases there are.

    Returns
    -------
    Labels
        int32: 1 for the darkest phase, to ``classes`` for the brightest; 0 for NaN and outside
        ``mask``. An image of fewer values has a phase for each value.

    %(raises_values)s

    See Also
    --------
    skimage.filters.threshold_multiotsu : the same thresholds.
    graticule.threshold.phases : for thresholds that are given.

    References
    ----------
    .. [1] Liao, P.-S., Chen, T.-S., Chung, P.-C., "A fast algorithm for multilevel thresholding",
       Journal of Information Science and Engineering 17(5), 713-727, 2001.
    .. [2] Wang, H., Song, M., "Ckmeans.1d.dp: optimal k-means clustering in one dimension by
       dynamic programming", The R Journal 3(2), 29-33, 2011.

    %(examples)s
    >>> gt.threshold.multi_otsu(np.array([1, 2, 1, 9, 8, 2, 20, 21]))
    array([1, 1, 1, 2, 2, 1, 3, 3], dtype=int32)
    """
    labels: Labels = _SCOPE.whole(image, mask, classes=classes)
    return labels
