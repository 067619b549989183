"""Forests fitted on histograms, with the interface of scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass

from graticule.learn.forest._base import ForestClassifier, ForestRegressor, MaxFeatures


@dataclass(kw_only=True, eq=False, repr=False)
class RandomForest(ForestClassifier):
    """Random forest of classes, fitted on histograms.

    Each feature is put into at most 256 bins once: one bin for each value where there are no more,
    bins with equally many rows otherwise. Trees are grown on bootstrap samples until their leaves
    are pure, from the best of a few features drawn at each node (Breiman 2001,
    doi:10.1023/A:1010933404324). The result depends on ``random_state`` alone, not on the number of
    processors.

    Parameters
    ----------
    n_estimators : int
        Trees.
    max_depth : int, optional
        Deepest leaf; None for pure leaves.
    min_samples_split : int
        Rows a node must have to be split.
    min_samples_leaf : int
        Rows that each side of a split must have.
    max_features : {"sqrt", "log2"}, int, float or None
        Features drawn at each node: of the square root or logarithm of their number, a count, a
        share, or all.
    bootstrap : bool
        Whether each tree sees a sample drawn with replacement, instead of all rows.
    oob_score : bool
        Whether to predict each row by the trees that did not see it: ``oob_score_`` is their
        accuracy, ``oob_decision_function_`` the probabilities (NaN where all trees saw the row).
    random_state : int, RandomState or None
        Seed.
    class_weight : {"balanced"}, dict or None
        Weight of each class; "balanced" gives all classes the same sum.

    Attributes
    ----------
    classes_ : ndarray
        The classes, sorted.
    feature_importances_ : ndarray
        Mean decrease of impurity by feature.
    compiled_ : CompiledForest
        The trees.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(300, 4))
    >>> forest = RandomForest(20, oob_score=True, random_state=0).fit(X, X[:, 1] > 0)
    >>> forest.predict([[0, 2, 0, 0], [0, -2, 0, 0]]).tolist()
    [True, False]
    >>> int(forest.feature_importances_.argmax())
    1
    """


@dataclass(kw_only=True, eq=False, repr=False)
class ExtraTrees(RandomForest):
    """Extremely randomised trees of classes: one random threshold for each feature drawn.

    Of the features drawn at each node the threshold is drawn between the node's smallest and
    largest value, and the best of these splits is taken (Geurts, Ernst, Wehenkel 2006,
    doi:10.1007/s10994-006-6226-1). Parameters and attributes are those of `RandomForest`; all trees
    see all rows unless ``bootstrap`` is set.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(300, 4))
    >>> ExtraTrees(20, random_state=0).fit(X, X[:, 1] > 0).predict([[0, 2, 0, 0]]).tolist()
    [True]
    """

    _random = True
    bootstrap: bool = False


@dataclass(kw_only=True, eq=False, repr=False)
class RandomForestRegressor(ForestRegressor):
    """Random forest of a continuous target, fitted on histograms, by squared error.

    As a `RandomForest`, but all features are looked at in each node unless ``max_features`` says
    otherwise. ``oob_score_`` is R squared, and ``oob_prediction_`` what the trees that did not see
    a row say of it.

    Parameters
    ----------
    n_estimators : int
        Trees.
    max_depth : int, optional
        Deepest leaf; None for leaves of one value.
    min_samples_split, min_samples_leaf : int
        Rows a node must have to be split, and rows that each side must have.
    max_features : {"sqrt", "log2"}, int, float or None
        Features drawn at each node: a count, a share, or all.
    bootstrap : bool
        Whether each tree sees a sample drawn with replacement, instead of all rows.
    oob_score : bool
        Whether to predict each row by the trees that did not see it.
    random_state : int, RandomState or None
        Seed.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.linspace(0, 1, 101)[:, None]
    >>> forest = RandomForestRegressor(50, random_state=0).fit(X, X[:, 0] ** 2)
    >>> bool(abs(forest.predict([[0.5]])[0] - 0.25) < 0.02)
    True
    """

    max_features: MaxFeatures = 1.0


@dataclass(kw_only=True, eq=False, repr=False)
class ExtraTreesRegressor(RandomForestRegressor):
    """Extremely randomised trees of a continuous target; see `ExtraTrees`.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.linspace(0, 1, 101)[:, None]
    >>> trees = ExtraTreesRegressor(50, random_state=0).fit(X, X[:, 0] ** 2)
    >>> bool(abs(trees.predict([[0.5]])[0] - 0.25) < 0.02)
    True
    """

    _random = True
    bootstrap: bool = False
