"""Rows: what trains networks is measured apart, and says its seeds."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from graticule.bench.row import Benchmark, Row, _spent, benchmarks, machine
from graticule.cli import main


def test_every_benchmark_is_in_one_of_two_sets() -> None:
    plain, deep = benchmarks(), benchmarks(deep=True)
    assert {each.id for each in deep} >= {"L7", "L8", "L9"}
    assert not {id(each.measure) for each in plain} & {id(each.measure) for each in deep}
    assert not any(each.deep for each in plain)


def test_seeds_are_written_where_there_are_some() -> None:
    bare = Row("X1", "nothing drawn", 1.0, "", "", None)
    drawn = Row("X2", "drawn", 1.0, "", "", None, seeds=(0, 1))
    assert "seeds" not in bare.as_dict()
    assert drawn.as_dict()["seeds"] == [0, 1]


def test_figures_that_come_out_of_arrays_are_written_as_numbers() -> None:
    counted = Row("X1", "of an array", np.int64(3), "", "", bool(np.True_), np.float32(0.5))
    assert json.loads(json.dumps(counted.as_dict()))["value"] == 3


def test_a_machine_says_what_it_is() -> None:
    found = machine()
    assert found["processor"]
    assert isinstance(found["cores"], int)
    versions = found["versions"]
    assert isinstance(versions, dict)
    assert versions["numpy"]


def test_what_others_took_is_what_neither_the_row_nor_idleness_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spent = iter([(1.0, 10.0, 10.0), (2.0, 13.0, 11.0)])
    monkeypatch.setattr("graticule.bench.row._spent", lambda: next(spent))
    [found] = Benchmark("X1", lambda: Row("X1", "a time", 1.0, "s", "", None)).rows()
    assert found.others == pytest.approx((3 - 1) / (3 + 1))
    assert found.as_dict()["others"] == 0.5


def test_work_of_a_row_and_of_its_children_is_its_own() -> None:
    own, busy, _ = _spent()
    loop = "import time\nwhile time.process_time() < 0.5: pass"
    subprocess.run([sys.executable, "-c", loop], check=True)
    after, busy_after, _ = _spent()
    assert after - own >= 0.4
    assert busy_after - busy >= 0.4


def test_a_deep_row_is_asked_for_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--only", "L7"]) == 2
    assert "--deep" in capsys.readouterr().err
