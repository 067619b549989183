"""The packing of the grains recipe: as many as it says, touching, and away from the border."""

from __future__ import annotations

import numpy as np
import pytest

import graticule as gt
from graticule.recipes.grains.example import packing, tomogram


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    return packing()


def test_grains_touch_and_none_is_cut(truth: np.ndarray) -> None:
    assert truth.max() == len(np.unique(truth)) - 1 == 133
    assert int(gt.segment.label(truth > 0).max()) == 62
    np.testing.assert_array_equal(gt.segment.clear_border(truth), truth)


def test_splitting_finds_each_grain(truth: np.ndarray) -> None:
    smooth = gt.filters.gaussian(tomogram(truth), sigma=1)
    found = gt.segment.split(gt.threshold.otsu(smooth), depth=1.5)
    assert int(found.max()) == 133
    both = (truth > 0) & (found > 0)
    pairs, counts = np.unique(np.stack([truth[both], found[both]]), axis=1, return_counts=True)
    overlap = np.zeros((134, 134))
    overlap[pairs[0], pairs[1]] = counts
    sizes = np.bincount(truth.ravel(), minlength=134)
    assert (overlap.max(1)[1:] > 0.9 * sizes[1:]).all(), "each grain is nearly all in one label"
