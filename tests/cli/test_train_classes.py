"""``graticule train``: classes by name and weight, and what is said of the data."""

import numpy as np
import pandas as pd
import pytest
import tifffile
from blobs import write_blobs

from graticule.cli import main
from graticule.learn.model_file import card_of, open_model

DOCUMENT = """
graticule: 1
name: blobs
split: {by: blocks, folds: 3}
methods:
  tree: {features: {sigmas: [1, 2]}, estimator: {name: tree, max_depth: 4}, max_samples: 2000}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "training.yaml").write_text(DOCUMENT)
    write_blobs(tmp_path)
    return tmp_path


def test_a_name_for_a_value_that_no_label_has_is_refused(folder, capsys):
    (folder / "training.yaml").write_text(DOCUMENT + "classes: {0: ground, 255: blob}\n")
    for command in ("train", "evaluate"):
        assert main([command, ".", "a.tif", "--labels", "a_mask.tif", "-o", "a.model"]) == 2
        said = capsys.readouterr().err
        assert "classes names 255 (blob), which no label image holds" in said
        assert "1, object" in said
        assert not (folder / "a.model").exists()
    (folder / "training.yaml").write_text(DOCUMENT + "classes: {1: blob}\n")
    assert main(["train", ".", "a.tif", "--labels", "a_mask.tif", "-o", "a.model",
                 "--no-scores"]) == 0  # fmt: skip
    assert [each.name for each in open_model("a.model").classes] == ["background", "blob"]


def test_classes_are_weighed_by_value_or_name(folder, capsys):
    found = []
    for keys in ("", "0: 1, 1: 9", "background: 1, object: 9"):
        weights = f", class_weight: {{{keys}}}" if keys else ""
        (folder / "training.yaml").write_text(
            DOCUMENT.replace("max_depth: 4", f"max_depth: 4{weights}")
        )
        assert main(["train", ".", "a.tif", "--labels", "a_mask.tif", "-o", "a.model",
                     "--no-scores"]) == 0, capsys.readouterr().err  # fmt: skip
        found.append(open_model("a.model").predict(tifffile.imread("a.tif")).values)
    assert found[1].sum() > found[0].sum()
    np.testing.assert_array_equal(found[1], found[2])
    (folder / "training.yaml").write_text(DOCUMENT.replace("max_depth: 4", "class_weight: {2: 1}"))
    capsys.readouterr()
    assert main(["train", ".", "a.tif", "--labels", "a_mask.tif", "-o", "b.model"]) == 2
    assert "class_weight: '2' is no class" in capsys.readouterr().err


def test_files_of_equal_name_are_told_apart_in_the_card(folder):
    for kind in ("images", "masks"):
        (folder / kind).mkdir()
    tifffile.imwrite("images/a.tif", tifffile.imread("a.tif"))
    tifffile.imwrite("masks/a.tif", tifffile.imread("a_mask.tif"))
    assert main(["train", ".", "images", "--labels", "masks", "-o", "a.model", "--no-scores"]) == 0
    names = [each["file"] for each in card_of("a.model")["data"]]
    assert names == ["images/a.tif", "masks/a.tif"]


def test_of_grey_pictures_saved_as_colour_the_step_to_grey_is_named(folder, capsys):
    image = tifffile.imread("a.tif")
    grey = (40 * (image - image.min())).clip(0, 255).astype(np.uint8)
    tifffile.imwrite("rgb.tif", np.stack([grey] * 3, axis=-1), photometric="rgb")
    assert main(["train", ".", "rgb.tif", "--labels", "a_mask.tif", "-o", "a.model",
                 "--no-scores"]) == 0  # fmt: skip
    assert "{op: transform.grey}, then {op: learn.classify" in capsys.readouterr().out
    (folder / "run.yaml").write_text(
        "{graticule: 1, steps: {grey: {op: transform.grey}, "
        "found: {op: learn.classify, model: a.model}}}"
    )
    assert main(["run", "run.yaml", "rgb.tif", "-o", "out"]) == 0


def test_the_table_of_methods_has_units_and_no_empty_columns(folder, capsys):
    cut = (slice(0, 48), slice(0, 60))
    tifffile.imwrite("b.tif", tifffile.imread("a.tif")[cut])
    tifffile.imwrite("b_mask.tif", tifffile.imread("a_mask.tif")[cut])
    assert main(["evaluate", ".", "b.tif", "--labels", "b_mask.tif", "-o", "out",
                 "--only", "tree"]) == 0  # fmt: skip
    said = capsys.readouterr().out
    assert "fit [s]" in said
    table = pd.read_csv("out/methods.csv")
    for name in ("dice_low", "auc"):
        assert (name in said) == bool(table[name].notna().any())
