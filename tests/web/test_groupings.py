"""Clusterings in the served folder: their groups are shown, and what is regrouped is kept."""

from __future__ import annotations

import csv
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from graticule.core import as_image
from graticule.io import write

DOCUMENT = """graticule: 1
task: clustering
name: shades
features: {embedding: values}
methods:
  two: [{step: kmeans, n_clusters: 2}]
null: {n: 0}
stability: {n: 0}
"""
RUN = "graticule/runs/shades-groups"


@pytest.fixture
def shades(folder: Path) -> Path:
    """Twelve dark and bright images, and how to group them."""
    for file in folder.rglob("*.tif"):
        file.unlink()
    rng = np.random.default_rng(0)
    for number in range(12):
        image = rng.normal(50 + 100 * (number % 2), 5, (8, 8)).astype(np.uint8)
        write(folder / f"{number:02}.png", as_image(image))
    documents = folder / "graticule" / "clusterings"
    documents.mkdir(parents=True)
    (documents / "shades.yaml").write_text(DOCUMENT)
    return folder


def clustered(client: TestClient, name: str = "shades") -> dict[str, Any]:
    assert client.post("/api/cluster", json={"name": name}).status_code == 200
    deadline = time.monotonic() + 120
    while (task := client.get("/api/tasks").json()[-1])["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert task["state"] == "done", task
    return dict(client.get("/api/grouping", params={"name": RUN}).json())


def test_images_are_grouped_and_shown(client: TestClient, shades: Path) -> None:
    assert client.get("/api/groupings").json()["documents"] == ["shades"]
    told = clustered(client)
    found = client.get("/api/groupings").json()["clusterings"]
    assert found == [{"name": RUN, "title": "shades", "rows": 12}]
    assert told["path"] == [f"{n:02}.png" for n in range(12)]
    assert len(set(told["found"][::2])) == len(set(told["found"][1::2])) == 1
    assert sorted(told["outlier_rank"]) == list(range(1, 13))
    assert told["duplicate_of"] == [""] * 12
    assert all(value is not None for axis in told["map"] for value in axis)
    assert told["main"] == told["methods"][0]["method"] == "two"
    assert client.get(told["report"]).status_code == 200


def test_what_is_regrouped_is_kept_beside_what_was_found(client: TestClient, shades: Path) -> None:
    told = clustered(client)
    ask = {"params": {"name": RUN}, "json": {"groups": {"00": 5, "01": -1}}}
    assert client.put("/api/grouping", **ask).status_code == 200
    again = client.get("/api/grouping", params={"name": RUN}).json()
    assert again["changed"] == {"00": 5, "01": -1}
    assert again["found"] == told["found"]
    with (shades / again["sheet"]).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["group"] for row in rows[:3]] == ["5", "-1", str(told["found"][2])]
    assert [row["found"] for row in rows] == [str(group) for group in told["found"]]
    back = {"params": {"name": RUN}, "json": {"groups": {"00": None}}}
    client.put("/api/grouping", **back)
    assert client.get("/api/grouping", params={"name": RUN}).json()["changed"] == {"01": -1}


def test_what_is_asked_wrongly_changes_nothing(client: TestClient, shades: Path) -> None:
    clustered(client)
    ask = {"params": {"name": RUN}, "json": {"groups": {"00": 1, "nobody": 1}}}
    assert "no image of this clustering" in client.put("/api/grouping", **ask).text
    assert client.get("/api/grouping", params={"name": RUN}).json()["changed"] == {}
    for name in ("..", "../secret", "graticule", "nowhere", ""):
        answer = client.get("/api/grouping", params={"name": name})
        assert answer.status_code == 400, name
    for name in ("../../x", "a/b"):
        assert client.post("/api/cluster", json={"name": name}).status_code == 400
    assert client.post("/api/cluster", json={"name": "x", "example": True}).status_code == 400


def test_a_document_reads_nothing_outside_of_the_folder(client: TestClient, shades: Path) -> None:
    document = shades / "graticule" / "clusterings" / "shades.yaml"
    for line in ('study: "../../../*.txt"', 'pipeline: "../../../p.yaml"'):
        (shades.parent / "p.yaml").write_text("graticule: 1\nsteps: {s: {op: filters.sobel}}\n")
        document.write_text(f"{DOCUMENT}{line}\n")
        answer = client.post("/api/cluster", json={"name": "shades"})
        assert "outside of the folder" in answer.text, line


def test_images_that_lie_elsewhere_are_named_and_not_shown(
    client: TestClient, shades: Path
) -> None:
    clustered(client)
    place = shades / RUN
    text = (place / "groups.csv").read_text()
    (place / "groups.csv").write_text(text.replace(str(shades), str(shades.parent)))
    told = client.get("/api/grouping", params={"name": RUN}).json()
    assert told["image"][0] == "00"
    assert told["path"] == [""] * 12
    (place / "run.json").write_text(json.dumps({"kind": "run"}))
    assert client.get("/api/groupings").json()["clusterings"] == []


def test_a_folder_without_a_document_gets_one(client: TestClient, shades: Path) -> None:
    (shades / "graticule" / "clusterings" / "shades.yaml").unlink()
    told = clustered(client)
    assert (shades / "graticule" / "clusterings" / "shades.yaml").is_file()
    assert [each["method"] for each in told["methods"]] == ["kmeans", "dense"]
