"""The trees of fitted estimators, as `RawTree`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.learn.forest._layout import RawTree

MEAN, PLAIN, SOFTMAX, EXPONENT = 0, 1, 2, 3
"""What becomes of the sum of all trees: their mean, itself, shares of a whole, its exponential."""

_SINGLE = ("DecisionTree", "ExtraTree")
_FORESTS = ("RandomForest", "ExtraTrees")


@dataclass(frozen=True)
class TreeEnsemble:
    """What an estimator learned.

    Attributes
    ----------
    trees : list of RawTree
        In the order in which they are summed.
    features, link, baseline, classes, importances
        As of `CompiledForest`.
    """

    trees: list[RawTree]
    features: int
    link: int
    baseline: Array
    classes: Array | None
    importances: Array


def ensemble_of(estimator: Any) -> TreeEnsemble:
    """Return what a fitted estimator learned.

    Raises
    ------
    ParameterError
        If it is not fitted, or of a kind that cannot be walked.
    """
    name = type(estimator).__name__
    if not hasattr(estimator, "n_features_in_"):
        raise ParameterError(f"{name} must be fitted first", where="estimator", hint="call fit")
    if name.startswith("HistGradientBoosting"):
        return _boosted_ensemble(estimator)
    if name.startswith(_SINGLE) and hasattr(estimator, "tree_"):
        return _averaged_ensemble(estimator, [estimator])
    if name.startswith(_FORESTS) and hasattr(estimator, "estimators_"):
        return _averaged_ensemble(estimator, list(estimator.estimators_))
    raise ParameterError(
        f"must be a decision tree, a forest or histogram gradient boosting, not {name}",
        where="estimator",
        hint="other estimators predict by themselves",
    )


def _averaged_ensemble(estimator: Any, members: list[Any]) -> TreeEnsemble:
    if members[0].n_outputs_ != 1:
        raise ParameterError(
            f"must predict one output, not {members[0].n_outputs_}",
            where="estimator",
            hint="fit one estimator for each",
        )
    classes = getattr(estimator, "classes_", None)
    trees = [_scikit_tree(member.tree_, classes is not None) for member in members]
    return TreeEnsemble(
        trees,
        int(estimator.n_features_in_),
        MEAN,
        np.zeros(trees[0].value.shape[1]),
        classes,
        np.asarray(estimator.feature_importances_, np.float64),
    )


def _scikit_tree(tree: Any, classification: bool) -> RawTree:
    value = np.asarray(tree.value[:, 0, :], np.float64)
    if classification:
        value = value / value.sum(axis=1, keepdims=True)
    return RawTree(
        np.asarray(tree.feature),
        np.asarray(tree.children_left),
        np.asarray(tree.children_right),
        np.asarray(tree.threshold),
        value,
        np.asarray(tree.weighted_n_node_samples),
    )


def _boosted_ensemble(estimator: Any) -> TreeEnsemble:
    """Return the trees of histogram gradient boosting, one channel each.

    Of two classes the first gets a channel of zeros, so that the shares are those of the logistic
    function.
    """
    grown = list(getattr(estimator, "_predictors"))  # noqa: B009
    classes = getattr(estimator, "classes_", None)
    start = np.asarray(getattr(estimator, "_baseline_prediction"), np.float64).ravel()  # noqa: B009
    shift = 1 if classes is not None and start.size == 1 else 0
    channels = start.size + shift
    trees = [
        _boosted_tree(predictor.nodes, channels, number + shift)
        for step in grown
        for number, predictor in enumerate(step)
    ]
    baseline = np.concatenate([np.zeros(shift), start])
    link = _link_of(estimator) if classes is None else SOFTMAX
    return TreeEnsemble(trees, int(estimator.n_features_in_), link, baseline, classes, np.zeros(0))


def _link_of(estimator: Any) -> int:
    name = type(getattr(estimator, "_loss").link).__name__  # noqa: B009
    links = {"IdentityLink": PLAIN, "LogLink": EXPONENT}
    if name in links:
        return links[name]
    raise ParameterError(f"must have an identity or logarithmic link, not {name}", where="loss")


def _boosted_tree(nodes: Any, channels: int, channel: int) -> RawTree:
    if nodes["is_categorical"].any():
        raise ParameterError(
            "must be fitted without categorical features", where="estimator.categorical_features"
        )
    leaf = nodes["is_leaf"] != 0
    value = np.zeros((nodes.size, channels))
    value[:, channel] = nodes["value"]
    return RawTree(
        np.where(leaf, -2, nodes["feature_idx"]),
        np.where(leaf, -1, nodes["left"].astype(np.int64)),
        np.where(leaf, -1, nodes["right"].astype(np.int64)),
        nodes["num_threshold"],
        value,
        nodes["count"],
    )
