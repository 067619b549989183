"""The row beside CellProfiler: both find and measure the same objects."""

from __future__ import annotations

import pytest

from graticule.bench import cellprofiler


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
