"""How well controls are told apart: Z' and SSMD, with intervals over wells."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from graticule.core.errors import CheckError
from graticule.core.typing import Array
from graticule.evaluate.bootstrap import Interval

__all__ = ["ssmd", "z_prime"]

_LEAST = 2


def z_prime(
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    confidence: float = 0.95,
    n: int = 2000,
    seed: int = 0,
) -> Interval:
    r"""Return Z' of two controls [1]_, :math:`1 - 3(s_p + s_n) / |m_p - m_n|`, over wells.

    Above 0.5 a single well tells the two apart; below 0 they overlap.

    Parameters
    ----------
    positive, negative : array_like
        One number for each well.
    confidence : float
        Of the interval.
    n, seed : int
        How often wells are drawn again, and of the drawing. The interval is bias-corrected and
        accelerated (BCa), as the spread of wells that are drawn is smaller than that of wells.

    Returns
    -------
    Interval
        Of Z'.

    Raises
    ------
    CheckError
        If a control has fewer than two wells.

    References
    ----------
    .. [1] J.-H. Zhang, T. D. Y. Chung and K. R. Oldenburg, J. Biomol. Screening 4, 67 (1999).

    Examples
    --------
    >>> found = z_prime([10, 11, 9, 10.5], [1, 1.2, 0.9, 1.1])
    >>> round(found.estimate, 2), found.low < found.estimate < found.high
    (0.68, True)
    """

    def statistic(p: Array, q: Array, axis: int = -1) -> Array:
        apart = np.abs(p.mean(axis=axis) - q.mean(axis=axis))
        spread = p.std(axis=axis, ddof=1) + q.std(axis=axis, ddof=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(1 - 3 * spread / apart)

    return _interval(statistic, positive, negative, confidence, n, seed)


def ssmd(
    positive: ArrayLike,
    negative: ArrayLike,
    *,
    confidence: float = 0.95,
    n: int = 2000,
    seed: int = 0,
) -> Interval:
    r"""Return the strictly standardised mean difference [1]_, over wells.

    :math:`(m_p - m_n) / \sqrt{s_p^2 + s_n^2}`; 3 or more is strong.

    Parameters
    ----------
    positive, negative : array_like
        As for `z_prime`.
    confidence : float
        As for `z_prime`.
    n, seed : int
        As for `z_prime`.

    Returns
    -------
    Interval
        Of the difference.

    Raises
    ------
    CheckError
        If a control has fewer than two wells.

    References
    ----------
    .. [1] X. D. Zhang, Genomics 89, 552 (2007).

    Examples
    --------
    >>> round(ssmd([10, 11, 9, 10.5], [1, 1.2, 0.9, 1.1]).estimate, 1)
    10.5
    """

    def statistic(p: Array, q: Array, axis: int = -1) -> Array:
        spread = np.sqrt(p.var(axis=axis, ddof=1) + q.var(axis=axis, ddof=1))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((p.mean(axis=axis) - q.mean(axis=axis)) / spread)

    return _interval(statistic, positive, negative, confidence, n, seed)


def _interval(
    statistic: Callable[..., Array],
    positive: ArrayLike,
    negative: ArrayLike,
    confidence: float,
    n: int,
    seed: int,
) -> Interval:
    import warnings

    from scipy.stats import bootstrap

    groups = []
    for name, values in (("positive", positive), ("negative", negative)):
        wells = np.asarray(values, float).ravel()
        wells = wells[np.isfinite(wells)]
        if len(wells) < _LEAST:
            raise CheckError(f"the {name} control needs two wells or more, not {len(wells)}")
        groups.append(wells)
    estimate = float(statistic(*groups))
    units = sum(map(len, groups))
    if not math.isfinite(estimate) or min(map(len, groups)) < _LEAST + 1:
        return Interval(estimate, math.nan, math.nan, units)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of draws in which all wells are one
        found = bootstrap(
            tuple(groups), statistic, n_resamples=n, confidence_level=confidence,
            method="BCa", vectorized=True, rng=np.random.default_rng(seed),
        ).confidence_interval  # fmt: skip
    return Interval(estimate, float(found.low), float(found.high), units)
