"""The one pass over the labels that every table of objects needs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from graticule.core.typing import Array
from graticule.ops.measure._merge import Columns, Layout, Rule
from graticule.ops.measure._objects import Objects


def collect(objects: Objects, *, intensity: bool) -> tuple[Columns, ...]:
    """Return sums and extrema of positions by label, and of the values of each channel.

    ``sums``, ``low`` and ``high`` are as `graticule.ops.measure._kernels.sum_positions` gives
    them, in samples of the whole; ``values``, ``least`` and ``most``, each with the number of a
    channel, hold number, sum and sum of squares of integers, or number, mean and sum of squared
    deviations of floats, and the extrema.
    """
    channels = range(len(objects.layout.channels) if intensity else 0)
    values = [objects.inner_values(channel) for channel in channels]
    return objects.by_parts(partial(_summed, values, objects.layout.integers))


def _summed(
    values: list[Array],
    integers: bool,
    labels: Array,
    cut: tuple[Any, ...],
    first: Array,
    low: int,
    high: int,
) -> dict[str, Array]:
    from graticule.ops.measure._kernels import sum_both, sum_floats, sum_positions

    parts = [each[cut] for each in values]
    if not (integers and parts):
        sums, ends = sum_positions(labels, first, low, high)
    rows: dict[str, Array] = {}
    for channel, part in enumerate(parts):
        if integers:
            sums, ends, totals = sum_both(labels, part, first, low, high)
        else:
            totals = sum_floats(labels.reshape(-1), part.reshape(-1), low, high)
        rows[f"values {channel}"] = totals[:, :3]
        rows[f"least {channel}"], rows[f"most {channel}"] = totals[:, 3], totals[:, 4]
    rows |= {"sums": sums, "low": ends[:, 0::2], "high": ends[:, 1::2]}
    return {"kept": sums[:, 0] > 0, **rows}


def rules(layout: Layout, columns: Columns) -> dict[str, Rule]:
    """Return how each column merges."""
    sums: Rule = np.add.reduceat if layout.integers else _merged
    by_start: Mapping[str, Rule] = {
        "sums": np.add.reduceat,
        "low": np.minimum.reduceat,
        "high": np.maximum.reduceat,
        "values": sums,
        "least": np.minimum.reduceat,
        "most": np.maximum.reduceat,
    }
    kinds = {name: name.partition(" ")[0] for name in columns}
    return {name: by_start[kind] for name, kind in kinds.items() if kind in by_start}


def _merged(rows: Array, starts: Array) -> Array:
    """Merge numbers, means and squared deviations (Chan, Golub and LeVeque, 1983)."""
    if len(starts) == len(rows):
        return rows
    sizes = np.diff(np.append(starts, len(rows)))
    number, mean, squares = rows.T
    with np.errstate(invalid="ignore", over="ignore"):  # infinite values have no spread
        total = np.add.reduceat(number, starts)
        base = np.where(np.isfinite(mean[starts]), mean[starts], 0)
        gap = mean - np.repeat(base, sizes)
        shift = np.add.reduceat(number * gap, starts) / total
        apart = gap - np.repeat(shift, sizes)
        spread = np.add.reduceat(squares + number * apart**2, starts)
    return np.stack([total, base + shift, spread], axis=1)
