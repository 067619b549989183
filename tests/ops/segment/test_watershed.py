"""segment.watershed, markers, extrema and split, against scikit-image and simple truths."""

from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import measure, morphology, segmentation

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError

SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=9)


@st.composite
def floods(draw: st.DrawFn, dtype: Any) -> tuple[Any, Any, Any]:
    """Draw an image with ties, markers at places of different values, and a mask."""
    shape = draw(SHAPES)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    image = rng.integers(10, draw(st.sampled_from([12, 40, 4000])), shape).astype(dtype)
    count = draw(st.integers(0, min(4, image.size)))
    places = rng.choice(image.size, count, replace=False)
    markers = np.zeros(shape, np.int32)
    markers.ravel()[places] = rng.permutation(count) + 1
    image.ravel()[places] = np.arange(count)
    return image, markers, rng.random(shape) < draw(st.sampled_from([0.7, 1.0]))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int64", "float32", "float64"])
@given(data=st.data())
def test_watershed_equals_scikit_image(dtype: str, data: st.DataObject) -> None:
    image, markers, mask = data.draw(floods(dtype))
    connectivity = data.draw(st.integers(1, image.ndim))
    lines = data.draw(st.booleans())
    found = gt.op("segment.watershed")(image, markers, mask, connectivity=connectivity, lines=lines)
    expected = segmentation.watershed(
        image, markers, mask=mask, connectivity=connectivity, watershed_line=lines
    )
    np.testing.assert_array_equal(found, expected)


@given(floods("float64"), st.floats(0.1, 5))
def test_only_the_order_of_values_matters(case: tuple[Any, Any, Any], power: float) -> None:
    image, markers, mask = case
    run = gt.op("segment.watershed")
    np.testing.assert_array_equal(run(image**power, markers, mask), run(image, markers, mask))


def test_watershed_from_minima_equals_scikit_image() -> None:
    image = np.random.default_rng(3).random((40, 50)).astype(np.float32)
    image = np.asarray(gt.filters.gaussian(image, sigma=2))
    expected = segmentation.watershed(image)
    np.testing.assert_array_equal(gt.op("segment.watershed")(image), expected)


def test_nan_is_flooded_last_and_no_marker_gives_no_label() -> None:
    image = np.array([0, 1, np.nan, 2, 0])
    markers = np.array([1, 0, 0, 0, 2])
    assert list(gt.segment.watershed(image, markers)) == [1, 1, 1, 2, 2]
    assert not gt.segment.watershed(image, np.zeros(5, int)).any()


def test_bad_markers_are_refused() -> None:
    image = np.zeros((3, 3))
    with pytest.raises(ImageError, match="at most 2147483647"):
        gt.segment.watershed(image, np.full((3, 3), 2**40))
    with pytest.raises(ImageError, match="positive"):
        gt.segment.watershed(image, np.full((3, 3), -1))
    with pytest.raises(ImageError, match="must agree"):
        gt.segment.watershed(image, np.ones((3, 4), int))
    with pytest.raises(ParameterError, match="at most 2"):
        gt.segment.watershed(image, np.ones((3, 3), int), connectivity=3)


def test_each_time_is_flooded_by_itself_with_the_markers_of_all() -> None:
    rng = np.random.default_rng(5)
    image = as_image(rng.random((2, 8, 9)), dims=("t", "y", "x"))
    markers = as_image((rng.random((8, 9)) > 0.9).astype(int) * 2, dims=("y", "x"))
    found = gt.op("segment.watershed")(image, markers)
    for index in range(2):
        alone = gt.op("segment.watershed")(image[index], markers)
        np.testing.assert_array_equal(found[index], alone)


@given(hnp.arrays(np.int16, SHAPES, elements=st.integers(-9, 9)), st.data())
def test_maxima_equal_scikit_image(image: Any, data: st.DataObject) -> None:
    connectivity = data.draw(st.integers(1, image.ndim))
    found = gt.op("segment.local_maxima")(image, connectivity=connectivity)
    expected = morphology.local_maxima(image, connectivity=connectivity)
    np.testing.assert_array_equal(found, expected)
    h = data.draw(st.integers(1, 8))
    footprint = ndimage.generate_binary_structure(image.ndim, connectivity)
    high = gt.op("segment.h_maxima")(image, h=h, connectivity=connectivity)
    expected = morphology.h_maxima(image.astype(np.int64), h, footprint=footprint)
    if np.ptp(image) >= h:  # scikit-image answers otherwise where h is more than the range
        np.testing.assert_array_equal(high, expected.astype(bool))


