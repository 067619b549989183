"""Objects against true objects: equal to matching by brute force, and laws."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from graticule.core.errors import ImageError, ParameterError
from graticule.evaluate.instances import THRESHOLDS, instance_scores, match

LABELS = hnp.arrays(np.uint16, (5, 6), elements=st.integers(0, 4))
NO, ONE = np.zeros((4, 4), int), np.diag([3, 3, 0, 0])


def best(labels, truth, threshold):
    """Return most pairs and their largest sum of overlaps, over all ways to pair."""
    ours, true = (np.unique(a[a > 0]) for a in (labels, truth))
    iou = np.array([[((labels == a) & (truth == b)).sum() / ((labels == a) | (truth == b)).sum()
                     for b in true] for a in ours]).reshape(ours.size, true.size)  # fmt: skip
    if ours.size > true.size:
        iou = iou.T
    found = (0, 0.0)
    for columns in itertools.permutations(range(iou.shape[1]), iou.shape[0]):
        chosen = iou[np.arange(iou.shape[0]), list(columns)]
        chosen = chosen[chosen >= threshold]
        found = max(found, (chosen.size, float(chosen.sum())))
    return found


@settings(deadline=None, max_examples=60)
@given(LABELS, LABELS, st.sampled_from([0.05, 0.2, 0.5, 0.75, 1.0]))
def test_no_way_to_pair_is_better(labels, truth, threshold):
    found = match(labels, truth, iou=threshold)
    pairs, total = best(labels, truth, threshold)
    assert found.tp == pairs
    assert found.iou.sum() == pytest.approx(total, abs=1e-9)
    assert np.unique(found.labels).size == np.unique(found.truth).size == found.tp


@settings(deadline=None)
@given(LABELS, LABELS)
def test_answer_and_truth_change_places(labels, truth):
    there, back = match(labels, truth), match(truth, labels)
    assert (there.tp, there.fp, there.fn) == (back.tp, back.fn, back.fp)
    assert there.panoptic_quality == pytest.approx(back.panoptic_quality)


@settings(deadline=None)
@given(LABELS, st.permutations(range(1, 5)))
def test_numbers_do_not_matter(labels, order):
    renumbered = np.array([0, *order])[labels]
    found = instance_scores(renumbered, labels)
    assert found.mean_average_precision == 1
    assert found.count_error == 0


@settings(deadline=None)
@given(LABELS, LABELS)
def test_ap_falls_with_the_threshold_and_is_tp_of_all(labels, truth):
    found = instance_scores(labels, truth)
    assert (np.diff(found.average_precision) <= 0).all()
    first = found.matches[0]
    if first.found + first.true:
        whole = first.tp + first.fp + first.fn
        assert found.as_dict()["ap_0.5"] == pytest.approx(first.tp / whole)
        assert first.panoptic_quality == pytest.approx(
            first.iou.sum() / (first.tp + first.fp / 2 + first.fn / 2)
        )


def test_a_greedy_match_would_lose_a_pair():
    # 1 overlaps both true objects, 2 only the one that 1 overlaps most
    labels = np.array([[1, 1, 1, 1, 2, 2]])
    truth = np.array([[5, 6, 6, 6, 6, 6]])
    found = match(labels, truth, iou=0.2)
    assert found.tp == 2
    assert dict(zip(found.labels, found.truth, strict=True)) == {1: 5, 2: 6}


def test_empty_labels_follow_the_table():
    for answer, truth, ap, precision, recall in [
        (ONE, NO, 0, 0, math.nan), (NO, ONE, 0, math.nan, 0), (NO, NO, 1, 1, 1),
    ]:  # fmt: skip
        found = match(answer, truth)
        assert found.average_precision == found.panoptic_quality == found.f1 == ap
        assert [found.precision, found.recall] == pytest.approx([precision, recall], nan_ok=True)
    assert math.isnan(instance_scores(ONE, NO).relative_count_error)
    assert instance_scores(NO, NO).relative_count_error == 0
    assert instance_scores(NO, ONE).count_error == -1


def test_thousands_of_objects_are_matched_one_by_one():
    tiles = np.kron(np.arange(1, 2501).reshape(50, 50), np.ones((8, 8), int))
    found = instance_scores(np.roll(tiles, 1, axis=1), tiles)
    # all but the last column of tiles, which wraps around, keep 7 of 9 columns
    assert found.matches[0].tp == 2500
    assert found.matches[0].mean_iou == pytest.approx(7 / 9, abs=0.01)
    assert found.thresholds.tolist() == list(THRESHOLDS)


def test_wrong_input_is_said():
    with pytest.raises(ImageError, match="4 x 4, the truth 4 x 5"):
        match(NO, np.zeros((4, 5), int))
    with pytest.raises(ImageError, match=r"segment\.label"):
        match(NO > 0, NO)
    with pytest.raises(ImageError, match="negative"):
        match(-ONE, ONE)
    with pytest.raises(ParameterError, match="iou"):
        match(ONE, ONE, iou=0)
    with pytest.raises(ParameterError, match="at least one"):
        instance_scores(ONE, ONE, thresholds=[])


def test_thresholds_may_be_an_array():
    labels, truth = [[1, 1, 0, 2, 2]], [[7, 7, 7, 0, 0]]
    found = instance_scores(labels, truth, thresholds=np.array([0.5, 0.75]))
    assert found.average_precision.tolist() == [0.5, 0]
    for wrong in ("0.5", math.nan, 0, 1.5):
        with pytest.raises(ParameterError, match="above 0"):
            match(labels, truth, iou=wrong)


def test_many_objects_that_all_touch_are_paired_in_little_room(monkeypatch):
    rng = np.random.default_rng(0)
    for _ in range(20):
        labels, truth = (rng.integers(0, 6, (9, 9)).repeat(2, axis=1) for _ in range(2))
        dense = match(labels, truth, iou=0.01)
        with monkeypatch.context() as patch:
            patch.setattr("graticule.evaluate.instances._DENSE", 0)
            sparse = match(labels, truth, iou=0.01)
        assert sparse.tp == dense.tp
        assert sparse.iou.sum() == pytest.approx(dense.iou.sum())
        assert len(set(sparse.labels)) == len(set(sparse.truth)) == sparse.tp
    y, x = np.indices((1000, 1000)) // 5  # 40,000 tiles; a full table takes 12 GB
    tiles = y * 200 + x + 1
    moved = np.roll(tiles, (2, 2), axis=(0, 1))
    assert match(moved, tiles, iou=0.1).tp == 40_000
