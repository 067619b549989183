"""Studies whose images come in several files each, with a sheet of facts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile

from graticule.cli import main
from graticule.core.errors import PipelineError, RequestError
from graticule.pipeline import Pipeline

PIPELINE = """
graticule: 1
name: plate
inputs:
  dna: "Channel2-*-{row}-{col}.tif"
  gfp: {path: "Channel1-*-{row}-{col}.tif"}
sheet: plate.csv
steps:
  bright: {op: threshold.fixed, input: dna, value: 50}
  nuclei: {op: segment.label}
  table: {op: measure.regions, intensity: gfp}
outputs: [table]
"""
SHEET = "row,col,dose [uM],area\nA,1,0.5,x\nA,2,2,y\nC,1,3,z\n"


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    root = tmp_path / "plate"
    root.mkdir()
    for number, (row, col) in enumerate([("A", 1), ("A", 2), ("B", 1), ("B", 2)]):
        for channel in (1, 2):
            values = np.zeros((20, 20), np.uint8)
            values[4:10, 4:10] = 100 + 10 * number * (channel == 1)
            tifffile.imwrite(root / f"Channel{channel}-7{channel}-{row}-{col:02}.tif", values)
    (root / "Channel1-71-B-02.tif").unlink()
    (root / "plate.csv").write_text(SHEET)
    return root


def test_channels_of_a_site_are_one_image_and_the_sheet_stands_beside(
    plate: Path, tmp_path: Path
) -> None:
    told: list[str] = []
    run = Pipeline.loads(PIPELINE).run(plate, tmp_path / "out", cache=False, tell=told.append)
    assert told == [
        "1 without gfp: Channel2-72-B-02",
        "2 without a row in plate.csv: Channel2-72-B-01, Channel2-72-B-02",
        "1 row of plate.csv without an image: row=C col=1",
    ]
    assert list(run.notes) == told
    assert run.images["image"].tolist() == [f"Channel2-72-{w}" for w in ("A-01", "A-02", "B-01")]
    assert list(run.images.columns[:5]) == ["image", "row", "col", "dose", "area"]
    objects = run.tables["objects"]
    assert objects["intensity_mean"].tolist() == [100, 110, 120]
    assert objects["dose"].tolist()[:2] == [0.5, 2]
    assert np.isnan(objects["dose"].iloc[2])
    assert objects["sheet_area"].tolist() == ["x", "y", ""]
    assert objects["area"].tolist() == [36, 36, 36]
    assert objects.attrs["units"]["dose"] == "uM"
    about = json.loads((tmp_path / "out/objects.csv-metadata.json").read_text())
    units = {column["name"]: column.get("unit") for column in about["tableSchema"]["columns"]}
    assert units["dose"] == "uM"
    (failed,) = run.failed
    assert failed.image == "Channel2-72-B-02"
    assert "the input 'gfp' is missing" in str(failed.error)
    assert not run.skipped


def test_another_sheet_changes_facts_and_computes_nothing_again(
    plate: Path, tmp_path: Path
) -> None:
    pipeline = Pipeline.loads(PIPELINE)
    pipeline.run(plate, tmp_path / "out", cache=False)
    (plate / "plate.csv").write_text("row,col,dose [uM]\nA,1,7\n")
    run = pipeline.run(plate, tmp_path / "out", cache=False)
    assert all(result.cached for result in run.results if result.status == "done")
    assert run.images["dose"].tolist()[0] == 7
    assert pd.read_csv(tmp_path / "out/objects.csv")["dose"].tolist()[0] == 7


def test_a_site_without_its_first_file_is_named(plate: Path, tmp_path: Path) -> None:
    (plate / "Channel2-72-A-01.tif").unlink()
    run = Pipeline.loads(PIPELINE).run(plate, tmp_path / "out", cache=False)
    errors = {each.image: str(each.error) for each in run.failed}
    assert "the input 'dna' is missing" in errors["Channel2-*-A-01"]
    assert len(run.images) == 2


def test_the_command_says_it_all_and_counts(
    plate: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "plate.yaml"
    document.write_text(PIPELINE)
    assert main(["run", str(document), str(plate), "-o", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    assert said.err.count("1 without gfp: Channel2-72-B-02") == 1
    assert "3 of 4 images done" in said.out
    assert main(["study", str(plate), "--pipeline", str(document)]) == 1
    said = capsys.readouterr()
    assert "4 images in" in said.out
    assert "1 row of plate.csv without an image" in said.err
    sheet = tmp_path / "new.csv"
    patterns = ["--pattern", "dna=Channel2-*-{row}-{col}.tif"]
    command = ["study", str(plate), *patterns, "--column", "dose [uM]", "-o", str(sheet)]
    assert main(command) == 0
    assert pd.read_csv(sheet).columns.tolist() == ["image", "row", "col", "dose [uM]"]
    assert main(command) == 2
    assert "may have been filled in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('{row}-{col}.tif"\n  gfp', '{stem}-{col}.tif"\n  gfp'), "fields of its own"),
        (('"Channel2-*-{row}-{col}.tif"', '"*.tif"'), "the path of the first input .dna. has none"),
        (("sheet: plate.csv", "sheet: [a]"), "must be a file"),
        (("sheet: plate.csv", "sheet: {file: p.csv, by: row}"), "is not known here"),
        (('{row}-{col}.tif"\n  gfp', '{row-{col}.tif"\n  gfp'), "brace|no name of a field"),
    ],
)
def test_what_cannot_be_meant_is_a_fault_of_the_document(
    change: tuple[str, str], told: str
) -> None:
    assert change[0] in PIPELINE
    with pytest.raises(PipelineError, match=told):
        Pipeline.loads(PIPELINE.replace(*change))


def test_a_study_of_patterns_is_a_folder(plate: Path, tmp_path: Path) -> None:
    pipeline = Pipeline.loads(PIPELINE)
    with pytest.raises(RequestError, match="the study must be one folder"):
        pipeline.run([plate / "Channel2-72-A-01.tif"], tmp_path / "out")
    (plate / "plate.csv").unlink()
    with pytest.raises(Exception, match=r"there is no sheet plate\.csv"):
        pipeline.run(plate, tmp_path / "out")


LEVELS = """
graticule: 1
name: levels
inputs: {dna: "Channel2-*-{row}-{col}.tif"}
sheet: plate.csv
steps:
  bright: {op: threshold.fixed, value: {column: level}}
  spots: {op: segment.label, connectivity: {column: joined}}
  table: {op: measure.regions}
