"""How images were looked at, in plain files: found again, held to their folder, faults in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

VIEW = "/api/view?path=day2/b.tif&pipeline=spots"


def test_a_view_is_kept_value_by_value_in_a_file(client: TestClient, folder: Path) -> None:
    assert client.get(VIEW).json() == {}
    client.put(VIEW, json={"values": {"place": "panes=2", "limits": [["image", {"low": 1}]]}})
    client.put(VIEW, json={"values": {"place": "panes=4"}})
    assert client.get(VIEW).json() == {"place": "panes=4", "limits": [["image", {"low": 1}]]}
    file = folder / "graticule" / "views" / "day2" / "b.tif" / "spots.json"
    assert json.loads(file.read_text("utf-8"))["place"] == "panes=4"
    client.put(VIEW, json={"values": {"limits": None}})
    assert client.get(VIEW).json() == {"place": "panes=4"}
    assert client.get("/api/view?path=day2/b.tif&pipeline=other").json() == {}


def test_what_all_images_share_is_kept_beside_them(client: TestClient, folder: Path) -> None:
    client.put("/api/view", json={"values": {"classes": [{"name": "vessel"}]}})
    assert client.get("/api/view").json() == {"classes": [{"name": "vessel"}]}
    assert (folder / "graticule" / "views" / "folder.json").is_file()


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("path=../secret.txt&pipeline=spots", "lies outside of the folder"),
        ("path=none.tif&pipeline=spots", "there is no such image"),
        ("path=a.tif&pipeline=../spots", "is no name for a pipeline"),
        ("path=a.tif", "is no name for a pipeline"),
    ],
)
def test_no_other_file_is_written(client: TestClient, folder: Path, query: str, what: str) -> None:
    before = sorted(folder.parent.rglob("*"))
    for answer in (
        client.get(f"/api/view?{query}"),
        client.put(f"/api/view?{query}", json={"values": {"place": ""}}),
    ):
        assert answer.status_code == 400
        assert what in answer.json()["fault"]["what"]
    assert [p for p in folder.parent.rglob("*") if p not in before and p.suffix == ".json"] == []


def test_a_whole_path_and_a_link_lead_nowhere_else(client: TestClient, folder: Path) -> None:
    whole = folder / "a.tif"
    answer = client.put(f"/api/view?path={whole}&pipeline=spots", json={"values": {"place": ""}})
    assert "is no path from the folder" in answer.json()["fault"]["what"]
    views = folder / "graticule" / "views"
    views.mkdir(parents=True)
    (views / "a.tif").symlink_to(folder / "day2")
    answer = client.put("/api/view?path=a.tif&pipeline=spots", json={"values": {"place": ""}})
    assert answer.status_code == 400
    assert not (folder / "day2" / "spots.json").exists()


def test_a_spoilt_file_is_told_and_can_be_removed(client: TestClient, folder: Path) -> None:
    client.put(VIEW, json={"values": {"place": "panes=2"}})
    file = folder / "graticule" / "views" / "day2" / "b.tif" / "spots.json"
    for text in ("[1, 2]", "{", "[" * 100_000):
        file.write_text(text)
        fault = client.get(VIEW).json()["fault"]
        assert fault["where"] == "graticule/views/day2/b.tif/spots.json"
        assert "remove the file" in fault["hint"]
    file.unlink()
    assert client.get(VIEW).json() == {}


def test_a_view_has_a_bound_and_what_stood_there_remains(client: TestClient) -> None:
    client.put(VIEW, json={"values": {"place": "panes=2"}})
    answer = client.put(VIEW, json={"values": {"place": "x" * 2**20}})
    assert "larger than" in answer.json()["fault"]["what"]
    assert client.get(VIEW).json() == {"place": "panes=2"}


def test_what_the_disk_refuses_is_told_in_words(client: TestClient, folder: Path) -> None:
    (folder / "graticule").mkdir(exist_ok=True)
    (folder / "graticule" / "views").write_text("a file where a folder is needed")
    answer = client.put(VIEW, json={"values": {"place": "panes=2"}})
    assert answer.status_code == 400
    fault = answer.json()["fault"]
    assert fault["what"].startswith("the disk refuses: ")
    assert fault["where"].startswith("graticule/views")
