"""How much each feature matters to an estimator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.learn.explain.tree import _labels
from graticule.learn.forest import CompiledForest

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def impurity_importances(estimator: Any, names: Sequence[Any] = ()) -> pd.DataFrame:
    """Return how much each feature made the nodes of the trees purer, in training.

    Cheap, and partial to features with many values: `permutation_importances` on held-out rows
    tells what a feature is worth.

    Parameters
    ----------
    estimator : estimator or CompiledForest
        A decision tree or a forest.
    names : sequence of str or Feature
        Names of the features.

    Returns
    -------
    DataFrame
        ``feature``, ``importance``, the largest first; they sum to 1.

    Raises
    ------
    ParameterError
        If the estimator has no such importances, as boosting.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> tree = DecisionTreeClassifier().fit([[0, 5], [1, 5], [2, 5]], [0, 0, 1])
    >>> impurity_importances(tree, ["edge", "mean"]).values.tolist()
    [['edge', 1.0], ['mean', 0.0]]
    """
    import pandas as pd

    forest = CompiledForest.of(estimator)
    if not forest.importances.size:
        raise ParameterError(
            "has no importances from training", where="estimator", hint="permute held-out rows"
        )
    texts = [name for name, _ in _labels(names, forest.features)]
    table = pd.DataFrame({"feature": texts, "importance": forest.importances})
    return ranked(table)


def permutation_importances(
    estimator: Any,
    rows: Array,
    target: Array,
    names: Sequence[Any] = (),
    *,
    repeats: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Return by how much the score falls when the values of a feature are shuffled.

    The rows must be held out: on rows an estimator was trained with, every feature it looked at
    seems to matter. Of features that say nearly the same none may seem to matter alone.

    Parameters
    ----------
    estimator : estimator
        Any fitted one of scikit-learn, or a `CompiledForest`.
    rows : ndarray
        Held-out rows, (rows, features).
    target : ndarray
        Their classes, scored by accuracy; or numbers, for a regression, scored by R squared.
    names : sequence of str or Feature
        Names of the features.
    repeats : int
        How often each feature is shuffled.
    seed : int
        Of the shuffles.

    Returns
    -------
    DataFrame
        ``feature``, ``importance`` (mean fall of the score) and ``sd`` over the repeats, the
        largest first. Features that trees never ask for are exactly 0.

    Raises
    ------
    ParameterError
        If there are no rows, or not one target for each.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> rng = np.random.default_rng(0)
    >>> rows, held_out = rng.normal(size=(2, 200, 2)).astype(np.float32)
    >>> tree = DecisionTreeClassifier().fit(rows, rows[:, 1] > 0)
    >>> permutation_importances(tree, held_out, held_out[:, 1] > 0).feature.tolist()
    ['feature 1', 'feature 0']
    """
    import pandas as pd

    rows, target = np.asarray(rows), np.asarray(target)
    if rows.ndim != 2 or not len(rows) or target.shape != (len(rows),) or repeats < 1:
        raise ParameterError(
            f"must be rows with one target each and repeats from 1, not {rows.shape} and "
            f"{target.shape}, {repeats} times",
            where="rows",
        )
    texts = [name for name, _ in _labels(names, rows.shape[1])]
    score, asked = _scorer(estimator, target, rows.shape[1])
    columns = np.array(rows.T, np.float32 if rows.dtype.kind != "f" else rows.dtype, order="C")
    whole = score(columns)
    falls = np.zeros((rows.shape[1], repeats))
    for feature in asked:
        rng = np.random.default_rng([seed, feature])
        own = columns[feature].copy()
        for repeat in range(repeats):
            columns[feature] = rng.permutation(own)
            falls[feature, repeat] = whole - score(columns)
        columns[feature] = own
    table = {"feature": texts, "importance": falls.mean(axis=1), "sd": falls.std(axis=1)}
    return ranked(pd.DataFrame(table))


def _scorer(
    estimator: Any, target: Array, features: int
) -> tuple[Callable[[Array], float], Sequence[int]]:
    """Return what scores columns, and the features that can matter."""
    from sklearn.metrics import r2_score

    try:
        forest = CompiledForest.of(estimator)
    except ParameterError:
        continuous = target.dtype.kind == "f" and not hasattr(estimator, "classes_")

        def asked(columns: Array) -> float:
            found = estimator.predict(columns.T)
            return float(r2_score(target, found) if continuous else np.mean(found == target))

        return asked, range(features)

    def walked(columns: Array) -> float:
        if forest.classes is None:
            return float(r2_score(target, forest.values(columns)))
        return float(np.mean(forest.classes[forest.labels(columns)] == target))

    return walked, forest.used.tolist()


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of importances with the largest first."""
    return table.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def draw_importances(table: pd.DataFrame, *, most: int = 20) -> Figure:
    """Draw importances as bars, with their standard deviation where the table has one.

    Parameters
    ----------
    table : DataFrame
        Of `impurity_importances` or `permutation_importances`.
    most : int
        Bars, from the largest importance.

    Returns
    -------
    matplotlib.figure.Figure
        ``figure.savefig("importances.svg")`` writes it, as ``.png`` too.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"feature": ["edge", "mean"], "importance": [0.9, 0.1]})
    >>> len(draw_importances(table).axes[0].patches)
    2
    """
    from matplotlib.figure import Figure

    shown = table.head(most)
    figure = Figure(figsize=(6.0, 0.6 + 0.24 * max(len(shown), 1)), layout="constrained")
    ax = figure.add_subplot()
    spread = shown.get("sd")
    ax.barh(shown["feature"], shown["importance"], xerr=spread, color="#4477aa", ecolor="0.3")
    ax.invert_yaxis()
    ax.axvline(0, color="0.6", linewidth=0.7)
    ax.set_xlabel("fall of the score" if spread is not None else "share of purity gained")
    ax.tick_params(labelsize=7)
    return figure
