"""Superpixels against a truth: closed forms, brute force, and laws."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import skimage
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage.io import imread
from skimage.segmentation import find_boundaries, slic

from graticule.core.errors import ImageError, ParameterError
from graticule.evaluate.superpixels import (
    achievable_accuracy,
    boundary_recall,
    explained_variation,
    undersegmentation_error,
)

LABELS = hnp.arrays(np.int32, (7, 9), elements=st.integers(0, 5))
VOLUMES = hnp.arrays(np.int16, (4, 5, 6), elements=st.integers(0, 3))


def leaking(labels, truth):
    """Return undersegmentation error and achievable accuracy by loops over the segments."""
    error = right = 0
    for s in np.unique(labels):
        inside = truth[labels == s]
        sizes = [(inside == g).sum() for g in np.unique(inside)]
        error += sum(min(size, inside.size - size) for size in sizes)
        right += max(sizes)
    return error / labels.size, right / labels.size


@settings(deadline=None)
@given(LABELS, LABELS)
def test_leaks_equal_loops(labels, truth):
    error, right = leaking(labels, truth)
    assert undersegmentation_error(labels, truth) == pytest.approx(error, abs=1e-12)
    assert achievable_accuracy(labels, truth) == pytest.approx(right, abs=1e-12)


@settings(deadline=None)
@given(LABELS, LABELS, st.integers(0, 3))
def test_recall_equals_skimage_and_a_square_dilation(labels, truth, tolerance):
    wanted = find_boundaries(truth, connectivity=1, mode="thick")
    near = ndimage.binary_dilation(
        find_boundaries(labels, connectivity=1, mode="thick"),
        np.ones((2 * tolerance + 1,) * 2),
    )
    expected = near[wanted].mean() if wanted.any() else math.nan
    if not wanted.any() and (labels == labels[0, 0]).all():
        expected = 1.0
    found = boundary_recall(labels, truth, tolerance=tolerance)
    assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert boundary_recall(labels, wanted, tolerance=tolerance) == pytest.approx(
        found, abs=1e-12, nan_ok=True
    )


@settings(deadline=None)
@given(VOLUMES, VOLUMES)
def test_recall_rises_with_the_tolerance_in_volumes(labels, truth):
    found = [boundary_recall(labels, truth, tolerance=t) for t in range(4)]
    if not math.isnan(found[0]):
        assert found == sorted(found)


@settings(deadline=None)
@given(LABELS)
def test_the_truth_itself_is_perfect(labels):
    assert undersegmentation_error(labels, labels) == 0
    assert achievable_accuracy(labels, labels) == 1
    assert boundary_recall(labels, labels, tolerance=0) == 1
    assert explained_variation(labels, labels) == pytest.approx(1)


@settings(deadline=None)
@given(LABELS, hnp.arrays(np.float64, (7, 9), elements=st.integers(-900, 900)))
def test_variation_is_what_the_residuals_leave(labels, image):
    means = np.zeros(image.shape)
    for number in np.unique(labels):
        means[labels == number] = image[labels == number].mean()
    total = ((image - image.mean()) ** 2).sum()
    expected = 1 - ((image - means) ** 2).sum() / total if total > 1e-12 else 1.0
    assert explained_variation(labels, image) == pytest.approx(expected, abs=1e-9)


def test_channels_are_summed_and_dims_go_by_name():
    rng = np.random.default_rng(0)
    labels, image = rng.integers(0, 4, (8, 9)), rng.normal(size=(8, 9, 3))
    centred = image - image.mean((0, 1))
    means = np.stack([ndimage.mean(c, labels, range(4))[labels] for c in centred.T.swapaxes(1, 2)])
    expected = (means**2).sum() / (centred**2).sum()
    assert explained_variation(labels, image) == pytest.approx(expected)
    named = xr.DataArray(np.moveaxis(image, -1, 0), dims=("c", "y", "x"))
    turned = xr.DataArray(labels.T, dims=("x", "y"))
    assert explained_variation(turned, named) == pytest.approx(expected)


def test_large_numbers_of_any_dtype_are_segments_too():
    labels = np.repeat([[1, 2, 3]], 4, axis=0)
    image = labels * 2.0 + np.arange(4)[:, None]
    expected = explained_variation(labels, image)
    for kind in (np.uint8, np.uint64, np.int64, np.float32, ">i4"):
        assert explained_variation(labels.astype(kind), image) == expected
        assert boundary_recall(labels.astype(kind), labels, tolerance=0) == 1
    assert explained_variation(labels.astype(np.uint64) << np.uint64(40), image) == expected


def test_finer_superpixels_of_a_photograph_explain_more():
    image = imread(Path(skimage.__file__).parent / "data" / "coins.png")
    found = [
        explained_variation(slic(image, n, compactness=0.1, channel_axis=None), image)
        for n in (50, 400)
    ]
    assert 0.3 < found[0] < found[1] < 1


def test_empty_and_wrong_input():
    flat = np.ones((4, 4), int)
    split = np.repeat([1, 2], 8).reshape(4, 4)
    assert math.isnan(boundary_recall(split, flat))
    assert boundary_recall(flat, split) == 0
    assert boundary_recall(flat, flat) == 1
    assert explained_variation(flat, np.full((4, 4), 3.0)) == 1
    with pytest.raises(ImageError, match="4 x 4, the truth 4 x 5"):
        boundary_recall(flat, np.ones((4, 5), int))
    with pytest.raises(ImageError, match="not be negative"):
        undersegmentation_error(flat, -flat)
    with pytest.raises(ImageError, match="not a mask"):
        achievable_accuracy(flat.astype(bool), flat)
    with pytest.raises(ImageError, match="must be finite; 1 of 16"):
        explained_variation(flat, np.where(np.arange(16) == 3, np.nan, 1).reshape(4, 4))
    for wrong in (-1, 0.5, np.inf, np.nan, "2"):
        with pytest.raises(ParameterError, match="tolerance"):
            boundary_recall(flat, flat, tolerance=wrong)
