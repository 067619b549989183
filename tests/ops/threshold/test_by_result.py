"""A threshold by its result: no other threshold comes nearer, and the record warns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage import data

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError

IMAGES = hnp.arrays(np.uint8, hnp.array_shapes(max_dims=3, max_side=7), elements=st.integers(0, 9))
run = gt.op("threshold.by_result")


def measured(mask: Any, want: str, least: int = 1, connectivity: int = 1) -> float:
    if want == "pixels":
        return float(mask.sum())
    if want == "fraction":
        return float(mask.mean())
    labels, _ = ndimage.label(mask, ndimage.generate_binary_structure(mask.ndim, connectivity))
    sizes = np.bincount(labels.ravel())[1:]
    sizes = sizes[sizes >= least]
    return float(sizes.size) if want == "count" else float(sizes.sum() / max(sizes.size, 1))


@pytest.mark.parametrize("want", ["fraction", "pixels", "count", "size"])
@given(image=IMAGES, target=st.floats(0, 20), least=st.integers(1, 4), full=st.booleans())
def test_no_threshold_comes_nearer(
    want: str, image: Any, target: float, least: int, full: bool
) -> None:
    connectivity = image.ndim if full else 1
    found = run(image, want=want, target=target, min_size=least, connectivity=connectivity)
    row = found.record.iloc[0]
    np.testing.assert_array_equal(found.mask, image > row["threshold"])
    achieved = measured(found.mask, want, least, connectivity)
    assert row["achieved"] == pytest.approx(achieved)
    levels = np.unique(image)[:-1]
    others = [measured(image > level, want, least, connectivity) for level in levels]
    best = min((abs(other - target) for other in others), default=abs(achieved - target))
    assert abs(achieved - target) == pytest.approx(best)


def check_the_stretch(image: Any, target: int) -> None:
    row = run(image, want="count", target=target).record.iloc[0]
    for threshold in np.linspace(row["low"], row["high"], 7)[:-1]:
        assert measured(image > threshold, "count") == row["achieved"]


@given(image=IMAGES, target=st.integers(0, 9))
@example(image=np.array([[2, 0, 2, 0], [2, 2, 1, 2]], np.uint8), target=2)
def test_every_threshold_between_low_and_high_gives_the_same(image: Any, target: int) -> None:
    check_the_stretch(image, target)


def test_the_middle_of_the_widest_stretch_is_taken() -> None:
    image = np.array([0, 100, 0, 90, 0, 10, 0, 8])
    row = run(image, want="count", target=2).record.iloc[0]
    assert (row["threshold"], row["low"], row["high"]) == (50, 10, 90)


def test_the_record_says_what_such_a_result_is_worth() -> None:
    record = run(as_image(data.coins(), units="count"), want="count", target=24).record
    assert "no evidence" in record["warning"].iloc[0]
    assert record["target"].iloc[0] == 24
    assert record.attrs["units"]["threshold"] == "count"


@pytest.mark.parametrize("target", [0.05, 0.3, 0.9])
def test_the_fraction_of_a_photograph_of_many_values(target: float) -> None:
    rng = np.random.default_rng(0)
    image = data.camera() + rng.normal(0, 1, (512, 512))  # more values than levels
    found = run(image, want="fraction", target=target)
    assert found.record["achieved"].iloc[0] == pytest.approx(found.mask.mean())
    assert found.mask.mean() == pytest.approx(target, abs=1e-3)


def test_missing_samples_and_those_outside_the_mask_are_no_part_of_the_whole() -> None:
    image, mask = np.array([1, np.nan, 5, 9, 9]), np.array([1, 1, 1, 1, 0], bool)
    found = run(image, mask, want="fraction", target=1 / 3)
    np.testing.assert_array_equal(found.mask, [0, 0, 0, 1, 0])
    assert found.record["achieved"].iloc[0] == pytest.approx(1 / 3)
    with pytest.raises(ImageError, match="no finite value"):
        run(image, np.zeros(5, bool), target=0.5)


def test_a_constant_image_has_no_object() -> None:
    found = run(np.full((3, 4), 7.0), want="count", target=1)
    assert not found.mask.any()
    assert found.record["achieved"].iloc[0] == 0


def test_along_other_dims_objects_are_counted_together_and_not_connected() -> None:
    stack = as_image(np.array([[9, 0, 0], [9, 0, 9]]), dims=("t", "x"))
    assert run(stack, want="count", target=3).record["achieved"].iloc[0] == 3


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64", "uint64", "float16"])
def test_any_dtype(dtype: str) -> None:
    image = np.array([0, 1, 0, 1, 1]).astype(dtype)
    found = run(image, want="count", target=2)
    np.testing.assert_array_equal(found.mask, [0, 1, 0, 1, 1])


def test_connectivity_is_at_most_the_number_of_dims() -> None:
    with pytest.raises(ParameterError, match="connectivity: must be at most 2, not 3"):
        run(np.zeros((3, 3)), target=1, connectivity=3)
