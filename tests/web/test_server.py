"""The server: pictures, tables and documents of a folder, faults in words, nothing lost."""

from __future__ import annotations

import asyncio
import io
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image as Picture
from served_folder import HOST, TEXT, ask, frame_of, opened, spots
from starlette.testclient import TestClient

from graticule.core import as_image
from graticule.core.image import Kind
from graticule.io import read, write
from graticule.pipeline import Pipeline, RegionView
from graticule.web.engine.engine import Engine
from graticule.web.exact import Dropped
from graticule.web.exact_job import make_room, unpack
from graticule.web.frames import frame
from graticule.web.guard import Access
from graticule.web.live import LiveSession


def test_the_folder_is_shown_with_what_can_be_opened(client: TestClient) -> None:
    start = client.get("/api/start").json()
    assert [image["path"] for image in start["images"]] == ["a.tif", "day2/b.tif"]
    assert start["pipelines"] == []
    coins = next(each for each in start["examples"] if each["name"] == "coins")
    assert coins["summary"] == "How many coins are there, and how large is each?"
    ops = {op["name"]: op for op in client.get("/api/ops").json()}
    assert ops["filters.gaussian"]["parameters"]["properties"]["sigma"]["format"] == "length"
    about = client.post("/api/open", json={"path": "a.tif"}).json()
    assert about["sizes"] == {"y": 300, "x": 400}
    assert about["spacing"]["y"] == {"step": 0.5, "unit": "um"}
    small = Picture.open(io.BytesIO(client.get("/api/thumbnail?path=a.tif").content))
    assert max(small.size) == 160
    assert np.asarray(small).std() > 10


@pytest.mark.parametrize("of", ["image", "smooth", "bright", "cells"])
def test_a_view_holds_the_values_of_a_run(
    client: TestClient, access: Access, folder: Path, of: str
) -> None:
    image = read(folder / "a.tif")
    wanted = image if of == "image" else Pipeline.loads(
        TEXT.replace("[table, cells]", f"[{of}]")).apply(image)[of]  # fmt: skip
    with opened(client, access) as socket:
        header, samples = ask(socket, of=of, region={"y": [-50, 200], "x": [100, 900]})
    assert header["region"] == {"y": [0, 200], "x": [100, 400]}
    assert (header["id"], header["pane"], header["of"], header["level"]) == (1, 0, of, 0)
    assert header["basis"] == "exact"
    assert header["kind"] == {"bright": "mask", "cells": "labels"}.get(of, "image")
    values = header["offset"] + header["scale"] * samples
    bound = 1e-4 * float(np.ptp(wanted.values)) if of == "smooth" else 0
    np.testing.assert_allclose(values, wanted.values[:200, 100:], atol=bound)


def test_a_table_is_that_of_a_run(client: TestClient, access: Access, folder: Path) -> None:
    wanted = Pipeline.loads(TEXT).apply(read(folder / "a.tif"))["table"]
    with opened(client, access) as socket:
        told, found = ask(socket, type="table", of="table")
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False)
    units = {each["name"]: each["unit"] for each in told["columns"]}
    assert units["area"] == "um2"
    assert told["count"] == len(wanted)


def test_a_histogram_counts_all_samples(client: TestClient, access: Access) -> None:
    with opened(client, access) as socket:
        told, _ = ask(socket, type="histogram", of="image")
    assert sum(told["counts"]) == 300 * 400
    assert len(told["edges"]) == len(told["counts"]) + 1


def test_faults_are_words(client: TestClient, access: Access) -> None:
    with opened(client, access) as socket:
        told, _ = ask(socket, text=TEXT.replace("sigma: 2", "sigma: -2"))
        assert told["type"] == "fault"
        assert "sigma" in told["what"]
        told, _ = ask(socket, of="smoth")
        assert "did you mean smooth" in told["hint"]
        told, _ = ask(socket, path="c.tif")
        assert told["what"] == "there is no such image in the folder"
        socket.send_text("{")
        assert "is no request" in json.loads(socket.receive_text())["what"]
        header, _ = ask(socket, of="image")
        assert header["type"] == "view"
    found = client.post("/api/check", json={"text": TEXT.replace("otsu", "otso")}).json()
    (fault,) = found["faults"]
    assert (fault["line"], fault["path"]) == (5, "steps.bright.op")
    assert [step["name"] for step in found["steps"]] == ["smooth", "bright", "cells", "table"]
    for content in (b"{", b"[1]", b"\xff"):
        answer = client.post("/api/check", content=content)
        assert answer.status_code == 400
        assert answer.json()["fault"]["what"] == "the request is no JSON object"


