"""Properties that follow from the values within each object."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from graticule.core.typing import Array
from graticule.ops._axes import Named
from graticule.ops.measure._merge import Columns
from graticule.ops.measure._objects import Objects
from graticule.ops.measure._table import Measured

LEVELS = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}


def statistics(measured: Measured, channel: int, suffix: str) -> Named:
    """Return mean, standard deviation and extrema of the values of each object."""
    layout, objects = measured.layout, measured.objects
    sums = objects[f"values {channel}"]
    known = sums[:, 0] > 0
    mean, spread = (_of_integers if layout.integers else _of_floats)(sums)
    least, most = objects[f"least {channel}"], objects[f"most {channel}"]
    columns = {"mean": mean, "std": spread, "min": least, "max": most}
    return {
        f"intensity_{name}{suffix}": (np.where(known, values, np.nan), layout.unit)
        for name, values in columns.items()
    }


def _of_integers(sums: Array) -> tuple[Array, Array]:
    """Return means and standard deviations; whole numbers are taken off before any is divided."""
    number, total, squares = sums.T
    count = np.maximum(number, 1)
    base = total // count
    rest = total - number * base
    moved = squares - 2 * base * total + number * base * base
    part = rest / count
    return base + part, np.sqrt((moved / count - part**2).clip(min=0))


def _of_floats(sums: Array) -> tuple[Array, Array]:
    number, mean, squares = sums.T
    with np.errstate(invalid="ignore"):
        return mean, np.sqrt(squares / np.maximum(number, 1))


def collect_weighted(objects: Objects, channel: int) -> tuple[Columns, ...]:
    """Return sums of the values and of values times positions, part by part."""
    return objects.by_parts(partial(_weighted, objects.inner_values(channel)))


def _weighted(
    values: Array, labels: Array, cut: tuple[Any, ...], first: Array, low: int, high: int
) -> dict[str, Array]:
    from graticule.ops.measure._kernels import sum_weighted

    sums = sum_weighted(labels, values[cut], first, low, high)
    return {"kept": (sums != 0).any(axis=1), "sums": sums}


def weighted(measured: Measured, channel: int, suffix: str) -> Named:
    """Return the centroid of each object, its samples weighted by their values."""
    sums = measured.added(f"weighted {channel}", ["sums"])["sums"]
    columns = {}
    for axis, dim in enumerate(measured.dims, start=4 - len(measured.dims)):
        with np.errstate(invalid="ignore", divide="ignore"):
            place = np.where(sums[:, 0] != 0, sums[:, axis] / sums[:, 0], np.nan)
        columns[f"weighted_centroid_{dim}{suffix}"] = measured.partial.axes.positions(dim, place)
    return columns


def collect_values(objects: Objects, channel: int) -> tuple[Columns, ...]:
    """Return the values of each label as an array of their own, part by part."""
    return objects.by_parts(partial(_values_by_object, objects.inner_values(channel)))


def _values_by_object(
    values: Array, labels: Array, cut: tuple[Any, ...], first: Array, low: int, high: int
) -> dict[str, Array]:
    from graticule.ops.measure._kernels import gather

    sizes, grouped = gather(labels.reshape(-1), values[cut].reshape(-1), low, high)
    pieces = np.empty(len(sizes), object)
    pieces[:] = np.split(grouped, np.cumsum(sizes)[:-1]) if len(sizes) else []
    return {"kept": sizes > 0, "values": pieces}


def quantiles(measured: Measured, channel: int, suffix: str) -> Named:
    """Return the median and other quantiles of each object's values."""
    from graticule.core import map_ranges
    from graticule.ops.measure import _kernels

    parts = measured.partial.tables[f"quantiles {channel}"]
    rows = measured.keys.rows(
        np.concatenate([part["frame"] for part in parts]),
        np.concatenate([part["label"] for part in parts]),
    )
    pieces = np.concatenate([part["values"] for part in parts])
    order = np.argsort(rows, kind="stable")
    lengths = np.array([len(piece) for piece in pieces], np.int64)
    values = np.concatenate([np.zeros(0, np.uint8), *pieces[order]]).astype(float)
    counts = np.bincount(rows, lengths, len(measured.keys)).astype(np.int64)
    starts = np.append(0, np.cumsum(counts))
    levels = np.array(list(LEVELS.values()))

    def some(start: int, stop: int) -> Array:
        samples = values[starts[start] : starts[stop]]
        first = starts[start : stop + 1] - starts[start]
        return np.asarray(_kernels.quantiles(samples, first, levels))

    table = np.concatenate([np.zeros((0, len(levels))), *map_ranges(some, len(counts), least=64)])
    unit = measured.layout.unit
    return {f"intensity_{n}{suffix}": (table[:, k], unit) for k, n in enumerate(LEVELS)}
