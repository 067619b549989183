"""The row beside CellProfiler: both find and measure the same objects."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from graticule.bench import cellprofiler
from graticule.core.errors import RequestError


def test_both_find_the_same_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    if cellprofiler.interpreter() is None:
        pytest.skip("needs CellProfiler: set GRATICULE_CELLPROFILER to its Python")
    monkeypatch.setattr(cellprofiler, "_COUNT", 2)
    monkeypatch.setattr(cellprofiler, "_SIDE", 300)
    assert "100.00% of them equal" in cellprofiler._same_work().what


def test_without_cellprofiler_the_row_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRATICULE_CELLPROFILER", raising=False)
    (row,) = cellprofiler.beside_cellprofiler.rows()
    assert row.value is None
    assert "set GRATICULE_CELLPROFILER to its Python" in row.what


def test_another_program_is_no_cellprofiler_and_said_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRATICULE_CELLPROFILER", str(tmp_path / "python"))
    with pytest.raises(RequestError, match="is no program"):
        cellprofiler.beside_cellprofiler.rows()
    monkeypatch.setenv("GRATICULE_CELLPROFILER", sys.executable)
    (tmp_path / "images").mkdir()
    with pytest.raises(RequestError, match="No module named cellprofiler"):
        cellprofiler.cellprofiler(
            tmp_path / "images", tmp_path / "out", split="None", smoothing="0", processes=1
        )


def test_its_pipeline_is_one_that_cellprofiler_opens_with_every_setting_once() -> None:
    text = Path(cellprofiler.__file__).with_name("_nuclei.cppipe").read_text("utf-8")
    assert text.startswith("CellProfiler Pipeline: http://www.cellprofiler.org\nVersion:5\n")
    for setting in (cellprofiler._SPLIT, cellprofiler._LINES, cellprofiler._SCALE):
        assert text.count(f" {setting}:") == 1