outputs: [table]
"""


def test_a_parameter_may_be_a_column_of_the_sheet(plate: Path, tmp_path: Path) -> None:
    sheet = "row,col,level,joined\nA,1,50,1\nA,2,200,1\nB,1,90,1\nB,2,50,1\n"
    (plate / "plate.csv").write_text(sheet)
    pipeline = Pipeline.loads(LEVELS)
    run = pipeline.run(plate, tmp_path / "out", cache=False)
    assert run.images["table_count"].tolist() == [1, 0, 1, 1]
    about = json.loads((tmp_path / "out/run.json").read_text())
    assert about["steps"]["bright"]["params"]["value"] == {"column": "level"}
    (plate / "plate.csv").write_text(sheet.replace("A,2,200", "A,2,60"))
    run = pipeline.run(plate, tmp_path / "out", cache=False)
    assert run.images["table_count"].tolist() == [1, 1, 1, 1]
    assert [result.cached for result in run.results] == [True, False, True, True]
    assert "column" in (tmp_path / "out/report.html").read_text()


@pytest.mark.parametrize(
    ("sheet", "told"),
    [
        ("row,col,levels,joined\nA,1,5,1\n", r"no image has a column 'level'.*did you mean levels"),
        (
            "row,col,level,joined\nA,1,,1\nA,2,3,1\n",
            "A-01: bright.value: the column level is empty",
        ),
        ("row,col,level,joined\nA,1,high,1\n", "A-01: bright.value: must be float, not 'high'"),
        ("row,col,level,joined\nA,1,5,9\nA,2,5,1\nB,1,5,1\nB,2,5,1\n", "A-01: spots.connectivity"),
    ],
)
def test_columns_that_cannot_be_used_are_named_before_the_run(
    plate: Path, tmp_path: Path, sheet: str, told: str
) -> None:
    (plate / "plate.csv").write_text(sheet)
    with pytest.raises(RequestError, match=told):
        Pipeline.loads(LEVELS).run(plate, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_a_study_a_column_has_no_value(plate: Path) -> None:
    pipeline = Pipeline.loads(LEVELS)
    with pytest.raises(RequestError, match=r"bright\.value is that of the column level"):
        pipeline.apply(np.zeros((5, 5)))
    given = pipeline.with_values({"bright.value": 7, "spots.connectivity": 1})
    assert given.steps["bright"].params["value"] == 7
    with pytest.raises(PipelineError, match=r"bright\.value"):
        Pipeline.loads(LEVELS.replace("{column: level}", "{column: level, other: 1}"))


CHECKED = """
graticule: 1
name: checked
inputs: {dna: "Channel2-*-{row}-{col}.tif"}
sheet: plate.csv
steps:
  bright: {op: threshold.fixed, value: 50}
  spots: {op: segment.label}
