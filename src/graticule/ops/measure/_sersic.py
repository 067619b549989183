"""The fit of a Sersic profile to the light of an object."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from graticule.core.typing import Array

_LEAST_INDEX, _LARGEST_INDEX = 0.01, 50.0
_TURNS = 100
_ENOUGH = 1e-9
"""A step that lessens the sum of squares by less, of it, is the last."""
_COARSE = 3
_FREE = [0, 1, 2, 5, 6]
"""What is fitted to every third point first: all but the place."""


class Sersic(NamedTuple):
    """A Sersic profile.

    Attributes
    ----------
    n : float
        Index: 1 of a disk whose light falls off exponentially, 4 of a de Vaucouleurs profile.
    rhalf : float
        Semi-major axis of the ellipse that holds half of the light, in samples.
    ellipticity : float
        1 less minor over major axis.
    theta : float
        Angle from x towards y to the major axis.
    amplitude : float
        Light at that ellipse.
    y, x : float
        The middle.
    flag : int
        0; 1 where the index is at its bound; 2 where the fit failed.
    """

    n: float
    rhalf: float
    ellipticity: float
    theta: float
    amplitude: float
    y: float
    x: float
    flag: int


def half_light_constant(n: float) -> float:
    r"""Return :math:`b_n`, for which a Sersic profile's radius holds half of the light.

    The root of :math:`\gamma(2n, b) = \Gamma(2n) / 2`.

    Examples
    --------
    >>> round(half_light_constant(1.0), 4), round(half_light_constant(4.0), 4)
    (1.6783, 7.6692)
    """
    from scipy.special import gammaincinv

    return float(gammaincinv(2 * n, 0.5))


def fit_sersic(values: Array, weights: Array, start: Sersic) -> Sersic:
    """Return the Sersic profile with the least squares of weighted residuals near another.

    By Levenberg and Marquardt's method with exact derivatives, first on a third of the samples.
    Near its middle the profile is the mean over each sample; far out samples are taken together in
    small squares.

    Parameters
    ----------
    values, weights : (y, x) ndarray
        Light over the sky, and what its residuals are multiplied by; 0 leaves a sample out.
    start : Sersic
        Where to begin.
    """
    from graticule.ops.measure._sersic_kernels import gathered

    if np.count_nonzero(weights) <= 7 or not start.amplitude > 0 or not start.rhalf > 0:
        return Sersic(*(math.nan,) * 7, flag=2)
    parameters = np.array(
        [
            math.log(start.amplitude),
            math.log(start.rhalf),
            math.log(start.n),
            start.x,
            start.y,
            math.log(max(1 - start.ellipticity, 1e-3)),
            start.theta,
        ]
    )
    points = np.empty((4, values.size))
    count = gathered(values, weights, start.y, start.x, points)
    points = np.ascontiguousarray(points[:, :count])
    if count > 1000:
        parameters, _ = _descended(points, parameters, _FREE, _COARSE, 1e-4)
    parameters, converged = _descended(points, parameters, list(range(7)), 1, _ENOUGH)
    return _as_sersic(parameters, converged)


def _as_sersic(parameters: Array, converged: bool) -> Sersic:
    bright, rhalf, n = (float(math.exp(each)) for each in parameters[:3])
    x, y, ratio, theta = map(float, parameters[3:])
    ratio = math.exp(ratio)
    if ratio > 1:  # the axes changed their parts
        rhalf, ratio, theta = rhalf * ratio, 1 / ratio, theta + math.pi / 2
    bound = not _LEAST_INDEX * 1.001 < n < _LARGEST_INDEX / 1.001
    flag = 2 if not converged else int(bound)
    return Sersic(n, rhalf, 1 - ratio, theta % math.pi, bright, y, x, flag)


def _descended(
    points: Array, start: Array, free: list[int], step: int, enough: float
) -> tuple[Array, bool]:
    """Return parameters from which no step lessens the residuals by ``enough`` of them."""
    at = start.copy()
    total, matrix, vector = _equations(points, at, step)
    damping = 1e-3
    for _ in range(_TURNS):
        part = matrix[np.ix_(free, free)]
        damped = part + damping * np.diag(np.maximum(np.diag(part), 1e-300))
        try:
            change = np.linalg.solve(damped, -vector[free])
        except np.linalg.LinAlgError:
            return at, False
        tried = at.copy()
        tried[free] += np.clip(change, -1.0, 1.0)
        tried[2] = np.clip(tried[2], math.log(_LEAST_INDEX), math.log(_LARGEST_INDEX))
        value, *equations = _equations(points, tried, step)
        if np.isfinite(value) and value <= total:
            done = total - value <= enough * total
            at, total, (matrix, vector) = tried, value, equations
            damping = max(damping / 10, 1e-12)
            if done:
                return at, True
        elif damping > 1e8:
            return at, True
        else:
            damping *= 10
    return at, False


def _equations(points: Array, parameters: Array, step: int) -> tuple[float, Array, Array]:
    """Return the sum of squares, the normal matrix and the gradient."""
    from graticule.ops.measure._sersic_kernels import slopes_of

    n = float(math.exp(parameters[2]))
    b = half_light_constant(n)
    width = 1e-4 * n
    slope = (half_light_constant(n + width) - half_light_constant(n - width)) / (2 * width)
    slopes = np.empty((8, -(-points.shape[1] // step)))
    slopes_of(points, parameters, b, slope, step, slopes)
    products = slopes @ slopes.T
    return float(products[7, 7]), products[:7, :7], products[7, :7]
