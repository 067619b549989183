"""Thresholds from the mean and deviation in a window around each sample.

A sum over a window is a tree of sums of two, of four, of eight, ... whose shape depends on the
window alone: other than a running sum it gives the same in a tile as in the whole, in a few
additions for any width.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, map_ranges
from graticule.core.typing import Array
from graticule.ops import _parameters
from graticule.ops._morphology import reach
from graticule.ops._spatial import apply_spatially
from graticule.ops.threshold._counting import broadcast_mask

Border: TypeAlias = Literal["reflect", "symmetric"]
Formula: TypeAlias = Callable[[Array, Any], Array]

WindowRadius = Annotated[Length, Field(title="Radius of the window", ge=0)]
DOC = _parameters.DOC | {
    "box": """\
The window is a box that reaches ``radius`` to all sides: of 15 samples by default. NaN,
infinite values and what is outside ``mask`` are left out of the windows and are never in the
result.""",
    "deviation": """\
At the border the image is mirrored without repeating the last sample (``c b | a b c``).
A deviation of less than a millionth of the mean counts as none.""",
    "parameters": f"""\
{_parameters.DOC["image"]}
{_parameters.DOC["where"]}
radius : Length
    In pixels or as a length (anisotropic spacing is respected); whole samples count.""",
    "keep": f"""\
keep : {{"bright", "dark"}}
    What is above the threshold, or what is up to it.

Returns
-------
Mask
    True where the image is above the threshold of its window; with ``keep="dark"`` where it is
    not.

{_parameters.DOC["raises"]}""",
}
"""What the docstrings of local thresholds say."""

_FLAT = 1e-12  # a variance below this part of the squared mean is rounding
_AT_ONCE = 1 << 18


def local(
    image: Image,
    mask: Image | None,
    radius: Length,
    formula: Formula,
    *,
    border: Border,
    deviation: bool,
    keep: str,
) -> Image:
    """Return where an image is above a threshold made of mean and deviation around each sample.

    ``formula(mean, deviation)`` gives the thresholds; the deviation is None where it is not
    asked for.
    """
    radii = tuple(reach(image, radius).values())

    def selected(values: Array, inside: Array | None) -> Array:
        known = np.isfinite(values) if inside is None else np.isfinite(values) & inside
        return _compared(_Windows(values, known, radii, border, deviation), formula, keep)

    wanted = None if mask is None else broadcast_mask(mask, image)
    return apply_spatially(selected, image, wanted)


def halo(image: Image, params: Any) -> dict[str, int]:
    """Return how far a window reaches, by filtered dim."""
    return {
        dim: min(reached, image.sizes[dim])
        for dim, reached in reach(image, params["radius"]).items()
    }


class _Windows:
    """Mean and deviation in windows over an array, by strips along its first axis."""

    def __init__(
        self, values: Array, known: Array, radii: tuple[int, ...], border: Border, deviation: bool
    ) -> None:
        wide = values.astype(np.float64)
        self.values, self.known, self.radii, self.deviation = values, known, radii, deviation
        around = [(radius, radius) for radius in radii]
        self.all_known = bool(known.all())
        self.padded = np.pad(wide if self.all_known else np.where(known, wide, 0.0), around, border)
        self.weight = None if self.all_known else np.pad(known, around, border)
        self.size = float(math.prod(2 * radius + 1 for radius in radii))

    def of(self, start: int, stop: int) -> tuple[Array, Array | None]:
        """Return mean and deviation for the places from ``start`` up to ``stop``."""
        rows = slice(start, stop + 2 * self.radii[0])
        part = self.padded[rows]
        number: Any = self.size
        if self.weight is not None:
            number = np.maximum(self._sums(self.weight[rows].astype(np.float64)), 1.0)
        mean = self._sums(part) / number
        if not self.deviation:
            return mean, None
        variance = self._sums(part * part) / number - mean * mean
        variance[variance < _FLAT * mean * mean] = 0.0
        return mean, np.sqrt(variance, out=variance)

    def _sums(self, part: Array) -> Array:
        for axis, radius in enumerate(self.radii):
            part = window_sums(part, 2 * radius + 1, axis)
        return part


def window_sums(values: Array, width: int, axis: int) -> Array:
    """Return the sums of ``width`` neighbours along an axis, which gets shorter by ``width - 1``.

    Examples
    --------
    >>> window_sums(np.arange(6.0), 3, 0)
    array([ 3.,  6.,  9., 12.])
    """
    size = values.shape[axis] - width + 1
    ahead = (slice(None),) * axis
    total, done, span = None, 0, 1
    while True:
        if width & span:
            piece = values[(*ahead, slice(done, done + size))]
            total = piece.copy() if total is None else np.add(total, piece, out=total)
            done += span
        if done == width:
            assert total is not None
            return total
        values = values[(*ahead, slice(None, -span))] + values[(*ahead, slice(span, None))]
        span *= 2


def _compared(windows: _Windows, formula: Formula, keep: str) -> Array:
    """Return where the values are above their thresholds (or up to them), strip by strip."""
    selected = np.empty(windows.values.shape, bool)
    compared = np.less_equal if keep == "dark" else np.greater
    rows = len(selected)
    least = max(1, min(rows, _AT_ONCE * rows // max(1, selected.size)))

    def strip(start: int, stop: int) -> None:
        for first in range(start, stop, least):
            last = min(first + least, stop)
            threshold = formula(*windows.of(first, last))
            picked = compared(windows.values[first:last], threshold)
            selected[first:last] = picked & windows.known[first:last]

    with np.errstate(over="ignore", invalid="ignore"):
        map_ranges(strip, rows, least=least)
    return selected
