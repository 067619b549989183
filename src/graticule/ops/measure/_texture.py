"""Texture of each object: how alike the grey levels of neighbouring samples are."""

from __future__ import annotations

import numpy as np

from graticule.core.image import Image
from graticule.core.typing import Array
from graticule.ops._axes import Named
from graticule.ops.measure._contact import Padded, offsets_of, padded
from graticule.ops.measure._merge import Columns
from graticule.ops.measure._objects import Objects
from graticule.ops.measure._table import Measured

_PARTS = 4


def range_of(image: Image) -> tuple[float, float]:
    """Return the smallest and largest finite value; an infinite range upside down if none.

    Grey levels of all channels are the same part of their common range.
    """
    values = image.values
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if not finite.size:
        return np.inf, -np.inf
    return float(finite.min()), float(finite.max())


def collect(
    objects: Objects, channel: int, ends: tuple[float, float], levels: int
) -> tuple[Columns, ...]:
    """Return histograms of sums and differences of the grey levels of neighbours, by label."""
    assert objects.values is not None
    grey = _levels(objects.values[channel], ends, levels)
    offsets = offsets_of(len(objects.layout.space))
    return tuple(
        _counted(block, grey[number], offsets, levels)
        for number, block in enumerate(padded(objects))
    )


def _levels(values: Array, ends: tuple[float, float], levels: int) -> Array:
    """Return grey levels from 0; -1 where a value is NaN or infinite."""
    low, high = ends
    if not np.isfinite(high - low) and low <= high:  # half of it is all a float holds
        values, low, high = values / 2, low / 2, high / 2
    width = high - low if high > low else 1.0
    known = np.isfinite(values)
    part = (np.where(known, values, 0).astype(float) - low) / width if known.any() else 0 * known
    level = np.clip(np.floor(part * levels), 0, levels - 1)
    return np.where(known, level, -1).astype(np.int16)


def _counted(block: Padded, grey: Array, offsets: Array, levels: int) -> Columns:
    from graticule.ops.measure._contact_kernels import count_grey_pairs

    wide = np.pad(grey, block.margins, constant_values=-1)
    count = len(block.found) - 1

    def slab(base: Array, size: Array) -> Array:
        pairs = count_grey_pairs(block.labels, wide, base, size, offsets, count, levels)
        return np.asarray(pairs)

    return block.rows(counts=block.summed(slab, parts=_PARTS))


def texture(measured: Measured, channel: int, suffix: str, levels: int) -> Named:
    """Return what Haralick calls contrast, correlation, homogeneity and two entropies.

    With the grey levels i, j of a pair, all follow from the histograms of i + j and of i - j,
    as the matrix of pairs is symmetric (Unser, 1986).
    """
    counts = measured.added(f"texture {channel}", ["counts"])["counts"]
    sums, differences = counts[:, : 2 * levels - 1], counts[:, 2 * levels - 1 :]
    number = sums.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        p, q = sums / number, differences / number
        total, apart = np.arange(2 * levels - 1.0), np.arange(float(levels))
        mean = p @ total / 2
        squares, contrast = p @ total**2, q @ apart**2
        variance = (squares + contrast) / 4 - mean**2
        flat = variance <= 1e-12 * np.maximum(1, mean**2)
        correlation = np.where(flat, 1.0, ((squares - contrast) / 4 - mean**2) / variance)
    columns = {
        "contrast": contrast,
        "homogeneity": q @ (1 / (1 + apart**2)),
        "correlation": np.where(number[:, 0] > 0, correlation, np.nan),
        "sum_entropy": _entropy(p),
        "difference_entropy": _entropy(q),
    }
    return {f"texture_{name}{suffix}": (values, "") for name, values in columns.items()}


def _entropy(share: Array) -> Array:
    """Return entropies in bits; NaN where there is nothing."""
    logs = np.log2(share, out=np.zeros_like(share), where=share > 0)
    return np.asarray(-(share * logs).sum(axis=1))
