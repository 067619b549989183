"""The values of an image on a scale of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Reduction, like, op
from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC

Method: TypeAlias = Literal["mean_deviation", "percentiles"]
Percent: TypeAlias = Annotated[float, Field(ge=0, le=100)]
_BINS = 2**16


@dataclass(frozen=True)
class _Moments:
    """Range, mean and squared deviations of values, as those of parts are put together."""

    count: int
    mean: float
    squares: float
    low: float
    high: float

    def merged(self, other: _Moments) -> _Moments:
        """Return what both have together (Chan, Golub and LeVeque)."""
        count = self.count + other.count
        if not self.count or not other.count:
            return self if self.count else other
        apart = other.mean - self.mean
        mean = self.mean + apart * other.count / count
        squares = self.squares + other.squares + apart**2 * self.count * other.count / count
        return _Moments(count, mean, squares, min(self.low, other.low), max(self.high, other.high))


def _known(image: Image) -> Array:
    values = np.asarray(image.values, np.float64).ravel()
    return values[np.isfinite(values)]


def _map_moments(image: Image, *, block: BlockInfo, **_: Any) -> _Moments:
    values = _known(image)
    if not values.size:
        return _Moments(0, 0.0, 0.0, np.inf, -np.inf)
    # from the middle of the range, so that large values do not lose their differences
    low, high = float(values.min()), float(values.max())
    with np.errstate(over="ignore"):
        mean = float(low + (values - low).mean())
        squares = float(((values - mean) ** 2).sum())
    return _Moments(values.size, mean, squares, low, high)


def _map_counts(image: Image, *, block: BlockInfo, prior: _Moments, **params: Any) -> Array:
    if params["method"] != "percentiles" or not prior.low < prior.high:
        return np.zeros(1, np.int64)
    part = (_known(image) - prior.low) / (prior.high - prior.low)
    return np.bincount(np.minimum(part * _BINS, _BINS - 1).astype(np.int64), minlength=_BINS)


def _scale(counts: Array, *, prior: _Moments, **params: Any) -> tuple[float, float]:
    """Return what is taken off the values, and what they are divided by."""
    if params["low"] >= params["high"]:
        raise ParameterError(
            f"must be less than high, {params['high']:g}, not {params['low']:g}", where="low"
        )
    if not prior.count:
        raise ImageError("has no finite value, so there is no scale", hint="is it all NaN?")
    eps = float(params["eps"])
    if params["method"] == "mean_deviation":
        deviation = float(np.sqrt(prior.squares / prior.count))
        return prior.mean, deviation + eps
    if prior.low == prior.high:
        return prior.low, eps
    running = np.concatenate([[0], np.cumsum(counts)])
    wanted = np.array([params["low"], params["high"]]) / 100 * running[-1]
    edges = np.linspace(prior.low, prior.high, _BINS + 1)
    first = np.clip(np.searchsorted(running, wanted, side="right") - 1, 0, _BINS - 1)
    share = (wanted - running[first]) / np.maximum(counts[first], 1)
    low, high = (edges[first] + np.clip(share, 0, 1) * (edges[1] - edges[0])).tolist()
    return low, high - low + eps


def _scaled(image: Image, *, result: tuple[float, float], **_: Any) -> Image:
    offset, width = result
    values = np.asarray(image.values, np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        found = (values - offset) / width if width else np.where(np.isfinite(values), 0.0, values)
    return like(image, found.astype(np.float32))


_FIRST = Reduction(_map_moments, _Moments.merged)
_SCOPE = Reduction(_map_counts, np.add, _scale, _scaled, _FIRST)


@op(version=1, scope=_SCOPE, dtype="float32", tolerance=1e-6, doc=DOC)
def normalise(
    image: Image,
    *,
    method: Annotated[Method, Field(title="Method")] = "mean_deviation",
    low: Annotated[Percent, Field(title="Low percentile")] = 1.0,
    high: Annotated[Percent, Field(title="High percentile")] = 99.8,
    eps: Annotated[float, Field(title="Added to the width", ge=0, le=1)] = 1e-6,
) -> Image:
    r"""Bring the values of an image to a scale of its own, as networks were trained on.

    With ``mean_deviation`` :math:`(f - \mu) / (\sigma + \epsilon)` with mean :math:`\mu` and
    standard deviation :math:`\sigma` of the image; with ``percentiles``
    :math:`(f - p_l) / (p_h - p_l + \epsilon)`, so that most values lie from 0 to 1. These are
    ``zero_mean_unit_variance`` and ``scale_range`` of the BioImage Model Zoo, of the whole image
    and not of a tile.

    Percentiles are taken from 65,536 bins between the smallest and the largest value.

    Parameters
    ----------
    image : Image
        Any dims; one scale for all of it. NaN and infinite values are not counted, and stay.
    method : {"mean_deviation", "percentiles"}
        What the scale is.
    low, high : float
        Percentiles that become 0 and 1.
    eps : float
        Added to what is divided by.

    Returns
    -------
    Image
        float32, without unit.

    Raises
    ------
    ImageError
        If no value is finite.
    ParameterError
        If ``low`` is not less than ``high``.

    See Also
    --------
    graticule.transform.zscore : each line along a dim by itself.

    %(examples)s
    >>> gt.transform.normalise(np.array([1, 1, 3, 3]), eps=0)
    array([-1., -1.,  1.,  1.], dtype=float32)
    """
    found: Image = _SCOPE.whole(image, method=method, low=low, high=high, eps=eps)
    return found
