"""The rows of an image have the same text whatever other images are in the run."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graticule.core.csv import csv_text
from graticule.io import write
from graticule.pipeline import Pipeline
from graticule.pipeline.columns import Columns
from graticule.pipeline.parts import Parts, read_part, write_part
from graticule.pipeline.tables import concatenate_tables
from graticule.recipes import recipes

CELLS = {
    "whole": st.integers(-(2**53) + 1, 2**53 - 1),
    "maybe": st.integers(0, 500) | st.just(np.nan),
    "number": st.floats(),
    "small": st.floats(width=32).map(np.float32),
    "found": st.booleans(),
    "name": st.sampled_from(["a", "=b", "", "1"]),
}
OBJECTS = st.fixed_dictionaries(CELLS)
IMAGES = st.lists(st.lists(OBJECTS, max_size=3), min_size=1, max_size=5)
RECORDS = st.lists(st.fixed_dictionaries({}, optional=CELLS), min_size=1, max_size=6)

Rows = dict[str, list[dict[str, str]]]


def told(text: str) -> Rows:
    """Return the cells of each image that have a text, row by row."""
    found: Rows = {}
    for row in csv.DictReader(text.splitlines()):
        own = found.setdefault(row.pop("image"), [])
        own.append({name: cell for name, cell in row.items() if cell})
    return found


@given(IMAGES)
def test_objects(tmp_path_factory: pytest.TempPathFactory, images: list[list[dict]]) -> None:
    folder = tmp_path_factory.mktemp("parts")
    for number, rows in enumerate(images):
        table = pd.DataFrame(rows, columns=list(CELLS))
        write_part(folder / f"{number}.arrow", f"image {number}", table)

    def text(numbers: Iterable[int]) -> Rows:
        parts = Parts()
        for number in numbers:
            parts.append(read_part(folder / f"{number}.arrow"))
        return told(csv_text(concatenate_tables(parts.tables())))

    alone: Rows = {}
    for number in range(len(images)):
        alone |= text([number])
    assert text(range(len(images))) == alone


@given(RECORDS)
def test_records(records: list[dict[str, object]]) -> None:
    def text(numbers: Iterable[int]) -> Rows:
        columns = Columns()
        for number in numbers:
            columns.append({"image": f"image {number}", **records[number]})
        return told(csv_text(columns.table()))

    alone: Rows = {}
    for number in range(len(records)):
        alone |= text([number])
    assert text(range(len(records))) == alone


def texts_of(pipeline: Pipeline, folder: Path, out: Path) -> dict[str, Rows]:
    pipeline.run(folder, out, cache=False)
    return {table: told((out / f"{table}.csv").read_text()) for table in ("images", "objects")}


@pytest.mark.parametrize("many", ["nothing to be found", "broken", "no row in the sheet"])
def test_a_run_with_other_images(many: str, tmp_path: Path) -> None:
    """Galaxies, of which one is not there, cannot be read, or is not told of."""
    folder, few = tmp_path / "study", tmp_path / "few"
    folder.mkdir(), few.mkdir()
    y, x = np.mgrid[:64, :64]
    rng = np.random.default_rng(3)
    for number in range(3):
        light = 900 * np.exp(-np.hypot((y - 31) / 3, (x - 33) / (4 + number)))
        image = rng.normal(20, 2, (64, 64)) + light
        write(folder / f"galaxy-{number}.npy", image.astype(np.float32))
        shutil.copy(folder / f"galaxy-{number}.npy", few)
    sheet = "image,plate,seen [d],by\ngalaxy-0,7,3,ada\ngalaxy-1,8,4,bo\ngalaxy-2,9,5,cy\n"
    pipeline = Pipeline.load(recipes()["galaxies"] / "pipeline.yaml")
    for place in (folder, few):
        (place / "sheet.csv").write_text(sheet)
    if many == "broken":
        (folder / "galaxy-1b.npy").write_bytes(b"\x93NUMPY nothing")
    else:
        write(folder / "galaxy-1b.npy", rng.normal(20, 2, (64, 64)).astype(np.float32))
    if many == "nothing to be found":
        for place in (folder, few):
            (place / "sheet.csv").unlink()
    else:
        pipeline = Pipeline.loads(f"{pipeline.text}\nsheet: sheet.csv\n")
    alone = texts_of(pipeline, few, tmp_path / "alone")
    whole = texts_of(pipeline, folder, tmp_path / "out")
    for table, rows in whole.items():
        rows.pop("galaxy-1b", None)
        assert rows == alone[table], table
    assert alone["objects"]["galaxy-0"][0]["y_start"].isdecimal()
