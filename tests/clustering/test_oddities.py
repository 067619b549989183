"""Odd rows, near copies and effects, by what they mean."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import NearestNeighbors

from graticule.clustering.oddities import effect_sizes, near_duplicates, outlier_scores


def rows(count: int = 400, columns: int = 6) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, columns))


def test_outlier_scores_are_mean_distances_from_the_nearest_others():
    values = rows()
    found, _ = NearestNeighbors(n_neighbors=6).fit(values).kneighbors(values)
    np.testing.assert_allclose(outlier_scores(values), found[:, 1:].mean(axis=1), rtol=1e-9)


def test_outlier_scores_do_not_depend_on_where_the_rows_lie():
    values = rows()
    np.testing.assert_allclose(outlier_scores(values + 1e6), outlier_scores(values), rtol=1e-5)


def test_what_is_far_is_odd_and_one_row_is_not():
    values = rows()
    values[17] += 30
    assert outlier_scores(values).argmax() == 17
    assert outlier_scores(values[:1]).tolist() == [0.0]


def test_copies_are_found_from_both_sides_and_others_are_none():
    values = rows()
    values[200] = values[3] + 1e-3
    other, distance = near_duplicates(pd.DataFrame(values))
    assert (other[3], other[200]) == (200, 3)
    assert (np.delete(other, [3, 200]) == -1).all()
    assert distance[3] == distance[200] < 0.1
    assert np.isnan(np.delete(distance, [3, 200])).all()


def test_copies_do_not_depend_on_the_scale_of_a_column():
    values = rows()
    values[200] = values[3] + 1e-3
    scaled = values * [1, 1e6, 1e-6, 1, 1, 1]
    assert near_duplicates(pd.DataFrame(scaled))[0].tolist() == (
        near_duplicates(pd.DataFrame(values))[0].tolist()
    )


def test_exact_copies_of_all_rows_are_found():
    values = np.repeat(rows(20), 2, axis=0)
    other, distance = near_duplicates(pd.DataFrame(values))
    assert (other == np.arange(40) ^ 1).all()
    assert (distance == 0).all()


def test_effect_sizes_are_differences_over_the_pooled_deviation():
    values = rows(200, 3)
    labels = np.repeat([0, 1, -1], [80, 70, 50])
    values[:80, 1] += 2
    found = effect_sizes(pd.DataFrame(values), labels, 2)
    own, rest = values[:80], values[80:]
    pooled = np.sqrt((79 * own.var(axis=0, ddof=1) + 119 * rest.var(axis=0, ddof=1)) / 198)
    np.testing.assert_allclose(found[0], (own.mean(axis=0) - rest.mean(axis=0)) / pooled)
    assert found[0].argmax() == 1
    assert found[0, 1] == pytest.approx(2, abs=0.5)


def test_a_group_of_one_has_no_effect_size():
    assert np.isnan(effect_sizes(pd.DataFrame(rows(5, 2)), np.array([0, 1, 1, 1, 1]), 2)[0]).all()


def test_memory_does_not_grow_with_the_rows():
    values = rows(20_000, 4).astype(np.float64)
    outlier_scores(values[:100])
    tracemalloc.start()
    outlier_scores(values)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6
