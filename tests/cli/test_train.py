"""``graticule train`` and ``graticule evaluate`` of methods: from files to a model and a page."""

import numpy as np
import pandas as pd
import pytest
import tifffile
from blobs import write_blobs
from scipy import ndimage

from graticule.cli import main
from graticule.learn.model_file import card_of, open_model

DOCUMENT = """
graticule: 1
name: blobs
description: Blobs in noise.
split: {by: blocks, folds: 3}
methods:
  fixed: {pipeline: bright.yaml}
  tree: {features: {sigmas: [1, 2]}, estimator: {name: tree, max_depth: 4}, max_samples: 2000}
  logistic: {features: {sigmas: [1, 2]}, estimator: logistic, max_samples: 2000}
train: tree
"""
BRIGHT = """
graticule: 1
steps:
  smooth: {op: filters.gaussian, sigma: 2}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "training.yaml").write_text(DOCUMENT)
    (tmp_path / "bright.yaml").write_text(BRIGHT)
    write_blobs(tmp_path)
    return tmp_path


def test_a_model_is_written_with_its_scores(folder, capsys):
    status = main(["train", "training.yaml", "a.tif", "--labels", "a_mask.tif", "-o", "m/a.model"])
    said = capsys.readouterr()
    assert status == 0, said.err
    assert "{op: learn.classify, model: m/a.model}" in said.out
    card = card_of("m/a.model")
    scores = card["scores"]
    assert 0.5 < scores["dice"]["value"] < 1
    assert scores["dice"]["low"] <= scores["dice"]["value"] <= scores["dice"]["high"]
    assert "a.tif" in str(card["data"])
    model = open_model("m/a.model")
    assert [each.name for each in model.classes] == ["background", "object"]
    assert main(["train", ".", "a.tif", "--labels", "a_mask.tif", "-o", "b.model",
                 "--method", "logistic", "--no-scores"]) == 0  # fmt: skip
    assert not card_of("b.model").get("scores")


def test_the_score_is_that_of_evaluate(folder, capsys):
    assert main(["train", ".", "a.tif", "--labels", "a_mask.tif", "-o", "a.model"]) == 0
    assert main(["evaluate", ".", "a.tif", "--labels", "a_mask.tif", "-o", "out"]) == 0
    said = capsys.readouterr().out
    table = pd.read_csv("out/methods.csv").set_index("method")
    assert set(table.index) == {"fixed", "tree", "logistic"}
    assert table.loc["tree", "dice"] == pytest.approx(card_of("a.model")["scores"]["dice"]["value"])
    assert table.loc["tree", "dice_low"] == pytest.approx(
        card_of("a.model")["scores"]["dice"]["low"]
    )
    assert len(pd.read_csv("out/folds.csv")) == 9
    assert "is best" in said
    assert "Hits and misses" in (folder / "out" / "evaluation.html").read_text()


def test_some_methods_and_the_learning_curve(folder):
    status = main(["evaluate", ".", "a.tif", "--labels", "a_mask.tif", "-o", "out",
                   "--only", "logistic", "--learning-curve"])  # fmt: skip
    assert status == 0
    assert set(pd.read_csv("out/methods.csv")["method"]) == {"logistic"}
    assert pd.read_csv("out/learning_curve.csv")["labels"].nunique() >= 4
    assert "How many labels it takes" in (folder / "out" / "evaluation.html").read_text()


WRONG = {
    "no images": (["evaluate", "training.yaml"], "there are no images"),
    "half": (["evaluate", "training.yaml", "a.tif"], "there are no --labels"),
    "no truth": (["evaluate", "a.tif"], "needs --truth"),
    "truth": (
        ["evaluate", "training.yaml", "a.tif", "--labels", "a.tif", "--truth", "a.tif"],
        "--truth does not go with an evaluation of methods",
    ),
    "labels": (
        ["evaluate", "a.tif", "--truth", "a_mask.tif", "--labels", "a.tif"],
        "--labels does not go with an evaluation of results",
    ),
    "only": (
        ["evaluate", ".", "a.tif", "--labels", "a_mask.tif", "--only", "tre"],
        "did you mean tree",
    ),
    "method": (
        ["train", ".", "a.tif", "--labels", "a_mask.tif", "-o", "m", "--method", "tre"],
        "did you mean tree",
    ),
    "fixed": (
        ["train", ".", "a.tif", "--labels", "a_mask.tif", "-o", "m", "--method", "fixed"],
        "learns nothing",
    ),
    "document": (
        ["train", "no.yaml", "a.tif", "--labels", "a_mask.tif", "-o", "m"],
        "no.yaml: there is no such training document",
    ),
    "recipe": (["train", "nowhere", "a.tif", "--labels", "a_mask.tif", "-o", "m"], "nowhere"),
    "image": (["train", ".", "b.tif", "--labels", "a_mask.tif", "-o", "m"], "b.tif"),
    "labels file": (["train", ".", "a.tif", "--labels", "b.tif", "-o", "m"], "b.tif"),
    "folder": (["train", ".", "a.tif", "--labels", "a_mask.tif", "-o", "."], "one file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request_says_what_to_do(folder, capsys, name):
    arguments, what = WRONG[name]
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert what in said
    assert "Traceback" not in said


def test_a_recipe_brings_its_own_example(folder, capsys):
    (folder / "example.py").write_text(
        "import shutil\n"
        "def example(folder):\n"
        "    for part, file in (('images', 'a.tif'), ('labels', 'a_mask.tif')):\n"
        "        (folder / part).mkdir()\n"
        f"        shutil.copy({str(folder)!r} + '/' + file, folder / part)\n"
    )
    assert main(["train", ".", "-o", "a.model", "--no-scores"]) == 0
    assert open_model("a.model").classes


def test_faults_of_a_document_come_with_their_lines(folder, capsys):
    (folder / "training.yaml").write_text(
        DOCUMENT.replace("sigmas", "sigma").replace("blocks", "b")
    )
    assert main(["train", ".", "a.tif", "--labels", "a_mask.tif", "-o", "m"]) == 2
    said = capsys.readouterr().err
    assert "3 faults" in said
    assert "line 5: split.by" in said
    assert "line 8: methods.tree.features.sigma" in said


def test_a_fault_in_a_pipeline_is_known_before_anything_is_run(folder, capsys):
    (folder / "bright.yaml").write_text(BRIGHT.replace("gaussian", "gausian"))
    assert main(["evaluate", ".", "a.tif", "--labels", "a_mask.tif", "-o", "out"]) == 2
    assert "did you mean" in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_stopped_while_scoring_the_model_is_kept(folder, capsys, monkeypatch):
    from graticule.training import run

    def stop(*given, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "compare", stop)
    assert main(["train", ".", "a.tif", "--labels", "a_mask.tif", "-o", "a.model"]) == 130
    assert "without scores" in capsys.readouterr().err
    assert open_model("a.model").classes


def test_stopped_while_comparing_what_is_done_is_written(folder, capsys, monkeypatch):
    from graticule.learn.methods.kinds.pixels import PixelMethod

    fit = PixelMethod.fit

    def stop(self, training_set):
        if self.name == "logistic":
            raise KeyboardInterrupt
        return fit(self, training_set)

    monkeypatch.setattr(PixelMethod, "fit", stop)
    assert main(["evaluate", ".", "a.tif", "--labels", "a_mask.tif", "-o", "out"]) == 130
    assert "logistic: was stopped after 0 of 3 folds" in capsys.readouterr().err
    assert set(pd.read_csv("out/methods.csv")["method"]) == {"fixed", "tree"}


def test_a_missing_partner_is_named(folder, capsys):
    for kind in ("images", "masks"):
        (folder / kind).mkdir()
    for name in ("a", "b"):
        rng = np.random.default_rng(ord(name))
        image = tifffile.imread("a.tif") + rng.normal(size=(96, 120)).astype(np.float32)
        tifffile.imwrite(f"images/{name}.tif", image)
    (folder / "a_mask.tif").rename(folder / "masks" / "a_mask.tif")
    status = main(["evaluate", ".", "images", "--labels", "masks", "-o", "out", "--only", "tree"])
    said = capsys.readouterr().err
    assert status == 1, said
    assert "b has no labels" in said
    assert "b has no labels" in (folder / "out" / "evaluation.html").read_text()


def test_the_place_of_the_model_is_known_to_be_good_before_anything_is_learned(
    folder, capsys, monkeypatch
):
    from graticule.learn.methods.kinds.pixels import PixelMethod

    def never(*_):
        raise AssertionError("learned")

    monkeypatch.setattr(PixelMethod, "fit_model", never)
    before = (folder / "a.tif").read_bytes()
    for place, word in {"a.tif": "no model", "training.yaml": "no model",
                        "a.tif/deep/m.model": "cannot make", ".": "folder"}.items():  # fmt: skip
        status = main(["train", ".", "a.tif", "--labels", "a_mask.tif", "-o", place])
        said = capsys.readouterr().err
        assert status == 2, said
        assert word in said
    assert (folder / "a.tif").read_bytes() == before


def test_a_split_that_cannot_be_is_said_before_anything_is_learned(folder, capsys):
    text = DOCUMENT.replace("folds: 3", "folds: 3, size: 90")
    (folder / "training.yaml").write_text(text)
    assert main(["train", ".", "a.tif", "--labels", "a_mask.tif", "-o", "a.model"]) == 2
    assert "--no-scores" in capsys.readouterr().err
    assert not (folder / "a.model").exists()


def test_a_pipeline_with_a_model_that_knows_the_image_is_refused(folder, capsys):
    given = ["a.tif", "--labels", "a_mask.tif"]
    assert main(["train", ".", *given, "-o", "a.model", "--no-scores"]) == 0
    step = "steps: {found: {op: learn.classify, model: a.model}}"
    (folder / "bright.yaml").write_text(f"graticule: 1\n{step}\n")
    assert main(["evaluate", ".", *given, "-o", "out"]) == 2
    said = capsys.readouterr().err
    assert "a.model has learned from a.tif" in said.replace(str(folder) + "/", "")
    assert "methods.fixed" in said


def test_what_labels_were_taken_for_is_said(folder, capsys):
    assert main(["train", ".", "a.tif", "--labels", "a_mask.tif", "-o", "a.model",
                 "--no-scores"]) == 0  # fmt: skip
    assert "labels are masks of object and background" in capsys.readouterr().out
    cells, _ = ndimage.label(tifffile.imread("a_mask.tif"))
    assert cells.max() > 6
    tifffile.imwrite("cells.tif", cells.astype(np.uint16))
    assert main(["train", ".", "a.tif", "--labels", "cells.tif", "-o", "a.model",
                 "--no-scores"]) == 0  # fmt: skip
    said = capsys.readouterr().out
    assert f"labels are the {cells.max()} classes 1, 2" in said
    assert "labels: mask" in said


def test_images_of_two_kinds_are_named(folder, capsys):
    for kind in ("images", "masks"):
        (folder / kind).mkdir()
    image, mask = tifffile.imread("a.tif"), tifffile.imread("a_mask.tif")
    tifffile.imwrite("images/a.tif", image)
    tifffile.imwrite("images/b.tif", np.stack([image, image]), metadata={"axes": "CYX"})
    for name in "ab":
        tifffile.imwrite(f"masks/{name}.tif", mask)
    assert main(["train", ".", "images", "--labels", "masks", "-o", "a.model"]) == 2
    said = capsys.readouterr().err
    assert "b.tif: the image has y x with 2 channels, and " in said
    assert "a.tif has y x" in said
