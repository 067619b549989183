"""The process of views: what crashes, hangs or eats memory in it ends a step and no page."""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import psutil
import pytest

pytest.importorskip("websockets")
pytest.importorskip("playwright")

from served_folder import TEXT, frame_of, spots
from tests_support import environment_with
from websockets.sync.client import ClientConnection, connect
from workbench_page import serving

from graticule.core import as_image
from graticule.core.errors import RequestError
from graticule.io import read, write
from graticule.pipeline import Pipeline
from graticule.pipeline.live.work import Superseded
from graticule.web.engine import process as engine_process
from graticule.web.engine.process import EngineError, EngineProcess, Order
from graticule.web.exact import Dropped
from graticule.web.object_edits import ObjectEdit, Section, changed
from graticule.web.object_index import ObjectIndex
from graticule.web.requests import ViewRequest

PIPELINE = """graticule: 1
steps:
  smooth: {op: filters.gaussian, sigma: 2}
  harm:   {op: lab.peril, way: WAY}
  after:  {op: filters.gaussian, sigma: 1}
  aside:  {op: filters.gaussian, input: smooth, sigma: 3}
outputs: [after, aside]
"""
REGION = {"y": (0, 120), "x": (0, 150)}


@dataclass
class Page:
    """A page that asks, and what it is told; `served` is the process of its server."""

    socket: ClientConnection
    served: psutil.Process
    address: str
    folder: Path
    told: list[dict[str, Any]] = field(default_factory=list)
    number: int = 0

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        parts = urlsplit(self.address)
        url = f"http://{parts.netloc}{path}?{parts.query}"
        headers = {"Content-Type": "application/json"}
        asked = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)

    def look(self, of: str, text: str, pane: int = 0, **more: Any) -> int:
        self.number += 1
        base = {"type": "view", "pane": pane, "id": self.number, "path": "a.tif", "of": of}
        self.send(**{**base, "text": text, "region": REGION, **more})
        return self.number

    def answer(self, number: int, within: float = 60) -> tuple[dict[str, Any], Any]:
        """Wait for the answer to a request."""
        end = time.monotonic() + within
        while True:
            message = self.socket.recv(timeout=max(0.01, end - time.monotonic()))
            if isinstance(message, bytes):
                header, samples = frame_of(message)
            else:
                header, samples = json.loads(message), None
                self.told.append(header)
            if header.get("id") == number:
                return header, samples

    def seen(self, of: str, text: str, **more: Any) -> tuple[dict[str, Any], Any]:
        return self.answer(self.look(of, text, **more))

    @property
    def engine(self) -> psutil.Process:
        """The process of views that there is now."""
        for _ in range(100):
            for child in self.served.children():
                with suppress(psutil.Error):  # of one that has ended
                    if "graticule.web.engine.worker" in child.cmdline():
                        return child
            time.sleep(0.1)
        raise AssertionError("no process computes views")


def _serves(process: psutil.Process, folder: Path) -> bool:
    """Whether a process is the server of a folder; one that has ended is none."""
    with suppress(psutil.Error):
        return str(folder) in process.cmdline()
    return False


@pytest.fixture
def page(site: Path, tmp_path: Path) -> Iterator[Page]:
    folder = tmp_path / "study"
    folder.mkdir()
    write(folder / "a.tif", as_image(spots(0)))
    environment = {**environment_with(site), "GRATICULE_MEMORY": "3GB"}
    with serving(folder, tmp_path / "cache", environment=environment) as address:
        parts = urlsplit(address)
        token = parse_qs(parts.query)["token"][0]
        served = next(each for each in psutil.Process().children() if _serves(each, folder))
        url = f"ws://{parts.netloc}/api/live?token={token}"
        with connect(url, max_size=None) as socket:
            yield Page(socket, served, address, folder)


def text_of(way: str) -> str:
    return PIPELINE.replace("WAY", way)


