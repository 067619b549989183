"""A fixed test set: learned from all images, judged on what was never seen, beside the folds."""

import numpy as np
import pandas as pd
import pytest
import tifffile
from learning_scenes import write_pair
from sklearn.metrics import f1_score

from graticule.cli import main
from graticule.learn.model_file import card_of, open_model

DOCUMENT = """
graticule: 1
name: blobs
split: {by: image, folds: 3, test: {images: test/images, labels: test/labels}}
methods:
  tree: {features: {sigmas: [1, 2]}, estimator: {name: tree, max_depth: 5}}
  logistic: {features: {sigmas: [1, 2]}, estimator: logistic, max_samples: 2000}
"""
CALL = ["images", "--labels", "labels"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "training.yaml").write_text(DOCUMENT)
    (tmp_path / "test").mkdir()
    for number in range(5):
        write_pair(tmp_path if number < 3 else tmp_path / "test", f"i{number}", seed=number)
    return tmp_path


def test_the_test_score_is_that_of_the_model_learned_from_all(folder, capsys):
    assert main(["evaluate", ".", *CALL, "-o", "out"]) == 0
    said = capsys.readouterr().out
    assert "On the test set of 2 images, learned from all of 3 images: Dice (F1)" in said
    assert main(["train", ".", *CALL, "-o", "a.model"]) == 0
    card = card_of("a.model")
    assert not any("test" in str(each) for each in card["data"])
    model = open_model("a.model")
    truth, found = [], []
    for name in ("i3", "i4"):
        truth.append(tifffile.imread(folder / "test" / "labels" / f"{name}.tif") > 0)
        image = tifffile.imread(folder / "test" / "images" / f"{name}.tif")
        found.append(model.predict_proba(image).argmax(axis=0))
    expected = f1_score(np.ravel(truth), np.ravel(found))
    methods = pd.read_csv("out/methods.csv").set_index("method")
    assert methods.loc["tree", "test_dice"] == pytest.approx(expected)
    test = pd.read_csv("out/test.csv").set_index("method")
    assert test.loc["tree", "dice"] == pytest.approx(expected)
    assert card["scores"]["test_dice"]["value"] == pytest.approx(expected)
    assert card["scores"]["dice"]["value"] == pytest.approx(methods.loc["tree", "dice"])
    assert "Dice (F1) on the test set" in (folder / "out" / "evaluation.html").read_text()


def test_the_folds_are_those_without_it(folder):
    assert main(["evaluate", ".", *CALL, "-o", "with"]) == 0
    text = DOCUMENT.replace(", test: {images: test/images, labels: test/labels}", "")
    (folder / "training.yaml").write_text(text)
    assert main(["evaluate", ".", *CALL, "-o", "without"]) == 0
    both = [pd.read_csv(f"{out}/methods.csv").set_index("method") for out in ("with", "without")]
    columns = ["dice", "dice_low", "precision", "auc"]
    pd.testing.assert_frame_equal(both[0][columns], both[1][columns])
    assert "test_dice" not in both[1]


@pytest.mark.parametrize("change", ["same", "part", "rescaled"])
def test_what_was_seen_is_refused(folder, capsys, change):
    seen = tifffile.imread("images/i1.tif")
    copy = {"same": seen, "part": seen[20:90, 30:110], "rescaled": 7 * seen + 3}[change]
    labels = np.zeros(copy.shape, np.uint8)
    labels[:20] = 255
    tifffile.imwrite("test/images/other.tif", copy)
    tifffile.imwrite("test/labels/other.tif", labels)
    for call in (["evaluate", ".", *CALL], ["train", ".", *CALL, "-o", "a.model"]):
        assert main(call) == 2
        said = capsys.readouterr().err
        assert "split.test" in said
        assert "test/other" in said
        assert "i1" in said


def test_what_has_no_partner_is_said(folder, capsys):
    (folder / "test" / "labels" / "i4.tif").unlink()
    assert main(["evaluate", ".", *CALL]) == 1
    said = capsys.readouterr()
    assert "missing: split.test: i4 has no labels" in said.err
    assert "On the test set of 1 image," in said.out


def test_a_group_is_on_one_side(folder, capsys):
    grouped = DOCUMENT.replace("by: image", "by: group, group: '(i[0-9])'")
    (folder / "training.yaml").write_text(grouped)
    for kind in ("images", "labels"):
        (folder / "test" / kind / "i4.tif").rename(folder / "test" / kind / "i2b.tif")
    assert main(["evaluate", ".", *CALL]) == 2
    assert "i2b of the test set is of a group that is learned from" in capsys.readouterr().err


def test_faults_are_named(folder, capsys):
    (folder / "test" / "images" / "i4.tif").unlink()
    tifffile.imwrite("test/images/i4.tif", np.zeros((8, 8, 3), np.uint8) + np.uint8([1, 2, 3]))
    assert main(["evaluate", ".", *CALL]) == 2
    said = capsys.readouterr().err
    assert "test/images/i4.tif" in said
    assert "images/i0.tif" in said
    for given, fault in (
        ("{images: test/images}", "line 4: split.test.labels: must be given"),
        (
            "{images: test/images, labels: 3}",
            "line 4: split.test.labels: must be a file or folder",
        ),
        ("test", "line 4: split.test: must be a mapping"),
        ("{images: nowhere, labels: test/labels}", "line 4: split.test: images: there is no"),
    ):
        text = DOCUMENT.replace("{images: test/images, labels: test/labels}", given)
        (folder / "training.yaml").write_text(text)
        assert main(["check", "training.yaml"]) == 2
        assert fault in capsys.readouterr().err
    (folder / "training.yaml").write_text(DOCUMENT)
    assert main(["check", "training.yaml"]) == 0
    assert "  test   test/images with test/labels" in capsys.readouterr().out