checks:
  size: {check: plausibility, of: spots, at: dna, min_diameter: {column: smallest}}
outputs: [spots]
"""


def test_a_check_takes_a_parameter_from_a_column(plate: Path, tmp_path: Path) -> None:
    def implausible(*smallest: float) -> list[bool]:
        wells = ("A,1", "A,2", "B,1", "B,2")
        rows = [f"{well},{size}" for well, size in zip(wells, smallest, strict=True)]
        (plate / "plate.csv").write_text("\n".join(["row,col,smallest", *rows]))
        run = Pipeline.loads(CHECKED).run(plate, tmp_path / "out", cache=False)
        return ["across" in text for text in run.images["implausible"]]

    assert implausible(0, 0, 0, 0) == [False] * 4
    assert implausible(0, 1000, 0, 1000) == [False, True, False, True]
    page = (tmp_path / "out/report.html").read_text()
    assert "smaller than that of the column smallest samples across" in page
    (plate / "plate.csv").write_text("row,col,smallest\nA,1,-1\nA,2,1\nB,1,1\nB,2,1\n")
    with pytest.raises(RequestError, match=r"A-01: size\.min_diameter: input should be greater"):
        Pipeline.loads(CHECKED).run(plate, tmp_path / "out")
    (plate / "plate.csv").write_text("row,col,smalest\nA,1,1\n")
    with pytest.raises(RequestError, match="no image has a column 'smallest'"):
        Pipeline.loads(CHECKED).run(plate, tmp_path / "out")


def test_what_a_check_goes_by_over_the_study_is_from_no_column() -> None:
    text = CHECKED.replace("min_diameter", "unlike")
    with pytest.raises(PipelineError, match="unlike: is the same for all images of a study"):
        Pipeline.loads(text)


GROWN = """
graticule: 1
name: grown
inputs: {dna: {path: "Channel2-*-{row}-{col}.tif", spacing: {y: 0.5 um, x: 0.5 um}}}
sheet: plate.csv
steps:
  bright: {op: threshold.fixed, value: 50}
  spots: {op: segment.label}
  grown: {op: segment.expand_labels, distance: {column: reach}}
  table: {op: measure.regions}
outputs: [table]
"""


@pytest.mark.parametrize(
    ("head", "cells"),
    [
        ("reach [um]", (2, 2.5, 1, 1)),
        ("reach [nm]", (2000, 2500, 1e3, 1000.0)),
        ("reach", ("2 um", "2500 nm", "1 um", "1000 nm")),
        ("reach", ("2 um", "2.5 um", "1 um", "1 um")),
        ("reach [px]", (4, 5, 2, 2)),
        ("reach", (4, 5, 2, 2)),
    ],
)
def test_a_column_with_a_unit_gives_a_quantity(
    plate: Path, tmp_path: Path, head: str, cells: tuple[object, ...]
) -> None:
    wells = ("A,1", "A,2", "B,1", "B,2")
    rows = [f"{well},{cell}" for well, cell in zip(wells, cells, strict=True)]
    (plate / "plate.csv").write_text("\n".join([f"row,col,{head}", *rows]))
    run = Pipeline.loads(GROWN).run(plate, tmp_path / "out", cache=False)
    fixed = [
        Pipeline.loads(GROWN.replace("{column: reach}", f"{reach}"))
        .run(plate, tmp_path / str(reach), cache=False)
        .tables["objects"]["area"][number]
        for number, reach in enumerate((4, 5, 2, 2))
    ]
    assert run.tables["objects"]["area"].tolist() == fixed


def test_a_unit_that_a_parameter_cannot_have_is_refused_before_the_run(
    plate: Path, tmp_path: Path
) -> None:
    sheet = "row,col,level [um],joined\nA,1,50,1\nA,2,9,1\nB,1,9,1\nB,2,9,1\n"
    (plate / "plate.csv").write_text(sheet)
    with pytest.raises(RequestError, match=r"A-01: bright\.value: must be float, not '50 um'"):
        Pipeline.loads(LEVELS).run(plate, tmp_path / "out")
    (plate / "plate.csv").write_text("row,col,reach [s]\nA,1,50\nA,2,9\nB,1,9\nB,2,9\n")
    with pytest.raises(RequestError, match=r"A-01: grown\.distance: '50 s' is not a length"):
        Pipeline.loads(GROWN).run(plate, tmp_path / "out")
    assert not (tmp_path / "out").exists()
