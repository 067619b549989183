"""Objects in one piece without holes; the ground; the scale: as found the long way."""

from __future__ import annotations

import extremal_oracle as oracle
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage
from skimage.filters import threshold_li

from graticule.core.order import percentile
from graticule.ops.segment._ground import level_and_spread, minimum_cross_entropy
from graticule.ops.segment._growth_kernels import cut_below, make_solid
from graticule.ops.segment._scale import usual_diameter
from graticule.simulate.nuclei import nuclei

SMALL = array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=8)


def solid(labels: np.ndarray, count: int) -> np.ndarray:
    out = np.zeros(labels.shape, np.int32)
    rows, into = (each.reshape(-1, labels.shape[-1]) for each in (labels, out))
    make_solid(rows, np.array(labels.shape[:-1], np.int64), count, into)
    return out


@given(arrays(np.int32, SMALL, elements=st.integers(0, 4)))
def test_the_largest_piece_of_any_labels(labels: np.ndarray) -> None:
    np.testing.assert_array_equal(solid(labels, 5), oracle.solid(labels, 5))


def test_what_lies_in_a_hole_belongs_to_the_object_of_the_lower_number() -> None:
    labels = np.zeros((9, 9), np.int32)
    labels[1:8, 1:8] = 2
    labels[3:6, 3:6] = 0
    labels[4, 4] = 1
    np.testing.assert_array_equal(solid(labels, 2), oracle.solid(labels, 2))
    assert solid(labels, 2)[4, 4] == 1
    labels[labels > 0] = 3 - labels[labels > 0]
    assert solid(labels, 2)[4, 4] == 1
    assert solid(labels, 2)[3, 3] == 1


def test_labels_end_at_a_share_of_the_mean_of_their_seeds() -> None:
    labels = np.array([1, 1, 1, 2, 2, 0], np.int32)
    seeds = np.array([1, 1, 0, 0, 2, 0], np.int32)
    cut_below(labels, seeds, np.array([4.0, 2, 1.5, 3, 8, 9]), 0.5, 2)
    assert labels.tolist() == [1, 1, 0, 0, 2, 0]


@given(
    arrays(float, st.integers(2, 60), elements=st.integers(0, 40).map(float)).filter(
        lambda values: np.ptp(values) > 0
    )
)
def test_the_threshold_is_that_of_scikit_image(values: np.ndarray) -> None:
    assert minimum_cross_entropy(np.sort(values)) == pytest.approx(threshold_li(values), rel=1e-12)


def test_the_threshold_of_many_values_is_that_of_scikit_image() -> None:
    values = np.random.default_rng(0).gamma(2.0, 3.0, 40_000)
    assert minimum_cross_entropy(np.sort(values)) == pytest.approx(threshold_li(values), rel=1e-12)


def test_level_and_spread_of_normal_values() -> None:
    level, spread = level_and_spread(np.random.default_rng(0).normal(7, 2, 100_001))
    assert level == pytest.approx(7, abs=0.03)
    assert spread == pytest.approx(2, abs=0.03)


@pytest.mark.parametrize(
    ("shape", "radius"),
    [((256, 256), 7.0), ((131, 97), 4.0), ((300, 64), 20.0), ((23, 40, 30), 4.0), ((7, 5), 2.0)],
)
def test_the_scale_found_on_coarse_grids_is_that_of_the_whole_grid(
    shape: tuple[int, ...], radius: float
) -> None:
    for seed in range(4):
        values = nuclei(shape[-2:], radius=radius, count=20, seed=seed)[0].values.astype(float)
        rng = np.random.default_rng(seed)
        noisy = values + rng.normal(0, 20, shape)
        for height in (ndimage.gaussian_filter(noisy, 0.7), rng.normal(size=shape)):
            apart = height - np.median(height)
            top = percentile(apart, 99.8)
            assert usual_diameter(apart, top) == oracle.usual_diameter(apart, top)


def test_the_scale_of_nothing_is_the_smallest() -> None:
    assert usual_diameter(np.zeros((9, 9)), 0.0) == pytest.approx(2 * 2**0.5)
