"""Dose-response curves of four parameters, with intervals."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from graticule.core.errors import CheckError
from graticule.core.typing import Array
from graticule.evaluate.bootstrap import Interval

__all__ = ["DoseResponse", "dose_response"]

_HILLS = (0.5, 1.0, 2.0, 4.0)
_LARGEST_HILL = 20.0
_BEYOND = 3.0
"""Decades beyond the doses that were given, within which an end of an interval is sought."""

_ROUNDING = 1e-12
"""Part of the largest response by which means of equal values differ at most."""


class DoseResponse(NamedTuple):
    """A fitted curve.

    Attributes
    ----------
    ec50, hill, bottom, top : Interval
        Dose of half the effect; steepness, positive; response without dose, and of a large one.
        An end that lies beyond what the doses tell is infinite, or 0.
    p : float
        Of an F test against no response at all.
    residual_sd : float
        Standard deviation of units about the curve.

    Examples
    --------
    >>> doses = np.repeat([0, 0.1, 0.3, 1, 3, 10, 30], 3)
    >>> noise = np.random.default_rng(1).normal(0, 0.3, doses.size)
    >>> curve = dose_response(doses, 2 + 8 / (1 + (1.5 / np.maximum(doses, 1e-9)) ** 1.2) + noise)
    >>> bool(abs(curve(curve.ec50.estimate) - 6) < 0.3), curve.residual_sd < 0.5
    (True, True)
    """

    ec50: Interval
    hill: Interval
    bottom: Interval
    top: Interval
    p: float
    residual_sd: float

    def __call__(self, doses: ArrayLike) -> Array:
        """Return the response to doses."""
        shape = (
            self.bottom.estimate,
            self.top.estimate,
            math.log(self.ec50.estimate),
            math.log(self.hill.estimate),
        )
        return _curve(np.asarray(doses, float), *shape)


def dose_response(
    doses: ArrayLike, responses: ArrayLike, *, confidence: float = 0.95
) -> DoseResponse:
    r"""Fit the four-parameter logistic curve to units.

    :math:`y = b + (t - b) / (1 + (\mathrm{EC}_{50} / x)^h)`, by least squares; a dose of 0 has the
    response :math:`b`. Intervals are those of the profile likelihood [1]_: all values of a
    parameter for which the best of the others fits no worse than F allows.

    Parameters
    ----------
    doses : array_like
        Of each unit (a well, not a cell); 0 or more.
    responses : array_like
        NaN are left out.
    confidence : float
        Of the intervals.

    Returns
    -------
    DoseResponse
        The parameters with their intervals; called on doses it gives the curve.

    Raises
    ------
    CheckError
        If there are fewer than four doses or six units, a dose is negative, or responses differ
        by no more than rounding.

    References
    ----------
    .. [1] D. M. Bates and D. G. Watts, Nonlinear Regression Analysis and Its Applications, Wiley
       (1988), chapter 6.

    Examples
    --------
    >>> doses = np.repeat([0, 0.1, 0.3, 1, 3, 10, 30], 3)
    >>> noise = np.random.default_rng(1).normal(0, 0.3, doses.size)
    >>> found = dose_response(doses, 2 + 8 / (1 + (1.5 / np.maximum(doses, 1e-9)) ** 1.2) + noise)
    >>> found.ec50.low < 1.5 < found.ec50.high, round(found.top.estimate), found.p < 0.001
    (True, 10, True)
    """
    from scipy.stats import f as f_distribution

    x, y = np.asarray(doses, float).ravel(), np.asarray(responses, float).ravel()
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if (x < 0).any():
        raise CheckError(f"doses must be 0 or more, not {x.min():g}")
    levels = np.unique(x)
    if len(levels) < 4 or len(x) < 6:
        raise CheckError(
            f"a curve of four parameters needs four doses and six units, not {len(levels)} and "
            f"{len(x)}"
        )
    scale = float(np.ptp(y))
    if scale <= _ROUNDING * np.abs(y).max():
        raise CheckError(f"no response to the dose: all are {y[0]:.6g}")
    best, least = _fit(x, y, scale)
    freedom = len(x) - 4
    flat = float(((y - y.mean()) ** 2).sum())
    ratio = ((flat - least) / 3) / (least / freedom) if least > 0 else math.inf
    limit = least * (1 + float(f_distribution.ppf(confidence, 1, freedom)) / freedom)
    steps = {0: scale / 8, 1: scale / 8, 2: 0.25, 3: 0.2}
    reach = _BEYOND * math.log(10)
    bounds = {
        0: (y.min() - 10 * scale, y.max() + 10 * scale),
        1: (y.min() - 10 * scale, y.max() + 10 * scale),
        2: (math.log(levels[levels > 0][0]) - reach, math.log(levels[-1]) + reach),
        3: (math.log(1 / _LARGEST_HILL), math.log(_LARGEST_HILL)),
    }
    ends: dict[int, tuple[float, float]] = {}
    for at, step in steps.items():
        left_at = partial(_profile, x, y, scale, best, at)
        low, high = (_end(left_at, best[at], s * step, bounds[at], limit) for s in (-1, 1))
        ends[at] = (low, high)

    def interval(at: int, *, exponential: bool = False) -> Interval:
        values = [best[at], *ends[at]]
        if exponential:
            values = [math.exp(each) if math.isfinite(each) else max(each, 0.0) for each in values]
        return Interval(values[0], values[1], values[2], len(x))

    return DoseResponse(
        interval(2, exponential=True),
        interval(3, exponential=True),
        interval(0),
        interval(1),
        float(f_distribution.sf(ratio, 3, freedom)),
        math.sqrt(least / freedom),
    )


def _curve(x: Array, bottom: float, top: float, log_ec50: float, log_hill: float) -> Array:
    with np.errstate(divide="ignore"):
        steep = math.exp(log_hill) * (log_ec50 - np.log(x))
    return np.asarray(bottom + (top - bottom) / (1 + np.exp(np.clip(steep, -700, 700))))


def _linear(x: Array, y: Array, log_ec50: float, log_hill: float) -> tuple[float, float, float]:
    """Return bottom, top and the sum of squares that fit best, where the rest is given."""
    part = _curve(x, 0.0, 1.0, log_ec50, log_hill)
    matrix = np.stack([1 - part, part], axis=1)
    found, *_ = np.linalg.lstsq(matrix, y, rcond=None)
    left = float(((matrix @ found - y) ** 2).sum())
    return float(found[0]), float(found[1]), left


def _fit(x: Array, y: Array, scale: float) -> tuple[list[float], float]:
    """Return the parameters and the sum of squares of the best curve of several starts."""
    from scipy.optimize import least_squares

    positive = np.unique(x[x > 0])
    low, high = math.log(positive[0]), math.log(positive[-1])
    starts = []
    for log_ec50 in np.linspace(low, high, 7):
        for hill in _HILLS:
            bottom, top, left = _linear(x, y, float(log_ec50), math.log(hill))
            starts.append((left, [bottom, top, float(log_ec50), math.log(hill)]))
    starts.sort(key=lambda start: start[0])
    units = np.array([scale, scale, 1.0, 1.0])
    reach, steep = _BEYOND * math.log(10), math.log(_LARGEST_HILL)
    lowest = np.array([-np.inf, -np.inf, low - reach, -steep])
    highest = np.array([np.inf, np.inf, high + reach, steep])
    best, least = starts[0][1], starts[0][0]

    def residual(values: Array) -> Array:
        return _curve(x, *(values * units)) - y

    for _, start in starts[:4]:
        found = least_squares(
            residual, np.array(start) / units,
            bounds=(lowest, highest), xtol=1e-12, ftol=1e-12, gtol=1e-12, max_nfev=200,
        )  # fmt: skip
        left = float((found.fun**2).sum())
        if left < least * (1 - 1e-9):
            best, least = (found.x * units).tolist(), left
    return best, least


def _profile(x: Array, y: Array, scale: float, best: list[float], at: int, value: float) -> float:
    """Return the sum of squares of the best curve with one parameter given."""
    from scipy.optimize import least_squares

    free = [n for n in range(4) if n != at]
    units = np.array([scale, scale, 1.0, 1.0])

    def residual(values: Array) -> Array:
        whole = [0.0] * 4
        whole[at] = value
        for n, each in zip(free, values, strict=True):
            whole[n] = each * units[n]
        return _curve(x, *whole) - y

    start = (np.array(best) / units)[free]
    found = least_squares(residual, start, xtol=1e-10, ftol=1e-10, max_nfev=100)
    return float((found.fun**2).sum())


def _end(
    left_at: Callable[[float], float],
    start: float,
    step: float,
    bounds: tuple[float, float],
    limit: float,
) -> float:
    """Return where the sum of squares first goes beyond a limit; infinite if it does not."""
    from scipy.optimize import brentq

    inner, outer = start, start + step
    while bounds[0] <= outer <= bounds[1]:
        if left_at(outer) > limit:
            return float(brentq(lambda v: left_at(v) - limit, inner, outer, xtol=1e-6, rtol=1e-6))
        inner, step = outer, step * 1.7
        outer = inner + step
    return math.copysign(math.inf, step)
