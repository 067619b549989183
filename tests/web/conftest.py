"""A workbench that serves a folder with two images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette")

from served_folder import HOST, spots
from starlette.testclient import TestClient

from graticule.io import write
from graticule.web.app import make_app
from graticule.web.guard import Access


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from graticule.core import as_image
    from graticule.core.settings import settings

    monkeypatch.setenv("GRATICULE_CACHE_DIR", str(tmp_path / "cache"))
    settings.cache_clear()
    study = tmp_path / "study"
    (study / "day2").mkdir(parents=True)
    for number, name in enumerate(("a.tif", "day2/b.tif")):
        image = as_image(spots(number), spacing={"y": "0.5 um", "x": "0.5 um"})
        write(study / name, image)
    (tmp_path / "secret.txt").write_text("nobody's business")
    return study


@pytest.fixture
def access() -> Access:
    return Access({HOST})


@pytest.fixture
def client(folder: Path, access: Access) -> Iterator[TestClient]:
    with TestClient(make_app(folder, access), base_url=f"http://{HOST}") as client:
        client.headers["X-Graticule-Token"] = access.token
        yield client
