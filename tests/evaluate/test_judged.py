"""What is left out has no say: region of interest, ignore label, NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from sklearn.metrics import f1_score, roc_auc_score

from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.evaluate.judged import judged
from graticule.evaluate.outlines import outline_distances
from graticule.evaluate.scores import mask_row, object_row, score_row


def fields(seed: int) -> tuple[Any, Any, Any]:
    """Return scores, their truth and a region of interest."""
    rng = np.random.default_rng(seed)
    field, fault, place = (ndimage.gaussian_filter(rng.normal(size=(64, 72)), 2) for _ in range(3))
    return field + 0.6 * fault, field > 0.1, place > -0.1


@settings(max_examples=10)
@given(st.integers(0, 99))
def test_what_is_left_out_has_no_say(seed: int) -> None:
    scores, truth, where = fields(seed)
    noise = np.random.default_rng(seed).normal(size=where.shape)
    other, true = np.where(where, scores, noise), np.where(where, truth, noise > 0)
    options = {"where": where, "n": 50}
    np.testing.assert_equal(
        mask_row(scores > 0, truth, **options), mask_row(other > 0, true, **options)
    )
    np.testing.assert_equal(
        score_row(scores, truth, **options)[0], score_row(other, true, **options)[0]
    )
    both = [outline_distances(s > 0, t, where=where) for s, t in ((scores, truth), (other, true))]
    np.testing.assert_array_equal(both[0].to_truth, both[1].to_truth)


def test_the_rest_is_scored_as_scikit_learn_does() -> None:
    scores, truth, where = fields(3)
    row = mask_row(scores > 0, truth, where=where, n=50)
    assert row["dice"] == pytest.approx(f1_score(truth[where], scores[where] > 0))
    assert row["tp"] + row["fp"] + row["fn"] + row["tn"] == where.sum()
    areas, curve = score_row(scores, truth, where=where, n=50)
    assert areas["auc"] == pytest.approx(roc_auc_score(truth[where], scores[where]))
    assert curve.positives == (truth & where).sum()


def test_leaving_nothing_out_changes_nothing() -> None:
    scores, truth, _ = fields(4)
    every = np.ones(truth.shape, bool)
    assert mask_row(scores > 0, truth, where=every) == mask_row(scores > 0, truth)
    assert score_row(scores, truth, where=every)[0] == score_row(scores, truth)[0]
    labels, true = ndimage.label(scores > 0)[0], ndimage.label(truth)[0]
    assert object_row(labels, true, where=every) == object_row(labels, true)
    both = [outline_distances(scores > 0, truth, where=each) for each in (every, None)]
    np.testing.assert_array_equal(both[0].to_answer, both[1].to_answer)


def test_the_border_of_a_region_is_no_outline() -> None:
    truth, where = np.zeros((20, 30), bool), np.zeros((20, 30), bool)
    truth[5:15], where[:, 10:20] = True, True
    answer = truth.copy()
    answer[:, 12] = False
    found = outline_distances(answer & where, truth, where=where)
    assert len(found.to_answer) == 2 * 10
    assert found.to_truth.size == 2 * 9 + 2 * 8
    whole = outline_distances(np.roll(truth, 2, axis=0), truth, where=where)
    assert whole.hausdorff == whole.average == 2


def test_objects_are_cut_and_unmarked_ones_beside_are_spared() -> None:
    truth = np.zeros((20, 40), np.int32)
    truth[2:8, 2:8], truth[2:8, 16:24] = 1, 2
    where = np.zeros(truth.shape, bool)
    where[:, :20] = True
    found = truth.copy()
    found[12:18, 18:30] = 3  # mostly outside, and nobody's
    found[12:18, 10:14] = 4  # inside, and nobody's
    row = object_row(found, truth, where=where)
    assert (row["tp"], row["fp"], row["fn"]) == (2, 1, 0)
    inside = object_row(found[:, :20], truth[:, :20])
    assert (inside["tp"], inside["fp"], inside["fn"]) == (2, 2, 0)


def test_reasons_are_counted_once_each() -> None:
    result = as_image(np.array([[0.5, np.nan, np.nan, 0.5], [0.5, 0.5, np.nan, 0.5]]))
    truth = as_image(np.array([[0, 255, 1, 1], [0, 255, 1, 255]]))
    found = judged(
        result, truth, roi=as_image(np.array([1, 1, 1, 0]), dims=["x"]), ignore_label=255
    )
    assert found.left_out == {"outside_roi": 2, "ignored": 2, "nan": 2}
    np.testing.assert_array_equal(found.where, [[1, 0, 0, 0], [1, 0, 0, 0]])
    assert judged(np.zeros(3), np.zeros(3)).left_out == {}
    with pytest.raises(ImageError, match=r"no sample is left .* outside_roi 8"):
        judged(result, truth, roi=np.zeros((2, 4)))
    with pytest.raises(ImageError, match="the region of interest is 3, the result 2 x 4"):
        judged(result, truth, roi=np.ones(3))
