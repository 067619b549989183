"""A step store that cannot be used costs time, and no image."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from graticule.core.settings import Settings, settings
from graticule.pipeline import Pipeline
from graticule.pipeline.store import StepStore


@pytest.fixture
def cache_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("graticule.pipeline.evaluate._WRITE_START", -1e9)
    monkeypatch.setenv("GRATICULE_CACHE_DIR", str(tmp_path / "cache"))
    settings.cache_clear()
    yield tmp_path / "cache"
    settings.cache_clear()


@pytest.mark.parametrize("processes", [False, True])
def test_a_run_goes_on_without_and_says_so_once(
    objects: Pipeline,
    study_folder: Path,
    tmp_path: Path,
    cache_dir: Path,
    processes: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("graticule.pipeline.processes._MANY", 2)
    cache_dir.write_text("no folder")
    without = objects.run(study_folder, tmp_path / "without", cache=False)
    assert without.notes == ()
    run = objects.run(study_folder, tmp_path / "out", workers=2, processes=processes)
    assert not run.failed
    pd.testing.assert_frame_equal(run.images, without.images)
    pd.testing.assert_frame_equal(run.tables["objects"], without.tables["objects"])
    (note,) = run.notes
    assert str(cache_dir) in note
    assert json.loads((run.folder / "run.json").read_text())["notes"] == [note]
    assert (run.folder / "report.html").read_text().count(str(cache_dir)) == 1


def test_a_store_that_vanishes_while_it_is_used_is_made_again(
    objects: Pipeline,
    study_folder: Path,
    tmp_path: Path,
    cache_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put = StepStore.put

    def put_and_remove(self: StepStore, *args: Any) -> bool:
        stored = put(self, *args)
        shutil.rmtree(cache_dir, ignore_errors=True)
        return stored

    monkeypatch.setattr(StepStore, "put", put_and_remove)
    run = objects.run(study_folder, tmp_path / "out", workers=2)
    assert not run.failed
    monkeypatch.undo()
    assert len(run.images) == 5


def test_the_command_says_it_in_a_note(coins: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("{graticule: 1, steps: {smooth: {op: filters.median, radius: 12}}}")
    done = subprocess.run(
        [sys.executable, "-m", "graticule.cli", "run", recipe, coins, "--out", tmp_path / "out"],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "GRATICULE_CACHE_DIR": str(tmp_path / "cache")},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("the step store") == 1
    assert "Traceback" not in done.stderr


def test_a_user_without_a_home_has_a_store_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 54321)
    store = StepStore(Settings().cache_dir, max_bytes=10**6)
    assert store.get("a" * 64) is None
    assert store.trouble
