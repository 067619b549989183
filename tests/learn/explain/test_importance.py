"""learn.explain: importances, beside those of scikit-learn."""

import numpy as np
import pytest
from sklearn import ensemble, inspection, linear_model

from graticule.core.errors import ParameterError
from graticule.learn.explain.importance import (
    draw_importances,
    impurity_importances,
    permutation_importances,
)
from graticule.learn.forest import CompiledForest, RandomForest, RandomForestRegressor


def rows(seed, count=800):
    table = np.random.default_rng(seed).normal(size=(count, 5)).astype(np.float32)
    table[:, 4] = 1
    return table, table[:, 0] + 0.5 * table[:, 1]


@pytest.mark.parametrize("kind", ["forest", "own", "linear", "regression", "own regression"])
def test_permutation_importances_are_those_of_scikit_learn(kind):
    estimator = {
        "forest": ensemble.RandomForestClassifier(20, random_state=0),
        "own": RandomForest(20, random_state=0),
        "linear": linear_model.LogisticRegression(),
        "regression": ensemble.RandomForestRegressor(20, random_state=0),
        "own regression": RandomForestRegressor(20, random_state=0),
    }[kind]
    (table, score), (held_out, wanted) = rows(0), rows(1)
    if "regression" not in kind:
        score, wanted = score > 0, wanted > 0
    estimator.fit(table, score)
    before = held_out.copy()
    found = permutation_importances(estimator, held_out, wanted, repeats=10)
    np.testing.assert_array_equal(held_out, before)
    peer = inspection.permutation_importance(
        estimator, held_out, wanted, n_repeats=10, random_state=0
    )
    order = [int(name.split()[1]) for name in found["feature"]]
    np.testing.assert_allclose(found["importance"], peer.importances_mean[order], atol=0.06)
    assert order[:2] == [0, 1]
    last = found.set_index("feature").loc["feature 4"]
    assert last["importance"] == 0
    again = permutation_importances(estimator, held_out, wanted, repeats=10)
    assert found.equals(again)


def test_impurity_importances_are_those_of_the_estimator():
    table, score = rows(0)
    estimator = ensemble.ExtraTreesClassifier(9, random_state=0).fit(table, score > 0)
    found = impurity_importances(CompiledForest.of(estimator), list("abcde"))
    wanted = dict(zip("abcde", estimator.feature_importances_, strict=True))
    assert dict(zip(found["feature"], found["importance"], strict=True)) == wanted
    assert found["importance"].is_monotonic_decreasing
    boosting = ensemble.HistGradientBoostingRegressor(max_iter=2).fit(table, score)
    with pytest.raises(ParameterError, match="permute"):
        impurity_importances(boosting)


def test_picture_has_a_bar_for_each():
    table, score = rows(0)
    estimator = RandomForest(5, random_state=0).fit(table, score > 0)
    found = permutation_importances(estimator, *rows(1), repeats=2)
    ax = draw_importances(found, most=3).axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == found["feature"].tolist()[:3]


def test_rows_without_targets_are_refused():
    table, score = rows(0)
    estimator = RandomForest(2, random_state=0).fit(table, score > 0)
    with pytest.raises(ParameterError, match="one target each"):
        permutation_importances(estimator, table, score[:5] > 0)