def test_a_crash_is_told_of_its_step_and_the_page_goes_on(page: Page) -> None:
    fine = text_of("none")
    header, samples = page.seen("after", fine)
    assert header["type"] == "view"
    first = page.engine.pid
    fault, _ = page.seen("after", text_of("crash"))
    assert (fault["type"], fault["where"], fault["again"]) == ("fault", "step harm", True)
    assert "crashed (SIGSEGV)" in fault["what"]
    second = page.engine.pid
    assert second != first
    for of in ("harm", "after"):  # nothing that needs the step is asked again
        fault, _ = page.seen(of, text_of("crash").replace("sigma: 3", "sigma: 4"), pane=1)
        assert fault["where"] == "step harm"
    aside, _ = page.seen("aside", text_of("crash"))
    assert aside["type"] == "view"
    header, again = page.seen("after", fine)
    np.testing.assert_array_equal(again, samples)
    assert page.engine.pid == second
    page.send(type="again", pane=0)
    fault, _ = page.seen("after", text_of("crash"))
    assert fault["where"] == "step harm"
    assert page.engine.pid != second, "it was asked once more"


def test_what_was_under_way_beside_a_crash_is_answered(page: Page) -> None:
    page.seen("after", text_of("none"))
    asked = [page.look("aside", TEXT_SLOW.format(n), pane=n) for n in range(1, 5)]
    harm = page.look("after", text_of("crash"), pane=0)
    found = {}
    while len(found) < 5:
        message = page.socket.recv(timeout=60)
        header = frame_of(message)[0] if isinstance(message, bytes) else json.loads(message)
        if header.get("id") in [*asked, harm]:
            found[header["id"]] = header["type"]
    assert found == {**dict.fromkeys(asked, "view"), harm: "fault"}


TEXT_SLOW = """graticule: 1
steps:
  smooth: {{op: filters.median, radius: {0}}}
  aside:  {{op: filters.gaussian, sigma: {0}}}
"""


@pytest.mark.parametrize("way", ["hang", "sleep"])
def test_what_hangs_is_stopped_by_the_person(page: Page, way: str) -> None:
    page.seen("after", text_of("none"))
    asked = page.look("after", text_of(way))
    time.sleep(1)
    page.send(type="stop", pane=0)
    fault, _ = page.answer(asked, within=10)
    assert (fault["what"], fault["where"]) == ("was stopped", "step harm")
    fault, _ = page.seen("after", text_of(way))
    assert fault["what"] == "was stopped", "and is not begun again by itself"
    assert page.seen("after", text_of("none"))[0]["type"] == "view"


def test_memory_beyond_the_limit_is_a_fault_in_words(page: Page) -> None:
    page.seen("after", text_of("none"))
    before = page.engine.pid
    fault, _ = page.seen("after", text_of("eat"))
    assert (fault["type"], fault["where"]) == ("fault", "step harm")
    assert "needs more than the 3 GB that views may take" in fault["what"]
    assert page.engine.pid == before
    assert page.seen("after", text_of("none"))[0]["type"] == "view"


@pytest.mark.slow
def test_kills_in_the_middle_of_random_actions_lose_nothing(page: Page) -> None:
    image = as_image(spots(0))
    rng = random.Random(3)
    painted = 0
    page.seen("smooth", TEXT)
    for _ in range(6):
        for _ in range(rng.randrange(4, 12)):
            if rng.random() < 0.3:
                painted += 1
                points = [[painted, 10], [painted, 30]]
                stroke = {"path": "a.tif", "layer": "strokes", "radius": 0.4, "points": points}
                page.send(type="stroke", value=1 + painted % 7, **stroke)
            text = TEXT.replace("sigma: 2", f"sigma: {rng.choice([1, 2, 3])}")
            pane, of = rng.randrange(3), rng.choice(["image", "smooth", "bright", "cells"])
            last = page.look(of, text, pane)
            time.sleep(rng.uniform(0, 0.05))
        page.engine.kill()
        assert page.answer(last)[0]["type"] == "view"
    for pane, of in enumerate(["smooth", "bright", "cells"]):
        header, samples = page.seen(of, TEXT, pane=pane)
        wanted = Pipeline.loads(TEXT.replace("[table, cells]", f"[{of}]")).apply(image)[of]
        values = header["offset"] + header["scale"] * samples
        np.testing.assert_allclose(values, wanted.values[:120, :150], atol=header["scale"])
    header, strokes = page.seen("strokes", LAYERED)
    rows = np.arange(1, min(painted, 119) + 1)
    np.testing.assert_array_equal(strokes[rows, 20], 1 + rows % 7)
    assert "fault" not in {told["type"] for told in page.told}, page.told


