"""From images and a sheet to the answer of an experiment, over what is independent."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from graticule.cli import main
from graticule.core.errors import PipelineError, RequestError
from graticule.evaluate.dose_response import dose_response
from graticule.evaluate.screening import z_prime
from graticule.experiment import write
from graticule.experiment.run import tables_of
from graticule.pipeline import Pipeline
from graticule.pipeline.study_spec import GroupsSpec

PIPELINE = """
graticule: 1
name: screen
inputs: {image: "{row}{col:d}_{site:d}.tif"}
sheet: plate.csv
steps:
  bright: {op: threshold.fixed, value: 20}
  spots: {op: segment.label}
  table: {op: measure.regions, intensity: image}
outputs: [table]
groups:
  by: dose
  over: [row, col]
  of: table.intensity_mean
  reference: 0
  controls: {negative: neg, positive: pos}
  dose: dose
"""
DOSES = (0, 0.1, 0.3, 1, 3, 10)


def _response(dose: float) -> float:
    return 40 + 100 / (1 + (1.0 / max(dose, 1e-12)) ** 1.5)


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a plate of 4 x 6 wells, two sites of three spots each; one well has many spots."""
    root = tmp_path_factory.mktemp("plate")
    rng = np.random.default_rng(0)
    lines = ["row,col,dose [uM],control"]
    for row in "ABCD":
        for col, dose in enumerate(DOSES, start=1):
            control = {1: "neg", 6: "pos"}.get(col, "")
            lines.append(f"{row},{col},{dose},{control}")
            well = rng.normal(0, 4)
            for site in (1, 2):
                values = np.full((40, 40), 5, np.uint16)
                for spot in range(9 if (row, col) == ("A", 1) else 3):
                    y, x = divmod(spot, 3)
                    level = max(25, _response(dose) + well + rng.normal(0, 2))
                    values[4 + 12 * y : 10 + 12 * y, 4 + 12 * x : 10 + 12 * x] = round(level)
                tifffile.imwrite(root / f"{row}{col:02}_{site}.tif", values)
    (root / "plate.csv").write_text("\n".join(lines))
    return root


@pytest.fixture(scope="module")
def out(plate: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    assert not Pipeline.loads(PIPELINE).run(plate, folder, cache=False).failed
    return folder


def test_wells_and_not_objects_are_what_is_counted(out: Path) -> None:
    objects, units, groups = (pd.read_csv(out / f"{n}.csv") for n in ("objects", "units", "groups"))
    assert len(units) == 24
    assert groups["units"].tolist() == [4] * 6
    assert groups["images"].tolist() == [8] * 6
    assert groups["objects"].tolist() == [36, *[24] * 5]
    means = objects.groupby(["row", "col", "image"])["intensity_mean"].mean()
    wells = means.groupby(["row", "col"]).mean()
    np.testing.assert_allclose(units["table.intensity_mean"], wells)
    own = units[units["dose"] == 3]["table.intensity_mean"]
    row = groups[groups["dose"] == 3].iloc[0]
    assert (row["mean"], row["sd"]) == pytest.approx((own.mean(), own.std()))
    assert row["interval"] == "t"
    assert row["low"] < own.mean() < row["high"]
    assert np.isnan(groups["p"][0])
    assert groups["p_holm"][5] >= groups["p"][5]
    assert groups["p_holm"][5] < 0.001


def test_answers_are_those_of_the_functions(out: Path) -> None:
    units = pd.read_csv(out / "units.csv")
    answers = pd.read_csv(out / "answers.csv").set_index("answer")
    values = units["table.intensity_mean"]
    fit = dose_response(units["dose"], values)
    assert answers["value"]["EC50"] == pytest.approx(fit.ec50.estimate)
    assert answers["low"]["EC50"] < 1 < answers["high"]["EC50"]
    assert answers["unit"]["EC50"] == "uM"
    told = z_prime(values[units["control"] == "pos"], values[units["control"] == "neg"])
    assert answers["value"]["Z'"] == pytest.approx(told.estimate)
    assert answers["sentence"]["EC50"].startswith("EC50 ")
    page = (out / "report.html").read_text()
    assert answers["sentence"]["Z'"].replace("'", "&#39;") in page
    assert "on the plate" in page
    places = pd.read_csv(out / "places.csv")
    assert list(places) == ["row", "col", "units", "table.intensity_mean"]
    assert places["table.intensity_mean"].tolist() == values.tolist()
    assert page.index("EC50") < page.index("images were analysed")


def test_the_command_says_the_answer(
    plate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "screen.yaml").write_text(PIPELINE)
    assert main(["run", str(tmp_path / "screen.yaml"), str(plate), "-o", str(tmp_path / "o")]) == 0
    assert "table.intensity_mean: EC50" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("by: dose", "by: dosis", r"no image has a column 'dosis'.*did you mean dose"),
        ("over: [row, col]", "over: well", "no image has a column 'well'"),
        ("reference: 0", "reference: 7", "no image has dose = 7"),
        ("negative: neg", "negative: none", "no image has control = none"),
        ("dose: dose\n", "dose: control\n", "must hold doses, not 'neg'"),
    ],
)
def test_a_design_that_cannot_be_is_refused_before_the_run(
    plate: Path, tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in PIPELINE
    with pytest.raises(RequestError, match=told):
        Pipeline.loads(PIPELINE.replace(old, new)).run(plate, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_control_is_refused_before_the_run(plate: Path, tmp_path: Path) -> None:
    sheet = "row,col,dose,control\nA,1,0,neg\nA,2,1,pos\nA,3,0,neg\n"
    other = tmp_path / "plate"
    other.mkdir()
    for file in plate.glob("A*.tif"):
        (other / file.name).write_bytes(file.read_bytes())
    (other / "plate.csv").write_text(sheet)
    with pytest.raises(RequestError, match=r"positive control .control = pos. is 1 row and col"):
        Pipeline.loads(PIPELINE).run(other, tmp_path / "out")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  of: table.intensity_mean\n", "", "must name a measured column"),
        ("of: table.intensity_mean", "of: tabel.intensity_mean", "tabel of .* is no output"),
        ("  by: dose\n", "  by: dose\n  bye: 1\n", "is not known here"),
        ("  by: dose\n", "", "reference"),
    ],
)
def test_faults_of_the_document(old: str, new: str, told: str) -> None:
    with pytest.raises(PipelineError, match=told):
        Pipeline.loads(PIPELINE.replace(old, new))


