"""Comparing: the common part once, the right way first, nothing half-written."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import graticule as gt
import graticule.pipeline.evaluate as evaluate
from graticule.compare.run import FILES, compare
from graticule.core.errors import GraticuleError, ImageError, MemoryBudgetError, RequestError
from graticule.pipeline import Pipeline

TEXT = """
graticule: 1
name: discs
steps:
  smooth: {op: filters.gaussian, sigma: 0}
  bright: {op: threshold.fixed, value: 50}
  labels: {op: segment.label}
  objects: {op: measure.regions}
outputs: [objects]
"""


@pytest.fixture
def pipeline():
    return Pipeline.loads(TEXT)


@pytest.fixture
def discs(tmp_path):
    """Three discs of brightness 100 under noise, and their mask."""
    y, x = np.mgrid[:90, :90]
    truth = np.zeros((90, 90), bool)
    for cy, cx in ((20, 20), (60, 30), (45, 70)):
        truth |= (y - cy) ** 2 + (x - cx) ** 2 < 120
    noise = np.random.default_rng(3).normal(0, 40, truth.shape)
    np.save(tmp_path / "discs.npy", (100 * truth + noise).astype(np.float32))
    np.save(tmp_path / "truth.npy", truth)
    return tmp_path


def run(pipeline, folder, **options):
    return compare(pipeline, "bright", folder / "discs.npy", folder / "out", **options)


def test_the_right_smoothing_comes_first_by_truth(pipeline, discs):
    found = run(pipeline, discs, grid={"smooth.sigma": [0, 2, 12]}, truth=discs / "truth.npy")
    assert found.best == "smooth.sigma=2"
    assert found.by_truth
    best = Pipeline.load(discs / "out" / "best.yaml")
    assert best.steps["smooth"].params["sigma"] == 2
    mask = best.apply(np.load(discs / "discs.npy"))
    assert len(mask["objects"]) == found.summary["objects_count"].iloc[0]


def test_scores_are_those_of_the_masks(pipeline, discs):
    found = run(pipeline, discs, grid={"bright.value": [20, 50]}, truth=discs / "truth.npy")
    image, truth = np.load(discs / "discs.npy"), np.load(discs / "truth.npy")
    for value in (20, 50):
        mask = image > value
        wanted = 2 * (mask & truth).sum() / (mask.sum() + truth.sum())
        row = found.rows.set_index("way").loc[f"bright.value={value}"]
        assert row["dice"] == pytest.approx(wanted, abs=1e-12)


def test_what_variants_share_is_computed_once(pipeline, discs, monkeypatch):
    calls = []
    made = evaluate.Evaluation._compute_step

    def counted(self, step):
        calls.append(step.name)
        return made(self, step)

    monkeypatch.setattr(evaluate.Evaluation, "_compute_step", counted)
    run(pipeline, discs, grid={"bright.value": [20, 50, 70]})
    # a quick way is done twice for its time, and only the first computes what is common
    assert calls.count("smooth") <= 2
    assert calls.count("bright") >= 3


def test_without_truth_the_odd_one_comes_last(pipeline, discs):
    found = run(pipeline, discs, grid={"smooth.sigma": [2, 2.2, 2.4, 30]})
    assert not found.by_truth
    assert found.summary["way"].iloc[-1] == "smooth.sigma=30"
    assert np.allclose(found.agreement, found.agreement.T, equal_nan=True)
    assert (np.diag(found.agreement) == 1).all()


def test_everything_is_written(pipeline, discs):
    found = run(pipeline, discs, grid={"smooth.sigma": [0, 2]})
    assert {path.name for path in (discs / "out").iterdir()} == set(FILES)
    rows = pd.read_csv(discs / "out" / "compare.csv")
    assert list(rows["way"]) == list(found.rows["way"])
    page = (discs / "out" / "compare.html").read_text()
    assert page.count('class="view"') == 2
    assert "http" not in page.replace("http-equiv", "")


def test_a_way_that_fails_is_named_and_comes_last(pipeline, discs):
    np.save(discs / "discs.npy", np.full((20, 20), np.nan, np.float32))
    with pytest.raises(RequestError, match="no way gave a result"):
        compare(
            Pipeline.loads(TEXT.replace("fixed, value: 50", "otsu")),
            "bright",
            discs / "discs.npy",
            discs / "out",
            ops=["threshold.triangle"],
        )
    assert not (discs / "out").exists()


def test_a_part_of_the_image(pipeline, discs):
    part = {"y": (0, 40), "x": (0, 40)}
    found = run(
        pipeline, discs, grid={"smooth.sigma": [2, 3]}, region=part, truth=discs / "truth.npy"
    )
    assert set(found.rows["objects_count"]) == {1}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"truth": "nowhere"}, RequestError, "no such truth"),
        ({"truth": "small.npy"}, ImageError, "truth has the sizes"),
        ({"region": {"q": (0, 3)}}, ImageError, "names the dim 'q'"),
        ({"region": {"x": (5, 300)}}, ImageError, "no part of 0:90"),
        ({"of": "objects"}, RequestError, "gives no image"),
        ({"grid": {"bright.value": [20, 50]}, "of": "smooth"}, RequestError, "the same in all"),
        ({"memory": "20kB"}, MemoryBudgetError, "--region"),
    ],
)
def test_bad_requests(pipeline, discs, options, error, message):
    np.save(discs / "small.npy", np.zeros((9, 9), bool))
    if "truth" in options:
        options = {"truth": discs / options["truth"]}
    with pytest.raises(GraticuleError, match=message) as caught:
        run(pipeline, discs, **{"grid": {"smooth.sigma": [0, 2]}, **options})
    assert isinstance(caught.value, error)
    assert not (discs / "out").exists()


def test_a_folder_that_cannot_be_made_is_named(pipeline, discs):
    (discs / "file").write_text("")
    with pytest.raises(RequestError, match="no folder can be made there") as caught:
        compare(pipeline, "bright", discs / "discs.npy", discs / "file" / "out", ops=["threshold"])
    assert "-o" in str(caught.value)


def test_one_way_alone_is_not_said_to_agree(pipeline, discs):
    np.save(discs / "discs.npy", np.full((20, 20), np.nan, np.float32))
    found = run(pipeline, discs, ops=["threshold.otsu"])
    assert found.is_alone
    assert found.best == "threshold.fixed"
    assert list(found.faults) == ["threshold.otsu on discs"]
    page = (discs / "out" / "compare.html").read_text()
    assert "Only threshold.fixed gave a result" in page
    assert "threshold.otsu on discs" in page


def test_an_order_without_a_majority_is_said_to_say_nothing(pipeline, discs):
    run(pipeline, discs, grid={"bright.value": [-60, 40, 160]})
    assert "this order says nothing" in (discs / "out" / "compare.html").read_text()
    run(pipeline, discs, grid={"smooth.sigma": [2, 2.2, 2.4]}, overwrite=True)
    assert "this order says nothing" not in (discs / "out" / "compare.html").read_text()


def test_numbers_have_their_units(discs):
    text = TEXT.replace("steps:", "inputs: {image: {spacing: {y: 2 um, x: 2 um}}}\nsteps:", 1)
    found = run(Pipeline.loads(text), discs, grid={"smooth.sigma": [2, 3]})
    assert found.summary.attrs["units"] == {"objects_area_median": "um2"}
    page = (discs / "out" / "compare.html").read_text()
    assert 'objects_area_median</button><span class="unit">µm²</span>' in page


def test_numbers_of_two_steps_are_told_apart(discs):
    text = TEXT.replace("outputs: [objects]", "  one: {op: measure.porosity, input: bright}\n"
        "  two: {op: measure.porosity, input: low}\noutputs: [one, two]")  # fmt: skip
    text = text.replace(
        "  labels:", "  low: {op: threshold.fixed, input: smooth, value: 10}\n  labels:"
    )
    text = text.replace("{op: segment.label}", "{op: segment.label, input: bright}")
    found = run(Pipeline.loads(text), discs, grid={"bright.value": [20, 50]}).rows
    assert found["porosity"].nunique() == 2
    assert found["two_porosity"].nunique() == 1


def test_nothing_of_the_users_is_written_over(pipeline, discs):
    (discs / "out").mkdir()
    (discs / "out" / "thesis.txt").write_text("precious")
    for overwrite in (False, True):
        with pytest.raises(RequestError, match="not empty"):
            run(pipeline, discs, grid={"smooth.sigma": [0, 2]}, overwrite=overwrite)
    (discs / "out" / "thesis.txt").unlink()
    run(pipeline, discs, grid={"smooth.sigma": [0, 2]})
    run(pipeline, discs, grid={"smooth.sigma": [0, 3]}, overwrite=True)


def test_labels_are_scored_object_by_object(pipeline, discs):
    truth = gt.op("segment.label")(np.load(discs / "truth.npy"))
    np.save(discs / "truth.npy", truth)
    found = run(
        pipeline, discs, grid={"smooth.sigma": [0, 3]}, of="labels", truth=discs / "truth.npy"
    )
    best = found.summary.iloc[0]
    assert best["way"] == "smooth.sigma=3"
    assert best["average_precision"] == 1
    assert best["count_error"] == 0


def test_several_images_have_an_interval(pipeline, discs):
    image = np.load(discs / "discs.npy")
    (discs / "study").mkdir()
    (discs / "truths").mkdir()
    for number in range(4):
        np.save(discs / "study" / f"{number}.npy", np.roll(image, 5 * number, axis=0))
        truth = np.roll(np.load(discs / "truth.npy"), 5 * number, axis=0)
        np.save(discs / "truths" / f"{number}.npy", truth)
    found = compare(
        pipeline,
        "bright",
        discs / "study",
        discs / "out",
        grid={"smooth.sigma": [1, 2]},
        truth=discs / "truths",
    )
    best = found.summary.iloc[0]
    assert best["dice_low"] <= best["dice"] <= best["dice_high"]
    (discs / "truths" / "2.npy").unlink()
    with pytest.raises(RequestError, match="no truth for 2"):
        compare(
            pipeline,
            "bright",
            discs / "study",
            discs / "out2",
            grid={"smooth.sigma": [1, 2]},
            truth=discs / "truths",
        )


def test_a_truth_in_colours_of_a_palette_is_that_of_its_labels(pipeline, discs):
    drawn = Image.fromarray(np.load(discs / "truth.npy").astype(np.uint8), "P")
    drawn.putpalette([255, 255, 255, 200, 0, 0])
    drawn.save(discs / "truth.png")
    tables = []
    grid = {"smooth.sigma": [0, 2]}
    for ending in ("npy", "png"):
        truth = discs / f"truth.{ending}"
        found = run(pipeline, discs, grid=grid, truth=truth, overwrite=True)
        assert found.by_truth
        columns = [name for name in found.summary if "seconds" not in name]
        tables.append(found.summary[columns])
    pd.testing.assert_frame_equal(*tables)
