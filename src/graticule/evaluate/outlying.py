"""Which values of a study lie apart from the rest, by a statistic that the rest decides."""

from __future__ import annotations

import numpy as np

from graticule.core.typing import Array

__all__ = ["outlying"]

LEAST = 8
"""Values below which a median absolute deviation says too little to call any of them far."""
_NORMAL = 1.4826


def outlying(values: Array, *, least_spread: float = 0.0) -> Array:
    r"""Return which values lie far from the others: -1 below, 1 above, 0 among them.

    A value :math:`v` is far where :math:`|v - m| > (4.5 + 25 / n) s` and :math:`|v - m| > 5 s_0`,
    with the median :math:`m` of all :math:`n`, their spread :math:`s` = 1.4826 times the median
    absolute deviation, which small samples know badly, and the least spread :math:`s_0`. Of
    studies of normal values with nothing planted, of 8 to 1,000, about 1 in 100 name any.

    Parameters
    ----------
    values : array of float, shape (n,)
        A number of each image; what is not finite is passed over.
    least_spread : float
        Spread that is taken at least: what differs by less matters to no one, however alike the
        others are.

    Returns
    -------
    array of int, shape (n,)
        All 0 of fewer than 8 values.

    References
    ----------
    Iglewicz, B., Hoaglin, D. C., *How to Detect and Handle Outliers*, ASQC, 1993, without their
    fixed bound of 3.5, which names an image in one of ten studies of 8 to 100 that hold nothing.

    Examples
    --------
    >>> outlying(np.array([10.0, 11, 9, 10, 12, 10, 11, 40, 9]))
    array([0, 0, 0, 0, 0, 0, 0, 1, 0])
    """
    far = np.zeros(len(values), int)
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < LEAST:
        return far
    held = np.asarray(values, float)[known]
    apart = held - np.median(held)
    spread = _NORMAL * float(np.median(np.abs(apart)))
    bound = max((4.5 + 25 / len(known)) * spread, 5 * least_spread)
    far[known[apart > bound]] = 1
    far[known[apart < -bound]] = -1
    return far
