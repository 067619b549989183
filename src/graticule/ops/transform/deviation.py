"""How far values are from the usual one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core import BlockInfo, Image, Reduction, like, op
from graticule.core.errors import ImageError
from graticule.ops._parameters import DOC

_LEAST = float(np.finfo(np.float64).smallest_subnormal)
_BINS = 2**16


@dataclass(frozen=True)
class _Range:
    low: float
    high: float
    whole: bool

    def merged(self, other: _Range) -> _Range:
        return _Range(min(self.low, other.low), max(self.high, other.high), self.whole)

    @property
    def bins(self) -> int:
        """Number of bins: one for each whole number, where that is not too many."""
        span = self.high - self.low
        return int(span) + 1 if self.whole and span < _BINS else _BINS

    @property
    def width(self) -> float:
        """Width of a bin."""
        span = self.high - self.low
        return 1.0 if self.whole and span < _BINS else max(span / _BINS, _LEAST)


def _known(image: Image) -> np.ndarray[Any, Any]:
    values = np.asarray(image.values, np.float64).ravel()
    return values[np.isfinite(values)]


def _map_range(image: Image, *, block: BlockInfo, **_: Any) -> _Range:
    values = _known(image)
    whole = image.dtype.kind in "iub"
    return _Range(float(values.min(initial=np.inf)), float(values.max(initial=-np.inf)), whole)


def _map_counts(image: Image, *, block: BlockInfo, prior: _Range, **_: Any) -> np.ndarray[Any, Any]:
    if not prior.low < prior.high:
        return np.zeros(1, np.int64)
    index = ((_known(image) - prior.low) / prior.width).astype(np.int64)
    return np.bincount(np.minimum(index, prior.bins - 1), minlength=prior.bins)


def _median(counts: np.ndarray[Any, Any], *, prior: _Range, **_: Any) -> float:
    """Return the value of the bin that holds the middle sample."""
    if prior.low > prior.high:
        raise ImageError("has no finite value, so there is no usual one", hint="is it all NaN?")
    if prior.low == prior.high:
        return prior.low
    running = np.cumsum(counts)
    middle = int(np.searchsorted(running, (running[-1] + 1) // 2))
    offset = 0.0 if prior.whole and prior.width == 1 else 0.5
    return prior.low + (middle + offset) * prior.width


def _apart(image: Image, *, result: float, **_: Any) -> Image:
    units = {key: value for key, value in image.attrs.items() if key == "units"}
    apart = np.abs(np.asarray(image.values, np.float64) - result)
    return like(image, apart.astype(np.float32), **units)


_SPREAD = Reduction(_map_range, _Range.merged)
_SCOPE = Reduction(_map_counts, np.add, _median, _apart, _SPREAD)


@op(version=1, scope=_SCOPE, dtype="float32", doc=DOC)
def deviation(image: Image) -> Image:
    r"""Return how far each value is from the usual one, :math:`|f - \mathrm{median}(f)|`.

    Where most of a picture is background, objects stand out whether they are brighter or darker:
    one threshold then serves for fluorescence and for stained sections.

    The median of whole numbers is exact (the lower of the two in the middle); of floats it is
    taken from 65,536 bins between the smallest and the largest value, and so right to 1 part in
    131,072 of the range. It does not depend on tiles.

    Parameters
    ----------
    image : Image
        Any dims; one median for all of it. NaN and infinite values are not counted; NaN stays.

    Returns
    -------
    Image
        float32, in the unit of ``image``; not negative.

    Raises
    ------
    ImageError
        If no value is finite.

    %(examples)s
    >>> gt.transform.deviation(np.array([[10, 10, 10], [10, 3, 30]]))
    array([[ 0.,  0.,  0.],
           [ 0.,  7., 20.]], dtype=float32)
    """
    apart: Image = _SCOPE.whole(image)
    return apart
