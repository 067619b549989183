"""Putting known signals into images, and counting how many are found again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from graticule.core import Image, Table, like, require_dims
from graticule.core.errors import CheckError
from graticule.core.typing import Array

__all__ = ["Ripple", "efficiency", "inject", "recovery"]


@dataclass(frozen=True)
class Ripple:
    """A wave packet on an arc ``t = t0 + a * sqrt(d)``; all in samples.

    Attributes
    ----------
    strength : float
        Largest amplitude, in standard deviations of each column's noise.
    t0 : float
        Time at which the arc starts.
    a : float
        Samples of time per square root of a sample of distance.
    phase : float
        Of the wave at the middle of the packet, in radians.
    frequency : float
        In cycles per sample: 0.2 is 4.4 mHz at a sample in 45 s.
    width : float
        Standard deviation of the packet.
    near, far : float
        The amplitude rises over 10 samples of distance from ``near`` (in front of it waves
        have not come back to the surface) and falls by ``1/e`` over ``far`` samples beyond 40.

    Examples
    --------
    >>> ripple = Ripple(strength=3, t0=20, a=8)
    >>> arrival = ripple.t0 + ripple.a * np.sqrt(36)  # on the arc at a distance of 36 samples
    >>> float(ripple(arrival, 36).round(2)), bool(abs(ripple(arrival + 60, 36)) < 0.01)
    (3.0, True)
    """

    strength: float = 0.8
    t0: float = 20.0
    a: float = 5.0
    phase: float = 0.0
    frequency: float = 0.2
    width: float = 2.4
    near: float = 18.0
    far: float = 60.0

    def __call__(self, time: Array, distance: Array) -> Array:
        """Return the packet at times and distances, per standard deviation of the noise."""
        distance = np.maximum(distance, 0)
        late = time - (self.t0 + self.a * np.sqrt(distance))
        amplitude = np.clip((distance - self.near) / 10, 0, 1)
        amplitude = amplitude * np.exp(-np.clip(distance - 40, 0, None) / self.far)
        packet = np.exp(-0.5 * (late / self.width) ** 2)
        wave = np.cos(2 * np.pi * self.frequency * late + self.phase)
        return np.asarray(self.strength * amplitude * packet * wave)


def inject(image: Image, ripple: Ripple, *, along: str = "time", across: str = "distance") -> Image:
    """Add a ripple to an image, scaled by the standard deviation of each column.

    Parameters
    ----------
    image : DataArray
        Time-distance image whose first column is at distance 0.
    ripple : Ripple
        What to add.
    along, across : str
        Names of the dims of time and distance.

    Returns
    -------
    DataArray
        float64, like ``image``.

    Examples
    --------
    >>> import xarray as xr
    >>> quiet = xr.DataArray(np.random.default_rng(0).normal(size=(120, 80)),
    ...                      dims=["time", "distance"])
    >>> float(abs(inject(quiet, Ripple(strength=3)) - quiet).max().round(1))
    3.5
    """
    require_dims(image, [along, across])
    plane = image.transpose(..., along, across)
    values = np.asarray(plane.values, dtype=float)
    unknown = np.isnan(values).all(axis=-2, keepdims=True)
    spread = np.nanstd(np.where(unknown, 0, values), axis=-2, keepdims=True)
    time = np.arange(plane.sizes[along])[:, None]
    distance = np.arange(plane.sizes[across])[None, :]
    return like(plane, values + spread * ripple(time, distance)).transpose(*image.dims)


def recovery(
    quiet: Sequence[Image],
    statistic: Callable[[Image], float],
    *,
    strengths: Iterable[float],
    arrivals: Iterable[float],
    curvatures: Iterable[float],
    phases: Iterable[float] = (0.0, np.pi / 2, np.pi, 3 * np.pi / 2),
    threshold: float,
    add: Callable[[Image, Ripple], Image] = inject,
) -> Table:
    """Inject every combination of strength, arrival, curvature and phase, and look for it.

    Parameters
    ----------
    quiet : sequence of DataArray
        Images without a signal, used in turn.
    statistic : callable
        From an image to its statistic: larger is stronger.
    strengths, arrivals, curvatures, phases : iterable of float
        Of the ripples; see `Ripple`.
    threshold : float
        A ripple is found where the statistic reaches it.
    add : callable
        How a ripple gets into an image.

    Returns
    -------
    DataFrame
        A row per injection: ``strength, t0, a, phase, statistic, found``.

    Raises
    ------
    CheckError
        If there is no quiet image.

    Examples
    --------
    >>> import xarray as xr
    >>> quiet = [xr.DataArray(np.random.default_rng(0).normal(size=(60, 50)),
    ...                       dims=["time", "distance"])]
    >>> rows = recovery(quiet, lambda image: float(image.max()), strengths=[0, 9],
    ...                 arrivals=[10], curvatures=[5], threshold=6)
    >>> rows.groupby("strength").found.mean().tolist()
    [0.0, 1.0]
    """
    import pandas as pd

    if not quiet:
        raise CheckError("a recovery needs at least one quiet image")
    rows = []
    trials = product(strengths, arrivals, curvatures, phases)
    for number, (strength, t0, a, phase) in enumerate(trials):
        ripple = Ripple(strength=strength, t0=t0, a=a, phase=phase)
        value = float(statistic(add(quiet[number % len(quiet)], ripple)))
        rows.append((strength, t0, a, phase, value, value >= threshold))
    return pd.DataFrame(rows, columns=["strength", "t0", "a", "phase", "statistic", "found"])


def efficiency(rows: Table, *, by: str = "strength", confidence: float = 0.95) -> Table:
    """Return the part of the injections that was found, with its Clopper-Pearson interval.

    Parameters
    ----------
    rows : DataFrame
        From `recovery`.
    by : str
        The column the curve runs over.
    confidence : float
        Of the interval.

    Returns
    -------
    DataFrame
        Columns ``by, found, low, high, injected``, rising in ``by``.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"strength": [1.0, 1.0, 2.0, 2.0], "found": [0, 1, 1, 1]})
    >>> efficiency(rows).round(2)
       strength  found   low  high  injected
    0       1.0    0.5  0.01  0.99         2
    1       2.0    1.0  0.16  1.00         2
    """
    import pandas as pd
    from scipy.stats import beta

    groups = rows.groupby(by)["found"].agg(["sum", "count"])
    k, n = (groups[name].to_numpy(dtype=float) for name in ("sum", "count"))
    rest = (1 - confidence) / 2
    low = np.where(k > 0, beta.ppf(rest, np.maximum(k, 1), n - k + 1), 0.0)
    high = np.where(k < n, beta.ppf(1 - rest, k + 1, np.maximum(n - k, 1)), 1.0)
    return pd.DataFrame(
        {by: groups.index, "found": k / n, "low": low, "high": high, "injected": n.astype(int)}
    )
