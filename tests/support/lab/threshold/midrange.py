"""Halfway between the smallest and the largest value."""

from __future__ import annotations

from graticule.core import Image, Mask, op
from graticule.ops.threshold._histogram import DOC, Histogram, Keep, thresholding


def _criterion(histogram: Histogram) -> float:
    return float(histogram.centers[0] + histogram.centers[-1]) / 2


_SCOPE = thresholding(_criterion)


@op(version=1, scope=_SCOPE, dtype="bool", doc=DOC)
def midrange(image: Image, mask: Mask | None = None, *, keep: Keep = "bright") -> Mask:
    """Keep what is above the middle of the range.

    %(page)s
    """
    return _SCOPE.mask(image, mask, keep)
