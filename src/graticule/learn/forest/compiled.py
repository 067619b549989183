"""Trees packed for compiled prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from graticule.core.errors import ImageError, ParameterError
from graticule.core.threads import map_ranges
from graticule.core.typing import Array
from graticule.learn.forest._array_checks import require_sound_arrays
from graticule.learn.forest._ensemble import MEAN, TreeEnsemble, ensemble_of
from graticule.learn.forest._layout import bits_for, pack_trees

_BLOCK = 512
"""Rows of a block: its tiles stay in the second-level cache beside a tree."""
_LARGE = 4096
"""The same where trees are too large to be fetched for so few rows."""
_LARGE_TREE = 1 << 12
_LEAST = 2048
_LOOKS = 16
"""About how often, over all trees, it is looked whether the classes of rows are certain."""
_ROUNDING = 1e-5
"""Lead, for each tree, that no rounding of sums and probabilities undoes."""


@dataclass(frozen=True, eq=False)
class CompiledForest:
    """One or more decision trees as flat arrays, walked by compiled loops on all processors.

    What it predicts is what the estimator it was made `of` predicts from the same float32 values:
    the mean of the trees' leaves, or their sum for gradient boosting. Rows with NaN in a feature
    that is used have no prediction.

    Attributes
    ----------
    nodes : ndarray of uint64
        In the upper half the threshold, a float32 as an int32 of the same order; in the lower the
        left child, counted from the root of the tree, and in the last bits the position of the
        feature in ``used``. The right child follows the left one. A leaf is its own left child.
    outputs : ndarray of int32
        Line of ``table`` that each leaf says.
    table : ndarray of float64
        What leaves say, (lines, channels).
    starts : ndarray of int64
        Where each tree starts in ``nodes``, and where the last ends.
    weights : ndarray of float32
        Weight of training samples that came to each node.
    used : ndarray of int64
        Features that any tree asks for, ascending.
    features : int
        Columns of the table the trees were fitted with.
    link : int
        What becomes of the sum: 0 divided by the number of trees, 1 nothing, 2 shares
        (softmax), 3 exponential.
    baseline : ndarray of float64
        What the sum starts from, (channels,).
    classes : ndarray or None
        None for regression.
    importances : ndarray of float64
        Mean decrease of impurity by feature; empty where not known.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> rows = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    >>> forest = RandomForestClassifier(5, random_state=0).fit(rows, rows[:, 1] > 0)
    >>> packed = CompiledForest.of(forest)
    >>> packed.trees, packed.features, packed.classes.tolist()
    (5, 3, [False, True])
    >>> bool((packed.classes[packed.labels(rows.T)] == forest.predict(rows)).all())
    True
    """

    nodes: Array
    outputs: Array
    table: Array
    starts: Array
    weights: Array
    used: Array
    features: int
    link: int
    baseline: Array
    classes: Array | None
    importances: Array

    @classmethod
    def of(cls, estimator: Any) -> CompiledForest:
        """Pack a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A decision tree, random forest, extra trees or histogram gradient boosting of
            scikit-learn, classifier or regressor, or a forest of this package. One that is packed
            already is returned as it is.

        Raises
        ------
        ParameterError
            If it is not fitted, is of another kind, has several outputs or categorical features.

        Examples
        --------
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> tree = DecisionTreeClassifier().fit([[0.0], [1.0]], ["low", "high"])
        >>> forest = CompiledForest.of(tree)
        >>> forest.classes[forest.labels(np.array([[0.1, 0.9]], np.float32))].tolist()
        ['low', 'high']
        """
        own = getattr(estimator, "compiled_", estimator)
        if isinstance(own, CompiledForest):
            return own
        return cls.packed(ensemble_of(estimator))

    @classmethod
    def packed(cls, ensemble: TreeEnsemble) -> CompiledForest:
        """Pack the trees of an ensemble."""
        return cls(
            **pack_trees(ensemble.trees, ensemble.features),
            features=ensemble.features,
            link=ensemble.link,
            baseline=ensemble.baseline,
            classes=None if ensemble.classes is None else np.asarray(ensemble.classes),
            importances=ensemble.importances,
        )

    @property
    def trees(self) -> int:
        """Number of trees."""
        return self.starts.size - 1

    @property
    def bits(self) -> int:
        """Bits of a node that hold the position of its feature."""
        return bits_for(self.used.size)

    def narrowed(self) -> CompiledForest:
        """Return the same forest over a table of the used features alone, in their order.

        Examples
        --------
        >>> from sklearn.tree import DecisionTreeRegressor
        >>> tree = DecisionTreeRegressor().fit([[7.0, 0.0], [7.0, 1.0]], [0, 1])
        >>> forest = CompiledForest.of(tree)
        >>> forest.features, forest.used.tolist(), forest.narrowed().features
        (2, [1], 1)
        """
        importances = self.importances[self.used] if self.importances.size else self.importances
        size = self.used.size
        return replace(self, used=np.arange(size), features=size, importances=importances)

    def proba(self, columns: Array) -> Array:
        """Return the probability of each class.

        Parameters
        ----------
        columns : ndarray
            (features, rows) floats, compared as float32. Stored in either order: pass a table of
            rows as ``table.T``; nothing is copied.

        Returns
        -------
        ndarray
            (rows, classes) float32; NaN for rows with NaN in a used feature.

        Raises
        ------
        ImageError
            If there are more or fewer features than the forest was fitted with.
        ParameterError
            If the trees are those of a regression.
        """
        self._require(classes=True)
        return self._predictions(columns, np.float32)

    def values(self, columns: Array, dtype: Any = np.float32) -> Array:
        """Return what a regression predicts, (rows,), of ``dtype``; NaN for rows with NaN.

        Parameters and errors are those of `proba`, the other way round.
        """
        self._require(classes=False)
        return self._predictions(columns, dtype)[:, 0]

    def labels(self, columns: Array) -> Array:
        """Return the position in ``classes`` of the most probable class.

        The same as the first largest of `proba`, and sooner: a row is done with as soon as the
        trees that are left cannot change its class.

        Returns
        -------
        ndarray
            (rows,) int16; -1 for rows with NaN in a used feature.
        """
        self._require(classes=True)
        out = np.full((self.rows(columns), 1), -1, np.int16)
        self._walk(columns, True, out)
        return out[:, 0]

    def rows(self, columns: Array) -> int:
        """Return how many rows columns have; raise `ImageError` where features differ."""
        of_fit = columns.ndim == 2 and columns.shape[0] == self.features
        if not of_fit or columns.dtype.kind not in "fiub":
            raise ImageError(
                f"columns must be numbers of shape ({self.features}, rows), "
                f"not {columns.dtype} of shape {columns.shape}",
                hint="pass a table of rows as table.T",
            )
        return int(columns.shape[1])

    def arrays(self) -> dict[str, Array]:
        """Return the forest as plain arrays, for a file."""
        names = ("nodes", "outputs", "table", "starts", "weights", "used", "baseline")
        found = {name: getattr(self, name) for name in (*names, "importances")}
        found["form"] = np.array([self.features, self.link], np.int64)
        if self.classes is not None:
            found["classes"] = self.classes
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> CompiledForest:
        """Return the forest that `arrays` gave.

        Raises
        ------
        UnsafeFileError
            If an array is missing, or a node leads out of its tree.
        """
        require_sound_arrays(arrays)
        features, link = (int(value) for value in arrays["form"])
        plain = {name: np.ascontiguousarray(value) for name, value in arrays.items()}
        plain.pop("form")
        classes = plain.pop("classes", None)
        return cls(**plain, features=features, link=link, classes=classes)

    @cached_property
    def _kernel_trees(self) -> Any:
        """The forest as the kernels see it."""
        from graticule.learn.forest._walk_kernels import Trees, mean_depths

        nodes, starts = _writable(self.nodes, np.uint64), _writable(self.starts, np.int64)
        bits, margins = np.uint64(self.bits), self._exit_margins()
        return Trees(
            nodes,
            _writable(self.outputs, np.int32),
            _writable(self.table, np.float64),
            starts,
            mean_depths(nodes, _writable(self.weights, np.float32), starts, bits),
            margins,
            _exit_checks(margins),
            _writable(self.baseline, np.float64),
            _writable(self.used, np.int64),
            bits,
            self.link == MEAN and np.array_equal(self.table, np.eye(self.baseline.size)),
            self.link,
        )

    def _exit_margins(self) -> Array:
        """Return after each tree the lead of a class that the trees behind it cannot undo.

        A tree changes the lead of one class over another by at most the span of what its leaves
        say; a row whose lead is larger than the sum of these over all trees behind is done with.
        """
        span = self.table.max(axis=1) - self.table.min(axis=1)
        most = np.maximum.reduceat(span[self.outputs], self.starts[:-1])
        behind = np.concatenate([np.cumsum(most[::-1])[::-1][1:], [0.0]])
        margins: Array = behind + _ROUNDING * self.trees
        return margins

    def _require(self, *, classes: bool) -> None:
        if classes != (self.classes is not None):
            have = "values, not classes" if classes else "classes, not values"
            way = "values" if classes else "proba or labels"
            raise ParameterError(f"the trees predict {have}", hint=f"use {way}")

    def _predictions(self, columns: Array, dtype: Any) -> Array:
        out = np.full((self.rows(columns), self.baseline.size), np.nan, dtype)
        self._walk(columns, False, out)
        return out

    def _walk(self, columns: Array, label: bool, out: Array) -> None:
        from graticule.learn.forest._walk_kernels import walk

        trees, table = self._kernel_trees, _table_of(columns)
        block = _LARGE if self.nodes.size > _LARGE_TREE * self.trees else _BLOCK
        map_ranges(
            lambda start, stop: walk(table, trees, (start, stop, block), label, out),
            columns.shape[1],
            least=_LEAST,
        )


def _table_of(columns: Array) -> Any:
    """Return a table of two dims as one line and two steps, copied only where it runs backwards."""
    from graticule.learn.forest._tile_kernels import Table

    if columns.dtype not in (np.float32, np.float64):
        columns = columns.astype(np.float32)
    if min(columns.strides) < 0 or any(step % columns.itemsize for step in columns.strides):
        columns = np.ascontiguousarray(columns)
    by_feature, by_row = (step // columns.itemsize for step in columns.strides)
    size = 1 + (columns.shape[0] - 1) * by_feature + (columns.shape[1] - 1) * by_row
    flat = np.lib.stride_tricks.as_strided(columns, (max(size, 0),), (columns.itemsize,))
    return Table(flat, by_feature, by_row)


def _writable(values: Array, dtype: type) -> Array:
    """Return an array that may be written, which is what the kernels are compiled for."""
    return np.require(values, dtype, ["C", "W"])


def _exit_checks(margins: Array) -> Array:
    """Return after which trees to look whether rows are done with.

    Not before half of what can be said has been said, since hardly any row can be certain sooner.
    """
    trees = margins.size
    said = margins[0] - margins
    checks: Array = (np.arange(trees) % max(1, trees // _LOOKS) == 0) & (said >= margins)
    checks[-1] = False
    return checks
