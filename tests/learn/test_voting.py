"""Votes without walking: the same labels as the compiled walk, to the last sample."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from graticule.learn._voting import Ballot
from graticule.learn.forest import CompiledForest


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
        assert Ballot.suits(forest)
        expected = forest.labels(columns)
        np.testing.assert_array_equal(Ballot(forest).labels(columns), expected)
        narrow = forest.narrowed()
        np.testing.assert_array_equal(Ballot(narrow).labels(columns[forest.used]), expected)


@pytest.mark.parametrize("count", [1, 511, 512, 513, 1500])
def test_any_number_of_samples(count):
    forest, columns = fitted(3, 60)
    part = np.asfortranarray(columns[:, :count])
    np.testing.assert_array_equal(Ballot(forest).labels(part), forest.labels(part))


def test_nan_has_no_label_and_infinity_has():
    forest, columns = fitted(3, 60)
    columns[0, ::3], columns[1, 1::3], columns[2, 2::5] = np.nan, np.inf, -np.inf
    found = Ballot(forest).labels(columns)
    np.testing.assert_array_equal(found, forest.labels(columns))
    assert (found[::3] == -1).all()
    assert (found[1::3] >= 0).any()


def test_ties_go_to_the_first_class():
    forest, columns = fitted(2, 12, trees=2)
    np.testing.assert_array_equal(Ballot(forest).labels(columns), forest.labels(columns))


def test_what_is_mixed_or_large_is_walked():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3000, 3)).astype(np.float32)
    kind = rng.integers(0, 2, 3000)
    large = CompiledForest.of(DecisionTreeClassifier(random_state=0).fit(rows, kind))
    mixed = CompiledForest.of(DecisionTreeClassifier(max_depth=3).fit(rows, kind))
    assert not Ballot.suits(large)
    assert not Ballot.suits(mixed)
