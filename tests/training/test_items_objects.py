"""task: objects, as docs/training.md shows it."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import graticule as gt
from graticule.cli import main
from graticule.learn import open_model
from graticule.simulate.dataset import samples

TEXT = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
CLUMPS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[3]


def said_by(capsys):
    read = capsys.readouterr()
    return read.out + read.err


SEGMENT = """
graticule: 1
name: cells
steps:
  smooth: {op: filters.gaussian, sigma: 1}
  mask: {op: threshold.otsu}
  objects: {op: segment.label}
  table: {op: measure.regions, input: objects, intensity: smooth}
"""


@pytest.fixture(scope="module")
def run_of_cells(tmp_path_factory):
    """A run on simulated cells, with the objects that are told from the truth."""
    folder = tmp_path_factory.mktemp("cells")
    (folder / "images").mkdir()
    rows = []
    for each in samples("cells", 5, seed=1, parameters={"shape": [160, 160]}):
        gt.io.write(folder / "images" / f"{each.name}.tif", each.image)
        smooth = gt.filters.gaussian(each.image, sigma=1)
        found = gt.segment.label(gt.threshold.otsu(smooth)).values
        for label in range(1, found.max() + 1):
            cells, counts = np.unique(each.labels.values[found == label], return_counts=True)
            count = int((counts[cells > 0] > 15).sum())
            if count and label % 5:  # one in five is not told
                rows.append((each.name, label, "single" if count == 1 else "several"))
    told = pd.DataFrame(rows, columns=["image", "label", "class"])
    told.to_csv(folder / "classes.csv", index=False)
    (folder / "segment.yaml").write_text(SEGMENT + "outputs: [table]\n")
    images, run = str(folder / "images"), str(folder / "run")
    assert main(["run", str(folder / "segment.yaml"), images, "-o", run]) == 0
    (folder / "clumps.yaml").write_text(CLUMPS)
    return folder


@pytest.fixture
def cells(run_of_cells, monkeypatch):
    monkeypatch.chdir(run_of_cells)
    return run_of_cells


def test_objects_are_told_apart_and_held_out_by_image(cells, capsys):
    call = ["clumps.yaml", "run", "--labels", "classes.csv"]
    assert main(["evaluate", *call, "-o", "out"]) == 0
    said = said_by(capsys)
    told = pd.read_csv("classes.csv")
    assert f"{len(told)} of {len(pd.read_csv('run/objects.csv'))} objects have a class" in said
    assert "Whole images are held out, in 4 folds" in said
    answers = pd.read_csv("out/answers.csv")
    assert (answers.groupby("image")["fold"].nunique() == 1).all()
    shape = answers[answers["method"] == "shape"].merge(told, on=["image", "label"])
    assert len(shape) == len(told)
    assert (shape["truth"] == shape["class"]).all()
    scores = pd.read_csv("out/methods.csv").set_index("method")
    assert scores.loc["shape", "dice"] > 0.8
    assert main(["train", *call, "-o", "clumps.model"]) == 0
    assert "{op: learn.classify_objects, model: clumps.model}" in said_by(capsys)
    assert open_model("clumps.model").columns_ == (
        "area", "eccentricity", "major_axis", "minor_axis",
    )  # fmt: skip
    steps = "  told: {op: learn.classify_objects, input: table, model: clumps.model}\n"
    Path("apply.yaml").write_text(f"{SEGMENT}{steps}outputs: [told]\n")
    assert main(["run", "apply.yaml", "images", "-o", "applied"]) == 0
    found = pd.read_csv("applied/objects.csv").merge(told, on=["image", "label"])
    assert (found["class_x"] == found["class_y"]).mean() > 0.95


def test_a_class_may_stand_in_the_table_itself_and_groups_too(cells, capsys):
    table = pd.read_csv("run/objects.csv").merge(pd.read_csv("classes.csv"), on=["image", "label"])
    table["plate"] = table["image"].str[-1].astype(int) // 2
    table.to_csv("joined.csv", index=False)
    text = CLUMPS.replace("split: {folds: 4}", "groups: plate").replace("[area, ", "[").replace(
        "estimator: logistic", "estimator: linear")  # fmt: skip
    Path("plates.yaml").write_text(text)
    assert main(["evaluate", "plates.yaml", "joined.csv", "-o", "plates"]) == 0
    assert "Whole groups of plate are held out, in 3 folds (there are only 3)" in said_by(capsys)
    answers = pd.read_csv("plates/answers.csv")
    assert (answers.groupby(answers["image"].str[-1].astype(int) // 2)["fold"].nunique() == 1).all()
    assert main(["train", "plates.yaml", "joined.csv", "-o", "p.model", "--method", "all",
                 "--no-scores"]) == 0  # fmt: skip
    assert "plate" not in open_model("p.model").columns_


def test_an_object_without_a_number_counts_as_missed(cells, capsys):
    table = pd.read_csv("run/objects.csv").merge(pd.read_csv("classes.csv"), on=["image", "label"])
    table.loc[table["class"] == "single", "minor_axis"] = np.nan
    table.loc[table.index[table["class"] == "single"][::2], "minor_axis"] = 3.0
    table.to_csv("gaps.csv", index=False)
    Path("gaps.yaml").write_text(CLUMPS)
    assert main(["evaluate", "gaps.yaml", "gaps.csv", "--only", "shape", "-o", "gaps"]) == 0
    classes = pd.read_csv("gaps/classes.csv").set_index("class")
    assert classes.loc["single", "recall"] == pytest.approx(0.5, abs=0.02)
    assert "" not in set(pd.read_csv("gaps/answers.csv")["truth"])


BAD_OBJECTS = {
    "no pattern": ("columns: ['shape_*']", None, "no column is 'shape_*'"),
    "texts": ("columns: [image]", None, "the column image holds no numbers"),
    "twice": (None, "a,1,x\na,1,y", "two rows are of the same"),
    "none": (None, "zzz,1,x\nzzz,2,y", "no row is of an image"),
    "one image": (None, "cells_0000,1,x\ncells_0000,2,y", "whole images are held out"),
}


@pytest.mark.parametrize("name", BAD_OBJECTS)
def test_bad_input_of_objects_is_named(name, cells, capsys):
    columns, rows, words = BAD_OBJECTS[name]
    text = CLUMPS if columns is None else re.sub(r"columns: \[.*?\]", columns, CLUMPS)
    Path("bad.yaml").write_text(text)
    labels = "classes.csv"
    if rows:
        labels = "bad.csv"
        Path(labels).write_text(f"image,label,class\n{rows}\n")
    assert main(["train", "bad.yaml", "run", "--labels", labels, "-o", "bad.model"]) == 2
    assert words in said_by(capsys)
    assert not Path("bad.model").exists()


def test_a_column_that_is_lacking_is_named(cells, capsys):
    assert main(["train", "clumps.yaml", "run", "-o", "bad.model"]) == 2
    assert "no column 'class'" in said_by(capsys)
    Path("few.csv").write_text("image,class\ncells_0000,x\n")
    assert main(["train", "clumps.yaml", "run", "--labels", "few.csv", "-o", "bad.model"]) == 2
    assert "the sheet has no column label" in said_by(capsys)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_facts_of_images_describe_no_objects(cells, ending):
    """A class that follows the design alone is not learned from the column that tells it."""
    names = sorted(path.stem for path in Path("images").iterdir())
    sheet = pd.DataFrame({"image": names, "dose [uM]": range(len(names)), "area": 7})
    sheet.to_csv("design.csv", index=False)
    text = SEGMENT + "outputs: [table]\nsheet: design.csv\n"
    Path("designed.yaml").write_text(text)
    if not Path("designed").exists():
        assert main(["run", "designed.yaml", "images", "-o", "designed"]) == 0
    Path("measured.yaml").write_text(CLUMPS)
    table = f"designed/objects{ending}"
    call = ["measured.yaml", table, "--labels", "classes.csv", "--method", "all", "--no-scores"]
    assert main(["train", *call, "-o", f"measured{ending}.model"]) == 0
    looked_at = open_model(f"measured{ending}.model").columns_
    assert "area" in looked_at
    assert not {"dose", "sheet_area"} & set(looked_at)
    run = gt.open_run("designed")
    assert run.tables["objects"].attrs["facts"] == {"dose": "dose", "sheet_area": "area"}
