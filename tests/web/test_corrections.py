"""Corrected labels: kept as they are answered, taken back and made again, read as truth."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from served_folder import TEXT, frame_of, opened, table_of
from starlette.testclient import TestClient

from graticule.core import as_image
from graticule.core.errors import RequestError
from graticule.io import read, write
from graticule.pipeline import Pipeline
from graticule.web.corrections import Correction, journal_of
from graticule.web.guard import Access
from graticule.web.object_edits import ObjectEdit

READ = """graticule: 1
inputs: {image: {}, corrected: {path: "graticule/corrected/{path}.tif"}}
steps:
  table: {op: measure.regions, input: corrected, intensity: image}
outputs: [table]
"""


def begun(file: Path, values: Any) -> Correction:
    """Return a correction of some labels."""
    like = as_image(np.asarray(values, np.int32), dims=("z", "y", "x")[-np.ndim(values) :])

    def fill(target: Any) -> None:
        target[...] = values

    Correction.begin(file, like, fill, {"of": "cells"})
    return Correction(file)


def squares() -> np.ndarray[Any, Any]:
    values = np.zeros((40, 50), np.int32)
    for label, (y, x) in enumerate([(2, 2), (2, 20), (20, 2), (20, 20)], 1):
        values[y : y + 12, x : x + 14] = label
    return values


def stopped(correction: Correction) -> Correction:
    """Return it as another process finds it that was begun after a kill."""
    if correction._timer is not None:
        correction._timer.cancel()
    return Correction(correction.file)


EDITS = [
    ObjectEdit("merge", points=[(5, 5), (5, 30)]),
    ObjectEdit("cut", points=[(15, 26), (38, 26)]),
    ObjectEdit("delete", labels=[3]),
    ObjectEdit("add", points=[(34, 2), (34, 10), (39, 10), (39, 2)]),
    ObjectEdit("brush", points=[(5, 5), (17, 9)], radius=2),
    ObjectEdit("erase", points=[(5, 5), (5, 12)], radius=2),
    ObjectEdit("seeds", points=[(25, 28), (25, 33)]),
]


def test_edits_are_taken_back_and_made_again_over_any_number_of_starts(tmp_path: Path) -> None:
    correction = begun(tmp_path / "a.tif", squares())
    states = [correction.values.copy()]
    for number, edit in enumerate(EDITS):
        correction.edit(edit, f"e{number}")
        states.append(correction.values.copy())
        assert not np.array_equal(states[-1], states[-2])
    for number, state in enumerate(reversed(states[:-1])):
        correction = stopped(correction)
        correction.take_back(f"u{number}")
        np.testing.assert_array_equal(correction.values, state)
        np.testing.assert_array_equal(read(correction.file, labels=True).values, state)
        assert correction.index.count == len(np.unique(state)) - 1
    correction.take_back("none")
    for number, state in enumerate(states[1:]):
        correction = stopped(correction)
        correction.make_again(f"r{number}")
        np.testing.assert_array_equal(correction.values, state)
    correction.make_again("none")
    np.testing.assert_array_equal(correction.values, states[-1])
    correction.take_back("back")
    correction.edit(ObjectEdit("delete", labels=[1]), "other")
    assert correction.described()["redoable"] == 0
    correction.write_pending()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from([*range(len(EDITS)), -1, -2]), max_size=12), st.integers(0, 400))
def test_what_was_answered_is_there_whenever_it_is_cut_off(
    tmp_path_factory: pytest.TempPathFactory, ways: list[int], lost: int
) -> None:
    """The labels on the disk may be of any moment since they were brought there."""
    file = tmp_path_factory.mktemp("cut") / "a.tif"
    correction = begun(file, squares())
    stale, states = file.read_bytes(), [correction.values.copy()]
    sizes = [journal_of(file).stat().st_size]
    for number, way in enumerate(ways):
        try:
            if way == -1:
                correction.take_back(f"n{number}")
            elif way == -2:
                correction.make_again(f"n{number}")
            else:
                correction.edit(EDITS[way], f"n{number}")
        except RequestError:
            pass
        states.append(correction.values.copy())
        sizes.append(journal_of(file).stat().st_size)
    if correction._timer is not None:
        correction._timer.cancel()
    kept = journal_of(file).read_bytes()
    whole = max(sizes[0], len(kept) - lost)
    journal_of(file).write_bytes(kept[:whole])
    file.write_bytes(stale)
    reached = max(k for k, size in enumerate(sizes) if size <= whole)
    if whole == sizes[0]:
        reached = 0  # nothing but the beginning, so that labels of another moment are others
        stamp = json.loads(journal_of(file).read_bytes().splitlines()[-1])["flushed"]
        os.utime(file, ns=(stamp, stamp))
    again = Correction(file)
    np.testing.assert_array_equal(again.values, states[reached])
    assert again.index.count == len(np.unique(states[reached])) - 1


def test_an_edit_that_is_sent_twice_is_made_once(tmp_path: Path) -> None:
    correction = begun(tmp_path / "a.tif", squares())
    correction.edit(EDITS[1], "cut")
    once = correction.values.copy()
    correction = stopped(correction)
    correction.edit(EDITS[1], "cut")
    np.testing.assert_array_equal(correction.values, once)
    correction.take_back("back")
    correction.take_back("back")
    assert correction.journal.undoable == 0
    correction.write_pending()


def test_an_object_that_is_edited_to_nothing_is_gone_and_its_number_with_it(tmp_path: Path) -> None:
    correction = begun(tmp_path / "a.tif", squares())
    correction.edit(ObjectEdit("erase", points=[(25, 25)], radius=30), "all of 4")
    assert correction.index.count == 3
    correction = stopped(correction)
    with pytest.raises(RequestError, match="no object 4 any more"):
        correction.edit(ObjectEdit("merge", labels=[1, 4]), "merge")
    correction.edit(EDITS[3], "new")
    assert correction.values[36, 5] == 5, "the number 4 is not given again"
    correction.write_pending()


WHOLE = ("merge", "delete")
PLANES = {("y", "x"): "z", ("y", "z"): "x", ("z", "x"): "y"}


@pytest.mark.parametrize("plane", PLANES)
def test_in_any_slice_whole_objects_are_merged_and_deleted_and_all_else_is_of_the_slice(
    tmp_path: Path, plane: tuple[str, str]
) -> None:
    axes = ["zyx".index(dim) for dim in (PLANES[plane], *plane)]
    values = np.stack([squares()] * 4).transpose(np.argsort(axes))
    correction = begun(tmp_path / "a.tif", values)
    flat = begun(tmp_path / "flat.tif", squares())
    states = [values]
    for number, edit in enumerate(EDITS):
        there = replace(edit, at={PLANES[plane]: 2}, plane=plane)
        before = correction.values.transpose(axes).copy()
        correction.edit(there, f"e{number}")
        flat.edit(edit, f"e{number}")
        states.append(correction.values.copy())
        now = states[-1].transpose(axes)
        np.testing.assert_array_equal(now[2], flat.values)
        if edit.kind == "merge":
            before[before == 2] = 1
        if edit.kind == "delete":
            before[before == 3] = 0
        np.testing.assert_array_equal(now[[0, 1, 3]], before[[0, 1, 3]])
        assert correction.index.count == len(np.unique(now)) - 1
    correction = stopped(correction)
    for number, state in enumerate(reversed(states[:-1])):
        correction.take_back(f"u{number}")
        np.testing.assert_array_equal(correction.values, state)
    for number, state in enumerate(states[1:]):
        correction.make_again(f"r{number}")
        np.testing.assert_array_equal(correction.values, state)
    for each in (correction, flat):
        each.write_pending()


def test_edits_of_a_film_are_of_the_moment_that_is_shown(tmp_path: Path) -> None:
    """Numbers of objects mean other things in other frames."""
    film = as_image(np.stack([squares()] * 3)[:, None].repeat(2, 1), dims=("t", "z", "y", "x"))

    def fill(target: Any) -> None:
        target[...] = film.values

    Correction.begin(tmp_path / "a.tif", film, fill, {"of": "cells"})
    correction = Correction(tmp_path / "a.tif")
    correction.edit(ObjectEdit("delete", labels=[3], at={"t": 1, "z": 1}), "gone")
    wanted = film.values.copy()
    wanted[1][wanted[1] == 3] = 0
    np.testing.assert_array_equal(correction.values, wanted)
    with pytest.raises(RequestError, match="not corrected in a plane of t and x"):
        correction.edit(ObjectEdit("delete", labels=[1], plane=("t", "x")), "across time")
    correction.write_pending()


def test_a_journal_of_records_of_planes_is_read(tmp_path: Path) -> None:
    """As it was before edits had boxes along all dims."""
    correction = begun(tmp_path / "a.tif", np.stack([squares()] * 3))
    correction.edit(ObjectEdit("erase", points=[(5, 5)], radius=2, at={"z": 1}), "gone")
    wanted = correction.values.copy()
    journal = journal_of(correction.file)
    kept = journal.read_bytes()
    box = re.search(rb'"box": (\[\[1, 2\], (.*?\]))\]', kept)
    assert box is not None
    before = kept.replace(box[0], b'"plane": [1], "box": [' + box[2] + b"]")
    journal.write_bytes(before)
    correction = stopped(correction)
    np.testing.assert_array_equal(correction.values, wanted)
    correction.take_back("back")
    np.testing.assert_array_equal(correction.values, np.stack([squares()] * 3))
    correction.write_pending()


def test_there_is_no_plane_beyond_the_image(tmp_path: Path) -> None:
    correction = begun(tmp_path / "a.tif", np.stack([squares()] * 4))
    correction.edit(ObjectEdit("delete", labels=[3]), "gone")
    with pytest.raises(RequestError, match="there is no z 4; it has 4"):
        correction.edit(ObjectEdit("delete", labels=[1], at={"z": 4}), "beyond")
    with pytest.raises(RequestError, match="nothing to change here"):
        correction.edit(ObjectEdit("erase", points=[(0, 0)], at={"z": 2}), "nothing here")
    correction.write_pending()


def test_labels_from_elsewhere_are_taken_and_their_earlier_file_set_aside(tmp_path: Path) -> None:
    write(tmp_path / "a.tif", as_image(squares().astype(np.uint16)))
    correction = Correction(tmp_path / "a.tif")
    np.testing.assert_array_equal(correction.values, squares())
    correction.edit(EDITS[0], "merge")
    correction.write_pending()
    assert (tmp_path / ".a.earlier.tif").exists()
    # Another program has written others: edits of those before are not taken back in these.
    time.sleep(0.01)
    other = begun(tmp_path / "b.tif", squares().T.copy()[:40, :40])
    (tmp_path / "a.tif").write_bytes(other.file.read_bytes())
    again = Correction(tmp_path / "a.tif")
    assert again.journal.undoable == 0
    np.testing.assert_array_equal(again.values, other.values)


def news(socket: Any, state: str = "ready") -> dict[str, Any]:
    while True:
        message = socket.receive()
        if message.get("bytes"):
            continue
        told = json.loads(message["text"])
        assert told["type"] != "fault", told
        assert told.get("state") != "failed", told.get("what")
        if told["type"] == "correction" and told["state"] == state:
            return dict(told)


def edited(socket: Any, name: str, path: str = "a.tif", **edit: Any) -> dict[str, Any]:
    socket.send_text(json.dumps({"type": "edit", "pane": 45, "path": path, "name": name} | edit))
    return news(socket)


@pytest.mark.parametrize("path", ["a.tif", "day2/b.tif"])
def test_labels_begin_as_the_run_has_them_and_are_read_as_truth(
    client: TestClient, access: Access, folder: Path, path: str
) -> None:
    run = Pipeline.loads(TEXT).apply(read(folder / path))["cells"].values
    asked = {"path": path, "text": TEXT, "of": "cells", "pipeline": "spots"}
    assert client.post("/api/correct", json={"path": path}).json()["state"] == "none"
    with opened(client, access) as socket, opened(client, access) as other:
        assert client.post("/api/correct", json=asked).json()["state"] == "making"
        told = news(socket)
        assert told["objects"] == run.max()
        assert told["source"]["of"] == "cells"
        assert told["template"] == "graticule/corrected/{path}.tif"
        file = folder / "graticule/corrected" / path
        np.testing.assert_array_equal(read(file, labels=True).values, run)
        view = {"type": "view", "pane": 0, "id": 1, "path": path, "text": READ, "of": "corrected"}
        told = edited(socket, "d", path, kind="delete", labels=[2])
        assert (told["objects"], told["undoable"]) == (run.max() - 1, 1)
        news(other)
        assert news(other)["edit"] == "d", "another page is told"
        for level in (0, 1):
            socket.send_text(json.dumps(view | {"level": level}))
            while not (message := socket.receive()).get("bytes"):
                pass
            header, seen = frame_of(message["bytes"])
            assert header["kind"] == "labels"
            wanted = np.where(run == 2, 0, run)
            np.testing.assert_array_equal(seen, wanted[1::2, 1::2] if level else wanted)
        socket.send_text(json.dumps(view | {"type": "table", "of": "table"}))
        while not (message := socket.receive()).get("bytes"):
            pass
        _, table = table_of(message["bytes"])
        assert client.post("/api/correct", json=asked).json()["undoable"] == 1, "it is gone on with"
    client.__exit__(None, None, None)
    client.__enter__()
    result = Pipeline.loads(READ, source=folder / "p.yaml").run(folder / path, folder / "out")
    objects = pd.read_csv(result.folder / "objects.csv")
    np.testing.assert_allclose(objects["area"], table["area"])


def test_a_fault_of_an_edit_is_told_to_its_page(
    client: TestClient, access: Access, folder: Path
) -> None:
    with opened(client, access) as socket:
        edit = {"type": "edit", "pane": 45, "id": 3, "path": "a.tif", "name": "x", "kind": "merge"}
        socket.send_text(json.dumps(edit))
        told = json.loads(socket.receive_text())
        assert (told["type"], told["id"]) == ("fault", 3)
        assert "no labels to be corrected" in told["what"]
    for of, what in (("smooth", "gives no labels"), ("nothing", "there is no step")):
        asked = {"path": "a.tif", "text": TEXT, "of": of}
        answer = client.post("/api/correct", json=asked)
        assert answer.status_code == 400
        assert what in answer.json()["fault"]["what"]
    binned = TEXT.replace("filters.gaussian, sigma: 2", "transform.crop, stop: {y: 200}")
    answer = client.post("/api/correct", json={"path": "a.tif", "text": binned, "of": "cells"})
    assert "other sizes than the image" in answer.json()["fault"]["what"]


def test_a_large_image_is_begun_from_its_exact_result(
    client: TestClient, access: Access, folder: Path
) -> None:
    """What is on screen would be numbered by itself; the labels are those of the run."""
    rng = np.random.default_rng(2)
    large = (rng.random((2100, 2100)) < 0.02).astype(np.uint16) * 500
    write(folder / "large.tif", as_image(large))
    run = Pipeline.loads(TEXT).apply(read(folder / "large.tif"))["cells"].values
    asked = {"path": "large.tif", "text": TEXT, "of": "cells"}
    with opened(client, access) as socket:
        client.post("/api/correct", json=asked)
        assert news(socket)["objects"] == run.max()
        file = folder / "graticule/corrected/large.tif"
        np.testing.assert_array_equal(read(file, labels=True).values, run)
        started = time.monotonic()
        edited(socket, "m", "large.tif", kind="merge", points=[[5, 0], [5, 60]])
        assert time.monotonic() - started < 1
        labels = read(file, labels=True).values
        (box,) = [np.argwhere(labels != run)]
        assert len(box) < 2000, "an edit touches the box around it"
        before = labels.copy()
        view = {"type": "view", "pane": 0, "id": 1, "path": "large.tif", "text": READ}
        view |= {"of": "corrected", "region": {"y": [0, 70], "x": [0, 90]}}

        def seen() -> Any:
            socket.send_text(json.dumps(view))
            while not (message := socket.receive()).get("bytes"):
                pass
            return frame_of(message["bytes"])[1]

        np.testing.assert_array_equal(seen(), before[:70, :90])
        asked["anew"] = True
        client.post("/api/correct", json=asked)
        told = news(socket)
        assert told["undoable"] == 0
        assert told["revision"] > 1
        np.testing.assert_array_equal(read(file, labels=True).values, run)
        np.testing.assert_array_equal(seen(), run[:70, :90])
        earlier = file.with_name(".large.earlier.tif")
        np.testing.assert_array_equal(read(earlier, labels=True).values, before)
        edited(socket, "n", "large.tif", kind="merge", points=[[5, 0], [5, 60]])
        revision = edited(socket, "o", "large.tif", kind="undo")["revision"]
        file.unlink()
        assert client.post("/api/correct", json={"path": "large.tif"}).json()["state"] == "none"
        client.post("/api/correct", json={**asked, "anew": False})
        again = news(socket)["revision"]
        assert again > revision, "what was seen of the others is not taken for these"


def test_results_are_judged_against_corrections_on_the_command_line(
    client: TestClient, access: Access, folder: Path
) -> None:
    pipeline = folder / "graticule/pipelines/spots.yaml"
    client.put("/api/pipeline?name=spots", json={"text": TEXT, "revision": ""})
    with opened(client, access) as socket:
        client.post("/api/correct", json={"path": "a.tif", "text": TEXT, "of": "cells"})
        count = news(socket)["objects"]
        edited(socket, "d", kind="delete", labels=[1, 2])
    out = folder.parent / "out"
    Pipeline.load(pipeline).run(folder / "a.tif", out, cache=False)

    def graticule(*arguments: Any) -> str:
        command = [sys.executable, "-m", "graticule.cli", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    # Strokes of the folder stand elsewhere, and the journal is no truth without a result.
    graticule("evaluate", out, "--truth", folder / "graticule/corrected", "--of", "cells",
              "-o", folder.parent / "judged")  # fmt: skip
    row = pd.read_csv(folder.parent / "judged/evaluation.csv").iloc[0]
    assert (row["tp"], row["fp"], row["fn"]) == (count - 2, 2, 0)
    graticule("compare", pipeline, "bright", folder / "a.tif", "--of", "cells",
              "--try", "threshold.otsu,threshold.triangle",
              "--truth", folder / "graticule/corrected", "-o", folder.parent / "ways")  # fmt: skip
    ways = pd.read_csv(folder.parent / "ways/compare.csv").set_index("way")
    assert ways.loc["threshold.otsu", "count_error"] == 2
    checked = TEXT.replace("steps:", READ.splitlines()[1] + "\nsteps:") + (
        "checks:\n  truth: {check: instances, of: cells, against: corrected}\n"
    )
    pipeline.write_text(checked)
    Pipeline.load(pipeline).run(folder / "a.tif", out, overwrite=True)
    images = pd.read_csv(out / "images.csv")
    assert images["count_error"].iloc[0] == 2
