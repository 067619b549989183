"""Trees read from a file: whether every node leads to another within the tree.

scikit-learn follows the indices in a tree without looking; wrong ones would read memory that is
not the tree's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core.errors import UnsafeFileError


def require_sound(part: Any) -> None:
    """Raise `UnsafeFileError` if an object is a tree of scikit-learn that leads out of itself."""
    kinds = [kind.__name__ for kind in type(part).__mro__]
    if kinds[0] == "Tree":
        _require_tree(part)
    elif kinds[0] == "TreePredictor":
        _require_predictor(part)
    elif "BaseHistGradientBoosting" in kinds and hasattr(part, "_predictors"):
        for predictor in np.ravel(part._predictors):
            inner = predictor.nodes["is_leaf"] == 0
            _require_within(predictor.nodes["feature_idx"][inner], part.n_features_in_)
    elif hasattr(part, "tree_"):
        _require(part.tree_.n_features <= part.n_features_in_)
    elif {"BaseForest", "BaseGradientBoosting"} & set(kinds) and hasattr(part, "estimators_"):
        # these hand samples to their trees without another look at how many features they have
        for tree in np.ravel(part.estimators_):
            _require(tree.n_features_in_ <= part.n_features_in_)


def _require_tree(tree: Any) -> None:
    left, right = np.asarray(tree.children_left), np.asarray(tree.children_right)
    feature = np.asarray(tree.feature)
    count = len(left)
    _require(count == tree.node_count and count > 0 and len(tree.value) == count)
    leaf = left == -1
    _require(bool((leaf == (right == -1)).all()))
    _require_downward(left[~leaf], right[~leaf], np.flatnonzero(~leaf), count)
    _require_within(feature[~leaf], tree.n_features)


def _require_predictor(predictor: Any) -> None:
    nodes = predictor.nodes
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    _require(len(nodes) > 0)
    left = nodes["left"][inner].astype(np.int64)
    right = nodes["right"][inner].astype(np.int64)
    _require_downward(left, right, inner, len(nodes))
    categorical = inner[nodes["is_categorical"][inner] != 0]
    _require_within(nodes["bitset_idx"][categorical], len(predictor.raw_left_cat_bitsets))
    _require_within(nodes["bitset_idx"][categorical], len(predictor.binned_left_cat_bitsets))


def _require_downward(left: Any, right: Any, own: Any, count: int) -> None:
    """Require that children come after their parent, so that every way down ends."""
    for child in (left, right):
        _require(bool((child > own).all()) and bool((child < count).all()))


def _require_within(index: Any, size: int) -> None:
    whole = np.asarray(index).astype(np.int64)
    _require(bool((whole >= 0).all()) and bool((whole < size).all()))


def _require(good: bool) -> None:
    if not good:
        raise UnsafeFileError(
            "the estimator holds a tree whose nodes lead out of it",
            hint="do not trust it; ask whoever made it for one written by save_model",
        )