@given(hnp.arrays(np.float32, (6, 7), elements=st.floats(0, 9, width=16)), st.integers(0, 5))
def test_markers_are_apart_and_one_is_at_the_highest(image: Any, apart: int) -> None:
    found = gt.op("segment.markers")(image, min_distance=apart)
    tops = measure.label(gt.op("segment.h_maxima")(image, h=0.0), connectivity=1)
    assert set(np.unique(tops[found > 0])) <= set(np.unique(tops))
    if apart == 0:
        np.testing.assert_array_equal(found, tops)
    if not tops.any():
        return
    assert found.ravel()[np.argmax(np.where(tops > 0, image, -1))] > 0
    firsts = [np.argwhere(found == number)[0] for number in range(1, found.max() + 1)]
    for number, one in enumerate(firsts):
        for other in firsts[:number]:
            assert np.linalg.norm(one - other) >= apart


def discs(centres: Any, radii: Any, shape: tuple[int, ...]) -> Any:
    grid = np.indices(shape)
    away = [
        np.sqrt(sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True))) - radius
        for centre, radius in zip(centres, radii, strict=True)
    ]
    return np.min(away, axis=0) <= 0


@pytest.mark.parametrize("depth", [1, 3])
def test_split_parts_discs_that_touch(depth: int) -> None:
    mask = discs([(20, 20), (20, 44), (60, 30)], [14, 14, 9], (80, 70))
    assert measure.label(mask, connectivity=1).max() == 2
    labels = gt.op("segment.split")(mask, depth=depth)
    assert labels.max() == 3
    np.testing.assert_array_equal(labels > 0, mask)
    assert labels[20, 20] != labels[20, 44]
    assert gt.op("segment.split")(mask, depth=30).max() == 2
    assert gt.op("segment.split")(mask, depth=depth, min_distance=40).max() == 2


def test_split_in_units_is_that_of_the_resampled_image() -> None:
    fine = discs([(16, 20, 20), (16, 20, 42)], [13, 13], (33, 41, 63))
    image = as_image(fine[::2], spacing={"z": "2 um", "y": "1 um", "x": "1 um"})
    labels = gt.op("segment.split")(image, depth="2 um")
    assert int(labels.max()) == 2
    sizes = np.bincount(labels.values.ravel())[1:]
    assert abs(sizes[0] - sizes[1]) < 0.1 * sizes[0]


@given(hnp.arrays(bool, SHAPES))
def test_split_keeps_the_mask_and_every_object(mask: Any) -> None:
    labels = gt.op("segment.split")(mask, depth=2)
    np.testing.assert_array_equal(labels > 0, mask)
    objects = measure.label(mask, connectivity=1)
    pairs = np.unique(np.stack([labels[mask], objects[mask]]), axis=1)
    assert len(pairs[0]) == labels.max(initial=0), "a part lies in one object"


def test_lines_on_a_plateau_take_each_sample_once() -> None:
    """Were a sample in a queue for each neighbour that reaches it, this would take minutes."""
    markers = np.zeros((32, 32, 32), np.int32)
    places = np.random.default_rng(0).choice(markers.size, 60, replace=False)
    markers.ravel()[places] = np.arange(1, 61)
    run = gt.op("segment.watershed")
    small = np.zeros((4, 4, 4), np.uint8)
    run(small, markers[:4, :4, :4], connectivity=3, lines=True)
    started = time.process_time()
    labels = run(np.zeros(markers.shape, np.uint8), markers, connectivity=3, lines=True)
    assert time.process_time() - started < 5
    np.testing.assert_array_equal(labels[markers > 0], markers[markers > 0])
    for shift in itertools.product((0, 1), repeat=3):
        one = labels[tuple(slice(s, None) for s in shift)]
        other = labels[tuple(slice(None, 32 - s) for s in shift)]
        touching = (one != other) & (one > 0) & (other > 0)
        assert not touching.any()
