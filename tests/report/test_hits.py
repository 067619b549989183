"""Figures of an answer against its truth, drawn from the pictures a run keeps."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from graticule.evaluate.curves import ranking, reliability
from graticule.report.figures import FigureContext, Missing, draw
from graticule.report.figures.hits import HITS
from graticule.report.preview import Preview
from graticule.report.record import RunRecord
from graticule.report.style import Drawing

KINDS = {"image": "image", "mask": "mask", "truth": "image", "labels": "labels", "objects": "image"}


@pytest.fixture
def context(tmp_path: Path) -> FigureContext:
    rng = np.random.default_rng(0)
    image = ndimage.gaussian_filter(rng.normal(size=(60, 80)), 4).astype(np.float32)
    image /= image.std()
    truth, mask = image > 0.7, np.roll(image, 3, axis=1) > 0.5
    curve = ranking(np.roll(image, 4), truth).thinned()
    bins = reliability(1 / (1 + np.exp(-3 * image)), truth, bins=8)
    arrays = {
        "step/image": image,
        "step/mask": mask,
        "step/truth": np.uint8(255) * truth,
        "step/labels": ndimage.label(mask)[0].astype(np.int32),
        "step/objects": ndimage.label(truth)[0].astype(np.uint16),
        "step/small": mask[::2, ::2],
        "check/score/false_positive_rate": curve.false_positive_rate,
        "check/score/recall": curve.recall,
        "check/none/false_positive_rate": np.full(3, np.nan),
        "check/none/recall": np.ones(3),
        "check/sure/predicted": bins.predicted,
        "check/sure/observed": bins.observed,
        "check/sure/counts": bins.counts,
    }
    about = {f"step/{name}": {"dims": ["y", "x"], "kind": kind} for name, kind in KINDS.items()}
    meta = np.frombuffer(json.dumps(about).encode(), np.uint8)
    np.savez(tmp_path / "cell.npz", meta=meta, **arrays)
    return FigureContext(RunRecord(), {}, "cell", Preview(tmp_path / "cell.npz"))


def pixels(drawing: Drawing | Missing) -> np.ndarray:
    assert isinstance(drawing, Drawing), drawing
    content = base64.b64decode(drawing.source.partition(",")[2])
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).reshape(-1, 3)


def test_the_map_has_the_fixed_colours_and_says_the_shares(context: FigureContext) -> None:
    drawing = draw({"figure": "hits", "mask": "mask", "truth": "truth"}, context)
    found = {tuple(colour) for colour in np.unique(pixels(drawing), axis=0).tolist()}
    assert {colour for _, colour in HITS} <= found
    assert (0, 0, 0) in found  # the key is white on black
    assert "true positive" in drawing.alt
    beside = draw({"figure": "hits", "mask": "mask", "truth": "truth", "image": "image"}, context)
    assert beside.width > drawing.width


def test_labels_are_drawn_object_by_object(context: FigureContext) -> None:
    drawing = draw({"figure": "hits", "mask": "labels", "truth": "objects"}, context)
    by_sample = draw({"figure": "hits", "mask": "mask", "truth": "truth"}, context)
    assert pixels(drawing).size
    assert drawing.alt != by_sample.alt


def test_each_case_has_its_panel(context: FigureContext) -> None:
    entry = {"figure": "hit_cases", "image": "image", "mask": "mask", "truth": "truth"}
    drawing = draw(entry, context)
    assert drawing.wide
    assert drawing.caption.count("%") == 4
    pixels(drawing)


def test_curves_are_drawn_together_and_named(context: FigureContext) -> None:
    drawing = draw({"figure": "roc", "of": ["score"]}, context)
    assert "Area under the curve of score 0." in drawing.alt
    pixels(drawing)
    assert "one class" in draw({"figure": "roc", "of": "none"}, context).why
    assert "left no" in draw({"figure": "roc", "of": "other"}, context).why


def test_reliability_says_its_error(context: FigureContext) -> None:
    drawing = draw({"figure": "reliability", "of": "sure"}, context)
    assert "Expected calibration error 0." in drawing.alt
    pixels(drawing)


def test_what_does_not_fit_is_said(context: FigureContext) -> None:
    entry = {"figure": "hits", "mask": "small", "truth": "truth"}
    assert "(30, 40), the truth (60, 80)" in draw(entry, context).why
