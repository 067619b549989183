"""The tree of parts, run by run, is that of one label image a threshold."""

from __future__ import annotations

import extremal_oracle as oracle
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from graticule.ops.segment._component_tree import best_parts, tree_of
from graticule.ops.segment._ellipses import fit_of, worth

SMALL = array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=9)


def equal_trees(values: np.ndarray, thresholds: np.ndarray, least: float = 1) -> None:
    tree = tree_of(values, thresholds)
    levels, parents, areas, fits = oracle.tree_of(values, thresholds)
    np.testing.assert_array_equal(tree.parents, parents)
    np.testing.assert_array_equal(tree.areas, areas)
    np.testing.assert_allclose(tree.worths, worth(areas, fits), rtol=1e-9)
    assert len(tree.first) == len(levels)
    if levels:
        own = np.where(tree.areas >= least, tree.worths, 0.0)
        chosen = oracle.best_parts(levels, parents, own)
        np.testing.assert_array_equal(best_parts(tree, least), chosen)


@given(arrays(np.int8, SMALL, elements=st.integers(0, 4)), st.integers(1, 20))
def test_of_any_small_array(values: np.ndarray, least: int) -> None:
    equal_trees(values.astype(float), np.arange(4) + 0.5, least)


@pytest.mark.parametrize("shape", [(70, 150), (12, 20, 30), (3, 200), (200, 3), (400,)])
@pytest.mark.parametrize("smooth", [0.0, 0.7, 2.0])
def test_of_noise_with_holes_in_holes(shape: tuple[int, ...], smooth: float) -> None:
    values = np.random.default_rng(len(shape)).normal(size=shape)
    values = ndimage.gaussian_filter(values, smooth)
    for least in (1, 20):
        equal_trees(values, np.linspace(-0.5, 2, 32) * values.std(), least)


def test_a_hole_counts_if_it_is_small_and_closed() -> None:
    values = np.zeros((12, 12))
    values[1:-1, 1:-1] = 1
    values[4:7, 4:7] = 0
    assert tree_of(values, np.array([0.5])).areas.tolist() == [100]
    values[4:8, 4:10] = 0  # more than a fifth of the rest
    assert tree_of(values, np.array([0.5])).areas.tolist() == [76]
    ring = np.ones((12, 12))  # up to the border, and its hole the only place outside
    ring[5, 5] = 0
    assert tree_of(ring, np.array([0.5])).areas.tolist() == [144]


@pytest.mark.parametrize("shape", [(40, 90), (9, 20, 30), (500,)])
def test_fits_are_those_of_positions_one_by_one(shape: tuple[int, ...]) -> None:
    labels = np.random.default_rng(0).integers(0, 12, shape).astype(np.int32)
    for found, wanted in zip(fit_of(labels, 13), oracle.fit_of(labels, 13), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_the_fit_of_what_is_small_and_far_from_the_origin() -> None:
    labels = np.zeros((5, 60_000), np.int32)
    labels[1:4, -4:-1] = 1
    near = fit_of(labels[:, -6:], 1)
    np.testing.assert_array_equal(fit_of(labels, 1), near)
