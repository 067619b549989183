"""The audit: each image's threshold on every image, against plain comparisons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.core.errors import CheckError, ImageError
from graticule.evaluate.audit import audit


def study(seed: int, count: int = 5) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {f"i{n}": rng.integers(0, 9, (6, 7)) * rng.integers(1, 4) for n in range(count)}


@given(seed=st.integers(0, 10**6), count=st.integers(2, 6))
def test_every_entry_is_a_comparison(seed: int, count: int) -> None:
    images = study(seed, count)
    truth = {name: image > 5 for name, image in images.items()}
    found = audit(images, np.median, truth=truth)
    assert found.dice is not None
    for source in images:
        for target, image in images.items():
            mask = image > np.median(images[source])
            assert found.fractions.loc[source, target] == pytest.approx(mask.mean())
            both = mask.sum() + truth[target].sum()
            expected = 2 * (mask & truth[target]).sum() / both if both else 1
            assert found.dice.loc[source, target] == pytest.approx(expected)


@given(seed=st.integers(0, 10**6))
def test_light_that_does_not_change_makes_no_difference(seed: int) -> None:
    image = study(seed)["i0"]
    found = audit({"a": image, "b": image[::-1], "c": image.T}, np.mean)
    assert (found.images["typical_change"] == 0).all()
    assert found.fractions.to_numpy() == pytest.approx(found.fractions.loc["a", "a"])


def test_light_that_changes_is_seen_in_the_fixed_threshold_and_not_in_the_own() -> None:
    rng = np.random.default_rng(0)
    cells = rng.random((60, 60)) < 0.3
    image = np.where(cells, 100.0, 40.0) + rng.normal(0, 3, cells.shape)
    images = {f"x{light}": image * light for light in (0.5, 1.0, 2.0)}
    found = audit(
        images, lambda values: 70 * values.mean() / image.mean(), truth=dict.fromkeys(images, cells)
    )
    row = found.spread.iloc[0]
    assert row["own_variation"] < 1e-9 < 0.5 < row["fixed_variation"]
    assert row["own_dice"] == 1
    assert row["fixed_dice_lowest"] < 0.5
    assert row["fixed_from"] == "x1.0"
    assert found.images["lowest_dice"].max() < 0.7


def test_images_are_asked_for_when_they_are_needed() -> None:
    asked: list[str] = []
    images = study(3, 3)
    lazy = {name: (lambda name=name: asked.append(name) or images[name]) for name in images}
    assert audit(lazy, np.mean).fractions.equals(audit(images, np.mean).fractions)
    assert asked == [*images, *images]


def test_samples_that_are_not_finite_are_left_out() -> None:
    image = np.array([1.0, 2, 3, 4])
    holed = np.array([1.0, np.nan, 2, 3, np.inf, 4])
    found = audit({"a": image, "b": holed}, lambda values: 2.5)
    assert (found.fractions.to_numpy() == 0.5).all()


def test_an_image_without_a_threshold_is_named_and_left_out() -> None:
    def method(image: Any) -> float:
        if image.max() == 0:
            raise ImageError("has no finite value")
        return float(image.mean())

    images = {**study(1, 2), "dark": np.zeros((2, 2))}
    found = audit(images, method)
    assert found.failed == {"dark": "has no finite value"}
    assert list(found.fractions) == ["i0", "i1"]
    with pytest.raises(CheckError, match=r"needs two images with a threshold, not 1.*dark"):
        audit({"i0": images["i0"], "dark": images["dark"]}, method)


def test_a_truth_of_another_shape_is_refused() -> None:
    with pytest.raises(CheckError, match=r"i0: the truth must have the shape.*\(6, 7\)"):
        audit(study(1), np.mean, truth={"i0": np.zeros((2, 2))})


def test_images_without_a_truth_have_no_score() -> None:
    images = study(1, 3)
    found = audit(images, np.mean, truth={"i1": images["i1"] > 3})
    assert found.dice is not None
    assert found.dice.notna().all().to_dict() == {"i0": False, "i1": True, "i2": False}
    assert np.isfinite(found.spread["own_dice"].iloc[0])


def test_progress_is_told() -> None:
    steps: list[tuple[int, int]] = []
    audit(study(1, 3), np.mean, progress=lambda done, total, what: steps.append((done, total)))
    assert steps == [(n, 6) for n in range(7)]


@given(seed=st.integers(0, 10**6))
def test_what_is_dark_is_what_is_not_bright(seed: int) -> None:
    images = study(seed)
    truth = {name: image <= 5 for name, image in images.items()}
    dark = audit(images, np.median, keep="dark", truth=truth)
    bright = audit(images, np.median)
    np.testing.assert_allclose(dark.fractions + bright.fractions, 1)
    assert dark.dice is not None
    mask = images["i1"] <= np.median(images["i0"])
    both = mask.sum() + truth["i1"].sum()
    expected = 2 * (mask & truth["i1"]).sum() / both if both else 1
    assert dark.dice.loc["i0", "i1"] == pytest.approx(expected)
