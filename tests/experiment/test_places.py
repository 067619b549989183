"""The map of an experiment: every unit at its place, the mean where several lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.core.errors import PipelineError, RequestError
from graticule.experiment.run import tables_of
from graticule.io import write
from graticule.pipeline import Pipeline
from graticule.pipeline.study_spec import GroupsSpec

STEPS = """
graticule: 1
sheet: sheet.csv
steps:
  bright: {op: threshold.fixed, value: 1}
  labels: {op: segment.label}
  table:  {op: measure.regions, intensity: image}
outputs: [table]
"""


def tables(**columns: object) -> dict[str, pd.DataFrame]:
    rows = pd.DataFrame(columns)
    rows.insert(0, "image", [f"i{n}" for n in range(len(rows))])
    rows.attrs["units"] = {"y": "mm", "x": "mm", "value": "um2"}
    return {"images": rows}


Place = tuple[str, int, float]
places = st.tuples(st.sampled_from("abc"), st.integers(-3, 3), st.floats(-100, 100))


@given(st.lists(st.tuples(places, st.floats(-1e6, 1e6)), min_size=1, max_size=12))
def test_a_place_has_the_mean_of_its_units(
    rows: list[tuple[Place, float]],
) -> None:
    held = tables(
        slide=[place[0] for place, _ in rows],
        y=[place[1] for place, _ in rows],
        x=[place[2] for place, _ in rows],
        value=[value for _, value in rows],
    )
    found = tables_of(GroupsSpec(map=["slide", "y", "x"], of="value"), held)["places"]
    assert list(found) == ["slide", "y", "x", "units", "value"]
    assert found.attrs["units"] == {"y": "mm", "x": "mm", "value": "um2"}
    assert found["units"].sum() == len(rows)
    for slide, y, x, units, mean in found.itertuples(index=False):
        own = [value for place, value in rows if place == (slide, y, x)]
        assert units == len(own)
        assert mean == pytest.approx(np.mean(own), abs=1e-6)


def test_a_plate_is_a_map_that_nobody_asked_for() -> None:
    wells = [f"{row}{column:02}" for row in "AB" for column in (1, 2, 11)]
    twice = tables(plate=["P", "Q"] * 6, well=np.repeat(wells, 2), value=np.arange(12.0))
    spec = GroupsSpec(by="plate", over=["plate", "well"], of="value")
    found = tables_of(spec, twice)["places"]
    assert list(found)[:3] == ["plate", "row", "col"]
    assert found["col"].tolist() == [1, 2, 11] * 4
    assert found["value"].tolist() == [*range(0, 12, 2), *range(1, 12, 2)]
    spec = GroupsSpec(by="well", of="value")
    held = tables(well=np.repeat(wells, 2), value=np.arange(12.0))
    assert "places" not in tables_of(spec, held)  # several images are at each place


def test_a_unit_without_a_place_is_at_none() -> None:
    held = tables(sample=list("abc"), y=[1.0, np.nan, 2.5], x=[1, 2, 3], value=[1.0, 2, 3])
    found = tables_of(GroupsSpec(over="sample", map=["y", "x"], of="value"), held)["places"]
    assert found["value"].tolist() == [1, 3]


@pytest.mark.parametrize("columns", ["y", "[y, y]", "[a, b, y, x]"])
def test_a_map_has_two_directions(columns: str) -> None:
    with pytest.raises(PipelineError, match=r"map.*must be two columns of places"):
        Pipeline.loads(f"{STEPS}\ngroups: {{map: {columns}, of: table.area}}")


def test_a_map_of_columns_that_are_not_there_is_refused_before_the_run(tmp_path: Path) -> None:
    write(tmp_path / "a.npy", np.ones((4, 4), np.float32))
    (tmp_path / "sheet.csv").write_text("image,y\na,1\n")
    with pytest.raises(RequestError, match="no image has a column 'x'"):
        Pipeline.loads(f"{STEPS}\ngroups: {{map: [y, x], of: table.area}}").run(
            tmp_path, tmp_path / "out"
        )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("by", "lines"),
    [
        ("[y, x]", "image,y [mm],x [mm]\na,1.5,2\nb,2.5,2\nc,,1\n"),
        ("[slide, lane]", "image,slide,lane\na,s1,A\nb,s2,B\nc,s2,\n"),
        ("[slide, lane, y]", "image,slide,lane,y\na,s1,A,0.5\nb,s2,A,1000\nc,s2,,1\n"),
    ],
)
def test_the_report_shows_it(by: str, lines: str, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    for number, name in enumerate("abc"):
        image = np.zeros((20, 20), np.float32)
        image[2 : 6 + number, 3:9] = 5
        write(folder / f"{name}.npy", image)
    (folder / "sheet.csv").write_text(lines)
    text = f"{STEPS}\ngroups: {{map: {by}, of: table.area}}"
    Pipeline.loads(text).run(folder, tmp_path / "out", cache=False)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "table.area on the map" in page
    assert "images without " in page
    assert "(1: c)" in page
    assert "px2" in (tmp_path / "out" / "places.csv-metadata.json").read_text()


def test_a_table_of_objects_has_a_map_too(tmp_path: Path) -> None:
    image = np.zeros((40, 40), np.float32)
    for number in range(9):
        y, x = divmod(number, 3)
        image[3 + 12 * y : 9 + 12 * y, 3 + 12 * x : 9 + 12 * x] = 5 + number
    write(tmp_path / "array.npy", image)
    text = STEPS.replace("sheet: sheet.csv", "") + "report:\n"
    for along in ("centroid_x", "centroid_y", "nothing"):
        text += (
            "  - {figure: sample_map, column: intensity_mean, down: centroid_y, "
            f"along: {along}}}\n"
        )
    Pipeline.loads(text).run(tmp_path / "array.npy", tmp_path / "out", cache=False)
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("Map of intensity_mean on the map") == 1
    assert "Each mark is one object where it lies" in page
    assert "must be different columns" in page
    assert "no column &#39;nothing&#39;" in page
