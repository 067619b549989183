"""What the compiled walk is given besides the nodes: depths, and what trees may still change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graticule.core.typing import Array
from graticule.learn.forest._sources import MEAN
from graticule.learn.forest._tile_kernels import Table
from graticule.learn.forest._walk_kernels import Trees, mean_depths

if TYPE_CHECKING:
    from graticule.learn.forest.compiled import CompiledForest

_LOOKS = 16
"""About how often it is looked whether rows are done with, over all trees."""
_SURE = 1e-5
"""Lead, for each tree, that no rounding of sums and probabilities undoes."""


def trees_of(forest: CompiledForest) -> Trees:
    """Return a forest as the kernels see it."""
    votes = forest.link == MEAN and np.array_equal(forest.table, np.eye(forest.baseline.size))
    bits = np.uint64(forest.bits)
    rest = _rest(forest)
    return Trees(
        _own(forest.nodes, np.uint64),
        _own(forest.outputs, np.int32),
        _own(forest.table, np.float64),
        _own(forest.starts, np.int64),
        mean_depths(
            _own(forest.nodes, np.uint64),
            _own(forest.weights, np.float32),
            _own(forest.starts, np.int64),
            bits,
        ),
        rest,
        _looks(rest),
        _own(forest.baseline, np.float64),
        _own(forest.used, np.int64),
        bits,
        votes,
        forest.link,
    )


def table_of(columns: Array) -> Table:
    """Return a table of two dims as one line and two steps, copied only where it runs backwards."""
    if columns.dtype not in (np.float32, np.float64):
        columns = columns.astype(np.float32)
    if min(columns.strides) < 0 or any(step % columns.itemsize for step in columns.strides):
        columns = np.ascontiguousarray(columns)
    by_feature, by_row = (step // columns.itemsize for step in columns.strides)
    size = 1 + sum(
        (n - 1) * step for n, step in zip(columns.shape, (by_feature, by_row), strict=True)
    )
    flat = np.lib.stride_tricks.as_strided(columns, (max(size, 0),), (columns.itemsize,))
    return Table(flat, by_feature, by_row)


def _own(values: Array, dtype: type) -> Array:
    """Return an array that may be written, which is what the kernels are compiled for."""
    return np.require(values, dtype, ["C", "W"])


def _rest(forest: CompiledForest) -> Array:
    """Return by how much the trees after each can change the lead of one class over another."""
    span = forest.table.max(axis=1) - forest.table.min(axis=1)
    least = np.maximum.reduceat(span[forest.outputs], forest.starts[:-1])
    after = np.concatenate([np.cumsum(least[::-1])[::-1][1:], [0.0]])
    rest: Array = after + _SURE * forest.trees
    return rest


def _looks(rest: Array) -> Array:
    """Return after which trees to look whether rows are done with."""
    trees = rest.size
    done = rest[0] - rest
    look: Array = (np.arange(trees) % max(1, trees // _LOOKS) == 0) & (done >= rest)
    look[-1] = False
    return look
