"""learn.forest: forests fitted on histograms, beside those of scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import ensemble, tree
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.model_selection import cross_val_score

from graticule.core import threads
from graticule.core.errors import ParameterError
from graticule.learn.forest import (
    CompiledForest,
    ExtraTrees,
    ExtraTreesRegressor,
    RandomForest,
    RandomForestRegressor,
)

KINDS = [RandomForest, ExtraTrees, RandomForestRegressor, ExtraTreesRegressor]
PEERS = {
    RandomForest: ensemble.RandomForestClassifier,
    ExtraTrees: ensemble.ExtraTreesClassifier,
    RandomForestRegressor: ensemble.RandomForestRegressor,
    ExtraTreesRegressor: ensemble.ExtraTreesRegressor,
}


def problem(kind, count=600, seed=0):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(count, 8)).astype(np.float32)
    score = table[:, 0] + table[:, 1] * table[:, 2] + rng.normal(scale=0.2, size=count)
    return table, score if issubclass(kind, RandomForestRegressor) else np.digitize(score, [-1, 1])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(1, 9))
def test_one_tree_of_few_values_is_the_tree_of_scikit_learn(seed, count, levels):
    rng = np.random.default_rng(seed)
    table = rng.integers(0, levels, (count, 1)).astype(np.float32)
    classes = rng.integers(0, 3, count)
    alone = RandomForest(1, bootstrap=False, max_features=None, random_state=0)
    peer = tree.DecisionTreeClassifier(random_state=0).fit(table, classes)
    asked = np.linspace(-1, levels, 4 * levels + 5, dtype=np.float32)[:, None]
    found = alone.fit(table, classes).predict_proba(asked)
    # Between equal splits either may be taken; all rows come apart in the end, so that what is said
    # of the rows themselves is always the same.
    np.testing.assert_allclose(alone.predict_proba(table), peer.predict_proba(table), atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_the_first_split_is_the_best_of_all(seed, leaf):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(50, 3)).astype(np.float32)
    target, weight = rng.normal(size=50), rng.integers(1, 4, 50).astype(float)
    stump = {"max_depth": 1, "min_samples_leaf": leaf, "random_state": 0}
    own = RandomForestRegressor(1, bootstrap=False, **stump).fit(table, target, weight)
    peer = tree.DecisionTreeRegressor(**stump).fit(table, target, weight)
    np.testing.assert_allclose(own.predict(table), peer.predict(table), rtol=1e-6)
    own = RandomForest(1, bootstrap=False, max_features=None, **stump)
    own.fit(table, target > 0.3, weight)
    peer = tree.DecisionTreeClassifier(**stump).fit(table, target > 0.3, weight)
    assert gini(own, table, target, weight) <= gini(peer, table, target, weight) + 1e-4


def gini(estimator, table, target, weight):
    share = estimator.predict_proba(table)[:, 1]
    return float((weight * share * (1 - share)).sum())


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_were_learned_are_known(kind):
    table, target = problem(kind)
    params = {"bootstrap": False, "random_state": 1}
    estimator = kind(5, **params).fit(table, target)
    np.testing.assert_allclose(estimator.predict(table), target, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_held_out_score_is_that_of_scikit_learn(kind):
    if issubclass(kind, RandomForestRegressor):
        table, target = load_diabetes(return_X_y=True)
    else:
        table, target = load_breast_cancer(return_X_y=True)
    own, peer = (
        np.mean([cross_val_score(k(40, random_state=s), table, target, cv=5) for s in range(3)])
        for k in (kind, PEERS[kind])
    )
    assert own == pytest.approx(peer, abs=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_the_number_of_processors_changes_nothing(kind, monkeypatch):
    table, target = problem(kind)
    estimator = kind(9, random_state=4)
    first = estimator.fit(table, target).compiled_.arrays()
    monkeypatch.setattr(threads._at_work, "busy", True, raising=False)
    second = clone(estimator).fit(table, target).compiled_.arrays()
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])
    other = kind(9, random_state=5).fit(table, target).compiled_
    assert not np.array_equal(other.nodes, first["nodes"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_without_weight_is_not_seen(kind):
    table, target = problem(kind)
    weight = np.ones(len(table))
    weight[::3] = 0
    keep = weight > 0
    estimator = kind(9, random_state=2)
    weighted = estimator.fit(table, target, weight).compiled_.nodes
    np.testing.assert_array_equal(
        clone(estimator).fit(table[keep], target[keep]).compiled_.nodes, weighted
    )


@pytest.mark.parametrize("kind", KINDS)
def test_limits_are_kept(kind):
    table, target = problem(kind)
    forest = kind(9, max_depth=3, random_state=0).fit(table, target).compiled_
    assert np.diff(forest.starts).max() <= 15
    forest = kind(9, min_samples_leaf=40, bootstrap=False, random_state=0).fit(table, target)
    leaf = forest.compiled_
    own = np.arange(leaf.nodes.size) - np.repeat(leaf.starts[:-1], np.diff(leaf.starts))
    child = (leaf.nodes & np.uint64(0xFFFFFFFF)) >> np.uint64(leaf.bits)
    assert leaf.weights[child == own].min() >= 40


def test_classes_may_be_words_and_be_balanced():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(4000, 2)).astype(np.float32)
    names = np.where(table[:, 0] + rng.normal(size=4000) > 2, "rare", "usual")
    plain = RandomForest(30, min_samples_leaf=20, random_state=0).fit(table, names)
    even = RandomForest(30, min_samples_leaf=20, class_weight="balanced", random_state=0)
    even.fit(table, names)
    assert even.classes_.tolist() == ["rare", "usual"]
    assert (even.predict(table) == "rare").sum() > 2 * (plain.predict(table) == "rare").sum()


def test_out_of_bag_score_foretells_the_held_out_one():
    table, classes = problem(RandomForest, 1500)
    estimator = RandomForest(100, oob_score=True, random_state=0).fit(table, classes)
    held_out = estimator.score(*problem(RandomForest, 4000, seed=1))
    assert abs(estimator.oob_score_ - held_out) < 0.03
    np.testing.assert_allclose(estimator.oob_decision_function_.sum(axis=1), 1)
    table, target = problem(RandomForestRegressor, 1500)
    target = target + 1000
    estimator = RandomForestRegressor(50, oob_score=True, random_state=0).fit(table, target)
    other, wanted = problem(RandomForestRegressor, 4000, seed=1)
    assert abs(estimator.oob_score_ - estimator.score(other, wanted + 1000)) < 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_importances_name_the_features_that_matter(kind):
    table, target = problem(kind, 1500)
    own = kind(60, random_state=0).fit(table, target).feature_importances_
    peer = PEERS[kind](60, random_state=0).fit(table, target).feature_importances_
    assert own.sum() == pytest.approx(1)
    np.testing.assert_allclose(own, peer, atol=0.05)
    assert set(own.argsort()[-3:]) == {0, 1, 2}


def test_compiled_and_stored():
    table, classes = problem(RandomForest)
    estimator = RandomForest(20, random_state=0).fit(table, classes)
    again = CompiledForest.from_arrays(CompiledForest.of(estimator).arrays())
    np.testing.assert_array_equal(again.proba(table.T), estimator.predict_proba(table))
    np.testing.assert_array_equal(again.importances, estimator.feature_importances_)


def test_many_values_and_one_value():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(5000, 3)).astype(np.float32)
    table[:, 1] = 7
    forest = RandomForest(10, random_state=0).fit(table, table[:, 0] > 0.5)
    assert forest.score(rng.normal(size=(5000, 3)), rng.normal(size=5000) > 9) < 0.9
    assert forest.compiled_.used.tolist() in ([0], [0, 2])
    flat = RandomForest(3, random_state=0).fit(np.ones((9, 2)), np.arange(9) % 2)
    assert flat.compiled_.nodes.size == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_estimators", 0),
        ("max_depth", 0),
        ("min_samples_leaf", 0.5),
        ("max_features", 1.5),
        ("max_features", "all"),
        ("max_features", 0),
    ],
)
def test_bad_parameters_are_refused(name, value):
    table, classes = problem(RandomForest, 40)
    with pytest.raises(ParameterError, match=name):
        RandomForest(**{"random_state": 0, name: value}).fit(table, classes)


def test_what_cannot_be_learned_from_is_refused():
    table, classes = problem(RandomForest, 40)
    with pytest.raises(ValueError, match="NaN"):
        RandomForest().fit(np.where(table > 2, np.nan, table), classes)
    with pytest.raises(ParameterError, match="sample_weight"):
        RandomForest().fit(table, classes, np.linspace(-1, 1, 40))
    with pytest.raises(ParameterError, match="oob_score"):
        ExtraTrees(oob_score=True).fit(table, classes)


@pytest.mark.parametrize("kind", KINDS)
def test_the_interface_is_that_of_scikit_learn(kind):
    from sklearn.utils.estimator_checks import check_estimator

    known = {
        "check_sample_weight_equivalence_on_dense_data": "a sample drawn from other rows",
        "check_class_weight_classifiers": "of pure leaves, as there is no min_weight_fraction_leaf",
    }
    check_estimator(kind(5, random_state=0), on_skip=None, expected_failed_checks=known)
