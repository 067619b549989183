"""docs/run-folder.md names every file, column and key that a run writes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

import graticule as gt
from graticule.recipes import make_example, pipeline_path

PAGE = (Path(__file__).parents[2] / "docs" / "run-folder.md").read_text("utf-8")
NAMED = set(re.findall(r"`([^`]+)`", PAGE))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    images = make_example("coins", folder / "images")
    gt.Pipeline.load(pipeline_path("coins")).run(images, out=folder / "out")
    return folder / "out"


def test_every_file_is_named(run: Path) -> None:
    for file in run.rglob("*"):
        place = file.relative_to(run).as_posix()
        if file.is_dir() or place.startswith(".work/"):
            continue
        general = re.sub(r"^(arrays|previews)/coins", r"\1/IMAGE", place).replace("kept", "OUTPUT")
        general = re.sub(r"^\w+\.csv-metadata", "*.csv-metadata", general)
        assert general in NAMED, place


def test_every_column_is_named(run: Path) -> None:
    for table in ("images", "objects"):
        section = PAGE.partition(f"## `{table}`")[2].partition("\n## ")[0]
        for column in pd.read_parquet(run / f"{table}.parquet").columns:
            assert f"`{column}`" in section, f"{table}: {column}"


def test_every_key_of_the_record_is_named_and_no_other(run: Path) -> None:
    section = PAGE.partition("## `run.json`")[2]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    named = {key for row in rows for key in re.findall(r"`(\w+)`", row)}
    found = set(json.loads((run / "run.json").read_bytes()))
    assert found - named == set()
    assert named - found <= {"troubles"}  # only where there are some
