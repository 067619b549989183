"""Painted labels: drawn where they are said to be, never lost, and read by pipelines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from served_folder import frame_of, opened
from starlette.testclient import TestClient

from graticule.core import as_image
from graticule.core.errors import RequestError
from graticule.io import read, write
from graticule.pipeline import Pipeline
from graticule.web.guard import Access
from graticule.web.layers import Layer
from graticule.web.strokes import Stroke

MARKED = """graticule: 1
inputs: {image: {}, strokes: {path: "graticule/labels/{path}.strokes.tif"}}
steps:
  smooth: {op: filters.gaussian, sigma: 2}
  basins: {op: segment.watershed, markers: strokes}
outputs: [basins]
"""


def image_of(*shape: int) -> Any:
    return as_image(np.zeros(shape, np.float32), dims=("z", "y", "x")[-len(shape) :])


def line(value: int, radius: float, *points: tuple[float, float], **at: int) -> Stroke:
    return Stroke(value, radius, points, at)


POINT = st.tuples(st.floats(-20, 80), st.floats(-20, 90))
SAMPLE = st.tuples(st.integers(0, 59), st.integers(0, 69))


@settings(deadline=None)
@given(st.lists(POINT, min_size=1, max_size=5), st.floats(0.5, 12))
def test_a_line_is_all_samples_within_its_radius(
    tmp_path_factory: pytest.TempPathFactory, points: list[tuple[float, float]], radius: float
) -> None:
    layer = Layer(tmp_path_factory.mktemp("layer") / "a.strokes.tif", image_of(60, 70))
    layer.paint(line(3, radius, *points), begins=True)
    y, x = np.mgrid[:60, :70].astype(float)
    wanted = np.zeros((60, 70), bool)
    ends = points[1:] or points
    for (y0, x0), (y1, x1) in zip(points, ends, strict=False):
        length = (y1 - y0) ** 2 + (x1 - x0) ** 2
        along = ((y - y0) * (y1 - y0) + (x - x0) * (x1 - x0)) / length if length else 0.0
        along = np.clip(along, 0, 1)
        apart = np.hypot(y - y0 - along * (y1 - y0), x - x0 - along * (x1 - x0))
        wanted |= apart <= radius + 1e-9
    differs = (layer.values == 3) != wanted
    assert differs.sum() <= 2, "but for what lies on the rim"
    layer.write()


PLANES = {("y", "x"): "z", ("y", "z"): "x", ("z", "x"): "y"}


@settings(deadline=None)
@given(
    st.lists(POINT, min_size=1, max_size=4), st.floats(0.5, 9), st.sampled_from([*PLANES]),
    st.sampled_from(["line", "polygon"]), st.sampled_from([(1.0, 1.0), (1.0, 4.0), (4.0, 1.0)]),
)  # fmt: skip
def test_a_stroke_in_any_slice_is_that_of_the_volume_turned(
    tmp_path_factory: pytest.TempPathFactory, points: list[tuple[float, float]], radius: float,
    plane: tuple[str, str], shape: Any, stretch: tuple[float, float],
) -> None:  # fmt: skip
    sizes = {PLANES[plane]: 5, plane[0]: 60, plane[1]: 70}
    folder = tmp_path_factory.mktemp("layer")
    turned = Layer(folder / "a.tif", image_of(*(sizes[dim] for dim in "zyx")))
    upright = Layer(folder / "b.tif", image_of(*sizes.values()))
    there = Stroke(2, radius, points, {PLANES[plane]: 3}, shape, plane, stretch)
    turned.paint(there, begins=True)
    upright.paint(Stroke(2, radius, points, {"z": 3}, shape, stretch=stretch), begins=True)
    axes = ["zyx".index(dim) for dim in sizes]
    wanted = upright.values.transpose(np.argsort(axes))
    np.testing.assert_array_equal(turned.values, wanted)
    assert turned._timer is not None
    turned._timer.cancel()
    upright.write()
    again = Layer(folder / "a.tif", turned.image)
    np.testing.assert_array_equal(again.values, wanted)  # from the journal
    np.testing.assert_array_equal(read(folder / "a.tif", labels=True).values, wanted)


def test_a_stroke_in_xz_has_the_voxels_of_strokes_in_the_planes_of_xy(tmp_path: Path) -> None:
    """The brush is round in lengths: of samples 4 times as long along z it reaches a quarter."""
    spaced = {"z": "2 um", "y": "0.5 um", "x": "0.5 um"}
    image = as_image(np.zeros((20, 30, 40), np.float32), dims=("z", "y", "x"), spacing=spaced)
    across = Layer(tmp_path / "a.tif", image)
    start, end = np.array([4.0, 10.0]), np.array([12.0, 30.0])
    stroke = Stroke(3, 6.0, [tuple(start), tuple(end)], {"y": 17}, "line", ("z", "x"), (4.0, 1.0))
    across.paint(stroke, begins=True)
    planes = Layer(tmp_path / "b.tif", image)
    lengths = np.array([2.0, 0.5])
    way = (end - start) * lengths
    for z in range(20):
        for x in range(40):
            from_start = (np.array([z, x]) - start) * lengths
            along = np.clip(from_start @ way / (way @ way), 0, 1)
            if np.linalg.norm(from_start - along * way) <= 6 * 0.5:
                planes.paint(line(3, 0.5, (17, x), z=z), begins=True)
    np.testing.assert_array_equal(across.values, planes.values)
    assert set(np.nonzero(across.values)[1]) == {17}
    assert set(np.nonzero(across.values)[0]) == set(range(3, 14))
    assert across.take_back()
    assert not across.values.any()
    for layer in (across, planes):
        layer.write()


def test_the_finest_brush_paints_between_samples_too(tmp_path: Path) -> None:
    layer = Layer(tmp_path / "a.tif", image_of(20, 30, 40))
    stroke = Stroke(1, 0.5, [(3.45, 8.0), (3.45, 12.0)], {"y": 2}, "line", ("z", "x"), (4.0, 1.0))
    layer.paint(stroke, begins=True)
    np.testing.assert_array_equal(np.argwhere(layer.values), [[3, 2, x] for x in range(8, 13)])
    with pytest.raises(RequestError, match="cannot be painted in a plane of t and x"):
        layer.paint(Stroke(1, 2, [(1, 1)], plane=("t", "x")), begins=True)
    layer.write()


def test_a_polygon_is_filled(tmp_path: Path) -> None:
    layer = Layer(tmp_path / "a.strokes.tif", image_of(50, 60))
    corners = [(9.5, 9.5), (9.5, 30.5), (20.5, 30.5), (20.5, 9.5)]
    layer.paint(Stroke(2, 0, corners, {}, "polygon"), begins=True)
    wanted = np.zeros((50, 60), np.uint8)
    wanted[10:21, 10:31] = 2
    np.testing.assert_array_equal(layer.values, wanted)
    layer.write()


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), POINT, POINT), max_size=5), SAMPLE, st.integers(0, 3))
def test_a_fill_takes_the_connected_area_of_one_label(
    tmp_path_factory: pytest.TempPathFactory, lines: list[Any], place: Any, value: int
) -> None:
    """As SciPy finds it; what was filled is there after the end, whatever came after it."""
    file = tmp_path_factory.mktemp("layer") / "a.strokes.tif"
    layer = Layer(file, image_of(60, 70))
    for label, *ends in lines:
        layer.paint(line(label, 2, *ends), begins=True)
    before = layer.values.copy()
    areas, _ = ndimage.label(before == before[place])
    wanted = np.where(areas == areas[place], value, before)
    layer.paint(Stroke(value, 0, [place], {}, "fill"), begins=True)
    np.testing.assert_array_equal(layer.values, wanted)
    layer.paint(line(1, 1, place), begins=True)
    last = layer.values.copy()
    assert layer._timer is not None
    layer._timer.cancel()
    journal = layer.journal.read_bytes()
    again = Layer(file, image_of(60, 70))
    np.testing.assert_array_equal(again.values, last)
    layer.journal.write_bytes(journal)  # it was cut off after its file was written
    np.testing.assert_array_equal(Layer(file, image_of(60, 70)).values, last)
    assert layer.take_back()
    assert layer.take_back()
    np.testing.assert_array_equal(layer.values, before)


def test_a_fill_stays_in_its_plane_of_a_volume(tmp_path: Path) -> None:
    layer = Layer(tmp_path / "a.tif", image_of(5, 20, 30))
    layer.paint(line(2, 1, (0, 10), (19, 10), z=3), begins=True)
    layer.paint(Stroke(1, 0, [(4, 4)], {"z": 3}, "fill"), begins=True)
    assert set(np.nonzero(layer.values == 1)[0]) == {3}
    assert set(np.nonzero(layer.values == 1)[2]) == set(range(9))
    layer.paint(Stroke(3, 0, [(20, 2)], {"y": 7}, "fill", ("x", "z")), begins=True)
    assert set(np.nonzero(layer.values == 3)[1]) == {7}
    assert (layer.values == 3).sum() == 5 * 30 - 30 + 18
    with pytest.raises(RequestError, match="outside"):
        layer.paint(Stroke(1, 0, [(40, 4)], {"z": 3}, "fill"), begins=True)
    with pytest.raises(RequestError, match="has points"):
        layer.paint(Stroke(1, 0, [], {"z": 3}, "fill"), begins=True)
    layer.write()


@settings(deadline=None)
@given(st.lists(st.tuples(POINT, POINT), min_size=1, max_size=4))
def test_boxes_are_all_samples_between_their_corners(
    tmp_path_factory: pytest.TempPathFactory, boxes: list[Any]
) -> None:
    """As what the wand takes is drawn: row by row, and kept as any stroke."""
    file = tmp_path_factory.mktemp("layer") / "a.strokes.tif"
    layer = Layer(file, image_of(60, 70))
    points = [corner for box in boxes for corner in box]
    layer.paint(Stroke(2, 0, points, {}, "boxes"), begins=True)
    y, x = np.mgrid[:60, :70]
    wanted = np.zeros((60, 70), np.uint8)
    for (y0, x0), (y1, x1) in boxes:
        rows = (y >= min(y0, y1)) & (y <= max(y0, y1))
        wanted[rows & (x >= min(x0, x1)) & (x <= max(x0, x1))] = 2
    np.testing.assert_array_equal(layer.values, wanted)
    assert layer._timer is not None
    layer._timer.cancel()
    np.testing.assert_array_equal(Layer(file, image_of(60, 70)).values, wanted)
    with pytest.raises(RequestError, match="two points each"):
        layer.paint(Stroke(2, 0, points[:-1], {}, "boxes"), begins=True)


def test_a_journal_of_before_has_polygons_that_were_called_fill(tmp_path: Path) -> None:
    layer = Layer(tmp_path / "a.strokes.tif", image_of(50, 60))
    corners = [[9.5, 9.5], [9.5, 30.5], [20.5, 30.5], [20.5, 9.5]]
    told = {"value": 2, "radius": 0, "points": corners, "at": {}, "shape": "fill"}
    layer.journal.write_text(json.dumps(told) + "\n")
    wanted = np.zeros((50, 60), np.uint8)
    wanted[10:21, 10:31] = 2
    np.testing.assert_array_equal(Layer(layer.file, image_of(50, 60)).values, wanted)


def test_what_was_painted_is_there_after_the_end_at_any_moment(tmp_path: Path) -> None:
    file = tmp_path / "a.strokes.tif"
    layer = Layer(file, image_of(50, 60))
    layer.paint(line(1, 3, (10, 10), (10, 40)), begins=True)
    layer.write()
    layer.paint(line(2, 2, (30, 10), (30, 40)), begins=True)
    layer.paint(line(0, 2, (10, 20)), begins=True)
    wanted = layer.values.copy()
    assert layer._timer is not None
    layer._timer.cancel()
    with layer.journal.open("a") as journal:
        journal.write('{"value": 3, "radius": 2, "poi')
    again = Layer(file, image_of(50, 60))
    np.testing.assert_array_equal(again.values, wanted)
    assert again.labels() == [1, 2]
    assert not again.journal.exists()
    np.testing.assert_array_equal(read(file).values, wanted)


def test_drags_are_taken_back_one_by_one(tmp_path: Path) -> None:
    layer = Layer(tmp_path / "a.strokes.tif", image_of(50, 60))
    states = [layer.values.copy()]
    rng = np.random.default_rng(0)
    for number in range(1, 6):
        for piece in range(3):
            points = [tuple(p) for p in rng.uniform(0, 50, (2, 2)).tolist()]
            layer.paint(line(number % 3, 4, *points), begins=piece == 0)
        states.append(layer.values.copy())
    for state in reversed(states[:-1]):
        assert layer.take_back()
        np.testing.assert_array_equal(layer.values, state)
        layer._timer.cancel()  # type: ignore[union-attr]
        again = Layer(tmp_path / f"{layer.revision}.strokes.tif", image_of(50, 60))
        again.journal.write_bytes(layer.journal.read_bytes())
        again._load()
        np.testing.assert_array_equal(again.values, state, "what was taken back stays so")
        assert layer.labels() == [int(v) for v in np.unique(state) if v]
    assert not layer.take_back()
    for state in states[1:]:
        assert layer.make_again()
        np.testing.assert_array_equal(layer.values, state)
    assert not layer.make_again()
    assert layer.turns == {"undoable": 5, "redoable": 0}
    layer.take_back()
    layer.paint(line(2, 4, (20, 20)), begins=True)
    assert layer.turns == {"undoable": 5, "redoable": 0}
    assert not layer.make_again(), "something else was painted since"
    layer.take_back()
    np.testing.assert_array_equal(layer.values, states[4])
    layer.write()


def test_a_volume_is_painted_plane_by_plane(tmp_path: Path) -> None:
    layer = Layer(tmp_path / "a.strokes.tif", image_of(4, 30, 30))
    layer.paint(line(1, 3, (10, 10), z=2), begins=True)
    assert layer.values[2].any()
    assert not layer.values[[0, 1, 3]].any()
    with pytest.raises(RequestError, match="there is no z 4; it has 4"):
        layer.paint(line(1, 3, (10, 10), z=4), begins=True)
    assert len(layer.journal.read_text().splitlines()) == 1, "what is refused is not kept"
    with layer.journal.open("a") as journal:
        told = {"value": 1, "radius": 2, "points": [[1, 1]], "at": {"z": 9}, "shape": "line"}
        journal.write(json.dumps(told) + "\n")
    again = Layer(tmp_path / "a.strokes.tif", image_of(4, 30, 30))
    np.testing.assert_array_equal(again.values, layer.values)
    layer.write()
    other = Layer(tmp_path / "a.strokes.tif", image_of(4, 30, 30))
    np.testing.assert_array_equal(other.values, layer.values)


def test_a_layer_of_another_size_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.strokes.tif", as_image(np.ones((5, 6), np.uint8)))
    with pytest.raises(RequestError, match="another size than its image"):
        Layer(tmp_path / "a.strokes.tif", image_of(5, 7))


@pytest.mark.parametrize("path", ["a.tif", "day2/b.tif"])
def test_strokes_are_markers_on_the_screen_and_on_the_command_line(
    client: TestClient, access: Access, folder: Path, path: str
) -> None:
    made = client.post("/api/layer", json={"path": path, "layer": "strokes"}).json()
    assert made["template"] == "graticule/labels/{path}.strokes.tif"
    assert made["values"] == []
    assert (folder / f"graticule/labels/{path.removesuffix('.tif')}.strokes.tif").exists()
    view = {"type": "view", "pane": 0, "id": 1, "path": path, "text": MARKED, "of": "basins"}
    with opened(client, access) as socket:

        def until(kind: str) -> Any:
            while True:
                message = socket.receive()
                if message.get("bytes"):
                    if kind == "view":
                        return frame_of(message["bytes"])[1]
                    continue
                told = json.loads(message["text"])
                assert told["type"] != "fault", told
                if told["type"] == kind:
                    return told

        for value, column in ((1, 60), (2, 300)):
            points = [[50, column], [200, column]]
            stroke = {"type": "stroke", "path": path, "layer": "strokes", "value": value}
            socket.send_text(json.dumps(stroke | {"radius": 4, "points": points}))
            told = until("painted")
        assert told["values"] == [1, 2]
        socket.send_text(json.dumps(view))
        seen = until("view")
    assert set(np.unique(seen)) == {1, 2}
    client.put("/api/pipeline?name=marked", json={"text": MARKED, "revision": ""})
    client.__exit__(None, None, None)  # the file is written by the end of the server
    file = folder / "graticule/pipelines/marked.yaml"
    out = folder.parent / "out"
    Pipeline.load(file).run(folder / path, out, cache=False)
    whole = read(next((out / "arrays").rglob("basins*")))
    np.testing.assert_array_equal(seen, whole.values)
    client.__enter__()
