"""learn.forest.CompiledForest: what scikit-learn predicts, from the same float32 values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import ensemble, tree

from graticule.core.errors import ImageError, ParameterError, UnsafeFileError
from graticule.learn.forest import CompiledForest
from graticule.learn.forest._layout import LEAF

CLASSIFIERS = {
    "tree": tree.DecisionTreeClassifier(random_state=0),
    "shallow": tree.DecisionTreeClassifier(max_depth=2, random_state=0),
    "forest": ensemble.RandomForestClassifier(20, random_state=0),
    "leaves": ensemble.RandomForestClassifier(20, min_samples_leaf=7, random_state=0),
    "weighted": ensemble.RandomForestClassifier(9, class_weight="balanced", random_state=0),
    "extra": ensemble.ExtraTreesClassifier(20, random_state=0),
    "boosting": ensemble.HistGradientBoostingClassifier(max_iter=20, random_state=0),
}
REGRESSORS = {
    "tree": tree.DecisionTreeRegressor(random_state=0),
    "forest": ensemble.RandomForestRegressor(20, random_state=0),
    "extra": ensemble.ExtraTreesRegressor(20, max_depth=4, random_state=0),
    "boosting": ensemble.HistGradientBoostingRegressor(max_iter=20, random_state=0),
    "poisson": ensemble.HistGradientBoostingRegressor(max_iter=20, loss="poisson", random_state=0),
}


def rows(count, features=6, seed=0):
    return np.random.default_rng(seed).normal(size=(count, features)).astype(np.float32)


def classes_of(table, number):
    score = table[:, 0] + table[:, 1] * table[:, 2]
    noise = np.random.default_rng(7).normal(scale=0.4, size=len(table))
    return np.digitize(score + noise, np.linspace(-0.8, 0.8, number - 1))


@pytest.fixture(scope="module")
def held_out():
    return rows(3001, seed=1)


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_probabilities_are_those_of_scikit_learn(name, number, held_out):
    table = rows(500)
    names = np.array(["ant", "bee", "cat"])[classes_of(table, number)]
    estimator = CLASSIFIERS[name].fit(table, names)
    forest = CompiledForest.of(estimator)
    found = forest.proba(held_out.T)
    np.testing.assert_allclose(found, estimator.predict_proba(held_out), atol=1e-6)
    labels = forest.labels(held_out.T)
    np.testing.assert_array_equal(labels, found.argmax(axis=1))
    agree = forest.classes[labels] == estimator.predict(held_out)
    assert agree[np.diff(np.sort(found)[:, -2:]).ravel() > 1e-6].all()


@pytest.mark.parametrize("name", REGRESSORS)
def test_values_are_those_of_scikit_learn(name, held_out):
    table = rows(500)
    estimator = REGRESSORS[name].fit(table, np.exp(table[:, 0]) + table[:, 1] ** 2)
    found = CompiledForest.of(estimator).values(held_out.T)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, estimator.predict(held_out), rtol=1e-6, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 70), st.integers(1, 5))
def test_values_on_thresholds_go_where_scikit_learn_sends_them(seed, count, features):
    rng = np.random.default_rng(seed)
    grid = rng.integers(-3, 4, (200, features)).astype(np.float32) / 2
    estimator = ensemble.RandomForestClassifier(5, random_state=seed % 99)
    estimator.fit(grid, rng.integers(0, 3, 200))
    asked = rng.integers(-6, 7, (count, features)).astype(np.float32) / 4
    asked[asked == 0] *= rng.choice([-1, 1], (asked == 0).sum())
    forest = CompiledForest.of(estimator)
    found = forest.proba(asked.T)
    np.testing.assert_allclose(found, estimator.predict_proba(asked), atol=1e-6)
    np.testing.assert_array_equal(forest.labels(asked.T), found.argmax(axis=1))


@pytest.fixture(scope="module")
def forest():
    table = rows(800)
    return CompiledForest.of(
        ensemble.RandomForestClassifier(40, random_state=3).fit(table, classes_of(table, 3))
    )


def test_the_layout_of_the_table_changes_nothing(forest, held_out):
    wanted = forest.proba(held_out.T)
    wide = np.zeros((12, 6002), np.float32)
    wide[::2, ::2] = held_out.T
    for columns in (
        np.ascontiguousarray(held_out.T),
        wide[::2, ::2],
        held_out[::-1].T[:, ::-1],
        held_out.T.astype(np.float64),
    ):
        np.testing.assert_array_equal(forest.proba(columns), wanted)
    np.testing.assert_array_equal(forest.proba(held_out[:1].T), wanted[:1])
    assert forest.proba(held_out[:0].T).shape == (0, 3)


def test_rows_that_agree_are_walked_as_rows_that_do_not(forest, held_out):
    smooth = np.repeat(held_out[:300], 40, axis=0)
    each = forest.proba(held_out[:300].T)
    np.testing.assert_array_equal(forest.proba(smooth.T), np.repeat(each, 40, axis=0))
    assert (forest.labels(smooth.T) == np.repeat(each.argmax(axis=1), 40)).all()


def test_rows_with_nan_have_no_prediction_and_disturb_no_other(forest, held_out):
    holes = held_out.copy()
    missing = np.random.default_rng(0).random(len(holes)) < 0.3
    holes[missing, np.arange(len(holes))[missing] % 6] = np.nan
    wanted = forest.proba(held_out.T)
    for columns in (holes.T, np.ascontiguousarray(holes.T)):
        found, labels = forest.proba(columns), forest.labels(columns)
        assert np.isnan(found[missing]).all()
        assert (labels[missing] == -1).all()
        np.testing.assert_array_equal(found[~missing], wanted[~missing])
        np.testing.assert_array_equal(labels[~missing], wanted[~missing].argmax(axis=1))
    assert (forest.labels(np.full((6, 9), np.nan, np.float32)) == -1).all()


def test_infinities_go_to_the_sides():
    table = rows(200, 1)
    estimator = tree.DecisionTreeRegressor(random_state=0).fit(table, table[:, 0])
    found = CompiledForest.of(estimator).values(np.array([[np.inf, -np.inf]], np.float32))
    np.testing.assert_allclose(found, [table.max(), table.min()])


def test_narrowed_to_the_used_features(held_out):
    table = rows(400)
    estimator = tree.DecisionTreeClassifier(max_leaf_nodes=3, random_state=0)
    forest = CompiledForest.of(estimator.fit(table, table[:, 4] > 0.2))
    assert forest.used.tolist() == [4]
    narrow = forest.narrowed()
    assert narrow.features == 1
    np.testing.assert_array_equal(narrow.proba(held_out.T[[4]]), forest.proba(held_out.T))
    hole = held_out[:2].copy()
    hole[:, 0] = np.nan
    np.testing.assert_array_equal(forest.labels(hole.T), forest.labels(held_out[:2].T))


def test_a_tree_of_one_leaf():
    table = rows(20)
    forest = CompiledForest.of(tree.DecisionTreeClassifier().fit(table, np.ones(20, int)))
    assert forest.proba(table.T).tolist() == [[1.0]] * 20
    assert not forest.labels(table.T).any()


def test_arrays_and_back(forest, held_out, tmp_path):
    np.savez(tmp_path / "forest.npz", **forest.arrays())
    with np.load(tmp_path / "forest.npz", allow_pickle=False) as stored:
        again = CompiledForest.from_arrays(dict(stored))
    np.testing.assert_array_equal(again.proba(held_out.T), forest.proba(held_out.T))
    assert again.classes.tolist() == [0, 1, 2]
    assert again.features == 6


def damaged(arrays, name, index, value):
    changed = {key: array.copy() for key, array in arrays.items()}
    changed[name][index] = value
    return changed


def test_arrays_that_lead_out_of_a_tree_are_refused(forest):
    arrays = forest.arrays()
    bad = [
        damaged(arrays, "nodes", 0, 2**32 - 1),
        damaged(arrays, "nodes", -1, 0),
        damaged(arrays, "nodes", -1, arrays["nodes"][-1] & np.uint64(0xFFFFFFFF)),
        damaged(arrays, "outputs", 5, 3),
        damaged(arrays, "starts", 1, 10**9),
        damaged(arrays, "used", 0, -1),
        damaged(arrays, "weights", 3, np.nan),
        {name: array for name, array in arrays.items() if name != "table"},
        {**arrays, "outputs": arrays["outputs"][:-1]},
        {**arrays, "classes": arrays["classes"].astype(object)},
        {**arrays, "more": np.zeros(1)},
    ]
    for broken in bad:
        with pytest.raises(UnsafeFileError):
            CompiledForest.from_arrays(broken)


def test_nodes_that_share_children_or_ask_for_nan_are_refused():
    size = 9
    child = np.append(np.full(size - 1, size - 2), size - 1).astype(np.uint64)
    child[-2] = size - 2
    above = np.append(np.full(size - 2, 5), [LEAF, LEAF]).astype(np.uint64)
    arrays = CompiledForest.of(tree.DecisionTreeClassifier().fit([[0], [1]], [0, 1])).arrays()
    shared = {
        **arrays,
        "nodes": (above << np.uint64(32)) | (child << np.uint64(1)),
        "outputs": np.append(np.zeros(size - 1), 1).astype(np.int32),
        "starts": np.array([0, size]),
        "weights": np.ones(size, np.float32),
    }
    low = arrays["nodes"][0] & np.uint64(0xFFFFFFFF)
    nans = np.array([0x7FC00000, 0x80000001], np.uint64) << np.uint64(32)
    for broken in (shared, *(damaged(arrays, "nodes", 0, low | nan) for nan in nans)):
        with pytest.raises(UnsafeFileError):
            CompiledForest.from_arrays(broken)


def test_what_cannot_be_walked_is_refused(forest, held_out):
    with pytest.raises(ParameterError, match="fitted"):
        CompiledForest.of(tree.DecisionTreeClassifier())
    two = tree.DecisionTreeRegressor().fit(held_out, held_out[:, :2])
    with pytest.raises(ParameterError, match="one output"):
        CompiledForest.of(two)
    with pytest.raises(ParameterError, match="not classes"):
        CompiledForest.of(tree.DecisionTreeRegressor().fit(held_out, held_out[:, 0])).proba(two)
    with pytest.raises(ParameterError, match="classes, not values"):
        forest.values(held_out.T)
    with pytest.raises(ImageError, match=r"\(6, rows\)"):
        forest.labels(held_out)
    mixed = np.abs(held_out).round()
    boosting = ensemble.HistGradientBoostingRegressor(categorical_features=[0], max_iter=2)
    with pytest.raises(ParameterError, match="categorical"):
        CompiledForest.of(boosting.fit(mixed, mixed[:, 0]))