def test_two_pages_lose_nothing_of_each_other(client: TestClient, access: Access) -> None:
    url = "/api/pipeline?name=my cells"
    first = client.put(url, json={"text": TEXT, "revision": ""}).json()["revision"]
    assert client.put(url, json={"text": TEXT, "revision": ""}).json()["revision"] == first
    with opened(client, access) as socket:
        changed = TEXT.replace("sigma: 2", "sigma: 3")
        client.put(url, json={"text": changed, "revision": first})
        told = json.loads(socket.receive_text())
        assert (told["type"], told["pipeline"]) == ("changed", "my cells")
    other = client.put(url, json={"text": TEXT + "# mine\n", "revision": first})
    assert other.status_code == 409
    assert other.json()["text"] == changed
    assert client.get(url).json()["text"] == changed
    mine = {"text": TEXT + "# mine\n", "revision": ""}
    assert client.put("/api/pipeline?name=my cells-2", json=mine).status_code == 200
    assert client.get("/api/start").json()["pipelines"] == ["my cells", "my cells-2"]


def test_an_example_is_there_with_its_pipeline(client: TestClient) -> None:
    made = client.post("/api/example", json={"name": "coins"}).json()
    assert made == {"path": "graticule/examples/coins/coins.png", "pipeline": "coins"}
    assert "The light falls off" in client.get("/api/pipeline?name=coins").json()["text"]
    assert client.post("/api/example", json={"name": "coins"}).json() == made
    assert client.post("/api/example", json={"name": "../coins"}).status_code == 400


def test_a_run_gives_what_the_command_line_gives(client: TestClient, folder: Path) -> None:
    client.put("/api/pipeline?name=cells", json={"text": TEXT, "revision": ""})
    task = client.post("/api/run", json={"pipeline": "cells", "path": None}).json()["task"]
    again = client.post("/api/run", json={"pipeline": "cells", "path": None})
    assert "running already" in again.json()["fault"]["what"]
    for _ in range(300):
        (told,) = client.get("/api/tasks").json()
        if told["state"] != "running":
            break
        time.sleep(0.2)
    assert (told["task"], told["state"], told["fault"]) == (task, "done", None)
    page = client.get(told["report"])
    assert "<html" in page.text
    assert "sandbox" in page.headers["content-security-policy"]
    out = folder / "graticule/runs/cells"
    wanted = Pipeline.loads(TEXT).run(
        [folder / "a.tif", folder / "day2/b.tif"], folder.parent / "o"
    )
    pd.testing.assert_frame_equal(
        pd.read_csv(out / "objects.csv"), pd.read_csv(wanted.folder / "objects.csv")
    )
    before = sorted(p.relative_to(folder).as_posix() for p in folder.iterdir())
    assert before == ["a.tif", "day2", "graticule"]


def test_a_failed_run_says_why(client: TestClient, folder: Path) -> None:
    text = TEXT.replace("intensity: image", "intensity: truth").replace(
        "steps:", 'inputs: {image: {}, truth: {path: "{stem}_truth.tif"}}\nsteps:', 1
    )
    client.put("/api/pipeline?name=lost", json={"text": text, "revision": ""})
    client.post("/api/run", json={"pipeline": "lost", "path": "a.tif"})
    for _ in range(200):
        (told,) = client.get("/api/tasks").json()
        if told["state"] != "running":
            break
        time.sleep(0.2)
    assert told["state"] in ("failed", "done")
    assert told["report"] or "missing" in json.dumps(told["fault"])


