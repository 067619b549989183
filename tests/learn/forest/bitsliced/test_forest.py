"""Votes without walking: the same labels as the compiled walk, to the last sample."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from graticule.core.errors import ImageError
from graticule.learn.forest import CompiledForest
from graticule.learn.forest.bitsliced import _program
from graticule.learn.forest.bitsliced._planes import LANES
from graticule.learn.forest.bitsliced.forest import BitSlicedForest


def fitted(classes, samples, features=6, seed=0, trees=12):
    rng = np.random.default_rng(seed)
    rows = np.round(rng.normal(size=(samples, features)), 1).astype(np.float32)
    rows[:, -1] = np.arange(samples)  # no two alike, so that every leaf is pure
    kind = (np.abs(rows[:, 0] + rng.normal(0, 0.3, samples)) * classes / 2).astype(int) % classes
    forest = RandomForestClassifier(trees, random_state=seed, max_features=2).fit(rows, kind)
    asked = np.round(rng.normal(size=(features, 1500)), 1).astype(np.float32)
    asked[-1] = rng.uniform(0, samples, 1500)
    return CompiledForest.of(forest), asked


@pytest.mark.parametrize("classes", [2, 3, 7])
@pytest.mark.parametrize("samples", [8, 40, 150, 250])
def test_labels_are_those_of_the_walk(classes, samples):
    for seed in range(3):
        forest, columns = fitted(classes, samples, seed=seed)
        assert BitSlicedForest.applies_to(forest)
        expected = forest.labels(columns)
        np.testing.assert_array_equal(BitSlicedForest(forest).labels(columns), expected)
        narrow = forest.narrowed()
        np.testing.assert_array_equal(
            BitSlicedForest(narrow).labels(columns[forest.used]), expected
        )


@pytest.mark.parametrize("count", [1, 63, 64, LANES - 1, LANES, LANES + 1, 5 * LANES + 7])
def test_any_number_of_samples(count):
    forest, columns = fitted(3, 60)
    part = np.asfortranarray(np.resize(columns, (len(columns), count)))
    np.testing.assert_array_equal(BitSlicedForest(forest).labels(part), forest.labels(part))


def test_nan_has_no_label_and_infinity_has():
    forest, columns = fitted(3, 60)
    columns[0, ::3], columns[1, 1::3], columns[2, 2::5] = np.nan, np.inf, -np.inf
    found = BitSlicedForest(forest).labels(columns)
    np.testing.assert_array_equal(found, forest.labels(columns))
    assert (found[::3] == -1).all()
    assert (found[1::3] >= 0).any()


def test_ties_go_to_the_first_class():
    forest, columns = fitted(2, 12, trees=2)
    np.testing.assert_array_equal(BitSlicedForest(forest).labels(columns), forest.labels(columns))


@st.composite
def problems(draw):
    """A forest with pure leaves, and columns with every value that is hard to place."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    samples, features = draw(st.integers(2, 600)), draw(st.integers(1, 40))
    classes, trees = draw(st.integers(2, 6)), draw(st.integers(1, 9))
    scale = draw(st.sampled_from([1e-42, 1e-20, 1.0, 1e6, 3e37]))
    rows = np.round(rng.normal(size=(samples, features)), draw(st.integers(0, 3)))
    rows[:, -1] = rng.permutation(samples) - samples // 2  # no two alike: leaves are pure
    if draw(st.booleans()):
        rows[:, 0] = np.sign(rows[:, 0]) * np.abs(rows[:, 0]) ** 9  # most in few of the cells
    rows = np.clip(rows * scale, -3e38, 3e38).astype(np.float32)
    rows[:, -1] = rng.permutation(samples)
    kind = rng.integers(0, classes, samples)
    kind[:2] = 0, 1
    grown = draw(st.sampled_from([RandomForestClassifier, ExtraTreesClassifier]))
    own = grown(trees, random_state=0, bootstrap=False, max_features=None)
    with np.errstate(all="ignore"):  # sums of values, to see that all are finite
        own.fit(rows, kind)
    columns = rows[rng.integers(0, samples, draw(st.integers(1, 700)))].T.copy()
    for tree in own.estimators_:
        for feature, above in zip(tree.tree_.feature, tree.tree_.threshold, strict=True):
            if feature >= 0:
                near = np.float32(above)
                value = rng.choice(
                    [near, np.nextafter(near, np.float32(rng.choice([-1e38, 1e38])))]
                )
                columns[feature, rng.integers(columns.shape[1])] = value
    hard = rng.random(columns.shape) < draw(st.sampled_from([0, 0.02]))
    columns[hard] = rng.choice([np.inf, -np.inf, -0.0, 0.0, np.nan, 3.4e38, -3.4e38], hard.sum())
    return own, columns


