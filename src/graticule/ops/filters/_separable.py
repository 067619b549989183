"""Filters that are products of one kernel per axis: Gaussians and their derivatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core import Image, Length, filtered_dims, map_ranges
from graticule.core.errors import ParameterError
from graticule.core.typing import Array

_LONGEST = 1_000_000
_NARROW = 64
"""Fewer columns than this are filtered along their lines and not across them."""


@dataclass(frozen=True)
class Taps:
    """A kernel that is even or odd about its middle.

    Attributes
    ----------
    weights : ndarray
        From the middle outwards, on the side of larger positions.
    odd : bool
        Whether the other side has the opposite sign.
    """

    weights: Array
    odd: bool = False

    def passed(self, size: int) -> tuple[Array, Array, np.float32]:
        """Return what the compiled passes take: mirrored positions, weights and sign."""
        sign = np.float32(-1 if self.odd else 1)
        return mirrored(size, self.weights.size - 1), self.weights.astype(np.float32), sign


def mirrored(size: int, reach: int) -> Array:
    """Return the positions ``-reach .. size + reach - 1``, mirrored at the ends of an axis.

    Examples
    --------
    >>> mirrored(3, 2)
    array([1, 0, 0, 1, 2, 2, 1])
    """
    return folded(np.arange(-reach, size + reach), size)


def folded(place: Array, size: int) -> Array:
    """Return the samples of an axis that stand for positions inside and outside of it.

    Examples
    --------
    >>> folded(np.array([-4, -1, 5, 6]), 6)
    array([3, 0, 5, 5])
    """
    place = place % (2 * size)
    return np.where(place < size, place, 2 * size - 1 - place)


def reach_of(sigma: float, truncate: float) -> int:
    """Return how many samples a Gaussian of a width reaches; refuse more than makes sense."""
    reach = int(truncate * sigma + 0.5)
    if reach > _LONGEST:
        raise ParameterError(f"reaches {reach:.3g} samples; at most {_LONGEST:.0g} make sense")
    return reach


def gaussian_halo(
    image: Image, params: Mapping[str, Any], truncate: float, name: str = "sigma"
) -> dict[str, int]:
    """Return how many samples a Gaussian of the width of that name reaches, by filtered dim."""
    widths = widths_of(image, params[name])
    return {dim: reach_of(width, truncate) for dim, width in widths.items()}


def widths_of(image: Image, sigma: Length) -> dict[str, float]:
    """Return a width in samples by filtered dim."""
    return {dim: sigma.samples(image, dim) for dim in filtered_dims(image)}


def gaussian_taps(sigma: float, truncate: float) -> Taps:
    """Return the weights of a Gaussian, which sum to 1 over both sides."""
    offsets = np.arange(reach_of(sigma, truncate) + 1)
    if offsets.size == 1:
        return Taps(np.ones(1))
    weights = np.exp(-0.5 * (offsets / sigma) ** 2)
    return Taps(weights / (2 * weights.sum() - weights[0]))


def separable(values: Array, taps: Mapping[int, Taps]) -> Array:
    """Return float32 values filtered along some axes, mirrored at the border.

    Every sum is made in the same order wherever the array is cut.
    """
    axes = sorted(axis for axis, each in taps.items() if each.weights.size > 1 or each.odd)
    is_thin = _is_thin(values.shape, axes)
    # across the columns of a slice the lines are laid side by side, so that sums run along memory
    laid = np.ascontiguousarray(np.moveaxis(values, -1, 0) if is_thin else values, np.float32)
    scale = np.prod([taps[axis].weights[0] for axis in taps if axis not in axes])
    done = laid if scale == 1 else laid * np.float32(scale)
    done = _passed(done, [((axis + is_thin) % values.ndim, taps[axis]) for axis in axes])
    if is_thin:
        return np.ascontiguousarray(np.moveaxis(done, 0, -1))
    return done.copy() if done is values else done


def _is_thin(shape: tuple[int, ...], axes: Sequence[int]) -> bool:
    """Whether an array is filtered along a last axis that is short, and along the one before."""
    last = len(shape) - 1
    return axes[-2:] == [last - 1, last] and shape[-1] < _NARROW <= shape[-2]


def _passed(values: Array, passes: Sequence[tuple[int, Taps]]) -> Array:
    """Return values filtered along one axis after the other; along the last two in one go."""
    done, fused = values, [values.ndim - 2, values.ndim - 1]
    numbers = [axis for axis, _ in passes]
    place = 0
    while place < len(passes):
        if numbers[place : place + 2] == fused:
            done = _planes(done, passes[place][1], passes[place + 1][1])
            place += 2
        else:
            done = _along(done, *passes[place])
            place += 1
    return done


def gaussian_plane(plane: Array, sigma: float) -> Array:
    """Return a small float32 image ``(y, x)`` under a Gaussian, mirrored at its border.

    As `separable`, but for the order of sums, in one thread, and without its costs of a call: for
    images that are cut-outs already.
    """
    import cv2

    half = gaussian_taps(sigma, 4.0).weights
    taps = np.concatenate([half[:0:-1], half])
    return np.asarray(cv2.sepFilter2D(plane, -1, taps, taps, borderType=cv2.BORDER_REFLECT))


def smoothed(values: Array, taps: Mapping[int, Taps]) -> Array:
    """Return the weighted means of what is not NaN; NaN where nothing in reach has weight."""
    if not np.isnan(values.min()):
        return separable(values, taps)
    missing = np.isnan(values)
    weight = separable((~missing).astype(np.float32), taps)
    total = separable(np.where(missing, np.float32(0), values), taps)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 1e-6, total / weight, np.float32(np.nan))


def gaussian_smoothed(image: Image, values: Array, sigma: Length, truncate: float) -> Array:
    """Return float32 values smoothed along the filtered dims of an image."""
    taps = {
        image.get_axis_num(dim): gaussian_taps(width, truncate)
        for dim, width in widths_of(image, sigma).items()
    }
    return smoothed(values, taps)


def _planes(values: Array, down: Taps, along: Taps) -> Array:
    from graticule.ops.filters._separable_kernels import pass_planes

    planes = values.reshape(-1, *values.shape[-2:])
    out = np.empty_like(planes)
    ways = [t.passed(n) for t, n in zip((down, along), planes.shape[1:], strict=True)]
    rows = planes.shape[0] * planes.shape[1]

    def part(first: int, last: int) -> None:
        pass_planes(planes, out, first, last, ways[0], ways[1])

    map_ranges(part, rows, least=_rows_of(planes.shape[2]))
    return out.reshape(values.shape)


def _along(values: Array, axis: int, taps: Taps) -> Array:
    from graticule.ops.filters import _separable_kernels as kernels

    size, inner = values.shape[axis], int(np.prod(values.shape[axis + 1 :]))
    index, weights, sign = taps.passed(size)
    out = np.empty_like(values)
    if inner < _NARROW:
        lines, results = values.reshape(-1, size * inner), out.reshape(-1, size * inner)
        map_ranges(
            lambda a, b: kernels.pass_lines(lines, results, a, b, inner, index, weights, sign),
            len(lines),
            least=_rows_of(size * inner),
        )
    else:
        blocks, filled = values.reshape(-1, size, inner), out.reshape(-1, size, inner)
        map_ranges(
            lambda a, b: kernels.pass_columns(blocks, filled, a, b, index, weights, sign),
            len(blocks) * kernels.bands_of(inner),
            least=_rows_of(size * min(inner, 2048)),
        )
    return out


def _rows_of(width: int) -> int:
    """Return how many lines of a width are worth a part of their own."""
    return max(1, 16_384 // width)
