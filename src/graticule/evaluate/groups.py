"""Groups of units: means, differences and effects, over what is independent and nothing else."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from graticule.core.errors import CheckError
from graticule.core.typing import Array

__all__ = ["Difference", "Mean", "difference_of_units", "holm", "mean_of_units"]

MANY = 8
"""Units from which they are drawn again; of fewer, t is exact where they are normal."""


class Mean(NamedTuple):
    """A mean over units.

    Attributes
    ----------
    mean, sd : float
        Mean and standard deviation of the units.
    low, high : float
        Interval of the mean; NaN of one unit, which says nothing of how units differ.
    units : int
        How many.
    interval : str
        ``bootstrap`` or ``t``; empty of one unit.

    Examples
    --------
    >>> found = mean_of_units([2.0, np.nan, 4.0])
    >>> found.mean, found.units, found.low < 2 < 4 < found.high
    (3.0, 2, True)
    """

    mean: float
    sd: float
    low: float
    high: float
    units: int
    interval: str


def mean_of_units(
    values: ArrayLike, *, confidence: float = 0.95, n: int = 2000, seed: int = 0
) -> Mean:
    r"""Return the mean of units with its interval.

    Of 8 units or more it is that of the studentised bootstrap [1]_: units are drawn again ``n``
    times, and the quantiles of :math:`(m^* - m) / s^*` stand for those of Student's t, so that it
    holds for skewed units too. Of fewer it is Student's.

    Parameters
    ----------
    values : array_like
        One number for each unit; NaN are left out.
    confidence : float
        Part of the intervals that hold the true mean.
    n, seed : int
        How often units are drawn, and of the drawing.

    Returns
    -------
    Mean
        With the interval, and which it is.

    Raises
    ------
    CheckError
        If no unit has a value.

    References
    ----------
    .. [1] B. Efron and R. Tibshirani, An Introduction to the Bootstrap, Chapman & Hall (1993),
       chapter 12.5.

    Examples
    --------
    >>> found = mean_of_units([2.0, 3.0, 4.0])
    >>> found.mean, round(found.low, 2), found.interval
    (3.0, 0.52, 't')
    """
    from scipy.stats import t

    units = _known(values)
    count = len(units)
    mean = float(units.mean())
    if count == 1:
        return Mean(mean, math.nan, math.nan, math.nan, 1, "")
    sd = float(units.std(ddof=1))
    error = sd / math.sqrt(count)
    if count < MANY or sd == 0:
        half = float(t.ppf((1 + confidence) / 2, count - 1)) * error
        return Mean(mean, sd, mean - half, mean + half, count, "t")
    drawn = units[np.random.default_rng(seed).integers(0, count, (n, count))]
    spread = drawn.std(axis=1, ddof=1) / math.sqrt(count)
    apart = (drawn.mean(axis=1) - mean)[spread > 0] / spread[spread > 0]
    rest = (1 - confidence) / 2
    low, high = (mean - float(end) * error for end in np.quantile(apart, [1 - rest, rest]))
    return Mean(mean, sd, low, high, count, "bootstrap")


class Difference(NamedTuple):
    """How a group differs from another.

    Attributes
    ----------
    difference, low, high : float
        Of the means, with Welch's interval.
    effect, effect_low, effect_high : float
        Hedges' g: the difference in pooled standard deviations between units, with its interval.
    p : float
        Of Welch's t test.

    Examples
    --------
    >>> found = difference_of_units([3.0, 4.0, 5.0], [1.0, 2.0, 3.0])
    >>> found.difference, round(found.effect, 2), 0.05 < found.p < 0.1
    (2.0, 1.6, True)
    """

    difference: float
    low: float
    high: float
    effect: float
    effect_low: float
    effect_high: float
    p: float


def difference_of_units(
    values: ArrayLike, reference: ArrayLike, *, confidence: float = 0.95
) -> Difference:
    """Return how units differ from those of a reference.

    The difference and p are Welch's [1]_, for groups of unequal spread; Hedges' g [2]_ has the
    interval of the noncentral t distribution.

    Parameters
    ----------
    values, reference : array_like
        One number for each unit; NaN are left out.
    confidence : float
        Of the intervals.

    Returns
    -------
    Difference
        All but the difference are NaN where a group has one unit.

    References
    ----------
    .. [1] B. L. Welch, Biometrika 34, 28 (1947).
    .. [2] L. V. Hedges, Journal of Educational Statistics 6, 107 (1981).

    Examples
    --------
    >>> found = difference_of_units([3.0, 4.0, 5.0], [1.0, 2.0, 3.0])
    >>> found.difference, round(found.effect, 2), round(found.p, 3)
    (2.0, 1.6, 0.07)
    """
    from scipy.stats import t, ttest_ind

    one, other = _known(values), _known(reference)
    difference = float(one.mean() - other.mean())
    counts = (len(one), len(other))
    if min(counts) < 2:
        return Difference(difference, *(math.nan,) * 6)
    parts = [group.var(ddof=1) / len(group) for group in (one, other)]
    error = math.sqrt(sum(parts))
    pooled = math.sqrt(sum((len(g) - 1) * g.var(ddof=1) for g in (one, other)) / (sum(counts) - 2))
    if error == 0:
        infinite = math.copysign(math.inf, difference) if difference else 0.0
        p = 0.0 if difference else 1.0
        return Difference(difference, difference, difference, infinite, infinite, infinite, p)
    freedom = sum(parts) ** 2 / sum(
        part**2 / (count - 1) for part, count in zip(parts, counts, strict=True)
    )
    half = float(t.ppf((1 + confidence) / 2, freedom)) * error
    effect = _effect(difference / pooled, counts, confidence)
    p = float(ttest_ind(one, other, equal_var=False).pvalue)
    return Difference(difference, difference - half, difference + half, *effect, p)


def _effect(d: float, counts: tuple[int, int], confidence: float) -> tuple[float, float, float]:
    """Return Hedges' g of Cohen's d, with its interval."""
    from scipy.optimize import brentq
    from scipy.stats import nct

    freedom = sum(counts) - 2
    scale = math.sqrt(counts[0] * counts[1] / sum(counts))
    small = math.exp(
        math.lgamma(freedom / 2) - math.lgamma((freedom - 1) / 2) - math.log(freedom / 2) / 2
    ) if freedom > 1 else 1.0  # fmt: skip
    seen = d * scale
    rest = (1 - confidence) / 2

    def end(part: float) -> float:
        def apart(shift: float) -> float:
            return float(nct.cdf(seen, freedom, shift)) - part

        reach = 6 + 2 * abs(seen)
        return float(brentq(apart, seen - reach, seen + reach, xtol=1e-6)) / scale * small

    try:
        return d * small, end(1 - rest), end(rest)
    except ValueError:  # beyond what the distribution is computed for
        return d * small, math.nan, math.nan


def holm(p: ArrayLike) -> Array:
    """Return p-values adjusted for their number [1]_: the chance of any false one is kept.

    Parameters
    ----------
    p : array_like
        NaN stay NaN and are not counted.

    Returns
    -------
    ndarray
        float64 in the shape of ``p``, at most 1.

    References
    ----------
    .. [1] S. Holm, Scandinavian Journal of Statistics 6, 65 (1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(3)
    array([0.03, 0.06, 0.06])
    """
    given: Array = np.asarray(p, float)
    found: Array = np.full(given.shape, np.nan)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(given[known], kind="stable")]
    times = np.arange(len(order), 0, -1)
    found[order] = np.minimum(np.maximum.accumulate(given[order] * times), 1) if len(order) else 0
    return found


def _known(values: ArrayLike) -> Array:
    units: Array = np.asarray(values, float).ravel()
    known: Array = units[np.isfinite(units)]
    if not len(known):
        raise CheckError("there is no unit with a value")
    return known
