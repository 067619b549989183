"""The null of groups: one material of any thickness, and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graticule.core.typing import Array
from graticule.evaluate.empirical import EmpiricalP, empirical_p

_ROWS, _BINS, _DEGREE = 3000, 96, 2
_BEND = 0.2
"""Most that the second term may be of the first where a spectrum is thickest."""


@dataclass(frozen=True)
class OneMaterial:
    """Spectra beside those of one material of many thicknesses.

    Attributes
    ----------
    value : float
        What is left in common: the largest eigenvalue of the standardised residuals.
    surrogates : ndarray
        Of each surrogate.
    p : EmpiricalP
        Share of surrogates that reach the value, ``(1 + b) / (1 + n)``.
    rows : int
        Spectra that were looked at.
    """

    value: float
    surrogates: Array
    p: EmpiricalP
    rows: int


def one_material(
    rows: Array, noise: Array, *, n: int = 99, seed: int = 0, stop: int | None = None
) -> OneMaterial | None:
    r"""Compare spectra with those of one material of their thicknesses; None where there are few.

    Of one material, a spectrum is :math:`x_i(\lambda) = t_i \mu(\lambda) + t_i^2 \nu(\lambda)` of
    its thickness :math:`t_i`, which its mean over :math:`\lambda` tells: :math:`\mu` is the
    attenuation, and :math:`\nu` is what a background in the beam and scattered neutrons bend: no
    more than a fifth of the attenuation in any bin where it is thickest (a fifth of the beam as
    background makes half of that), so that two materials of two thicknesses are not one. What is
    left over is noise, independent between bins, or else something that several bins have in
    common, of which the largest eigenvalue of the covariance tells. In surrogates each bin of each
    residual has a random sign (wild bootstrap [1]_), so they have the noise of the data, whatever
    its law, and nothing in common. All is fitted again to each.

    Parameters
    ----------
    rows : ndarray
        (rows, bins): attenuation of pixels that are no border; 3,000 of them are looked at, in 96
        bins.
    noise : ndarray
        Standard deviation of a bin of each row, by which it is weighed; 0 where it is not known.
    n : int
        Surrogates.
    seed : int
        Of the signs and the rows.
    stop : int, optional
        Surrogates that reach the value, at which no more are drawn.

    References
    ----------
    .. [1] C. F. J. Wu, Ann. Statist. 14, 1261 (1986), :doi:`10.1214/aos/1176350142`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> thick, curve = rng.uniform(1, 3, (400, 1)), np.linspace(1, 2, 40)
    >>> wedge = thick * curve + rng.normal(0, 0.1, (400, 40))
    >>> bool(one_material(wedge, np.full(400, 0.1)).p.p > 0.05)
    True
    >>> wedge[::2] += 0.1 * thick[::2] * np.sin(np.arange(40))
    >>> one_material(wedge, np.full(400, 0.1)).p.p
    0.01
    """
    if len(rows) < 4 * (_DEGREE + 2) or rows.shape[1] < 4:
        return None
    rng = np.random.default_rng(seed)
    if len(rows) > _ROWS:
        drawn = np.sort(rng.choice(len(rows), _ROWS, replace=False))
        rows, noise = rows[drawn], noise[drawn]
    binned = _binned(np.asarray(rows, np.float64))
    usual = float(np.median(noise))
    weight = np.ones(len(rows)) if usual <= 0 else 1 / np.maximum(noise, usual / 10)
    fitted = _fitted(binned, weight)
    residual = binned - fitted
    value, told = _in_common(residual, weight), []
    for _ in range(n):
        signs = rng.integers(0, 2, residual.shape) * 2 - 1
        drawn = fitted + signs * residual
        told.append(_in_common(drawn - _fitted(drawn, weight), weight))
        if stop is not None and sum(each >= value for each in told) >= stop:
            break
    return OneMaterial(value, np.array(told), empirical_p(value, told), len(rows))


def _binned(rows: Array) -> Array:
    """Return means of consecutive bins, 96 at most."""
    edges = np.linspace(0, rows.shape[1], min(_BINS, rows.shape[1]) + 1).astype(int)
    return np.asarray(np.add.reduceat(rows, edges[:-1], axis=1) / np.diff(edges))


def _fitted(rows: Array, weight: Array) -> Array:
    """Return the least squares of every bin by the mean and, within `_BEND`, its square."""
    thickness = rows.mean(axis=1)
    thickness /= float(np.quantile(np.abs(thickness), 0.99)) or 1.0
    powers = thickness[:, None] ** np.arange(1, _DEGREE + 1)
    weighed = rows * weight[:, None]
    found = np.linalg.lstsq(powers * weight[:, None], weighed, rcond=None)[0]
    steep = np.flatnonzero(np.abs(found[1]) > _BEND * np.abs(found[0]))
    bends = np.array([_BEND, -_BEND])
    lines = (thickness + bends[:, None] * thickness**2) * weight
    along, sizes = lines @ weighed[:, steep], (lines**2).sum(axis=1)[:, None]
    nearest = (along**2 / np.maximum(sizes, 1e-300)).argmax(axis=0)
    found[0, steep] = (along / np.maximum(sizes, 1e-300))[nearest, np.arange(len(steep))]
    found[1, steep] = bends[nearest] * found[0, steep]
    return np.asarray(powers @ found)


def _in_common(residual: Array, weight: Array) -> float:
    """Return the largest eigenvalue of the covariance, every bin having a variance of 1."""
    weighed = residual * weight[:, None]
    spread = np.sqrt((weighed**2).mean(axis=0))
    weighed /= np.where(spread > 1e-12 * spread.max(initial=1e-300), spread, np.inf)
    return float(np.linalg.eigvalsh(weighed.T @ weighed / len(weighed))[-1])
