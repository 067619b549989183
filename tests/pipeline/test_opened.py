"""A run that is opened again is as it was."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import graticule as gt
from graticule.core.errors import RequestError, StoreError
from graticule.pipeline import Pipeline

PIPELINE = """
graticule: 1
name: two
inputs: {image: {spacing: {y: 0.5 um, x: 0.5 um}}}
steps:
  mask: {op: threshold.fixed, value: 5}
  labels: {op: segment.label}
  objects: {op: measure.regions, intensity: image}
outputs: [labels, objects]
"""


@pytest.fixture
def made(tmp_path):
    image = np.zeros((12, 14), np.uint8)
    image[2:5, 3:9], image[7:10, 1:4] = 9, 7
    (tmp_path / "in").mkdir()
    gt.write(tmp_path / "in" / "=a.png", image)
    gt.write(tmp_path / "in" / "b.png", image.T)
    (tmp_path / "in" / "c.png").write_bytes(b"")
    return Pipeline.loads(PIPELINE).run(tmp_path / "in", tmp_path / "run", cache=False)


def test_tables_and_results_are_as_they_were(made):
    again = gt.open_run(made.folder)
    pd.testing.assert_frame_equal(again.images, made.images)
    assert again.tables.keys() == made.tables.keys()
    for name, table in made.tables.items():
        pd.testing.assert_frame_equal(again.tables[name], table)
        assert again.tables[name].attrs["units"] == table.attrs["units"]
    assert again.tables["objects"].attrs["units"]["area"] == "um2"
    for one, other in zip(again.results, made.results, strict=True):
        assert (one.image, one.path, one.place) == (other.image, other.path, other.place)
        assert (one.status, one.sha256, one.arrays) == (other.status, other.sha256, other.arrays)
    assert [result.image for result in again.failed] == ["c"]
    assert again.failed[0].error == made.failed[0].error


def test_a_damaged_table_is_read_from_its_csv(made):
    (made.folder / "objects.parquet").write_bytes(b"PAR1 and no more")
    table = gt.open_run(made.folder).tables["objects"]
    pd.testing.assert_frame_equal(table, made.tables["objects"], check_dtype=False)
    (made.folder / "objects.csv").unlink()
    with pytest.raises(StoreError, match="the table objects cannot be read"):
        gt.open_run(made.folder)


def test_what_is_no_run_is_refused(tmp_path, made):
    with pytest.raises(RequestError, match=r"holds no run\.json"):
        gt.open_run(tmp_path)
    record = made.folder / "run.json"
    whole = record.read_text()
    for text in (whole[:-9], "[]", json.dumps({"images": [3]}), "{}", '{"units": 3}'):
        record.write_text(text)
        with pytest.raises(StoreError):
            gt.open_run(made.folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [("arrays", 5), ("arrays", [5]), ("error", 3), ("row", []), ("notes", "a"), ("status", {})],
)
def test_what_a_record_says_of_an_image_is_of_its_type(made, name, value):
    record = json.loads((made.folder / "run.json").read_text())
    record["images"][1][name] = value
    (made.folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(StoreError, match=f"run.json is damaged: .*{name}.* of b: .*valid"):
        gt.open_run(made.folder)