def test_a_measure_that_was_not_measured_is_told_and_ends_no_run(
    plate: Path, tmp_path: Path
) -> None:
    text = PIPELINE.replace("table.intensity_mean", "table.intensity_meen")
    assert not Pipeline.loads(text).run(plate, tmp_path / "out", cache=False).failed
    about = json.loads((tmp_path / "out/run.json").read_text())
    assert "did you mean intensity_mean" in about["troubles"]["groups"]
    assert not (tmp_path / "out/units.csv").exists()
    assert "intensity_meen" in (tmp_path / "out/report.html").read_text()


def test_what_an_earlier_run_compared_goes(out: Path) -> None:
    about = json.loads((out / "run.json").read_text())
    text = (out / "run.json").read_text()
    del about["pipeline"]["groups"]
    (out / "run.json").write_text(json.dumps(about))
    kept = {name: (out / name).read_bytes() for name in ("units.csv", "groups.parquet")}
    write(out)
    assert not any((out / name).exists() for name in kept)
    (out / "run.json").write_text(text)
    write(out)
    assert {name: (out / name).read_bytes() for name in kept} == kept


def _tables(**columns: object) -> dict[str, pd.DataFrame]:
    images = pd.DataFrame({"image": [f"i{n}" for n in range(4)], **columns})
    return {"images": images}


def test_groups_along_a_time_and_of_images_alone() -> None:
    tables = _tables(drug=["a", "a", "b", "b"], time=[0, 1, 0, 1], value=[1.0, 2, 3, 5])
    found = tables_of(GroupsSpec(by=["drug", "time"], of="value"), tables)
    assert found["groups"]["mean"].tolist() == [1, 2, 3, 5]
    assert list(found) == ["units", "groups"]
    spec = GroupsSpec(by=["drug", "time"], of="images.value", reference="a")
    compared = tables_of(spec, tables)["groups"]
    assert compared["difference"].tolist()[2:] == [2, 3]


def test_a_unit_of_two_groups_is_refused() -> None:
    tables = _tables(well=["A", "A", "B", "B"], drug=["a", "b", "b", "b"], value=[1.0, 2, 3, 5])
    with pytest.raises(RequestError, match="well A has several values of drug"):
        tables_of(GroupsSpec(by="drug", over="well", of="value"), tables)


def test_objects_without_a_value_and_images_without_objects() -> None:
    tables = _tables(drug=["a", "a", "b", "b"])
    tables["objects"] = pd.DataFrame(
        {"image": ["i0", "i0", "i1", "i2"], "size": [1.0, np.nan, 4.0, np.nan]}
    )
    found = tables_of(GroupsSpec(by="drug", of="objects.size"), tables)["groups"]
    assert found["mean"].tolist()[0] == 2.5
    assert np.isnan(found["mean"][1])
    assert found["units"].tolist() == [2, 0]
    assert found["objects"].tolist() == [3, 1]


