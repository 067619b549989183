"""Classifiers that learn from what is painted: the page's model is that of the command line."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from served_folder import frame_of, opened
from starlette.testclient import TestClient

from graticule.cli import main
from graticule.io import read
from graticule.learn import open_model
from graticule.learn.document.document import load
from graticule.learn.model_file import card_of
from graticule.pipeline import Pipeline
from graticule.web.guard import Access

TEXT = """graticule: 1
steps:
  classes: {op: learn.classify, model: ../models/strokes.model}
outputs: [classes]
"""
NAMES = {"1": "ground", "2": "spot"}


def paint(
    client: TestClient, access: Access, path: str, strokes: list[tuple[int, int, int]]
) -> None:
    """Paint short strokes: a class, and where it begins."""
    client.post("/api/layer", json={"path": path, "layer": "strokes"})
    with opened(client, access) as live:
        for number, (value, row, column) in enumerate(strokes):
            live.send_json({
                "type": "stroke", "pane": 44, "id": number, "path": path, "layer": "strokes",
                "value": value, "radius": 2, "points": [[row, column], [row, column + 6]],
                "begins": True,
            })  # fmt: skip
            assert live.receive_json()["type"] == "painted"


def train(client: TestClient, **asked: Any) -> dict[str, Any]:
    request = {"name": "strokes", "layer": "strokes", "classes": NAMES, **asked}
    found: dict[str, Any] = client.post("/api/train", json=request).json()
    return found


def spot_of(file: Path) -> tuple[int, int]:
    """Return where an image is brightest, far enough from its border."""
    image = read(file).values[10:-10, 10:-20]
    row, column = np.unravel_index(int(np.argmax(image)), image.shape)
    return int(row) + 10, int(column) + 10


def view(client: TestClient, access: Access, path: str = "a.tif") -> Any:
    with opened(client, access) as live:
        live.send_json({
            "type": "view", "pane": 0, "id": 1, "path": path, "text": TEXT, "of": "classes",
            "level": 0, "region": {"y": [0, 300], "x": [0, 400]},
        })  # fmt: skip
        return frame_of(live.receive_bytes())[1]


def test_what_is_learned_in_the_page_is_what_the_command_line_learns(
    client: TestClient, access: Access, folder: Path, tmp_path: Path, capsys: Any
) -> None:
    row, column = spot_of(folder / "a.tif")
    paint(client, access, "a.tif", [(1, 2, 2), (2, row, column), (1, 290, 300)])
    told = train(client)
    assert [each["name"] for each in told["classes"]] == ["ground", "spot"]
    assert all(each["samples"] > 20 for each in told["classes"])
    shown = view(client, access)
    assert set(np.unique(shown)) == {1, 2}
    row, column = spot_of(folder / "day2/b.tif")
    paint(client, access, "day2/b.tif", [(2, row, column)])
    assert train(client)["images"] == 2
    shown = view(client, access)

    document, model = folder / "graticule/training/strokes.yaml", tmp_path / "a.model"
    assert load(document).classes == {1: "ground", 2: "spot"}
    kept = folder / "graticule/models/strokes.model"
    deadline = time.monotonic() + 20
    while not card_of(kept)["data"]:
        assert time.monotonic() < deadline, "the model does not say what it has learned from"
        time.sleep(0.1)
    assert main(["train", str(document), str(folder), "-o", str(model), "--no-scores"]) == 0
    assert model.read_bytes() == kept.read_bytes()

    pipeline = folder / "graticule/pipelines/p.yaml"
    pipeline.write_text(TEXT)
    run = Pipeline.load(pipeline).run([folder / "a.tif"], tmp_path / "out")
    assert not run.failed
    (file,) = (tmp_path / "out/arrays").rglob("*classes*")
    np.testing.assert_array_equal(read(file).values, shown)


def test_a_new_model_is_seen_under_the_same_text(
    client: TestClient, access: Access, folder: Path
) -> None:
    row, column = spot_of(folder / "a.tif")
    paint(client, access, "a.tif", [(1, 2, 2), (2, row, column)])
    train(client)
    before = view(client, access)
    paint(client, access, "a.tif", [(2, 150, 3), (2, 200, 300), (2, 40, 200)])
    train(client)
    assert (view(client, access) == 2).sum() > (before == 2).sum()


def test_of_too_little_nothing_is_learned(client: TestClient, access: Access, folder: Path) -> None:
    assert "no image has a graticule/labels" in train(client)["fault"]["what"]
    paint(client, access, "a.tif", [])
    assert train(client)["classes"] == []
    paint(client, access, "a.tif", [(3, 20, 20)])
    assert [each["name"] for each in train(client)["classes"]] == ["class 3"]
    assert not (folder / "graticule/models").exists()


def test_estimator_and_widths_are_chosen(client: TestClient, access: Access, folder: Path) -> None:
    row, column = spot_of(folder / "a.tif")
    paint(client, access, "a.tif", [(1, 2, 2), (2, row, column)])
    chosen = {"estimator": "logistic", "sigmas": [1, "1.5 um"], "max_samples": 500}
    request = {"layer": "strokes", "settings": chosen}
    about = client.put("/api/classifier?name=strokes", json=request).json()
    assert about["settings"] == chosen
    train(client)
    model = open_model(folder / "graticule/models/strokes.model")
    assert model.estimator == "logistic"
    assert [str(width) for width in model.recipe.sigmas] == ["1 px", "1.5 um"]
    assert client.get("/api/classifier?name=strokes").json()["settings"] == chosen
    for wrong in ({"estimator": "oracle"}, {"sigmas": []}, {"sigmas": ["3 parsec px"]}):
        request = {"layer": "strokes", "settings": {**chosen, **wrong}}
        answer = client.put("/api/classifier?name=strokes", json=request)
        assert answer.status_code == 400, wrong
        assert answer.json()["fault"]["what"]
    assert client.get("/api/classifier?name=strokes").json()["settings"] == chosen


def test_a_document_changed_by_hand_is_left_as_it_is(
    client: TestClient, access: Access, folder: Path
) -> None:
    row, column = spot_of(folder / "a.tif")
    paint(client, access, "a.tif", [(1, 2, 2), (2, row, column)])
    train(client)
    document = folder / "graticule/training/strokes.yaml"
    text = (
        document.read_text() + "  tree: {features: {sigmas: [1]}, estimator: tree}\ntrain: tree\n"
    )
    document.write_text(text)
    about = client.get("/api/classifier?name=strokes").json()
    assert about["own"]
    request = {"layer": "strokes", "settings": about["settings"]}
    answer = client.put("/api/classifier?name=strokes", json=request)
    assert "changed by hand" in answer.json()["fault"]["what"]
    assert "fault" not in train(client, classes={"1": "other", "2": "names"})
    assert document.read_text() == text
    assert "tree" in card_of(folder / "graticule/models/strokes.model")["description"]


def test_names_do_not_lead_elsewhere(client: TestClient, folder: Path) -> None:
    for name in ("../strokes", "a/b", "", ".x"):
        assert client.get("/api/classifier", params={"name": name}).status_code == 400
        assert "fault" in train(client, name=name)
    assert not list(folder.parent.glob("*.yaml"))


def test_the_end_of_the_server_keeps_what_was_learned_from(
    client: TestClient, access: Access, folder: Path
) -> None:
    row, column = spot_of(folder / "a.tif")
    paint(client, access, "a.tif", [(1, 2, 2), (2, row, column)])
    train(client)
    kept = folder / "graticule/models/strokes.model"
    assert not card_of(kept)["data"]
    client.__exit__(None, None, None)
    assert len(card_of(kept)["data"]) == 2
    client.__enter__()


def test_a_classifier_is_judged_in_a_task(client: TestClient, access: Access, folder: Path) -> None:
    assert "no such classifier" in client.post("/api/evaluate", json={"name": "strokes"}).text
    client.put(
        "/api/classifier?name=strokes", json={"layer": "strokes", "settings": {"sigmas": [1]}}
    )
    for path in ("a.tif", "day2/b.tif"):
        row, column = spot_of(folder / path)
        paint(client, access, path, [(1, 2, 2), (1, 292, 300), (2, row, column)])
    train(client)
    assert client.post("/api/evaluate", json={"name": "strokes"}).status_code == 200
    deadline = time.monotonic() + 120
    while (task := client.get("/api/tasks").json()[-1])["state"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert task["state"] == "done", task
    page = client.get(task["report"])
    assert page.status_code == 200
    assert "spot" in page.text
