"""Rows of reliability that are quick enough to be tried with every change, and the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from graticule.testing.reliability.row import Effort, Row
from graticule.testing.reliability.rows.forks import forks
from graticule.testing.reliability.rows.full_disks import full_disks
from graticule.testing.reliability.rows.step_store import step_store


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(step_store, id="A2"),
        pytest.param(full_disks, id="A5", marks=pytest.mark.slow),
        pytest.param(forks, id="A7", marks=pytest.mark.slow),
    ],
)
def test_a_row_is_reached(row: Row, tmp_path: Path) -> None:
    trials = list(row.trials(Effort(quick=True, processes=2, keep=tmp_path)))
    assert [trial for trial in trials if trial.is_fault] == []
    assert len(trials) > 10
