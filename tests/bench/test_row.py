"""Rows: what trains networks is measured apart, and says its seeds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from graticule.bench.row import Row, benchmarks, machine, table
from graticule.cli import main


def test_every_benchmark_is_in_one_of_two_sets() -> None:
    plain, deep = benchmarks(), benchmarks(deep=True)
    assert {each.id for each in deep} >= {"L7", "L8", "L9"}
    assert not {id(each.measure) for each in plain} & {id(each.measure) for each in deep}
    assert not any(each.deep for each in plain)


def test_seeds_are_written_where_there_are_some() -> None:
    bare = Row("X1", "nothing drawn", 1.0, "", "", None)
    drawn = Row("X2", "drawn", 1.0, "", "", None, seeds=(0, 1))
    first, second = table([bare, drawn])
    assert "seeds" not in first
    assert second["seeds"] == [0, 1]


def test_figures_that_come_out_of_arrays_are_written_as_numbers() -> None:
    counted = Row("X1", "of an array", np.int64(3), "", "", bool(np.True_), np.float32(0.5))
    assert json.loads(json.dumps(table([counted])))[0]["value"] == 3


def test_a_machine_says_what_it_is() -> None:
    found = machine()
    assert found["processor"]
    assert isinstance(found["cores"], int)
    versions = found["versions"]
    assert isinstance(versions, dict)
    assert versions["numpy"]


def test_deep_rows_say_date_and_machine_and_are_skipped_without_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRATICULE_DATA", str(tmp_path / "nowhere"))
    out = tmp_path / "deep.json"
    assert main(["bench", "--deep", "--only", "L7", "L8", "L9", "-o", str(out)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert all(each["measured"].startswith("20") for each in found["rows"])
    assert found["machine"]["processor"]
    assert {each["id"] for each in found["rows"]} == {"L7", "L8", "L9"}
    assert all(each["value"] is None for each in found["rows"])
    assert all("GRATICULE_DATA" in each["what"] for each in found["rows"])
    assert "not measured" in capsys.readouterr().out


def test_deep_rows_that_are_not_measured_stay_if_the_machine_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRATICULE_DATA", str(tmp_path / "nowhere"))
    out = tmp_path / "deep.json"

    def ids(only: str) -> set[str]:
        assert main(["bench", "--deep", "--only", only, "-o", str(out)]) == 0
        return {each["id"] for each in json.loads(out.read_text(encoding="utf-8"))["rows"]}

    assert ids("L7") == {"L7"}
    assert ids("L9") == {"L7", "L9"}
    found = json.loads(out.read_text(encoding="utf-8"))
    out.write_text(json.dumps({**found, "machine": {"processor": "another"}}), encoding="utf-8")
    assert ids("L8") == {"L8"}


def test_a_deep_row_is_asked_for_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--only", "L7"]) == 2
    assert "--deep" in capsys.readouterr().err
