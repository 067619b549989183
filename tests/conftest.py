"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

# The first call of a compiled kernel takes seconds, so a deadline would only measure that.
hypothesis_settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
hypothesis_settings.register_profile(
    "explore", deadline=None, database=None, max_examples=500, report_multiple_bugs=False
)
hypothesis_settings.load_profile("repeatable")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test's step store to itself."""
    from graticule.core.settings import settings

    monkeypatch.setenv("GRATICULE_CACHE_DIR", str(tmp_path / "cache"))
    settings.cache_clear()


@pytest.fixture
def memory_of_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have ``memory=`` of runs speak of arrays alone, so that small images are cut into tiles."""
    for module in ("core.settings", "pipeline.execute", "pipeline.processes"):
        monkeypatch.setattr(f"graticule.{module}.process_bytes", lambda: 0)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of real images with truth; skip where it is absent."""
    folder = Path(os.environ.get("GRATICULE_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"needs the real test images in {folder} (or GRATICULE_DATA)")
    return folder
