"""Runs that are disturbed: what the rows A3 and A4 are made of catches what they are to catch."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from graticule.testing.reliability.commands import Command, RunningCommand, warm_up
from graticule.testing.reliability.row import Effort
from graticule.testing.reliability.rows.damaged_run_folders import damaged_run_folders
from graticule.testing.reliability.run_folders import difference_of_runs
from graticule.testing.reliability.studies import objects, tiled

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a finished run."""
    folder = tmp_path_factory.mktemp("runs")
    study = objects(folder)
    warm_up(study.command(folder / "out", {"GRATICULE_CACHE_DIR": str(folder / "cache")}))
    return folder / "out"


def test_a_run_does_not_differ_from_its_copy(finished: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(finished, tmp_path / "copy")
    record = json.loads((copy / "run.json").read_text())
    record.update(seconds=9.0, started="then")
    (copy / "run.json").write_text(json.dumps(record))
    assert difference_of_runs(finished, copy) == ""


def test_differences_of_runs_are_found(finished: Path, tmp_path: Path) -> None:
    def damaged(change: str) -> str:
        copy = shutil.copytree(finished, tmp_path / change)
        [table] = copy.glob("objects.csv")
        if change == "missing":
            table.unlink()
        elif change == "other":
            table.write_bytes(table.read_bytes()[:-1])
        elif change == "left":
            (copy / "previews" / ".draft-1.npz").touch()
        else:
            record = json.loads((copy / "run.json").read_text())
            record["images"][0]["status"] = "failed"
            (copy / "run.json").write_text(json.dumps(record))
        return difference_of_runs(finished, copy)

    assert damaged("missing") == "missing: objects.csv"
    assert damaged("other") == "other bytes: objects.csv"
    assert damaged("left").startswith("left over: previews/.draft")
    assert damaged("record") == "other records: run.json"


@pytest.mark.timeout(120)
def test_a_killed_command_says_so_and_leaves_no_process(finished: Path, tmp_path: Path) -> None:
    del finished  # that all is imported
    study = objects(tmp_path)
    environment = {"GRATICULE_CACHE_DIR": str(tmp_path / "cache")}
    for sent, statuses in ((signal.SIGKILL, {-9}), (signal.SIGTERM, {143, -15})):
        command = study.command(tmp_path / sent.name, environment)
        running = RunningCommand(command, tmp_path / "log", is_forked=True)
        time.sleep(0.05)
        running.signal(sent)
        end = running.wait()
        assert end.status in statuses
        assert not end.left


@pytest.mark.timeout(120)
def test_a_command_from_the_shell_ends_as_it_does(tmp_path: Path) -> None:
    command = Command(("run", "no-such-recipe", "x", "-o", str(tmp_path / "out")))
    end = RunningCommand(command, tmp_path / "log", is_forked=False).wait()
    assert end.status == 2
    assert "no-such-recipe" in end.said


@pytest.mark.slow
def test_damaged_run_folders_are_mended(tmp_path: Path) -> None:
    trials = list(damaged_run_folders.trials(Effort(quick=True, processes=2, keep=tmp_path)))
    assert len(trials) == 20
    assert [trial for trial in trials if trial.is_fault] == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_is_written_tile_by_tile_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    study = tiled(tmp_path)
    for name in ("one", "two"):
        warm_up(study.command(tmp_path / name, {"GRATICULE_CACHE_DIR": str(tmp_path / "cache")}))
    assert list((tmp_path / "one").rglob("*.ome.zarr"))
    assert difference_of_runs(tmp_path / "one", tmp_path / "two") == ""
