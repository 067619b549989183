"""Stripes along the first axis of a plane, found by medians, by sorting, or by wavelets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from graticule.core import ALL, Image, Length
from graticule.core.errors import ParameterError, suggest
from graticule.core.typing import Array
from graticule.ops.radiography._medians import nan_median

_MOMENTS = 5
"""Vanishing moments of the wavelet."""


def require_plane(image: Image, dim: str, across: str) -> None:
    """Raise `ParameterError` unless the image has both dims, and they differ."""
    dims = [str(each) for each in image.dims]
    for name, value in (("dim", dim), ("across", across)):
        if value not in dims:
            raise ParameterError(
                f"must be a dim of the image ({', '.join(dims)}), not {value!r}",
                where=name,
                hint=suggest(value, dims),
            )
    if dim == across:
        raise ParameterError(f"must be another dim than dim, which is {dim} too", where="across")


def halo_of_plane(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    """Return the whole plane the stripes lie in."""
    require_plane(image, params["dim"], params["across"])
    return {params["dim"]: ALL, params["across"]: ALL}


def in_planes(image: Image, dim: str, across: str) -> tuple[Array, Any]:
    """Return float64 values with the axes plane, dim, across, and what brings them back."""
    moved = image.transpose(..., dim, across)
    planes = moved.values.astype(np.float64).reshape(-1, *moved.shape[-2:])
    order = [moved.get_axis_num(each) for each in image.dims]

    def restore(array: Array) -> Array:
        return np.ascontiguousarray(array.reshape(moved.shape).transpose(order))

    return planes, restore


def half_window(image: Image, radius: Length, across: str) -> int:
    """Return the radius of a window across the stripes, in whole samples."""
    return int(radius.samples(image, across))


def ranked(plane: Array, half: int) -> tuple[Array, Array, Array]:
    """Return the order of each line, its sorted values, and these smoothed across the lines.

    Smooth is the median of a window along the second axis; the border is mirrored. A stripe
    stands out of its neighbours at every rank; structures of the sample that move from line to
    line, and noise, are levelled by the sorting.
    """
    from scipy import ndimage

    order = np.argsort(plane, axis=0, kind="stable")
    values = np.take_along_axis(plane, order, axis=0)
    return order, values, ndimage.median_filter(values, size=(1, 2 * half + 1), mode="mirror")


def shifts(plane: Array, half: int) -> Array:
    """Return how far each line is above its surroundings: the median over its ranks."""
    _, values, smooth = ranked(plane, half)
    return nan_median(values - smooth)


def factors(plane: Array, half: int) -> Array:
    """Return how many times each line is its surroundings; 1 where that cannot be said."""
    _, values, smooth = ranked(plane, half)
    ratio = np.full(plane.shape, np.nan)
    np.divide(values, smooth, out=ratio, where=smooth != 0)
    gains = nan_median(ratio)
    return np.asarray(np.where(gains > 0, gains, 1.0))


def replaced(plane: Array, half: int) -> Array:
    """Return the plane with each value replaced by the smooth one of its rank."""
    order, _, smooth = ranked(plane, half)
    out = np.empty_like(plane)
    np.put_along_axis(out, order, smooth, axis=0)
    return out


def damped(plane: Array, levels: int, width: float) -> Array:
    """Return the plane without stripes, by wavelets across and Fourier coefficients along them.

    Of the details across the stripes, those that hardly change along them are damped.
    """
    height, length = plane.shape
    margin = [min(size - 1, 2**levels * _MOMENTS) for size in plane.shape]
    total = [
        -(-(size + 2 * m) // 2**levels) * 2**levels
        for size, m in zip(plane.shape, margin, strict=True)
    ]
    pad = [(m, all_ - size - m) for size, m, all_ in zip(plane.shape, margin, total, strict=True)]
    smooth = np.pad(plane, pad, mode="symmetric")
    kept = []
    for _ in range(levels):
        low, across = _split(smooth, 1)
        smooth, along = _split(low, 0)
        low_across, both = _split(across, 0)
        kept.append((along, _without_constant(low_across, width), both))
    for along, low_across, both in reversed(kept):
        smooth = _joined(_joined(smooth, along, 0), _joined(low_across, both, 0), 1)
    return smooth[pad[0][0] : pad[0][0] + height, pad[1][0] : pad[1][0] + length]


def _without_constant(detail: Array, width: float) -> Array:
    """Return details with their low frequencies along the first axis damped."""
    frequency = np.arange(detail.shape[0] // 2 + 1)[:, None]
    damping = -np.expm1(-(frequency**2) / (2 * width**2))
    return np.asarray(np.fft.irfft(np.fft.rfft(detail, axis=0) * damping, detail.shape[0], axis=0))


@cache
def _scaling_filter() -> tuple[float, ...]:
    """Return the Daubechies filter of least phase, from the roots of its polynomial."""
    from scipy.special import comb

    n = _MOMENTS
    polynomial = [comb(n - 1 + k, k) for k in range(n)][::-1]
    roots = []
    for y in np.roots(polynomial):
        pair = np.roots([1, 4 * y - 2, 1])
        roots.append(pair[np.argmin(np.abs(pair))])
    taps = np.real(np.poly([*roots, *[-1] * n]))
    return tuple(float(tap) for tap in taps * np.sqrt(2) / taps.sum())


def _filters() -> tuple[Array, Array]:
    low = np.array(_scaling_filter())
    return low, low[::-1] * (-1) ** np.arange(low.size)


def _split(values: Array, axis: int) -> tuple[Array, Array]:
    """Return the smooth half and the details along an axis, taken as periodic."""
    moved = np.moveaxis(values, axis, 0)
    halves = []
    for taps in _filters():
        summed = sum(tap * np.roll(moved, -k, axis=0)[::2] for k, tap in enumerate(taps))
        halves.append(np.moveaxis(np.asarray(summed), 0, axis))
    return halves[0], halves[1]


def _joined(smooth: Array, detail: Array, axis: int) -> Array:
    """Undo `_split`: the transform is orthogonal, so its inverse is its transpose."""
    out = None
    for half, taps in zip((smooth, detail), _filters(), strict=True):
        moved = np.moveaxis(half, axis, 0)
        wide = np.zeros((2 * moved.shape[0], *moved.shape[1:]))
        wide[::2] = moved
        part = sum(tap * np.roll(wide, k, axis=0) for k, tap in enumerate(taps))
        out = part if out is None else out + part
    return np.moveaxis(np.asarray(out), 0, axis)