@pytest.mark.slow
def test_kills_lose_no_edit_of_objects_and_make_none_twice(page: Page) -> None:
    folder, rng = page.folder, random.Random(4)

    def news(undoable: int) -> dict[str, Any]:
        end = time.monotonic() + 120
        while True:
            message = page.socket.recv(timeout=max(0.01, end - time.monotonic()))
            told = {} if isinstance(message, bytes) else json.loads(message)
            assert told.get("type") != "fault", (told.get("what"), told.get("where"))
            if told.get("type") == "correction" and told.get("undoable") == undoable:
                return dict(told)

    page.post("/api/correct", {"path": "a.tif", "text": TEXT, "of": "cells"})
    news(0)
    file = folder / "graticule/corrected/a.tif"
    wanted = np.asarray(read(file, labels=True).values).copy()
    volume = wanted[None]
    index, count = ObjectIndex([volume]), 0
    while count < 24:
        kind = rng.choice(["brush", "erase", "add", "delete", "merge", "cut"])
        y, x = rng.randrange(10, 290), rng.randrange(10, 390)
        points = [(y, x), (y + 20, x + 30), (y + 30, x - 10), (y - 15, x - 30)]
        edit = ObjectEdit(kind, points=points, radius=6)
        try:
            change = changed(edit, Section(volume, index))
        except RequestError:
            continue
        if np.array_equal(change.before, change.after):
            continue
        volume[tuple(slice(*each) for each in change.box)] = change.after
        index.replace(change.box, change.before, change.after)
        count += 1
        message = {"type": "edit", "pane": 49, "id": count, "path": "a.tif", "radius": 6}
        page.send(**message, name=f"edit {count}", kind=kind, points=points)
        if rng.random() < 0.25:
            time.sleep(rng.uniform(0, 0.05))
            page.engine.kill()
            news(count)
    assert news(count)["objects"] == index.count
    np.testing.assert_array_equal(read(file, labels=True).values, wanted)
    page.send(**message, name=f"edit {count}", kind=kind, points=points)
    news(count)
    np.testing.assert_array_equal(read(file, labels=True).values, wanted)


LAYERED = """graticule: 1
inputs: {image: {}, strokes: {path: "graticule/labels/{path}.strokes.tif"}}
steps: {grown: {op: segment.watershed, markers: strokes}}
"""


@pytest.fixture
def engine(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineProcess]:
    monkeypatch.setenv("PYTHONPATH", environment_with(site)["PYTHONPATH"])
    write(tmp_path / "a.tif", as_image(spots(0)))
    engine = EngineProcess(tmp_path)
    yield engine
    engine.close()


def view_of(way: str, of: str = "after") -> tuple[ViewRequest]:
    text = text_of(way)
    return (ViewRequest(type="view", pane=0, id=1, path="a.tif", text=text, of=of, region=REGION),)


def test_what_hangs_is_cut_once_it_is_dropped_for_long(
    engine: EngineProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_process, "_PATIENCE", 1.0)
    engine.ask("view", *view_of("none"))
    order, pid = Order("view", view_of("hang")), engine.pid
    done: list[Callable[[], Any]] = []

    def wait() -> None:
        with pytest.raises(Superseded):
            engine.carry_out(order)
        done.append(wait)

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.5)
    engine.drop(order)
    assert engine.ask("view", *view_of("none")).is_exact, "what came meanwhile is answered"
    waiting.join(10)
    assert done
    assert engine.pid != pid


def test_an_engine_that_does_not_begin_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dask").mkdir()
    (tmp_path / "dask" / "__init__.py").write_text("raise SystemExit(7)")
    monkeypatch.setenv("PYTHONPATH", environment_with(tmp_path)["PYTHONPATH"])
    engine = EngineProcess(tmp_path)
    try:
        for _ in range(2):
            with pytest.raises(EngineError, match=r"does not begin: it ended with 7"):
                engine.ask("about", "a.tif")
    finally:
        engine.close()
    with pytest.raises(Dropped):
        engine.ask("about", "a.tif")


def test_the_processes_end_with_the_server(page: Page) -> None:
    page.seen("after", text_of("none"))
    children = page.served.children(recursive=True)
    assert len(children) >= 2
    page.served.kill()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
