"""``graticule cluster``: from images or a table to groups, models and a page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from graticule.cli import main
from graticule.learn.model_file import card_of, open_model
from graticule.pipeline import Pipeline

DOCUMENT = """
graticule: 1
task: clustering
name: squares
description: Squares at the left and at the right.
study: "images/*/*.png"
features: {embedding: values}
labels: folder
methods:
  two: [{step: pca, n_components: 4}, {step: kmeans, n_clusters: 2}]
  mixture: [{step: pca, n_components: 3}, {step: gaussian_mixture, n_components: 2}]
  map: [{step: som, x: 2, y: 2}]
main: two
null: {n: 19}
stability: {n: 4}
"""
PREPARE = """
graticule: 1
name: prepare
steps:
  turned: {op: transform.flip, dim: x}
  smooth: {op: filters.gaussian, sigma: 0.5}
outputs: [smooth]
"""


def square(side: str, rng: np.random.Generator) -> np.ndarray:
    values = rng.integers(0, 30, (9, 9))
    values[3:6, 0:3] += 200 if side == "left" else 0
    values[3:6, 6:9] += 0 if side == "left" else 200
    return values.astype(np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clustering.yaml").write_text(DOCUMENT)
    (tmp_path / "prepare.yaml").write_text(PREPARE)
    rng = np.random.default_rng(0)
    for side, count in (("left", 18), ("right", 12)):
        (tmp_path / "images" / side).mkdir(parents=True)
        for number in range(count):
            file = tmp_path / "images" / side / f"{side}_{number}.png"
            Image.fromarray(square(side, rng)).save(file)
    return tmp_path


def run(*words: str) -> int:
    return main(["cluster", *words])


def test_groups_models_and_a_page_are_written(folder, capsys):
    assert run(".", "-o", "out") == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert "30 images" in said
    assert "{op: learn.assign_image, model: out/two.model}" in said
    groups = pd.read_csv("out/groups.csv")
    assert groups.groupby("group")["known_label"].nunique().tolist() == [1, 1]
    assert groups["group"].value_counts().tolist() == [18, 12]
    assert sorted(groups["outlier_rank"]) == list(range(1, 31))
    assert {"group_two", "group_mixture", "group_map"} <= set(groups.columns)
    assert card_of("out/two.model")["kind"] == "clustering"
    record = json.loads((folder / "out" / "run.json").read_text())
    assert record["kind"] == "clustering"
    assert record["rows"] == 30
    page = (folder / "out" / "report.html").read_text()
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert page.count("<img") > 30


@pytest.mark.parametrize("method", ["two", "mixture", "map"])
def test_the_step_gives_the_images_their_groups(folder, method):
    assert run(".", "-o", "out") == 0
    groups = pd.read_csv("out/groups.csv").set_index("image")
    text = f"graticule: 1\nsteps: {{found: {{op: learn.assign_image, model: out/{method}.model}}}}"
    done = Pipeline.loads(text).run("images/*/*.png", "assigned", cache=False)
    assert not done.failed
    found = done.images.set_index("image")["group"]
    assert found.to_dict() == groups[f"group_{method}"].to_dict()


@pytest.mark.parametrize("method", ["two", "mixture", "map"])
def test_the_step_gives_the_rows_of_a_table_their_groups(folder, method):
    assert run(".", "-o", "out") == 0
    Path("out/features.csv").rename("features.csv")
    table = pd.read_csv("features.csv")
    text = DOCUMENT.replace("features: {embedding: values}\nlabels: folder\n", "")
    Path("table.yaml").write_text(text)
    assert run("table.yaml", "features.csv", "-o", "again") == 0
    model = open_model(f"again/{method}.model")
    groups = pd.read_csv("again/groups.csv")
    assert model.assigned(table)["group"].tolist() == groups[f"group_{method}"].tolist()
    assert model.assigned(table)["group_distance"].tolist() == pytest.approx(
        groups["group_distance"] if method == "two" else model.assigned(table)["group_distance"]
    )


def test_the_same_request_gives_the_same_bytes(folder):
    assert run(".", "-o", "one") == run(".", "-o", "other") == 0
    first = {name: Path("one", name).read_bytes() for name in ("groups.csv", "two.model",
             "methods.csv", "features.parquet", "map.model")}  # fmt: skip
    for name, content in first.items():
        assert Path("other", name).read_bytes() == content, name
    assert run(".", "-o", "one") == 0
    for name, content in first.items():
        assert Path("one", name).read_bytes() == content, name


def test_a_changed_document_takes_up_what_was_prepared(folder):
    prepared = DOCUMENT.replace("labels:", "pipeline: prepare.yaml\nlabels:")
    Path("clustering.yaml").write_text(prepared)
    assert run(".", "-o", "out") == 0
    before = Path("out/groups.csv").read_bytes()
    Path("clustering.yaml").write_text(prepared.replace("n_clusters: 2", "n_clusters: 3"))
    assert run(".", "-o", "out") == 0
    record = json.loads(Path("out/prepared/run.json").read_text())
    assert all(image["cached"] for image in record["images"])
    assert pd.read_csv("out/groups.csv")["group"].nunique() == 3
    Path("clustering.yaml").write_text(prepared)
    assert run(".", "-o", "out") == 0
    assert Path("out/groups.csv").read_bytes() == before


def test_a_method_that_is_no_more_leaves_no_model(folder):
    assert run(".", "-o", "out") == 0
    Path("clustering.yaml").write_text(DOCUMENT.replace("  map: [{step: som, x: 2, y: 2}]\n", ""))
    assert run(".", "-o", "out") == 0
    assert sorted(path.name for path in Path("out").glob("*.model")) == [
        "mixture.model", "two.model",
    ]  # fmt: skip


def test_bad_images_are_set_aside_and_named(folder, capsys):
    rng = np.random.default_rng(1)
    Path("images/left/broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    Image.fromarray(rng.integers(0, 255, (9, 11), np.uint8)).save("images/left/wide.png")
    colour = np.repeat(square("left", rng)[..., None], 3, axis=-1)
    Image.fromarray(colour).save("images/left/colour.png")
    assert run(".", "-o", "out") == 1
    said = capsys.readouterr().err
    assert "failed: left/broken" in said
    assert "failed: left/wide: is 9 x 11, and others are 9 x 9" in said
    aside = pd.read_csv("out/set_aside.csv").set_index("image")
    assert sorted(aside.index) == ["left/broken", "left/wide"]
    groups = pd.read_csv("out/groups.csv").set_index("image")
    assert len(groups) == 31
    assert groups.loc["left/colour", "group"] == groups.loc["left/left_0", "group"]
    assert "broken" in Path("out/report.html").read_text()


def test_what_a_column_refuses_is_set_aside_with_its_reason(folder):
    table = pd.DataFrame({"image": [f"i{n}" for n in range(20)], "a": np.arange(20.0) % 7})
    table["refused"] = ""
    table.loc[3, "refused"] = "blended, faint"
    table["odd"] = table["a"] > 5
    table.loc[4, "a"] = np.nan
    table["empty"] = np.nan
    table["same"] = 1.5
    table.to_csv("table.csv", index=False)
    Path("document.yaml").write_text(
        "{graticule: 1, refuse: [refused, odd], null: {n: 19}, stability: {n: 2},"
        " methods: {two: [{step: kmeans, n_clusters: 2}]}}"
    )
    assert run("document.yaml", "table.csv", "-o", "out") == 0
    aside = pd.read_csv("out/set_aside.csv").set_index("image")["why"]
    assert aside["i3"] == "blended, faint"
    assert aside["i6"] == "odd"
    assert aside["i4"] == "no number in a"
    assert len(pd.read_csv("out/groups.csv")) == 20 - len(aside)
    left_out = json.loads(Path("out/run.json").read_text())["left_out"]
    assert any("empty" in told for told in left_out)
    assert any("same" in told for told in left_out)


def test_where_all_is_refused_or_fails_it_is_said(folder, capsys):
    text = "{graticule: 1, refuse: bad, methods: {two: [{step: kmeans, n_clusters: 2}]}}"
    Path("document.yaml").write_text(text)
    pd.DataFrame({"a": [1.0, 2.0, 3.0], "bad": True}).to_csv("table.csv", index=False)
    assert run("document.yaml", "table.csv", "-o", "out") == 2
    assert "all 3 rows are refused, the first as 1: bad" in capsys.readouterr().err
    Path("given").mkdir()
    Path("given/a.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    Path("clustering.yaml").write_text(
        DOCUMENT.replace("labels:", "pipeline: prepare.yaml\nlabels:")
    )
    assert run(".", "given", "-o", "other") == 2
    assert "no images came out of the pipeline; the first: a" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: None, "holds no image"),
        (lambda: Image.fromarray(np.eye(9, dtype=np.uint8)).save("given/a.png"), "1"),
        (lambda: [Image.fromarray(np.full((9, 9), 7, np.uint8)).save(f"given/{n}.png")
                  for n in range(5)], "no feature is left"),
        (lambda: Path("given/a.png").write_bytes(b"\x89PNG\r\n\x1a\nno more"), "given/a.png"),
    ],
    ids=["empty", "one", "constant", "corrupt"],
)  # fmt: skip
def test_what_cannot_be_grouped_is_a_typed_error(folder, capsys, make, said):
    Path("given").mkdir()
    make()
    assert run(".", "given", "-o", "out") == 2
    told = capsys.readouterr().err
    assert "graticule: " in told
    assert said in told
    assert "Traceback" not in told


def test_fewer_images_than_groups_is_a_typed_error(folder, capsys):
    Path("clustering.yaml").write_text(DOCUMENT.replace("n_clusters: 2", "n_clusters: 40"))
    assert run(".", "-o", "out") == 2
    assert "40 groups need 40 rows, not 30" in capsys.readouterr().err


def test_another_method_that_fails_is_told_and_ends_nothing(folder, capsys):
    Path("clustering.yaml").write_text(
        DOCUMENT.replace("gaussian_mixture, n_components: 2", "gaussian_mixture, n_components: 40")
    )
    assert run(".", "-o", "out") == 1
    assert "failed: mixture:" in capsys.readouterr().err
    assert set(pd.read_csv("out/methods.csv")["method"]) == {"two", "map"}


def test_a_wrong_request_says_what_to_do(folder, capsys):
    for words, said in (
        (["nowhere.yaml", "-o", "out"], "no such clustering document"),
        (["digit_clusters", "-o", "out"], "digits_clusters"),
        ([".", "nowhere/*.png", "-o", "out"], "nowhere"),
    ):
        assert run(*words) == 2
        assert said in capsys.readouterr().err
    Path("mine").mkdir()
    Path("mine/precious.txt").write_text("mine")
    assert run(".", "-o", "mine") == 2
    assert "--overwrite" in capsys.readouterr().err
    assert Path("mine/precious.txt").read_text() == "mine"


def test_columns_are_chosen_by_patterns(folder, capsys):
    rng = np.random.default_rng(0)
    names = ["moment_1", "moment_2", "light", "label"]
    table = pd.DataFrame(rng.normal(size=(30, 4)), columns=names)
    table.to_parquet("table.parquet")
    text = (
        "{graticule: 1, null: {n: 19}, stability: {n: 2}, features: {columns: [%s]},"
        " methods: {a: [kmeans]}}"
    )
    Path("document.yaml").write_text(text % '"moment_*", light')
    assert run("document.yaml", "table.parquet", "-o", "out") == 0
    assert json.loads(Path("out/run.json").read_text())["columns"] == names[:3]
    Path("document.yaml").write_text(text % "momet_1")
    assert run("document.yaml", "table.parquet", "-o", "out") == 2
    assert "did you mean moment_1" in capsys.readouterr().err


OBJECTS = """
graticule: 1
task: clustering
pipeline: objects.yaml
rows: objects
refuse: dark
features: {columns: [area, equivalent_diameter]}
methods: {two: [standardise, {step: kmeans, n_clusters: 2}]}
null: {n: 0}
stability: {n: 2}
"""
FIND = """
graticule: 1
steps:
  mask: {op: threshold.fixed, value: 100}
  labels: {op: segment.label}
  cells: {op: measure.regions, intensity: image}
