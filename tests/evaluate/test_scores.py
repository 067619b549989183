"""Rows of measures: intervals that hold over images, and the checks a pipeline can name."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skimage
import xarray as xr
from scipy import ndimage
from skimage.io import imread
from sklearn import metrics

from graticule.core import Subject, as_image
from graticule.core.errors import CheckError, ImageError
from graticule.core.registry import get_check
from graticule.evaluate.scores import mask_row, object_row, over_images, score_row, with_means


def blobs(seed, sigma=3.0, noise=0.6, side=128):
    """Return a truth of blobs, and scores that follow it."""
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=(side, side)), sigma)
    field /= field.std()
    fault = ndimage.gaussian_filter(rng.normal(size=(side, side)), sigma)
    return field > 0.8, field + noise * fault / fault.std()


def test_a_row_holds_the_measures_of_the_whole_image():
    truth, scores = blobs(0)
    mask = scores > 0.8
    row = mask_row(mask, truth, n=200)
    assert row["dice"] == pytest.approx(metrics.f1_score(truth.ravel(), mask.ravel()))
    assert row["dice_low"] < row["dice"] < row["dice_high"]
    assert row["tp"] + row["fp"] + row["fn"] + row["tn"] == truth.size
    assert row["block_size"] >= 8
    areas, curve = score_row(scores, truth, n=200)
    assert areas["auc"] == pytest.approx(metrics.roc_auc_score(truth.ravel(), scores.ravel()))
    assert areas["auc_low"] < areas["auc"] < areas["auc_high"]
    assert areas["best_dice"] >= row["dice"]
    best = scores >= areas["best_threshold"]
    assert metrics.f1_score(truth.ravel(), best.ravel()) == pytest.approx(areas["best_dice"])
    assert curve.positives == truth.sum()


def test_intervals_over_blocks_hold_the_measure_of_other_images():
    """Of images made alike, the interval of one holds the mean of all nearly always."""
    rows = [mask_row(s > 0.8, t, n=200) for t, s in (blobs(seed) for seed in range(24))]
    mean = np.mean([row["dice"] for row in rows])
    held = np.mean([row["dice_low"] <= mean <= row["dice_high"] for row in rows])
    assert held >= 0.8


def test_few_blocks_give_no_interval():
    truth = np.zeros((40, 40), bool)
    truth[:20] = True
    row = mask_row(np.roll(truth, 2, axis=0), truth)
    assert math.isnan(row["dice_low"])
    assert row["dice"] == pytest.approx(0.9)
    empty = np.zeros((0, 5), bool)
    assert mask_row(empty, empty)["dice"] == 1
    assert math.isnan(score_row(np.zeros((0, 5)), empty)[0]["auc"])


def test_objects_are_counted_in_the_block_of_their_centre():
    truth, _ = ndimage.label(np.random.default_rng(0).random((200, 200)) > 0.985)
    labels = np.where(np.isin(truth, np.arange(0, truth.max(), 4)), truth, 0)
    row = object_row(labels, truth, n=300)
    assert row["precision"] == row["precision_low"] == 1
    assert row["recall_low"] < row["recall"] < row["recall_high"] < 0.4
    assert row["ap_0.5"] == row["tp"] / truth.max()
    assert row["count_error"] == row["tp"] - truth.max()


def test_the_mean_over_images_is_an_interval_over_images():
    rows = pd.DataFrame({"dice": [0.5, 0.7, math.nan, 0.9], "auc": [math.nan] * 4})
    found = over_images(rows, ["dice", "auc", "other"])
    assert list(found) == ["dice"]
    assert (found["dice"].units, found["dice"].left_out) == (3, 1)
    added = with_means(rows, ["dice"])
    assert added["dice_mean"].tolist() == pytest.approx([0.7] * 4)
    assert 0.5 <= added["dice_mean_low"][0] < 0.7 < added["dice_mean_high"][0] <= 0.9
    assert with_means(rows[:1], ["dice"]).equals(rows[:1])


def subject(value, against):
    image = as_image(value)
    truth = None if against is None else as_image(against)
    return Subject(image, image, lambda other: other, truth)


def test_each_check_gives_its_columns_and_its_study():
    truth, scores = blobs(1)
    labels = ndimage.label(scores > 0.8)[0], ndimage.label(truth)[0]
    wanted = {
        "overlap": (scores > 0.8, truth, "dice"),
        "roc": (scores, truth, "auc"),
        "instances": (*labels, "ap_0.5"),
        "boundary": (scores > 0.8, truth, "hd95"),
    }
    for name, (value, against, column) in wanted.items():
        check = get_check(name)
        evidence = check(subject(value, against), n=100)
        assert math.isfinite(evidence.columns[column])
        assert all(isinstance(v, (int, float, str, bool)) for v in evidence.columns.values())
        rows = pd.DataFrame([evidence.columns] * 3)
        study = check.conclude(rows, check.parameters.validate({"n": 50}))
        assert study[f"{column}_mean"].tolist() == pytest.approx([evidence.columns[column]] * 3)
        with pytest.raises(CheckError, match="needs a truth"):
            check(subject(value, None))
        with pytest.raises(ImageError, match=r"128 x 128, the truth 64 x 128"):
            check(subject(value, against[::2]))


def test_dark_objects_are_scored_by_the_negative():
    image = 255 - imread(Path(skimage.__file__).parent / "data" / "coins.png")
    truth = image < 120
    found = get_check("roc")(subject(image, truth), n=10, invert=True)
    assert found.columns["auc"] == 1
    assert found.columns["best_threshold"] == 119
    assert found.arrays["thresholds"][0] < found.arrays["thresholds"][-1]
    assert get_check("roc")(subject(image, truth), n=10).columns["auc"] == 0


def test_the_boundary_is_measured_in_units():
    truth, scores = blobs(2)
    image = as_image(scores > 0.8, spacing={"y": "200 nm", "x": "100 nm"})
    of = Subject(image, image, lambda other: other, as_image(truth))
    found = get_check("boundary")(of, tolerance="0.4 um", centreline=True)
    assert found.columns["distance_unit"] == "nm"
    plain = get_check("boundary")(of, tolerance=4)
    assert plain.columns["surface_dice"] == found.columns["surface_dice"]
    assert 0 < found.columns["centreline_dice"] < 1


def test_what_is_no_image_is_refused():
    of = Subject(1.0, xr.DataArray(0.0), lambda other: other, xr.DataArray([1]))
    with pytest.raises(CheckError, match="of names a float"):
        get_check("overlap")(of)


def test_intervals_of_areas_stay_between_0_and_1():
    rng = np.random.default_rng(0)
    truth = ndimage.gaussian_filter(rng.normal(size=(128, 128)), 3) > 0.1
    scores = truth + 0.05 * rng.normal(size=truth.shape)
    for sign in (1, -1):
        row, _ = score_row(sign * scores, truth, n=200)
        for name in ("auc", "average_precision"):
            assert 0 <= row[f"{name}_low"] <= row[name] <= row[f"{name}_high"] <= 1


@pytest.mark.parametrize(("width", "side"), [(2, 256), (5, 384)])
def test_intervals_are_as_wide_as_images_made_alike_differ(width: int, side: int):
    rng = np.random.default_rng(3)

    def smooth(sigma):
        return ndimage.gaussian_filter(rng.normal(size=(side, side)), sigma) * sigma

    found = []
    for _ in range(30):
        truth, missed = smooth(width) > 0.2, smooth(1.5 * width) > 0.2
        found.append(mask_row(truth & ~missed, truth, n=200))
    for name in ("dice", "recall"):
        half = np.mean([row[f"{name}_high"] - row[f"{name}_low"] for row in found]) / (2 * 1.96)
        assert 0.8 < half / np.std([row[name] for row in found]) < 1.3
