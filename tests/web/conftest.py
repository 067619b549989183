"""A workbench that serves a folder with two images."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

pytest.importorskip("starlette")

from served_folder import HOST, spots
from starlette.testclient import TestClient

from graticule.io import write
from graticule.web.app import make_app
from graticule.web.guard import Access

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from workbench_page import Workbench

PERIL = '''
"""An op that does its process harm where it is told to."""
from typing import Annotated, Literal
import ctypes
import numpy as np
from pydantic import Field
from graticule.core import Image, Pointwise, op

@op(version=1, scope=Pointwise(), dtype="same")
def peril(
    image: Image, *,
    way: Annotated[Literal["none", "crash", "hang", "eat", "sleep"], Field(title="Way")] = "none",
    level: Annotated[float, Field(title="Level")] = 0.0,
) -> Image:
    """Return the image, or do harm."""
    if image.size > 1:
        if way == "crash":
            ctypes.string_at(0)
        if way == "hang":
            ctypes.PyDLL(None).sleep(10**6)  # keeps the interpreter's lock: no thread goes on
        if way == "sleep":
            ctypes.CDLL(None).sleep(10**6)
        if way == "eat":
            held = [np.ones(2**28, np.uint8) for _ in range(2**10)]
    return image.copy()
'''


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with an op that does harm."""
    site = tmp_path_factory.mktemp("site")
    (site / "lab").mkdir()
    (site / "lab" / "__init__.py").write_text('"""Ops."""')
    (site / "lab" / "peril.py").write_text(PERIL)
    info = site / "lab-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[graticule.ops]\nlab = lab\n")
    return site


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
        try:
            found = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        except api.Error as error:
            pytest.skip(f"needs Chromium: {error.message.splitlines()[0]}")
        yield found
        found.close()


@pytest.fixture(scope="module")
def page_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where servers keep what they have compiled."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, page_cache: Path
) -> Iterator[tuple[str, Path]]:
    from workbench_page import serving

    folder = tmp_path_factory.mktemp("study")
    with serving(folder, page_cache) as address:
        yield address, folder


@pytest.fixture
def bench(browser: Browser, served: tuple[str, Path]) -> Iterator[Workbench]:
    """A page of a server that the tests of a module share."""
    address, folder = served
    for saved in folder.glob("graticule/pipelines/*"):
        saved.unlink()
    shutil.rmtree(folder / "graticule" / "views", ignore_errors=True)
    with _opened(browser, address, folder) as bench:
        yield bench
        if not bench.page.is_closed():
            # What a page that is left has not kept yet it still sends, into the test that follows.
            bench.page.wait_for_timeout(1000)


@pytest.fixture
def own_bench(browser: Browser, page_cache: Path, tmp_path: Path) -> Iterator[Workbench]:
    """A page of a server of its own, in whose folder nothing was painted."""
    from workbench_page import serving

    folder = tmp_path / "study"
    folder.mkdir()
    with (
        serving(folder, page_cache) as address,
        _opened(browser, address, folder) as bench,
    ):
        yield bench


@contextmanager
def _opened(browser: Browser, address: str, folder: Path) -> Iterator[Workbench]:
    """Give a page, of which nothing may be complained in the end."""
    from workbench_page import Workbench

    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    bench = Workbench(page, address, folder)
    page.on("request", lambda request: bench.hosts.add(urlsplit(request.url).netloc))
    page.on("websocket", lambda socket: bench.hosts.add(urlsplit(socket.url).netloc))
    page.on("pageerror", lambda error: bench.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: bench.complaints.append(message.text) if message.type == "error" else None,
    )
    page.goto(address)
    yield bench
    context.close()
    assert bench.complaints == []
    assert bench.hosts <= {urlsplit(address).netloc, ""}
