"""The values of an image on a scale of its own."""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeAlias, cast

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Reduction, like, op
from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array
from graticule.ops._order_statistics import known, order_statistics
from graticule.ops._parameters import DOC

Method: TypeAlias = Literal["mean_deviation", "percentiles"]
Percent: TypeAlias = Annotated[float, Field(ge=0, le=100)]


@dataclass(frozen=True)
class _Moments:
    """Mean and squared deviations of values, as those of parts are put together."""

    count: int
    mean: float
    squares: float

    def __add__(self, other: _Moments) -> _Moments:
        """Return what both have together (Chan, Golub and LeVeque)."""
        count = self.count + other.count
        if not self.count or not other.count:
            return self if self.count else other
        apart = other.mean - self.mean
        mean = self.mean + apart * other.count / count
        squares = self.squares + other.squares + apart**2 * self.count * other.count / count
        return _Moments(count, mean, squares)


def _moments(image: Image) -> _Moments:
    values = known(image)
    if not values.size:
        return _Moments(0, 0.0, 0.0)
    # from the least, so that large values do not lose their differences
    low = float(values.min())
    with np.errstate(over="ignore"):
        mean = float(low + (values - low).mean())
        squares = float(((values - mean) ** 2).sum())
    return _Moments(values.size, mean, squares)


def _ranks(count: int, *, low: float, high: float, **_: Any) -> Array:
    return np.array([low, high]) / 100 * (count - 1)


def _width(values: Array, *, eps: float, **_: Any) -> tuple[float, float]:
    """Return what is taken off the values, and what they are divided by."""
    if not values.size:
        raise _no_scale()
    low, high = values.tolist()
    return low, high - low + eps


def _no_scale() -> ImageError:
    return ImageError("has no finite value, so there is no scale", hint="is it all NaN?")


def _map(image: Image, *, block: BlockInfo, prior: Any, **params: Any) -> Any:
    if prior is None:
        return _moments(image)
    return _PERCENTILES.map(image, block=block, prior=prior, **params)


def _scale(
    found: Any, *, prior: Any, low: float, high: float, eps: float, **_: Any
) -> tuple[float, float]:
    if low >= high:
        raise ParameterError(f"must be less than high, {high:g}, not {low:g}", where="low")
    if prior is not None:
        scale: tuple[float, float] = _PERCENTILES.finish(found, prior=prior, eps=eps)
        return scale
    if not found.count:
        raise _no_scale()
    return found.mean, float(np.sqrt(found.squares / found.count)) + eps


def _scaled(image: Image, *, result: tuple[float, float], **_: Any) -> Image:
    offset, width = result
    values = np.asarray(image.values, np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        found = (values - offset) / width if width else np.where(np.isfinite(values), 0.0, values)
    return like(image, found.astype(np.float32))


_PERCENTILES = order_statistics(_ranks, _width, _scaled)
_HALVES = replace(
    cast(Reduction, _PERCENTILES.prior), needed=lambda params: params["method"] == "percentiles"
)
_SCOPE = Reduction(_map, operator.add, _scale, _scaled, prior=_HALVES, memory=8)


@op(version=2, scope=_SCOPE, dtype="float32", tolerance=1e-6, doc=DOC)
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

    Percentiles are those of NumPy, of values rounded to float32, whatever else is in the image.

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
