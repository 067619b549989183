"""What a null distribution says about one value, and about a study of many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from graticule.core.errors import CheckError
from graticule.core.typing import Array

__all__ = ["EmpiricalP", "benjamini_hochberg", "empirical_p", "false_discovery_rate"]


@dataclass(frozen=True)
class EmpiricalP:
    """A p-value from surrogates.

    Attributes
    ----------
    p : float
        ``(1 + k) / (1 + m)``.
    low, high : float
        Interval of confidence of the probability that a surrogate reaches the value.
    smallest : float
        ``1 / (1 + m)``: no smaller p can come from this many surrogates.
    reached : int
        ``k``, the surrogates as large as the value or larger.
    surrogates : int
        ``m``.

    Examples
    --------
    >>> found = empirical_p(2.5, [0.0, 1.0, 3.0])
    >>> found.p, found.smallest, found.reached, found.surrogates
    (0.5, 0.25, 1, 3)
    """

    p: float
    low: float
    high: float
    smallest: float
    reached: int
    surrogates: int


def empirical_p(value: float, null: ArrayLike, *, confidence: float = 0.95) -> EmpiricalP:
    r"""Return the p-value of a value under surrogates of the same analysis.

    :math:`p = (1 + k) / (1 + m)` is exact where the value and its surrogates are exchangeable:
    the probability of :math:`p \le \alpha` is never above :math:`\alpha` [1]_. The interval is
    that of Clopper and Pearson for :math:`k` of :math:`m`.

    Parameters
    ----------
    value : float
        The statistic; larger is stronger.
    null : array_like
        The same statistic on each surrogate.
    confidence : float
        Of the interval.

    Returns
    -------
    EmpiricalP
        The p-value, its interval, and the smallest that was possible.

    Raises
    ------
    CheckError
        If there is no surrogate, or a value is not finite.

    References
    ----------
    .. [1] B. Phipson and G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 9, 39 (2010).

    Examples
    --------
    >>> result = empirical_p(5.0, range(100))
    >>> round(result.p, 3), result.reached, round(result.smallest, 4)
    (0.95, 95, 0.0099)
    """
    from scipy.stats import beta

    values = np.asarray(null, dtype=float).ravel()
    if values.size == 0:
        raise CheckError("a p-value needs at least one surrogate")
    if not np.isfinite(value) or not np.isfinite(values).all():
        raise CheckError(
            f"the statistic must be finite; it is {value:g} here and not finite on "
            f"{int((~np.isfinite(values)).sum())} of {values.size} surrogates"
        )
    k, m, rest = int((values >= value).sum()), values.size, (1 - confidence) / 2
    low = 0.0 if k == 0 else float(beta.ppf(rest, k, m - k + 1))
    high = 1.0 if k == m else float(beta.ppf(1 - rest, k + 1, m - k))
    return EmpiricalP((1 + k) / (1 + m), low, high, 1 / (1 + m), k, m)


Correction: TypeAlias = Literal["benjamini-yekutieli", "benjamini-hochberg"]


def false_discovery_rate(p: ArrayLike, by: Correction) -> Array:
    r"""Return the false-discovery-adjusted value q of each p-value, by a named correction.

    Where the tests depend on one another in ways that are not known - two files of one event,
    images that share their noise - that of Benjamini and Yekutieli [1]_ still holds: q of
    `benjamini_hochberg` times :math:`1 + 1/2 + \ldots + 1/m` for :math:`m` p-values.

    Parameters
    ----------
    p : array_like
        P-values. NaN stays NaN and is not counted.
    by : {"benjamini-yekutieli", "benjamini-hochberg"}
        The correction.

    Returns
    -------
    ndarray
        ``q``, in the order of ``p``.

    References
    ----------
    .. [1] Y. Benjamini and D. Yekutieli, Annals of Statistics 29, 1165 (2001).

    Examples
    --------
    >>> false_discovery_rate([0.01, 0.04, 0.03, 0.5], "benjamini-yekutieli").round(3)
    array([0.083, 0.111, 0.111, 1.   ])
    """
    q = benjamini_hochberg(p)
    if by == "benjamini-hochberg":
        return q
    tests = np.count_nonzero(~np.isnan(q))
    return np.minimum(q * np.sum(1 / np.arange(1, tests + 1)), 1.0)


def benjamini_hochberg(p: ArrayLike) -> Array:
    r"""Return the false-discovery-adjusted value q of each p-value of a study.

    Calling all with :math:`q \le \alpha` discoveries keeps the expected part of false ones
    among them at or below :math:`\alpha`, where the tests are independent or positively
    dependent [1]_. NaN stays NaN and is not counted.

    Parameters
    ----------
    p : array_like
        P-values.

    Returns
    -------
    ndarray
        ``q``, in the order of ``p``.

    Raises
    ------
    CheckError
        If a value is not between 0 and 1.

    References
    ----------
    .. [1] Y. Benjamini and Y. Hochberg, J. R. Stat. Soc. B 57, 289 (1995).

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5]).round(3)
    array([0.04 , 0.053, 0.053, 0.5  ])
    """
    values = np.asarray(p, dtype=float)
    known = np.flatnonzero(~np.isnan(values))
    if ((values[known] < 0) | (values[known] > 1)).any():
        raise CheckError("a p-value must be between 0 and 1")
    order = known[np.argsort(values[known], kind="stable")]
    ranked = values[order] * order.size / np.arange(1, order.size + 1)
    result = np.full(values.shape, np.nan)
    result[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return result
