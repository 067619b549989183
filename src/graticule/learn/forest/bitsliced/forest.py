"""Majority votes of forests of small trees on bit planes, instead of walking down the trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graticule.core.threads import map_ranges
from graticule.core.typing import Array
from graticule.learn.forest._layout import as_floats

if TYPE_CHECKING:
    from graticule.learn.forest.bitsliced._kernels import Workspace
    from graticule.learn.forest.compiled import CompiledForest

_LARGEST = 280
"""Inner nodes of a tree up to which testing all of them is quicker than walking."""
_CLASSES = 32
"""Classes up to which counting votes for each costs less than the trees."""
_TREES = 30_000
"""What counts of 16 bits hold."""
_LEAST = 2
"""Groups of samples worth a thread."""


class BitSlicedForest:
    """The labels of a forest whose leaves each hold one class, and whose trees are small.

    Parameters
    ----------
    forest : CompiledForest
        One that this class `applies_to`.
    """

    def __init__(self, forest: CompiledForest) -> None:
        from graticule.learn.forest.bitsliced._program import Nodes, program_of

        self.forest = forest
        bits = np.uint64(forest.bits)
        low = forest.nodes & np.uint64(0xFFFFFFFF)
        ordered = (forest.nodes >> np.uint64(32)).astype(np.uint32).view(np.int32)
        roots = np.repeat(forest.starts[:-1], np.diff(forest.starts))
        left = (low >> bits).astype(np.int64) + roots
        kind = forest.table.argmax(axis=1)[forest.outputs].astype(np.int64)
        feature = (low & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int32)
        nodes = Nodes(feature, ordered, left, kind, np.asarray(forest.starts, np.int64))
        self.program = program_of(nodes, as_floats(ordered), forest.table.shape[1])
        self.used = np.ascontiguousarray(forest.used)
        self._workspaces: list[Workspace] = []

    @staticmethod
    def applies_to(forest: CompiledForest) -> bool:
        """Whether every leaf holds one class, and the trees are small enough to gain by it."""
        from graticule.learn.forest.bitsliced._program import MAX_TESTS

        inner = (np.diff(forest.starts) - 1) // 2
        pure = forest.link == 0 and forest.classes is not None
        if not pure or not 1 < forest.table.shape[1] <= _CLASSES or forest.trees > _TREES:
            return False
        if not 0 < inner.sum() <= _LARGEST * forest.trees or inner.max() > MAX_TESTS:
            return False
        ones = (forest.table == 1).sum(axis=1) == 1
        return bool(ones.all() and ((forest.table == 0) | (forest.table == 1)).all())

    def labels(self, columns: Array) -> Array:
        """Return what `CompiledForest.labels` does, with its errors."""
        from graticule.learn.forest.bitsliced._kernels import majority, workspace_of
        from graticule.learn.forest.bitsliced._planes import LANES

        rows = self.forest.rows(columns)
        columns = np.ascontiguousarray(columns, np.float32)
        line = columns.reshape(-1)
        both = (line, line.view(np.int32))
        out = np.empty(rows, np.int16)

        def part(start: int, stop: int) -> None:
            try:
                work = self._workspaces.pop()
            except IndexError:
                work = workspace_of(self.program)
            majority(both, self.used, self.program, work, (start, stop), out)
            self._workspaces.append(work)

        map_ranges(part, -(-rows // LANES), least=_LEAST)
        return out
