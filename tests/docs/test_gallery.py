"""Every script of the gallery runs as it is, draws a figure, and leaves nothing behind."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from graticule.core import registry
from graticule.core.settings import settings
from graticule.io import format as formats

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"
SCRIPTS = sorted(GALLERY.glob("*.py"))


def test_there_is_a_script_for_every_task() -> None:
    assert len(SCRIPTS) >= 30


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a script writes, registers and caches to itself."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("GRATICULE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(registry._OPS, "_values", dict(registry._OPS._values))
    monkeypatch.setattr(formats._FORMATS, "_values", dict(formats._FORMATS._values))
    settings.cache_clear()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
@pytest.mark.usefixtures("alone")
def test_a_script_runs(script: Path) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    there = {path.name for path in GALLERY.iterdir()}
    try:
        runpy.run_path(str(script))
        assert plt.get_fignums(), "a script of the gallery has a picture"
    finally:
        plt.close("all")
        settings.cache_clear()
    assert {path.name for path in GALLERY.iterdir()} - {"__pycache__"} == there - {"__pycache__"}
