"""segment.slic and segment.etps: connected, whole, on borders; slic as scikit-image has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import data, segmentation

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError

BOTH = ["segment.slic", "segment.etps"]
GREY = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=3, max_side=12))


def is_connected(labels: Any, label: int) -> bool:
    return bool(ndimage.label(labels == label)[1] == 1)


def first_appearances(labels: Any) -> list[int]:
    found, index = np.unique(labels[labels > 0], return_index=True)
    return list(found[np.argsort(index)])


@pytest.mark.parametrize("name", BOTH)
@settings(max_examples=40)
@given(values=GREY, wanted=st.integers(1, 30), masked=st.booleans(), seed=st.integers(0, 99))
def test_every_sample_is_in_one_connected_superpixel(
    name: str, values: Any, wanted: int, masked: bool, seed: int
) -> None:
    mask = np.random.default_rng(seed).random(values.shape) < 0.7 if masked else None
    labels = gt.op(name)(values, mask, segments=wanted)
    assert labels.dtype == np.int32
    inside = np.ones(values.shape, bool) if mask is None else mask
    np.testing.assert_array_equal(labels > 0, inside)
    assert first_appearances(labels) == list(range(1, labels.max(initial=0) + 1))
    assert all(is_connected(labels, label) for label in range(1, labels.max(initial=0) + 1))


@pytest.mark.parametrize(
    ("image", "compactness"),
    [(data.camera()[:200, :300], 10), (data.camera()[::2, ::2], 2), (data.coffee()[:200], 20)],
)
def test_slic_is_that_of_scikit_image(image: Any, compactness: float) -> None:
    colour = image.ndim == 3
    ours = gt.op("segment.slic")(
        as_image(image, dims=["y", "x", "c"][: image.ndim]), segments=120, compactness=compactness
    )
    theirs = segmentation.slic(
        image,
        n_segments=120,
        compactness=compactness if colour else compactness / 100,
        channel_axis=-1 if colour else None,
    )
    assert abs(int(ours.max()) - int(theirs.max())) <= 1
    assert _agreement(ours.values, theirs) > 0.995


def test_slic_of_a_volume_is_that_of_scikit_image() -> None:
    noise = np.random.default_rng(0).normal(size=(20, 40, 50)).astype(np.float32)
    volume = ndimage.gaussian_filter(noise, 2)
    ours = gt.op("segment.slic")(volume, segments=60)
    theirs = segmentation.slic(volume, n_segments=60, compactness=0.1, channel_axis=None)
    assert _agreement(ours, theirs) > 0.999


def _agreement(one: Any, other: Any) -> float:
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(one.ravel(), other.ravel()))


def _recall(labels: Any, truth: Any) -> float:
    def borders(of: Any) -> Any:
        return segmentation.find_boundaries(of, mode="inner")

    near = ndimage.binary_dilation(borders(labels), np.ones((3, 3)))
    return float((near & borders(truth)).sum() / borders(truth).sum())


def test_etps_keeps_to_borders_where_slic_does_not() -> None:
    grid = np.add.outer((np.arange(120) - 57) ** 2, (np.arange(150) - 71) ** 2)
    truth = (grid < 40**2).astype(int)
    image = truth * 3 + np.random.default_rng(1).normal(0, 0.5, truth.shape)
    etps = gt.op("segment.etps")(image, segments=60)
    slic = gt.op("segment.slic")(image, segments=60)
    assert abs(int(etps.max()) - 60) <= 4
    assert _recall(etps, truth) > 0.97
    assert _recall(etps, truth) > _recall(slic, truth)


@pytest.mark.parametrize("name", BOTH)
def test_neither_gain_nor_offset_matters(name: str) -> None:
    image = data.coins()[:90, :110].astype(np.float64)
    labels = gt.op(name)(image, segments=40)
    np.testing.assert_array_equal(labels, gt.op(name)(4 * image - 64, segments=40))


def test_outliers_do_not_matter_to_etps() -> None:
    image = data.coins()[:90, :110].astype(np.float32)
    spotted = image.copy()
    spotted[5, 7] = 1e6
    labels, other = (gt.op("segment.etps")(each, segments=40) for each in (image, spotted))
    assert _agreement(labels, other) > 0.9


@pytest.mark.parametrize("name", BOTH)
def test_cells_are_cubes_in_space(name: str) -> None:
    flat = np.zeros((16, 64, 64), np.float32)
    image = as_image(flat, spacing={"z": "4 um", "y": "1 um", "x": "1000 nm"})
    labels = gt.op(name)(image, segments=4 * 4 * 4).values
    boxes = ndimage.find_objects(labels)
    extents = np.array([[s.stop - s.start for s in box] for box in boxes])
    assert labels.max() == 64
    assert (np.abs(extents - [4, 16, 16]) <= 1).all()


@pytest.mark.parametrize("name", BOTH)
def test_samples_without_a_value_are_in_none(name: str) -> None:
    image = data.camera()[:40, :50].astype(np.float32)
    image[3:9, 4:20], image[30, 30] = np.nan, np.inf
    labels = gt.op(name)(image, segments=12)
    np.testing.assert_array_equal(labels == 0, ~np.isfinite(image))
    assert not gt.op(name)(np.full((4, 5), np.nan)).any()


@pytest.mark.parametrize("name", BOTH)
def test_each_time_counts_on_by_itself(name: str) -> None:
    film = as_image(data.camera()[:80, :60].reshape(2, 40, 60), dims=("t", "y", "x"))
    labels = gt.op(name)(film, segments=20)
    first, second = (gt.op(name)(film[t], segments=20).values for t in (0, 1))
    np.testing.assert_array_equal(labels[0], first)
    np.testing.assert_array_equal(labels[1], second + first.max())


@pytest.mark.parametrize("name", BOTH)
def test_channels_may_come_first(name: str) -> None:
    last = as_image(data.astronaut()[:64, :80], dims=("y", "x", "c"))
    first = last.transpose("c", "y", "x")
    run = gt.op(name)
    assert run(first, segments=20).identical(run(last, segments=20))


@pytest.mark.parametrize("name", BOTH)
def test_colours_are_compared_as_people_see_them_unless_told_otherwise(name: str) -> None:
    image = as_image(data.astronaut()[:64, :80], dims=("y", "x", "c"))
    run = gt.op(name)
    assert (run(image, segments=40) != run(image, segments=40, colour="none")).any()


def test_four_dims_that_are_no_space_are_refused() -> None:
    image = as_image(np.zeros((2, 2, 2, 2)), dims=("a", "b", "d", "e"))
    with pytest.raises(ImageError, match="one to three dims besides features"):
        gt.op("segment.etps")(image)


def test_etps_finds_as_many_as_a_grid_has() -> None:
    labels = gt.op("segment.etps")(data.camera()[:128, :128], segments=64)
    assert labels.max() == 64
    assert np.bincount(labels.ravel())[1:].min() >= 0.25 * 16 * 16
