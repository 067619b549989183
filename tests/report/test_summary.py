"""What a report says first, and what its checks mean in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from graticule.core.registry import check_names
from graticule.pipeline import Pipeline
from graticule.report.record import CheckFacts, RunRecord, read_record
from graticule.report.summary import meaning, summarise
from graticule.report.tables import StudyTable

TEXT = """
graticule: 1
inputs:
  image: {dims: [y, x]}
  truth: {dims: [y, x], path: "truth/{stem}.npy"}
steps:
  loose:  {op: threshold.fixed, value: 1}
  strict: {op: threshold.fixed, input: image, value: 3}
checks:
  first:  {check: overlap, of: loose, against: truth}
  second: {check: overlap, of: strict, against: truth}
  lines:  {check: boundary, of: strict, against: truth, tolerance: 1}
outputs: [strict]
"""


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """Return a run folder of two images with three checks against their truth."""
    images = tmp_path / "images"
    (images / "truth").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        truth = np.zeros((64, 64), bool)
        truth[::8, ::8] = truth[1::8, ::8] = True
        np.save(images / f"{name}.npy", (4 * truth + rng.normal(0, 0.8, truth.shape)))
        np.save(images / "truth" / f"{name}.npy", truth)
    run = Pipeline.loads(TEXT).run(images, tmp_path / "out")
    assert not run.failed, run.failed
    return tmp_path / "out"


def test_two_checks_of_a_kind_both_have_their_name_in_front(judged: Path) -> None:
    columns = list(pd.read_csv(judged / "images.csv"))
    assert {"first_dice", "second_dice", "first_dice_mean", "second_dice_mean"} <= set(columns)
    assert {"hd95", "surface_dice"} <= set(columns)  # alone of its kind
    assert not {"dice", "precision", "dice_mean", "lines_hd95"} & set(columns)


def test_the_summary_says_what_every_check_found(judged: Path) -> None:
    said = summarise(read_record(judged / "run.json"), StudyTable(judged, "images"), [])
    rows = pd.read_csv(judged / "images.csv")
    first, second, lines = said[1:]
    assert first.startswith("first (loose) against the truth, means over 2 images: Dice 0.")
    assert f"Dice {rows['second_dice_mean'][0]:#.3g} (" in second
    assert second.startswith("second (strict)")
    assert "recall" in second
    assert "HD95" in lines
    assert " px" in lines


def test_the_meaning_of_a_kind_is_said_once(judged: Path) -> None:
    text = (judged / "report.html").read_text()
    assert text.count("compared with the truth sample by sample") == 1
    assert "second: overlap of strict against truth" in text


def test_rows_are_called_objects_only_where_they_are(tmp_path: Path) -> None:
    pd.DataFrame({"image": ["a"] * 3, "label": [1, 2, 3]}).to_csv(tmp_path / "objects.csv")
    pd.DataFrame({"image": ["a"], "phase": [1]}).to_csv(tmp_path / "objects_phases.csv")
    record = RunRecord.model_validate({"images": [{"image": "a"}]})
    tables = [StudyTable(tmp_path, name) for name in ("objects", "objects_phases")]
    said = summarise(record, StudyTable(tmp_path, "images"), tables)
    assert said[1:] == ["3 objects measured.", "The table objects_phases has 1 row."]


def test_one_detection_of_two_checks_is_told_apart(tmp_path: Path) -> None:
    frame = pd.DataFrame({"image": ["a", "b"], "one_detected": [True, False], "one_p": [0.01, 0.5],
                          "two_detected": [False, False], "two_p": [0.3, 0.4]})  # fmt: skip
    frame.to_csv(tmp_path / "images.csv", index=False)
    facts = {"check": "surrogate", "params": {"fdr": 0.05}}
    record = RunRecord.model_validate(
        {"checks": {"one": facts, "two": facts}, "images": [{"image": "a"}, {"image": "b"}]}
    )
    said = summarise(record, StudyTable(tmp_path, "images"), [])
    assert said[1].startswith("one: 1 of 2 images holds a detection")
    assert "a (p = 0.01)" in said[1]
    assert said[2].startswith("two: 0 of 2 images hold a detection")


@pytest.mark.parametrize("name", check_names())
def test_each_check_has_its_words(name: str) -> None:
    from graticule.core.registry import get_check

    check = get_check(name)
    params = check.parameters.canonical(check.parameters.validate({}))
    words = meaning(CheckFacts(check=name, params=params))
    assert len(words) > 100
    assert "{" not in words
    assert "–" not in words


def test_words_follow_the_parameters() -> None:
    dark = meaning(CheckFacts(check="roc", params={"invert": True}))
    assert "smaller value" in dark
    assert "within 2 pixels of" in meaning(CheckFacts(check="boundary", params={"tolerance": 2.0}))
    assert "by 0.75 of" in meaning(CheckFacts(check="instances", params={"thresholds": [0.75]}))


def test_doubtful_answers_are_said_first_and_the_banner_is_not_green(tmp_path: Path) -> None:
    text = """
graticule: 1
inputs: {image: {dims: [y, x]}}
steps:
  kept: {op: segment.extremal_regions, min_contrast: 0}
checks:
  plausible: {check: plausibility, of: kept, at: image}
outputs: [kept]
"""
    images = tmp_path / "images"
    images.mkdir()
    y, x = np.mgrid[:120, :120]
    discs = ((y % 30 - 15) ** 2 + (x % 30 - 15) ** 2 < 40) * 50.0
    rng = np.random.default_rng(0)
    np.save(images / "discs.npy", discs + rng.normal(0, 2, discs.shape))
    only_good = Pipeline.loads(text).run(images, tmp_path / "good")
    assert not only_good.failed
    page = (tmp_path / "good" / "report.html").read_text(encoding="utf-8")
    assert '<section class="box" aria-label="The answer">' in page
    assert "no answer looks wrong" in page
    np.save(images / "grain.npy", rng.normal(0, 2, discs.shape))
    Pipeline.loads(text).run(images, tmp_path / "out")
    rows = pd.read_csv(tmp_path / "out" / "images.csv").set_index("image")
    assert rows["doubtful"].to_dict() == {"discs": False, "grain": True}
    assert "deviations of the ground" in rows.loc["grain", "doubt"]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert '<section class="box bad" aria-label="The answer">' in page
    assert "1 of 2 answers is doubtful" in page
    assert f"<strong>grain</strong>: {rows.loc['grain', 'doubt']}" in page