@settings(max_examples=60, deadline=None)
@given(problems(), st.sampled_from([2048, 700]))
def test_labels_of_any_forest(problem, most):
    own, columns = problem
    forest = CompiledForest.of(own)
    if forest.nodes.size == forest.trees:
        return
    expected = forest.labels(columns)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_program, "MAX_TESTS", most)
        found = BitSlicedForest(forest).labels(columns)
    np.testing.assert_array_equal(found, expected)
    known = np.isfinite(columns).all(axis=0)
    if known.any():
        # Votes, not the mean of probabilities in another order: leaves hold one class.
        with np.errstate(all="ignore"):
            votes = np.array([tree.predict(columns[:, known].T) for tree in own.estimators_])
        counts = (votes[:, :, None] == np.arange(forest.table.shape[1])).sum(axis=0)
        np.testing.assert_array_equal(found[known], counts.argmax(axis=1))


def test_more_questions_than_a_group_holds():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 7)).astype(np.float32)
    own = RandomForestClassifier(60, random_state=0).fit(rows, rng.integers(0, 3, 500))
    forest, columns = CompiledForest.of(own), rng.normal(size=(7, 9000)).astype(np.float32)
    columns[:, :LANES] = rows[:1].T  # a group of samples that is decided early
    program = BitSlicedForest(forest).program
    assert program.groups.size > 2
    assert program.size - program.tests <= _program.MAX_TESTS * LANES // 64
    columns[:, ::97] = np.nan
    np.testing.assert_array_equal(BitSlicedForest(forest).labels(columns), forest.labels(columns))


def decided_early():
    """A forest whose first trees ask feature 0, and whose others, asked after them, feature 1."""
    values = np.sort(np.random.default_rng(0).normal(size=190)) ** 5
    kind = np.arange(190) % 2
    first, last = np.zeros((2, 190, 2))
    first[:, 0], last[:, 1] = values, values
    own = RandomForestClassifier(7).fit(first, kind)
    tree = DecisionTreeClassifier(random_state=0)
    own.estimators_ = [tree.fit(first, kind)] * 5
    own.estimators_ += [DecisionTreeClassifier(random_state=0).fit(last, kind)] * 2
    return CompiledForest.of(own)


def test_nan_in_a_feature_that_need_not_be_asked_has_no_label(monkeypatch):
    monkeypatch.setattr(_program, "MAX_TESTS", 200)
    forest, columns = decided_early(), np.full((2, LANES + 9), 1e6, np.float32)
    columns[1, ::7] = np.nan
    sliced = BitSlicedForest(forest)
    assert sliced.program.groups.tolist() == [5, 7]
    np.testing.assert_array_equal(sliced.labels(columns), forest.labels(columns))
    assert (sliced.labels(columns)[::7] == -1).all()


def test_nothing_left_of_other_features_is_looked_up(monkeypatch):
    monkeypatch.setattr(_program, "MAX_TESTS", 200)
    sliced = BitSlicedForest(decided_early())
    sliced.labels(np.full((2, LANES), 1e6, np.float32))
    sliced.labels(np.full((2, 9), 1e6, np.float32))
    assert (sliced._workspaces[0].cells[9:] == 0).all()


def test_columns_of_another_number_are_refused():
    forest, columns = fitted(3, 60)
    with pytest.raises(ImageError, match=r"\(6, rows\)"):
        BitSlicedForest(forest).labels(columns[:5])


def test_all_that_is_written_lies_within():
    forest, _ = fitted(5, 300, trees=20)
    program = BitSlicedForest(forest).program
    words = LANES // 64
    asked, right, left, to = program.selects.reshape(-1, 4).T.astype(int)
    said = program.bits * words
    assert asked.min() >= program.tests
    assert asked.max() + words <= program.size
    assert max(right.max(), left.max(), to.max(), program.roots.max()) + said <= program.counters
    assert to.min() >= program.channels * said  # what says one class everywhere stays as it is
    ends = program.features[:, 5] + program.features[:, 3] * words
    assert program.tests + ends.max() <= program.size


def test_thresholds_far_apart_and_beyond_differences():
    far = np.array([-3.3e38, -3e38, -1e20, -1.0, 0.0, 1.0, 3.0, 1e9, 3e38, 3.3e38], np.float32)
    kind = np.arange(far.size) % 3
    forest = CompiledForest.of(DecisionTreeClassifier(random_state=0).fit(far[:, None], kind))
    assert BitSlicedForest.applies_to(forest)
    edges = np.nextafter(far, np.float32(0)), np.nextafter(far, np.float32(np.inf))
    asked = np.concatenate([far, *edges, [np.inf, -np.inf, -0.0, np.nan]]).astype(np.float32)[None]
    np.testing.assert_array_equal(BitSlicedForest(forest).labels(asked), forest.labels(asked))


def test_what_is_mixed_or_large_is_walked():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3000, 3)).astype(np.float32)
    kind = rng.integers(0, 2, 3000)
    large = CompiledForest.of(DecisionTreeClassifier(random_state=0).fit(rows, kind))
    mixed = CompiledForest.of(DecisionTreeClassifier(max_depth=3).fit(rows, kind))
    assert not BitSlicedForest.applies_to(large)
    assert not BitSlicedForest.applies_to(mixed)


def test_leaves_alone_are_walked():
    forest = CompiledForest.of(DecisionTreeClassifier().fit([[0.0], [1.0]], [1, 1]))
    assert not BitSlicedForest.applies_to(forest)
