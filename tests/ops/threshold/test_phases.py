"""Several thresholds: the best cuts of a histogram, and the phases between them."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import data, filters

import graticule as gt
from graticule.core.errors import ParameterError

SMALL = hnp.arrays(np.uint8, st.integers(1, 60), elements=st.integers(0, 20))


def thresholds(image: Any, classes: int) -> list[float]:
    row = gt.op("threshold.values")(image, methods=["multi_otsu"], classes=classes)
    return [float(value) for value in row.iloc[0]]


def between(image: Any, cuts: Any) -> float:
    """Return the sum of squares between the classes."""
    classes = np.searchsorted(cuts, image)
    wide = image.astype(float)
    own = [wide[classes == k] for k in np.unique(classes)]
    return float(sum(part.size * (part.mean() - wide.mean()) ** 2 for part in own))


@given(image=SMALL, classes=st.integers(2, 5))
def test_no_other_cuts_are_better(image: Any, classes: int) -> None:
    values = np.unique(image)
    found = [value for value in thresholds(image, classes) if not np.isnan(value)]
    assert len(found) == min(classes, values.size) - 1
    if values.size > classes:
        best = max(between(image, c) for c in itertools.combinations(values[:-1], classes - 1))
        assert between(image, found) == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize("picture", ["coins", "camera", "page", "cell"])
def test_equals_scikit_image_on_photographs(picture: str, classes: int) -> None:
    image = getattr(data, picture)()
    for given_image in (image, image.astype(np.float32) / 255):
        expected = filters.threshold_multiotsu(given_image, classes)
        np.testing.assert_array_equal(thresholds(given_image, classes), expected.astype(float))


@given(image=SMALL)
def test_two_classes_are_as_far_apart_as_those_of_otsu(image: Any) -> None:
    otsu = gt.op("threshold.values")(image, methods=["otsu"])["otsu"].iloc[0]
    if np.unique(image).size > 1:  # of equals either may be taken
        assert between(image, thresholds(image, 2)) == pytest.approx(between(image, [otsu]))


def test_five_classes_of_sixteen_bits() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 5, (200, 210))
    image = (rng.normal(truth * 12_000 + 6_000, 900)).astype(np.uint16)
    np.testing.assert_array_equal(gt.op("threshold.multi_otsu")(image, classes=5), truth + 1)


@given(image=SMALL, cuts=st.lists(st.integers(0, 20), min_size=1, max_size=4, unique=True))
def test_phases_count_the_thresholds_below(image: Any, cuts: list[int]) -> None:
    found = gt.op("threshold.phases")(image, values=sorted(cuts))
    np.testing.assert_array_equal(found, np.digitize(image, sorted(cuts), right=True) + 1)


def test_what_is_not_known_is_in_no_phase() -> None:
    image = np.array([np.nan, 1, 2, -np.inf, np.inf, 3])
    mask = np.array([1, 1, 1, 1, 1, 0], bool)
    found = gt.op("threshold.phases")(image, mask, values=[1.5])
    np.testing.assert_array_equal(found, [0, 1, 2, 1, 2, 0])
    found = gt.op("threshold.multi_otsu")(image, mask, classes=2)
    np.testing.assert_array_equal(found, [0, 1, 2, 1, 2, 0])


@pytest.mark.parametrize("values", [[2, 1], [1, 1], []])
def test_thresholds_must_rise(values: list[float]) -> None:
    with pytest.raises(ParameterError, match=r"threshold\.phases\.values"):
        gt.op("threshold.phases")(np.zeros((2, 2)), values=values)