outputs: [cells]
"""


def test_objects_are_grouped_and_named_by_image_and_label(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("document.yaml").write_text(OBJECTS.replace("refuse: dark\n", ""))
    Path("objects.yaml").write_text(FIND)
    Path("images").mkdir()
    rng = np.random.default_rng(0)
    for number in range(3):
        image = rng.integers(0, 20, (60, 60)).astype(np.uint8)
        for place in range(4):
            top = 15 * place
            image[top + 2 : top + 5, 3:6] = 200
            image[top + 2 : top + 12, 30 : 40 + place] = 200
        Image.fromarray(image).save(f"images/{number}.png")
    assert run("document.yaml", "images", "-o", "out") == 0
    groups = pd.read_csv("out/groups.csv")
    assert len(groups) == 24
    assert groups["group"].value_counts().tolist() == [12, 12]
    assert groups["image"].is_unique
    table = pd.read_csv("out/prepared/objects.csv")
    assert groups["label"].tolist() == table["label"].tolist()
    small = table["area"] < 20
    assert groups.loc[small, "group"].nunique() == groups.loc[~small, "group"].nunique() == 1
    text = (
        "graticule: 1\nsteps:\n"
        + FIND.split("steps:\n")[1].split("outputs")[0]
        + "  groups: {op: learn.assign, model: out/two.model}\noutputs: [groups]\n"
    )
    told = Pipeline.loads(text).run("images/*.png", "assigned", cache=False).tables["objects"]
    assert told["group"].tolist() == groups["group"].tolist()


def test_what_was_measured_once_of_an_image_belongs_to_its_row(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("document.yaml").write_text(OBJECTS.replace("rows: objects\nrefuse: dark\n", ""))
    Path("objects.yaml").write_text(FIND)
    Path("images").mkdir()
    for number in range(12):
        image = np.zeros((40, 40), np.uint8)
        image[5:15, 5 : 15 + (number % 2) * 15] = 200
        Image.fromarray(image).save(f"images/{number:02d}.png")
    assert run("document.yaml", "images", "-o", "out") == 0
    groups = pd.read_csv("out/groups.csv")
    assert groups["group"].tolist() in ([0, 1] * 6, [1, 0] * 6)


def test_cut_off_it_goes_on_to_the_same_bytes(folder, monkeypatch):
    from graticule.clustering import run as running

    assert run(".", "-o", "whole") == 0

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(running, "analyse", stopped)
        assert run(".", "-o", "out") == 130
    assert not Path("out/groups.csv").exists()
    kept = {path: path.stat().st_mtime_ns for path in Path("out/.work/rows").glob("*.npz")}
    assert kept
    assert run(".", "-o", "out") == 0
    assert {p: p.stat().st_mtime_ns for p in Path("out/.work/rows").glob("*.npz")} == kept
    for name in ("groups.csv", "features.parquet", "methods.csv", "null.csv", "two.model"):
        assert Path("out", name).read_bytes() == Path("whole", name).read_bytes(), name


def test_rows_that_are_damaged_are_described_anew(folder):
    assert run(".", "-o", "out") == 0
    before = Path("out/groups.csv").read_bytes()
    part = next(Path("out/.work/rows").glob("*.npz"))
    part.write_bytes(part.read_bytes()[:-40])
    assert run(".", "-o", "out") == 0
    assert Path("out/groups.csv").read_bytes() == before


MEASURED = """
graticule: 1
name: measured
sheet: plate.csv
steps:
  bright: {op: threshold.fixed, value: 100}
  parts: {op: segment.label}
  spots: {op: measure.regions, intensity: image}
  share: {op: measure.porosity, input: bright}
outputs: [spots, share]
"""


@pytest.mark.parametrize("rows", ["images", "objects"])
def test_facts_of_a_sheet_are_no_features_and_set_no_row_aside(folder, rows):
    images = folder / "images"
    names = sorted(path.relative_to(images) for path in images.rglob("*.png"))
    sheet = pd.DataFrame({"image": [name.as_posix() for name in names], "dose": 1.0, "area": 2})
    sheet["dose"] += np.arange(len(names))
    sheet[1:].to_csv("plate.csv", index=False)
    Path("measured.yaml").write_text(MEASURED)
    Path("clustering.yaml").write_text(
        f"{{graticule: 1, pipeline: measured.yaml, rows: {rows}, study: 'images/*/*.png',"
        " null: {n: 19}, stability: {n: 2}, methods: {two: [{step: kmeans, n_clusters: 2}]}}"
    )
    assert run(".", "-o", "out") == 0
    features = list(pd.read_csv("out/features.csv").columns)
    assert not [name for name in features if "dose" in name or "sheet" in name], features
    assert len(pd.read_csv("out/groups.csv")) == len(names)
    if rows == "objects":
        held = [name for name in pd.read_csv("out/prepared/objects.csv") if "dose" in name]
        assert held == ["dose"]
