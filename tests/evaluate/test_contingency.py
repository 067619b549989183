"""Joint counts: equal to scikit-learn's by every way of counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics.cluster import contingency_matrix

from graticule.core.errors import ImageError
from graticule.evaluate import contingency as module
from graticule.evaluate.contingency import contingency


def full(found):
    table = np.zeros((found.labels.size, found.truth.size), int)
    table[found.rows, found.columns] = found.counts
    return table


@settings(deadline=None)
@given(
    hnp.arrays(np.uint16, (8, 9), elements=st.sampled_from([0, 1, 7, 65535])),
    hnp.arrays(np.int64, (8, 9), elements=st.sampled_from([0, 2, 3, 2**31 - 1])),
)
def test_equals_scikit_learn(labels, truth):
    found = contingency(labels, truth)
    np.testing.assert_array_equal(found.labels, np.unique(labels))
    np.testing.assert_array_equal(found.truth, np.unique(truth))
    np.testing.assert_array_equal(full(found), contingency_matrix(labels.ravel(), truth.ravel()))
    np.testing.assert_array_equal(found.label_sizes, np.unique(labels, return_counts=True)[1])


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("numbers", [40, 3000])
def test_all_ways_of_counting_agree(numbers, smooth, monkeypatch):
    rng = np.random.default_rng(0)
    side = 20 if smooth else 640
    labels, truth = rng.integers(0, numbers, (2, side, side))
    if smooth:
        labels, truth = (np.kron(a, np.ones((32, 32), int)) for a in (labels, truth))
    expected = contingency_matrix(labels.ravel(), truth.ravel())
    for dense in (module._DENSE, 0):
        monkeypatch.setattr(module, "_DENSE", dense)
        np.testing.assert_array_equal(full(contingency(labels, truth)), expected)


def test_parts_of_it():
    found = contingency([[0, 0, 1, 2, 2]], [[0, 3, 3, 0, 4]])
    assert full(found.without_background()).tolist() == [[1, 0], [1, 0], [0, 1]]
    assert full(found.objects()).tolist() == [[1, 0], [0, 1]]
    assert contingency(np.zeros((0, 3), int), np.zeros((0, 3), int)).total == 0


def test_labels_beyond_what_is_counted_are_refused():
    big = np.full((2, 2), 2**31)
    with pytest.raises(ImageError, match="at most 2,147,483,647"):
        contingency(big, big)
    with pytest.raises(ImageError, match="whole numbers"):
        contingency(np.full((2, 2), 0.5), np.ones((2, 2), int))
