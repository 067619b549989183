"""segment.merge_regions and segment.quadtree: against plain loops, and what must hold of each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import data

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError

SMALL = hnp.array_shapes(min_dims=1, max_dims=3, max_side=5)
VALUES = st.integers(0, 20)


def canonical(labels: Any) -> Any:
    found, index, numbers = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(index[found > 0])
    new = np.zeros(len(found), int)
    new[np.flatnonzero(found > 0)[order]] = np.arange(1, len(order) + 1)
    return new[numbers].reshape(labels.shape)


def borders(labels: Any, image: Any) -> dict[tuple[int, int], list[float]]:
    found: dict[tuple[int, int], list[float]] = {}
    for place in np.ndindex(labels.shape):
        for axis in range(labels.ndim):
            beside = tuple(p + (n == axis) for n, p in enumerate(place))
            if beside[axis] < labels.shape[axis]:
                pair = sorted((int(labels[place]), int(labels[beside])))
                if 0 < pair[0] < pair[1]:
                    step = abs(float(image[place]) - float(image[beside]))
                    found.setdefault((pair[0], pair[1]), []).append(step)
    return found


def merged_plainly(labels: Any, image: Any, by: str, threshold: float) -> Any:
    labels = labels.copy()
    while True:
        weights = {
            pair: np.mean(steps)
            if by == "boundary"
            else abs(image[labels == pair[0]].mean() - image[labels == pair[1]].mean())
            for pair, steps in borders(labels, image).items()
        }
        least = min(weights.values(), default=np.inf)
        if not least <= threshold:
            return canonical(labels)
        alike = [pair for pair, weight in weights.items() if weight <= least + 1e-9]
        if len(alike) > 1 and least > 0:
            return None  # who is first among equals is not what is tried here
        labels[labels == alike[0][1]] = alike[0][0]


@settings(max_examples=150)
@given(shape=SMALL, seed=st.integers(0, 999), by=st.sampled_from(["mean", "boundary"]))
def test_merging_is_that_of_a_plain_loop(shape: tuple[int, ...], seed: int, by: str) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 7, shape).astype(np.int32)
    image = rng.normal(size=shape)
    threshold = float(rng.uniform(0, 2))
    expected = merged_plainly(labels, image, by, threshold)
    if expected is not None:
        found = gt.op("segment.merge_regions")(labels, image, by=by, threshold=threshold)
        np.testing.assert_array_equal(found, expected)


@given(labels=hnp.arrays(np.int32, SMALL, elements=st.integers(0, 9)), number=st.integers(1, 9))
def test_as_many_are_left_as_wanted_where_all_touch(labels: Any, number: int) -> None:
    image = np.random.default_rng(0).normal(size=labels.shape)
    found = gt.op("segment.merge_regions")(labels, image, number=number)
    np.testing.assert_array_equal(found > 0, labels > 0)
    present = len(np.unique(labels[labels > 0]))
    assert min(number, present) <= found.max(initial=0) <= present
    if (labels > 0).all():
        assert found.max(initial=0) == min(number, present)


def test_superpixels_become_objects() -> None:
    grid = np.add.outer((np.arange(100) - 48) ** 2, (np.arange(120) - 60) ** 2)
    truth = 1 + (grid < 30**2)
    image = truth * 4 + np.random.default_rng(0).normal(0, 0.8, truth.shape)
    pixels = gt.op("segment.etps")(image, segments=80)
    for by in ("mean", "boundary"):
        found = gt.op("segment.merge_regions")(pixels, image, by=by, number=2)
        assert (found == truth).mean() > 0.98


def test_a_sharp_edge_parts_where_a_ramp_does_not() -> None:
    image = np.concatenate([np.linspace(0, 10, 50), np.linspace(14, 20, 50)])
    labels = np.arange(100) // 10 + 1
    by_border = gt.op("segment.merge_regions")(labels, image, by="boundary", threshold=1)
    np.testing.assert_array_equal(by_border, np.arange(100) // 50 + 1)
    assert gt.op("segment.merge_regions")(labels, image, threshold=1).max() == 10


def test_colours_are_compared_by_all_channels() -> None:
    image = as_image(np.array([[[0, 0], [0, 9], [0, 9.5]]]), dims=("y", "x", "c"))
    labels = as_image(np.array([[1, 2, 3]]))
    found = gt.op("segment.merge_regions")(labels, image, threshold=1)
    np.testing.assert_array_equal(found, [[1, 2, 2]])


def test_regions_without_a_value_stay() -> None:
    found = gt.op("segment.merge_regions")(np.array([1, 2, 3]), [1, np.nan, 1], number=1)
    np.testing.assert_array_equal(found, [1, 2, 3])


def test_what_cannot_be_merged_is_refused() -> None:
    with pytest.raises(ParameterError, match="threshold: must be given, or number"):
        gt.op("segment.merge_regions")(np.array([1, 2]), np.array([1.0, 2.0]))
    other = as_image(np.zeros((2, 2)), dims=("y", "x"))
    with pytest.raises(ImageError, match="must have the dims"):
        gt.op("segment.merge_regions")(as_image([1, 2]), other, number=1)


def split_plainly(plane: Any, spread: Any, threshold: float, side: int, at: Any, out: Any) -> None:
    box = tuple(slice(start, start + side) for start in at)
    part = plane[box]
    if part.size == 0:
        return
    if side == 1 or spread(part) <= threshold:
        out[box] = out.max() + 1
        return
    for corner in np.ndindex((2,) * plane.ndim):
        begin = tuple(a + c * side // 2 for a, c in zip(at, corner, strict=True))
        split_plainly(plane, spread, threshold, side // 2, begin, out)


@given(
    plane=hnp.arrays(np.int16, hnp.array_shapes(max_dims=3, max_side=9), elements=VALUES),
    threshold=st.floats(0.1, 12),
    criterion=st.sampled_from(["range", "deviation"]),
)
def test_blocks_are_those_of_a_plain_recursion(
    plane: Any, threshold: float, criterion: str
) -> None:
    expected = np.zeros(plane.shape, int)
    side = 1 << int(np.ceil(np.log2(max(plane.shape))))
    spread = np.ptp if criterion == "range" else np.std
    if criterion == "deviation":
        threshold = np.pi * threshold / 4  # never met exactly
    split_plainly(plane, spread, threshold, side, (0,) * plane.ndim, expected)
    found = gt.op("segment.quadtree")(plane, threshold=threshold, criterion=criterion)
    np.testing.assert_array_equal(found, canonical(expected))


def test_no_block_is_smaller_than_wanted() -> None:
    image = as_image(data.camera()[:64, :64], spacing={"y": "1 um", "x": "0.5 um"})
    labels = gt.op("segment.quadtree")(image, threshold=0, min_size="2 um").values
    boxes = ndimage.find_objects(labels)
    assert min(box[1].stop - box[1].start for box in boxes) == 4


def test_merging_joins_what_the_grid_cut() -> None:
    image = np.zeros((33, 47))
    image[9:20, 11:30] = 5
    blocks = gt.op("segment.quadtree")(image, threshold=1)
    assert blocks.max() > 10
    np.testing.assert_array_equal(
        gt.op("segment.quadtree")(image, threshold=1, merge=1), 1 + (image > 0)
    )


def test_samples_without_a_value_are_in_no_block() -> None:
    image = np.ones((6, 7))
    image[2, 3] = np.nan
    labels = gt.op("segment.quadtree")(image, threshold=0)
    np.testing.assert_array_equal(labels == 0, np.isnan(image))
    assert labels.max() == 1


@pytest.mark.parametrize("criterion", ["range", "deviation"])
def test_even_blocks_are_not_cut_where_no_spread_is_allowed(criterion: str) -> None:
    image = np.full((64, 64), 0.1)
    image[32:, :32], image[32:, 32:] = 0.7, 0.3
    labels = gt.op("segment.quadtree")(image, threshold=0, criterion=criterion)
    np.testing.assert_array_equal(labels[::32, ::32], [[1, 2], [3, 4]])
    assert labels.max() == 4
