"""The record of figures: what is measured again replaces its older self, all else stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graticule.bench.record import read_record, write_record
from graticule.bench.row import Row, benchmarks
from graticule.cli import main

COMMITTED = Path(__file__).parents[2] / "docs" / "bench.json"


def _row(id: str, value: float | None) -> Row:
    return Row(id, f"row {id}", value, "s", "<= 2 s", None if value is None else value <= 2)


def _values(path: Path) -> dict[str, Any]:
    return {row["id"]: row["value"] for row in read_record(path)["rows"]}


def test_rows_measured_again_replace_their_older_selves_and_others_stay(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    write_record([_row("X1", 1.0), _row("X1", 1.5), _row("X2", 2.0)], file)
    write_record([_row("X1", 3.0)], file)
    assert [(row["id"], row["value"]) for row in read_record(file)["rows"]] == [
        ("X1", 3.0), ("X2", 2.0),
    ]  # fmt: skip


def test_every_row_says_its_day_and_its_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "bench.json"
    write_record([_row("X1", 1.0)], file)
    other = {"processor": "another", "cores": 64}
    monkeypatch.setattr("graticule.bench.record.machine", lambda: other)
    write_record([_row("X2", 1.0)], file)
    record = read_record(file)
    assert [row["measured"][:2] for row in record["rows"]] == ["20", "20"]
    first, second = (record["machines"][row["machine"]] for row in record["rows"])
    assert first["versions"]["numpy"]
    assert second == other


def test_a_machine_of_which_nothing_is_left_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "bench.json"
    write_record([_row("X1", 1.0)], file)
    other = {"processor": "another"}
    monkeypatch.setattr("graticule.bench.record.machine", lambda: other)
    write_record([_row("X1", 1.0)], file)
    assert read_record(file)["machines"] == [other]


def test_what_cannot_be_measured_here_leaves_what_was(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    write_record([_row("X1", 1.0)], file)
    write_record([_row("X1", None), _row("X2", None)], file)
    assert _values(file) == {"X1": 1.0, "X2": None}


@pytest.mark.parametrize("text", ["[]", "{", '{"rows": [{"id": "X1", "machine": 3}]}'])
def test_a_file_that_is_no_record_is_refused_before_anything_is_measured(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bench.json"
    file.write_text(text)
    assert main(["bench", "--only", "S5", "-o", str(file)]) == 2
    told = capsys.readouterr()
    assert "bench.json" in told.err
    assert "no record" in told.err
    assert told.out == ""
    assert file.read_text() == text


def test_the_command_measures_into_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRATICULE_DATA", str(tmp_path / "nowhere"))
    out = tmp_path / "deep.json"
    assert main(["bench", "--deep", "--only", "L7", "L8", "L9", "-o", str(out)]) == 0
    assert _values(out) == {"L7": None, "L8": None, "L9": None}
    assert all("GRATICULE_DATA" in row["what"] for row in read_record(out)["rows"])
    assert "not measured" in capsys.readouterr().out


def test_the_record_that_is_kept_has_rows_that_are_measured_still() -> None:
    rows = read_record(COMMITTED)["rows"]
    known = {each.id for deep in (False, True) for each in benchmarks(deep=deep)}
    assert {row["id"] for row in rows} <= known
    assert all(row["value"] is not None and len(row["measured"]) >= 10 for row in rows)
    assert len({json.dumps([row["id"], row["what"]]) for row in rows}) == len(rows)