def test_groups_are_those_of_the_sheet_and_not_of_what_was_measured(
    plate: Path, tmp_path: Path
) -> None:
    """The pipeline counts the objects of each image as table_count; the sheet says it otherwise."""
    study = tmp_path / "plate"
    study.mkdir()
    lines = ["row,col,table_count [um],dose,control"]
    for col in (1, 2, 3, 6):
        name = f"A{col:02}_1.tif"
        (study / name).write_bytes((plate / name).read_bytes())
        lines.append(f"A,{col},{7 if col < 3 else 9},1,")
    (study / "plate.csv").write_text("\n".join(lines))
    text = PIPELINE.partition("groups:")[0] + (
        "groups: {by: table_count, over: [table_count, col], of: table.intensity_mean}"
    )
    run = Pipeline.loads(text).run(study, tmp_path / "out", cache=False)
    assert sorted(set(run.images["sheet_table_count"])) == [7, 9]
    groups = pd.read_csv(tmp_path / "out/groups.csv")
    assert groups["table_count"].tolist() == [7, 9]
    assert groups["units"].tolist() == [2, 2]
    about = json.loads((tmp_path / "out/groups.csv-metadata.json").read_text())
    assert about["tableSchema"]["columns"][0]["unit"] == "um"


def test_each_drug_has_its_curve_and_each_plate_its_controls(plate: Path, tmp_path: Path) -> None:
    study = tmp_path / "plate"
    study.mkdir()
    lines = ["row,col,drug,plate,dose [uM],control"]
    rng = np.random.default_rng(0)
    for row in "ABCD":
        lines.append(f"{row},1,vehicle,{1 + (row in 'CD')},0,neg")
        for col, dose in enumerate((0, 0.1, 0.3, 1, 3, 10, 30, 100), start=2):
            drug = "a" if row in "AB" else "b"
            control = "pos" if col == 9 else ""
            lines.append(f"{row},{col},{drug},{1 + (row in 'CD')},{dose},{control}")
            level = _response(dose if drug == "a" else dose / 20) + rng.normal(0, 1)
            values = np.full((12, 12), 5, np.uint16)
            values[3:9, 3:9] = round(level)
            tifffile.imwrite(study / f"{row}{col:02}_1.tif", values)
        values = np.full((12, 12), 5, np.uint16)
        values[3:9, 3:9] = round(40 + rng.normal(0, 2))
        tifffile.imwrite(study / f"{row}01_1.tif", values)
    (study / "plate.csv").write_text("\n".join(lines))
    text = PIPELINE.replace("by: dose", "by: [drug, plate, dose]").replace("  reference: 0\n", "")
    assert not Pipeline.loads(text).run(study, tmp_path / "out", cache=False).failed
    answers = pd.read_csv(tmp_path / "out/answers.csv")
    assert list(answers.columns[:4]) == ["drug", "plate", "measure", "answer"]
    ec50 = answers[answers["answer"] == "EC50"].set_index("drug")
    assert ec50.index.tolist() == ["a", "b"]
    assert ec50["low"]["a"] < 1 < ec50["high"]["a"] < 5
    assert 5 < ec50["low"]["b"] < 20 < ec50["high"]["b"]
    quality = answers[answers["answer"] == "Z'"]
    assert quality["plate"].tolist() == [1, 2]
    assert quality["drug"].isna().all()
    assert quality["units"].tolist() == [4, 4]
    page = (tmp_path / "out/report.html").read_text()
    for drug, number in (("a", 1), ("b", 2)):
        assert f"drug {drug}, plate {number}: {ec50['sentence'][drug]}" in page
    assert "table.intensity_mean, plate 2: Z" in page


