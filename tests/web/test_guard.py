"""The server answers its own page, with the token, and nobody else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from served_folder import HOST, TEXT
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from graticule.web.guard import LARGEST, Access

PATHS = [
    "/",
    "/api/start",
    "/api/ops",
    "/api/thumbnail?path=a.tif",
    "/api/pipeline?name=a",
    "/runs/a",
]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_told_without_the_token(client: TestClient, path: str) -> None:
    for token in ("", "x", "0" * 32):
        client.headers["X-Graticule-Token"] = token
        assert client.get(path).status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost:8765", ""])
def test_other_hosts_are_refused(client: TestClient, host: str) -> None:
    assert client.get("/api/start", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:8765"])
def test_other_origins_are_refused(client: TestClient, access: Access, origin: str) -> None:
    assert client.get("/api/start", headers={"origin": origin}).status_code == 403
    url = f"/api/live?token={access.token}"
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(url, headers={"host": HOST, "origin": origin}),
    ):
        pass
    assert client.get("/api/start", headers={"origin": f"http://{HOST}"}).status_code == 200


def test_a_websocket_needs_the_token(client: TestClient) -> None:
    del client.headers["X-Graticule-Token"]
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/api/live?token=x", headers={"host": HOST}),
    ):
        pass


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "/etc/passwd", "day2/../../secret.txt", "link.tif", "linked/secret.txt",
     "a.tif\0", "graticule/../../secret.txt"],
)  # fmt: skip
def test_nothing_outside_of_the_folder_is_read(client: TestClient, folder: Path, path: str) -> None:
    os.symlink(folder.parent / "secret.txt", folder / "link.tif")
    os.symlink(folder.parent, folder / "linked")
    answer = client.post("/api/open", json={"path": path})
    assert answer.status_code == 400
    assert "business" not in answer.text
    assert str(folder.parent) not in answer.text
    for url in (f"/runs/{path}", f"/static/{path}"):
        if "\0" not in url:
            assert client.get(url).status_code in (400, 403, 404)


@pytest.mark.parametrize(
    "name", ["../a", "a/b", "", ".hidden", "a" * 200, "a\n", "a\0b", "CON/", "a "]
)
def test_pipelines_are_kept_under_names_alone(client: TestClient, folder: Path, name: str) -> None:
    answer = client.put("/api/pipeline", params={"name": name}, json={"text": TEXT, "revision": ""})
    assert answer.status_code == 400
    assert not (folder / "graticule").exists()


def test_what_is_too_large_is_refused(client: TestClient) -> None:
    answer = client.post("/api/check", content=b" " * (LARGEST + 1))
    assert answer.status_code == 413
    assert client.post("/api/check", json={"text": "# " * 10_000}).status_code == 200


def test_a_page_may_ask_nobody_else(client: TestClient) -> None:
    headers = client.get("/").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_a_script_in_a_name_stays_text(client: TestClient, folder: Path) -> None:
    name = "<img src=x onerror=alert(1)>.tif"
    os.rename(folder / "a.tif", folder / name)
    answer = client.get("/api/start")
    assert answer.headers["content-type"] == "application/json"
    assert name in [image["path"] for image in answer.json()["images"]]