def test_a_large_image_is_exact_behind(
    client: TestClient, access: Access, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = np.tile(spots(3), (8, 6))[:2100, :2100]
    write(folder / "large.tif", as_image(image))
    screen = {"y": [500, 900], "x": [300, 900]}
    whole = TEXT.replace("[table, cells]", "[cells, bright]")
    wanted = Pipeline.loads(whole).apply(read(folder / "large.tif"))
    with opened(client, access) as socket:
        for of in ("cells", "bright"):
            header, _ = ask(socket, path="large.tif", of=of, region=screen)
            if of == "cells":
                assert header["basis"] == "of the part on screen"
                told = {}
                while told.get("type") != "exact":
                    told = json.loads(socket.receive_text())
                    assert told["type"] in ("progress", "exact")
                assert (told["path"], told["of"]) == ("large.tif", "cells")
            header, samples = ask(socket, path="large.tif", of=of, region=screen)
            assert header["basis"] == "exact", of
            crop = wanted[of].values[500:900, 300:900]
            np.testing.assert_array_equal(samples, crop)


def test_work_that_is_dropped_or_dies_leaves_the_next(tmp_path: Path, folder: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    engine = Engine(folder, results, lambda message: None)
    try:
        image = np.tile(spots(3), (8, 6))[:2100, :2100]
        write(folder / "large.tif", as_image(image))
        parsed = engine.parsed.pipeline(TEXT)
        found = engine.images.opened("large.tif", parsed)
        with pytest.raises(Dropped):
            engine.exact.run(found.exact_job(parsed, "cells"), lambda told: None, lambda: False)
        told: list[Any] = []

        def kill_first(message: Any) -> None:
            if not told:
                engine.exact._running[0].kill()  # type: ignore[index]
            told.append(message[0])

        with pytest.raises(Dropped):
            engine.exact.run(found.exact_job(parsed, "cells"), kill_first, lambda: True)
        assert told
        known: list[str] = []
        engine.exact.run(
            found.exact_job(parsed, "cells"),
            lambda told: known.append(told[1]) if told[0] == "known" else None,
            lambda: True,
        )
        assert known == ["bright", "cells"]
    finally:
        engine.close()


def test_only_the_newest_request_of_a_pane_is_answered(client: TestClient, access: Access) -> None:
    with opened(client, access) as socket:
        base = {"type": "view", "pane": 3, "path": "a.tif", "of": "smooth", "level": 0}
        for number in range(40):
            text = TEXT.replace("sigma: 2", f"sigma: {2 + number / 10}")
            socket.send_text(json.dumps(base | {"id": number, "text": text}))
        answered = []
        while not answered or answered[-1] != 39:
            message = socket.receive()
            if message.get("bytes"):
                answered.append(frame_of(message["bytes"])[0]["id"])
    assert answered == sorted(answered)
    assert len(answered) < 40


def test_a_step_without_a_dim_of_the_image_is_seen(
    client: TestClient, access: Access, folder: Path
) -> None:
    stack = np.stack([spots(n) for n in range(3)])
    write(folder / "stack.tif", as_image(stack, dims=("time", "y", "x")))
    text = "{graticule: 1, steps: {one: {op: transform.select, dim: time, index: 1}}}"
    region = {"y": [0, 50], "x": [0, 60]}
    with opened(client, access) as socket:
        for of, at in (("one", {"time": 2}), ("image", {"time": 1}), ("image", {})):
            header, samples = ask(socket, path="stack.tif", text=text, of=of, at=at, region=region)
            assert header["shape"] == [50, 60]
            frame = stack[1 if of == "one" else at.get("time", 0), :50, :60]
            np.testing.assert_array_equal(header["offset"] + header["scale"] * samples, frame)


def test_pages_find_a_server_that_is_begun_again(folder: Path) -> None:
    from graticule.web.serving import _last, _note

    _note(folder, 4567, "t" * 32)
    file = folder / "graticule/.server.json"
    assert _last(folder) == {"port": 4567, "token": "t" * 32}
    assert file.stat().st_mode & 0o077 == 0
    file.chmod(0o644)
    assert _last(folder) == {}
    file.chmod(0o600)
    file.write_text("[")
    assert _last(folder) == {}


def test_faults_hold_no_path_of_the_machine(
    client: TestClient, access: Access, folder: Path
) -> None:
    (folder / "broken.tif").write_bytes(b"II*\0" + b"\xff" * 40)
    texts = [TEXT, TEXT.replace("otsu", "otso"), TEXT.replace("intensity: image", "intensity: t")]
    texts.append(
        texts[-1].replace("steps:", "inputs: {image: {}, t: {path: 'no_{stem}.tif'}}\nsteps:", 1)
    )
    with opened(client, access) as socket:
        for text in texts:
            for path in ("broken.tif", "a.tif"):
                told, _ = ask(socket, path=path, text=text, of="bright")
                assert str(folder) not in json.dumps(told), told
    for path in ("broken.tif", "none.tif"):
        assert str(folder) not in client.post("/api/open", json={"path": path}).text


@pytest.mark.parametrize(
    "values",
    [
        np.array([[0, 65535, 12]], np.uint16), np.array([[-5, 7, 0]], np.int32),
        np.array([[0, 2**40, 5]], np.int64), np.array([[1.5, np.nan, -np.inf, 7e30]]),
        np.full((2, 3), 4.25, np.float32), np.full((2, 2), np.nan), np.array([[3, 4]], np.uint8),
        np.array([[1e9, 1e9 + 1]]), np.array([[2**53, 2**53 + 2]], np.int64),
    ],
)  # fmt: skip
def test_samples_are_values_to_a_step(values: np.ndarray[Any, Any]) -> None:
    view = RegionView(as_image(values), 0, "exact")
    header, samples = frame_of(frame(view, Kind.IMAGE, {}))
    finite = np.isfinite(values.astype(float))
    assert ((samples == 0) == ~finite).all() or header["dtype"] == "u1"
    found = header["offset"] + header["scale"] * samples.astype(float)
    np.testing.assert_allclose(found[finite], values[finite], atol=0.6 * header["scale"], rtol=1e-6)


def test_complete_results_take_bounded_room(folder: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    engine = Engine(folder, results, lambda message: None)
    try:
        write(folder / "large.tif", as_image(np.tile(spots(3), (8, 6))[:2100, :2100]))
        parsed = engine.parsed.pipeline(TEXT)
        found = engine.images.opened("large.tif", parsed)
        pipeline = found.bound(parsed)

        def take(message: Any) -> None:
            if message[0] == "known":
                found.live.take_exact(pipeline, {message[1]: unpack(message[2])})

        engine.exact.run(found.exact_job(parsed, "cells"), take, lambda: True)
        view = found.live.view(pipeline, {"y": (0, 200), "x": (0, 200)}, of="cells")
        assert view.is_exact
        make_room(results, 10)
        assert not any(file.is_file() for file in results.iterdir())
        again = found.live.view(pipeline, {"y": (0, 200), "x": (0, 200)}, of="cells")
        np.testing.assert_array_equal(again.image, view.image)
        job = found.exact_job(parsed, "cells")
        assert list(job.known) == ["bright"], "what is gone is computed again"
        engine.exact.run(job, take, lambda: True)
    finally:
        engine.close()


def test_an_image_that_was_changed_is_seen_anew(
    client: TestClient, access: Access, folder: Path
) -> None:
    region = {"y": [0, 50], "x": [0, 60]}
    with opened(client, access) as socket:
        ask(socket, of="image", region=region)
        write(folder / "a.tif", as_image(spots(7)))
        time.sleep(1.1)  # for so long the file is taken for what it was
        header, after = ask(socket, of="image", region=region)
        np.testing.assert_array_equal(
            header["offset"] + header["scale"] * after, spots(7)[:50, :60]
        )


def test_the_calls_are_described(client: TestClient) -> None:
    told = client.get("/api/openapi.json").json()
    assert told["paths"]["/api/pipeline"]["put"]["parameters"][0]["name"] == "name"
    body = told["paths"]["/api/run"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["required"] == ["pipeline"]
    for path, methods in told["paths"].items():
        for method, about in methods.items():
            assert about["summary"].endswith("."), (path, method)
            answer = client.request(
                method.upper(), path, json={} if "requestBody" in about else None
            )
            assert answer.status_code in (200, 400)
            schema = about.get("requestBody", {}).get("content", {}).get("application/json", {})
            if any(p["required"] for p in about["parameters"]) or schema:
                assert answer.json()["fault"]["what"].startswith("is no request")


def test_the_value_of_a_threshold_is_told_with_its_picture(
    client: TestClient, access: Access, folder: Path
) -> None:
    from skimage.filters import threshold_li, threshold_otsu

    values = read(folder / "a.tif").values
    text = "{graticule: 1, steps: {bright: {op: threshold.%s}}}"
    with opened(client, access) as socket:
        for name, wanted in (("otsu", threshold_otsu), ("li", threshold_li)):
            header, _ = ask(socket, text=text % name, of="bright", region={"y": [0, 9]})
            assert header["result"] == [pytest.approx(wanted(values), rel=1e-3)]
        header, _ = ask(socket, text=text % "niblack", of="bright")
        assert header["result"] is None


def test_what_a_page_has_left_is_not_answered(client: TestClient, access: Access) -> None:
    slow = "{graticule: 1, steps: {smooth: {op: filters.non_local_means, search: 31, strength: 5}}}"
    with opened(client, access) as socket:
        base = {"type": "view", "path": "a.tif", "pane": 3, "level": 0}
        socket.send_text(json.dumps(base | {"id": 1, "text": slow, "of": "smooth"}))
        socket.send_text(json.dumps({"type": "leave", "pane": 3}))
        header, _ = ask(socket, of="image", pane=4, id=2)
        assert header["id"] == 2
        header, _ = ask(socket, of="image", pane=3, id=3)
        assert header["id"] == 3


def test_channels_come_one_after_the_other_and_a_histogram_is_of_one(
    client: TestClient, access: Access, folder: Path
) -> None:
    rng = np.random.default_rng(0)
    values = np.stack([rng.integers(0, 200, (30, 40)), rng.integers(5000, 9000, (30, 40))])
    image = as_image(values.astype(np.uint16), dims=("c", "y", "x"))
    write(folder / "two.ome.zarr", image)
    text = "graticule: 1\nsteps: {grey: {op: transform.grey}}\n"
    asked = {
        "type": "view", "pane": 0, "id": 1, "path": "two.ome.zarr", "text": text, "of": "image",
        "region": {"y": [0, 30], "x": [0, 40]},
    }  # fmt: skip
    with opened(client, access) as live:
        live.send_json({**asked, "channels": [1, 0, 7]})
        content = live.receive_bytes()
        length = int.from_bytes(content[:4], "little")
        header = json.loads(content[4 : 4 + length])
        samples = np.frombuffer(content, "<u2", offset=4 + length).reshape(2, 30, 40)
        assert header["kind"] == "channels"
        assert [each["channel"] for each in header["channels"]] == [1, 0]
        for each, plane in zip(header["channels"], samples, strict=True):
            wanted = values[each["channel"]]
            shown = each["offset"] + each["scale"] * plane.astype(float)
            np.testing.assert_array_equal(shown, wanted)
            assert each["low"] < each["high"] <= wanted.max()
        live.send_json({**asked, "id": 2, "of": "grey", "channels": [1, 0]})
        while "bytes" not in (told := live.receive()):
            assert json.loads(told["text"])["type"] == "progress", told
        assert frame_of(told["bytes"])[0]["kind"] == "image"
        live.send_json({**asked, "id": 3, "type": "histogram", "at": {"c": 1}})
        while (told := live.receive_json())["type"] == "progress":
            pass
        assert told["edges"][0] >= 5000


def test_a_small_picture_is_of_its_part_and_has_nothing_exact_behind_it(
    client: TestClient, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind: list[int] = []
    monkeypatch.setattr(
        LiveSession, "_complete", lambda session, request, viewed: behind.append(request.id)
    )
    region = {"y": [10, 60], "x": [10, 90]}
    with opened(client, access) as socket:
        header, whole = ask(socket, of="cells", region=region, id=1)
        assert header["basis"] == "exact"
        header, seen = ask(socket, of="cells", region=region, id=2, part=True, fleeting=True)
        assert header["basis"] == "of the part on screen"
        np.testing.assert_array_equal(seen > 0, whole > 0)
        header, _ = ask(socket, of="bright", region=region, id=3, part=True, fleeting=True)
        assert header["basis"] == "exact"
        ask(socket, of="image", id=4)
        ask(socket, of="image", id=5)
    assert behind[:2] == [1, 4]


def test_a_page_that_goes_while_it_is_told_something_is_no_fault(
    client: TestClient, access: Access
) -> None:
    """The server notices at its next message, before the page's own goodbye has come."""
    gone = asyncio.Event()
    scope = {
        "type": "websocket", "path": "/api/live", "raw_path": b"/api/live", "root_path": "",
        "query_string": f"token={access.token}".encode(), "subprotocols": [], "scheme": "ws",
        "headers": [(b"host", HOST.encode())], "app": client.app,
    }  # fmt: skip
    messages = [{"type": "websocket.connect"}, {"type": "websocket.receive", "text": "no request"}]

    async def receive() -> dict[str, str]:
        if messages:
            return messages.pop(0)
        await gone.wait()
        return {"type": "websocket.receive", "text": "no request"}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "websocket.send":
            gone.set()
            raise OSError("the other end is closed")

    async def serve() -> None:
        await asyncio.wait_for(client.app(scope, receive, send), 20)

    asyncio.run(serve())
    assert gone.is_set()


def test_an_op_is_shown_on_its_own_example(client: TestClient) -> None:
    url = "/api/illustration?name="
    first = client.get(f"{url}measure.regions").content
    picture = np.asarray(Picture.open(io.BytesIO(first)).convert("L"))
    assert picture.shape[1] > picture.shape[0]
    assert picture.std() > 20
    assert client.get(f"{url}measure.regions").content == first
    without = client.get(f"{url}learn.classify_image").json()["without"]
    assert without == "gives a class of a whole image"
    assert "did you mean" in client.get(f"{url}filters.gausian").json()["fault"]["hint"]