def test_what_has_no_group_is_not_tested_and_what_has_no_unit_is_none(
    plate: Path, tmp_path: Path
) -> None:
    study = tmp_path / "plate"
    study.mkdir()
    lines = ["row,col,drug,animal"]
    for row in "ABCD":
        for col, (drug, animal) in enumerate(
            (("x", 1), ("x", 2), ("y", 3), ("y", 4), ("", 5), ("x", ""), ("y", "")), start=1
        ):
            file = plate / f"{row}{min(col, 6):02}_1.tif"
            (study / f"{row}{col:02}_1.tif").write_bytes(file.read_bytes())
            unit = f"{row}{animal}" if animal else ""
            lines.append(f"{row},{col},{drug},{unit}")
    (study / "plate.csv").write_text("\n".join(lines))
    text = PIPELINE.partition("groups:")[0] + (
        "groups: {by: drug, over: animal, of: table.intensity_mean, reference: x}"
    )
    assert not Pipeline.loads(text).run(study, tmp_path / "out", cache=False).failed
    units = pd.read_csv(tmp_path / "out/units.csv")
    assert len(units) == 20
    assert units["animal"].notna().all()
    groups = pd.read_csv(tmp_path / "out/groups.csv")
    assert groups["drug"].tolist() == ["x", "y"]
    assert groups["units"].tolist() == [8, 8]
    assert groups["p_holm"][1] == groups["p"][1]
    told = json.loads((tmp_path / "out/run.json").read_text())["troubles"]["groups"]
    assert "images without animal are of no unit (8: A06_1, A07_1, B06_1, B07_1, C06_1" in told
    assert "images without drug are in no group (4: A05_1, B05_1, C05_1, D05_1)" in told
    assert "images without animal" in (tmp_path / "out/report.html").read_text()


def test_a_group_may_lack_one_of_its_columns_but_is_not_compared_without_the_first() -> None:
    tables = _tables(drug=["a", "a", "", ""], time=[0, 1, 0, np.nan], value=[1.0, 2, 3, 5])
    found = tables_of(GroupsSpec(by=["drug", "time"], of="value", reference="a"), tables)
    assert found["groups"]["drug"].tolist() == ["", "a", "a"]
    assert found["groups"]["mean"].tolist() == [3, 1, 2]
    assert found["groups"]["difference"].isna().all()
    tables = _tables(drug=["a", "b", "a", "b"], time=[np.nan, np.nan, 1, 1], value=[1.0, 2, 3, 5])
    found = tables_of(GroupsSpec(by=["drug", "time"], of="value", reference="a"), tables)
    assert found["groups"]["difference"].dropna().tolist() == [2, 1]


def test_a_blank_number_is_no_group_either() -> None:
    tables = _tables(time=[0, 1, np.nan, np.nan], value=[1.0, 2, 3, 5])
    found = tables_of(GroupsSpec(by="time", of="value"), tables)
    assert found["groups"]["time"].tolist() == [0, 1]
    assert len(found["units"]) == 4
    with pytest.raises(RequestError, match="no unit has time"):
        tables_of(GroupsSpec(by="time", of="value"), _tables(time=[np.nan] * 4, value=[1.0] * 4))


def _refused(groups: str) -> str:
    with pytest.raises(PipelineError) as error:
        Pipeline.loads(PIPELINE.partition("groups:")[0] + f"groups: {groups}")
    return str(error.value)


@pytest.mark.parametrize("name", ["images", "objects", "objects_cells"])
def test_names_of_the_answer_are_no_columns_of_the_design(name: str) -> None:
    told = f"{name!r} is a column of the answer (rename the column)"
    assert f"by: {told}" in _refused(f"{{by: {name}, of: table.area}}")
    assert f"over: {told}" in _refused(f"{{by: x, over: [row, {name}], of: table.area}}")
    assert f"dose: {told}" in _refused(f"{{dose: {name}, of: table.area}}")
    assert f"controls: {told}" in _refused(f"{{controls: {{column: {name}}}, of: table.area}}")
    assert f"as images.{name}" in _refused(f"{{by: x, of: {name}}}")


def test_what_is_measured_has_another_name_than_what_makes_groups() -> None:
    assert "'area' is another column of the answer (as images.area)" in _refused(
        "{by: area, of: area}"
    )


def test_every_column_of_the_answer_is_refused_of_groups(out: Path) -> None:
    for name in ("groups", "answers"):
        for column in pd.read_csv(out / f"{name}.csv").columns.drop("dose", errors="ignore"):
            assert "is a column of the answer" in _refused(f"{{by: [{column}], of: table.area}}")


def test_measures_and_columns_of_any_name_are_no_counts() -> None:
    tables = _tables(drug=["a", "a", "b", "b"], **{"n cells": ["x", "y", "x", "y"]})
    tables["objects"] = pd.DataFrame({"image": ["i0", "i1", "i2"], "area": [1.5, np.inf, 4.0]})
    spec = GroupsSpec(by=["drug", "n cells"], of="objects.area")
    found = tables_of(spec, tables)
    assert list(found["units"])[-3:] == ["images", "objects", "objects.area"]
    assert found["units"]["n cells"].tolist() == ["x", "y", "x", "y"]
    assert "objects.area" not in found["groups"]
    assert found["groups"]["objects"].tolist() == [1, 1, 1, 0]
