"""Measures of masks, curves and partitions: equal to scikit-learn's, and the rules for nothing."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import xarray as xr
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from graticule.core.errors import ImageError, ParameterError
from graticule.evaluate.curves import ranking, reliability
from graticule.evaluate.partitions import (
    adjusted_rand_index,
    normalised_mutual_information,
    variation_of_information,
)
from graticule.evaluate.pixels import Confusion, confusion, hit_map
from graticule.evaluate.residuals import (
    mean_absolute_error,
    mean_squared_error,
    root_mean_squared_error,
)

MASKS = hnp.arrays(bool, (6, 7))
LABELS = hnp.arrays(np.int32, (6, 7), elements=st.integers(0, 4))
SCORES = st.one_of(
    hnp.arrays(np.float32, (6, 7), elements=st.floats(-3, 3, width=16)),
    hnp.arrays(np.float64, (6, 7), elements=st.integers(-2, 2)),
    hnp.arrays(np.int16, (6, 7), elements=st.integers(-5, 5)),
    hnp.arrays(np.uint8, (6, 7)),
)
EXACT = {"abs": 1e-9, "rel": 1e-9}
NO, YES = np.zeros((3, 3), bool), np.ones((3, 3), bool)
SOME = np.eye(3, dtype=bool)


@settings(deadline=None)
@given(MASKS, MASKS, st.sampled_from([0.5, 1.0, 2.0]))
def test_equals_scikit_learn(mask, truth, beta):
    assume(mask.any() and truth.any() and not truth.all() and not mask.all())
    found = confusion(mask, truth)
    pair = truth.ravel(), mask.ravel()
    tn, fp, fn, tp = metrics.confusion_matrix(*pair).ravel()
    assert (found.tp, found.fp, found.fn, found.tn) == (tp, fp, fn, tn)
    assert found.precision == pytest.approx(metrics.precision_score(*pair), **EXACT)
    assert found.recall == pytest.approx(metrics.recall_score(*pair), **EXACT)
    assert found.specificity == pytest.approx(metrics.recall_score(*pair, pos_label=0), **EXACT)
    assert found.accuracy == pytest.approx(metrics.accuracy_score(*pair), **EXACT)
    assert found.dice == pytest.approx(metrics.f1_score(*pair), **EXACT)
    assert found.f(beta) == pytest.approx(metrics.fbeta_score(*pair, beta=beta), **EXACT)
    assert found.jaccard == pytest.approx(metrics.jaccard_score(*pair), **EXACT)
    assert found.matthews == pytest.approx(metrics.matthews_corrcoef(*pair), **EXACT)


# what the table in graticule.evaluate.empty says: empty truth, empty answer, both empty
RULES = {
    "precision": (0.0, math.nan, 1.0),
    "recall": (math.nan, 0.0, 1.0),
    "dice": (0.0, 0.0, 1.0),
    "jaccard": (0.0, 0.0, 1.0),
    "matthews": (0.0, 0.0, 1.0),
}


@pytest.mark.parametrize("name", RULES)
def test_empty_masks_follow_the_table(name):
    cases = (SOME, NO), (NO, SOME), (NO, NO)
    found = [getattr(confusion(*case), name) for case in cases]
    assert found == pytest.approx(list(RULES[name]), nan_ok=True)


def test_full_masks_are_the_mirror_of_empty_ones():
    assert confusion(YES, YES).specificity == 1
    assert math.isnan(confusion(SOME, YES).specificity)
    assert confusion(YES, YES).matthews == 1
    assert confusion(NO, YES).matthews == confusion(YES, NO).matthews == -1
    assert confusion(np.zeros((0, 4), bool), np.zeros((0, 4), bool)).dice == 1


def test_accuracy_carries_its_warning():
    rare = Confusion(tp=0, fp=0, fn=30, tn=970)
    assert rare.accuracy == 0.97
    assert "97.0% of the samples are background" in rare.accuracy_warning
    assert "everything object" in Confusion(95, 5, 0, 0).accuracy_warning
    assert "no better than blind" in Confusion(10, 20, 20, 50).accuracy_warning
    assert Confusion(30, 5, 5, 60).accuracy_warning == ""
    assert rare.as_dict()["accuracy_warning"] == rare.accuracy_warning


@settings(deadline=None)
@given(MASKS, MASKS, MASKS, MASKS)
def test_counts_of_images_add_up(a, b, c, d):
    both = confusion(np.stack([a, c]), np.stack([b, d]))
    assert confusion(a, b) + confusion(c, d) == both


@settings(deadline=None)
@given(MASKS, MASKS)
def test_the_hit_map_holds_the_counts(mask, truth):
    counts = np.bincount(hit_map(mask, truth).ravel(), minlength=4)
    found = confusion(mask, truth)
    assert counts.tolist() == [found.tn, found.tp, found.fp, found.fn]


@settings(deadline=None)
@given(SCORES, MASKS)
def test_curves_equal_scikit_learn(scores, truth):
    found = ranking(scores, truth)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if truth.any():
            wanted = metrics.average_precision_score(truth.ravel(), scores.ravel())
            assert found.average_precision == pytest.approx(wanted, **EXACT)
        else:
            assert math.isnan(found.average_precision)
        if truth.any() and not truth.all():
            fpr, tpr, at = metrics.roc_curve(truth.ravel(), scores.ravel(), drop_intermediate=False)
            np.testing.assert_allclose(found.false_positive_rate, fpr[1:], atol=1e-12)
            np.testing.assert_allclose(found.recall, tpr[1:], atol=1e-12)
            np.testing.assert_array_equal(found.thresholds, at[1:].astype(scores.dtype))
            wanted = metrics.roc_auc_score(truth.ravel(), scores.ravel())
            assert found.roc_area == pytest.approx(wanted, **EXACT)
        else:
            assert math.isnan(found.roc_area)


def test_a_thinned_curve_keeps_its_ends_and_nearly_its_area():
    rng = np.random.default_rng(0)
    truth = rng.random((100, 100)) < 0.2
    full = ranking(rng.normal(size=truth.shape) + truth, truth)
    thin = full.thinned(200)
    assert thin.thresholds.size <= 200 < full.thresholds.size
    assert thin.recall[-1] == thin.false_positive_rate[-1] == 1
    assert np.trapezoid(thin.recall, thin.false_positive_rate) == pytest.approx(
        full.roc_area, abs=2e-3
    )


@settings(deadline=None)
@given(LABELS, LABELS)
def test_partitions_equal_scikit_learn(labels, truth):
    pair = truth.ravel(), labels.ravel()
    assert adjusted_rand_index(labels, truth) == pytest.approx(
        metrics.adjusted_rand_score(*pair), **EXACT
    )
    assert normalised_mutual_information(labels, truth) == pytest.approx(
        metrics.normalized_mutual_info_score(*pair), **EXACT
    )
    # the entropy of a partition is what it tells of itself
    mutual, of_truth, of_labels = (
        metrics.mutual_info_score(*two) / np.log(2) for two in (pair, pair[:1] * 2, pair[1:] * 2)
    )
    found = variation_of_information(labels, truth)
    assert found.merged == pytest.approx(of_truth - mutual, **EXACT)
    assert found.split == pytest.approx(of_labels - mutual, **EXACT)


@settings(deadline=None)
@given(LABELS, LABELS)
def test_background_is_left_out_where_it_is_not_wanted(labels, truth):
    inside = truth > 0
    found = adjusted_rand_index(labels, truth, background=False)
    assert found == pytest.approx(
        adjusted_rand_index(labels[inside], truth[inside]) if inside.any() else 1.0, **EXACT
    )


@settings(deadline=None)
@given(LABELS, LABELS, LABELS)
def test_variation_of_information_is_a_metric(a, b, c):
    def between(first, second):
        return variation_of_information(first, second).total

    assert between(a, b) == pytest.approx(between(b, a), abs=1e-12)
    assert between(a, c) <= between(a, b) + between(b, c) + 1e-9


@settings(deadline=None)
@given(*[hnp.arrays(np.float64, 9, elements=st.floats(-1e3, 1e3)) for _ in range(2)])
def test_residuals_equal_scikit_learn(image, truth):
    assert mean_absolute_error(image, truth) == pytest.approx(
        metrics.mean_absolute_error(truth, image), **EXACT
    )
    wanted = metrics.mean_squared_error(truth, image)
    assert mean_squared_error(image, truth) == pytest.approx(wanted, **EXACT)
    assert root_mean_squared_error(image, truth) == pytest.approx(wanted**0.5, **EXACT)


def test_residuals_of_small_integers_do_not_wrap():
    assert mean_absolute_error(np.uint8([0]), np.uint8([255])) == 255


@settings(deadline=None)
@given(hnp.arrays(np.float64, 40, elements=st.floats(0, 1)), hnp.arrays(bool, 40))
def test_calibration_equals_loops(probability, truth):
    found = reliability(probability, truth, bins=5)
    at = np.minimum(np.floor(probability * 5 + 1e-15).astype(int), 4)
    gaps = [
        (at == b).sum() * abs(truth[at == b].mean() - probability[at == b].mean())
        for b in range(5)
        if (at == b).any()
    ]
    edges = np.isclose(probability * 5, np.round(probability * 5))
    if not edges.any():
        assert found.expected_error == pytest.approx(sum(gaps) / 40, **EXACT)
    assert found.counts.sum() == 40
    assert 0 <= found.expected_error <= found.largest_error + 1e-12 <= 1 + 1e-12


def test_probabilities_that_come_true_have_no_error():
    rng = np.random.default_rng(0)
    p = rng.random(200_000)
    assert reliability(p, rng.random(p.size) < p).expected_error < 0.01
    assert reliability(p**3, rng.random(p.size) < p).expected_error > 0.1


def test_dims_go_by_name_and_masks_may_be_pictures():
    a = xr.DataArray(SOME, dims=("y", "x"))
    wide = xr.DataArray(np.arange(6).reshape(2, 3) > 2, dims=("y", "x"))
    assert confusion(wide, wide.transpose()).dice == 1
    assert confusion(a, (SOME * 255).astype(np.uint8)).dice == 1
    with pytest.raises(ImageError, match="dims y, x, the truth z, x"):
        confusion(a, a.rename(y="z"))


def test_wrong_input_is_said():
    with pytest.raises(ImageError, match="3 x 3, the truth 3 x 4"):
        confusion(SOME, np.ones((3, 4), bool))
    with pytest.raises(ImageError, match="must be a mask"):
        confusion(np.arange(9).reshape(3, 3), SOME)
    with pytest.raises(ImageError, match="finite; 1 of 9"):
        ranking(np.where(np.arange(9) == 4, np.nan, 0.5).reshape(3, 3), SOME)
    with pytest.raises(ImageError, match="between 0 and 1"):
        reliability(np.full((3, 3), 1.5), SOME)
    with pytest.raises(ImageError, match="not a mask"):
        adjusted_rand_index(SOME, SOME)
    with pytest.raises(ImageError, match="not be negative"):
        variation_of_information(-np.ones((2, 2), int), np.ones((2, 2), int))
    with pytest.raises(ImageError, match="finite"):
        mean_squared_error([np.inf], [1.0])


@pytest.mark.parametrize("bins", [0, -1, 2.5, True])
def test_bins_that_cannot_be_are_said(bins):
    with pytest.raises(ParameterError, match="bins"):
        reliability([0.1, 0.9], [0, 1], bins=bins)
