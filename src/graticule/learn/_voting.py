"""Votes of forests of small trees, by what `_vote_kernels` asks instead of walking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from graticule.core.threads import spread
from graticule.learn.forest._layout import as_floats

if TYPE_CHECKING:
    from graticule.learn.forest import CompiledForest

Array: TypeAlias = np.ndarray[Any, Any]

_LARGEST = 160
"""Inner nodes of a tree up to which asking all of them is quicker than walking."""
_LEAST = 8
"""Groups of samples worth a thread."""


class Ballot:
    """The labels of a forest whose leaves each hold one class, and whose trees are small.

    Parameters
    ----------
    forest : CompiledForest
        One that `suits`.
    """

    def __init__(self, forest: CompiledForest) -> None:
        from graticule.learn._vote_kernels import questions

        bits = np.uint64(forest.bits)
        low = forest.nodes & np.uint64(0xFFFFFFFF)
        ordered = (forest.nodes >> np.uint64(32)).astype(np.uint32).view(np.int32)
        roots = np.repeat(forest.starts[:-1], np.diff(forest.starts))
        left = (low >> bits).astype(np.int64) + roots
        kind = forest.table.argmax(axis=1)[forest.outputs]
        feature = (low & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int32)
        starts, channels = forest.starts, forest.table.shape[1]
        self.votes = questions(feature, as_floats(ordered), left, kind, starts, channels)
        self.used = np.ascontiguousarray(forest.used)

    @staticmethod
    def suits(forest: CompiledForest) -> bool:
        """Whether every leaf holds one class, and the trees are small enough to gain by it."""
        inner = (forest.nodes.size - forest.trees) // 2
        pure = forest.link == 0 and forest.classes is not None and forest.table.shape[1] > 1
        if not pure or not forest.used.size or inner > _LARGEST * forest.trees:
            return False
        ones = (forest.table == 1).sum(axis=1) == 1
        return bool(ones.all() and ((forest.table == 0) | (forest.table == 1)).all())

    def labels(self, columns: Array) -> Array:
        """Return what `CompiledForest.labels` does, of float32 columns."""
        from graticule.learn._vote_kernels import LANES, elect

        columns = np.ascontiguousarray(columns, np.float32)
        out = np.empty(columns.shape[1], np.int16)
        spread(
            lambda start, stop: elect(columns, self.used, self.votes, (start, stop), out),
            -(-columns.shape[1] // LANES),
            least=_LEAST,
        )
        return out
