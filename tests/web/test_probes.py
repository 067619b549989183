"""Values under a sample, along a line and in a box are those of a run, and no more is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from served_folder import ask, opened
from skimage.measure import profile_line
from starlette.testclient import TestClient

from graticule.core import as_image
from graticule.io import write
from graticule.pipeline import Pipeline
from graticule.web import probes
from graticule.web.engine.engine import Engine, Work
from graticule.web.guard import Access
from graticule.web.requests import ProbeRequest

TEXT = """graticule: 1
steps:
  smooth: {op: filters.gaussian, sigma: 1}
  bright: {op: threshold.fixed, value: 1000}
  cells:  {op: segment.label}
  table:  {op: measure.regions}
outputs: [%s]
"""
POINT = {"shape": "point", "points": [[33, 51]]}
LINE = {"shape": "line", "points": [[10.25, 20.5], [40.25, 60.5]], "width": 1}
BOX = {"shape": "box", "points": [[60, 70], [21, 30]]}


def bands() -> Any:
    """Return a scene in 40 bands, with their wavelengths."""
    noise = np.random.default_rng(0).normal(size=(40, 70, 90))
    values = (1000 + 3000 * ndimage.gaussian_filter(noise, 2)).astype(np.float32)
    image = as_image(values, dims=("wavelength", "y", "x"), spacing={"y": "2 um", "x": "2 um"})
    steps = ("wavelength", np.linspace(400, 790, 40), {"units": "nm"})
    return image.assign_coords(wavelength=steps)


@pytest.fixture
def scene(folder: Path) -> Any:
    image = bands()
    write(folder / "scene.ome.zarr", image)
    return image


def probe(client: TestClient, access: Access, *wanted: Any, **request: Any) -> Any:
    base = {"type": "probe", "path": "scene.ome.zarr", "text": TEXT % "smooth", "of": "image"}
    with opened(client, access) as socket:
        told, _ = ask(socket, **{**base, "probes": list(wanted), **request})
    return told


@pytest.mark.parametrize("of", ["image", "smooth", "bright"])
def test_a_spectrum_is_that_of_a_run(
    client: TestClient, access: Access, scene: Any, of: str
) -> None:
    whole = scene if of == "image" else Pipeline.loads(TEXT % of).apply(scene)[of]
    follow = {"along": "wavelength"}
    told = probe(client, access, POINT | follow, BOX | follow, of=of)
    point, box = told["probes"]
    assert (point["level"], point["basis"]) == (0, "exact")
    assert point["axis"]["unit"] == "nm"
    np.testing.assert_allclose(point["axis"]["values"], np.linspace(400, 790, 40))
    (series,) = point["series"]
    wanted = whole.isel(y=33, x=51).values.astype(float)
    np.testing.assert_allclose(series["mean"], wanted, rtol=1e-6)
    part = whole.isel(y=slice(21, 61), x=slice(30, 71)).values.astype(float)
    (series,) = box["series"]
    assert box["count"] == 40 * 41
    for name in ("mean", "min", "max"):
        wanted = getattr(part, name)(axis=(1, 2))
        np.testing.assert_allclose(series[name], wanted, rtol=1e-6)
    np.testing.assert_allclose(series["sd"], part.std(axis=(1, 2)), rtol=1e-4, atol=1e-6)


def test_without_a_dim_to_follow_it_is_the_value_of_the_plane_on_screen(
    client: TestClient, access: Access, scene: Any
) -> None:
    told = probe(client, access, POINT, BOX, at={"wavelength": 7})
    point, box = told["probes"]
    plane = scene.isel(wavelength=7).values
    assert point["axis"] is None
    assert point["series"][0]["mean"] == [pytest.approx(float(plane[33, 51]))]
    assert box["series"][0]["mean"] == [pytest.approx(float(plane[21:61, 30:71].mean()))]


@pytest.mark.parametrize("width", [1, 5])
def test_a_profile_is_that_of_scikit_image(
    client: TestClient, access: Access, scene: Any, width: int
) -> None:
    told = probe(client, access, LINE | {"width": width}, at={"wavelength": 3})
    (line,) = told["probes"]
    values = scene.isel(wavelength=3).values.astype(float)
    wanted = profile_line(values, *LINE["points"], linewidth=width, mode="constant")
    found = line["series"][0]["mean"]
    np.testing.assert_allclose(found, wanted[: len(found)], rtol=1e-6)
    assert len(found) == 51
    np.testing.assert_allclose(line["axis"]["values"], 2 * np.arange(len(found)))
    assert line["axis"]["unit"] == "um"


@pytest.mark.parametrize(("plane", "across"), [(("y", "z"), "x"), (("z", "x"), "y")])
def test_in_a_slice_they_give_values_along_the_third_dim(
    client: TestClient, access: Access, folder: Path, plane: tuple[str, str], across: str
) -> None:
    noise = np.random.default_rng(1).normal(size=(40, 70, 90))
    values = (1000 + 3000 * ndimage.gaussian_filter(noise, 2)).astype(np.float32)
    spacing = {"z": "4 um", "y": "2 um", "x": "2 um"}
    volume = as_image(values, dims=("z", "y", "x"), spacing=spacing)
    write(folder / "volume.tif", volume)
    rows, columns = plane
    there = {"plane": list(plane), "along": across}
    point = there | {"shape": "point", "points": [[20, 31]]}
    box = there | {"shape": "box", "points": [[10, 5], [17, 30]]}
    line = there | {"shape": "line", "points": [[4, 6], [30, 25]]}
    at = {"z": 3, "y": 11, "x": 12}
    told = probe(client, access, point, box, line, path="volume.tif", at=at)
    for probed in told["probes"][:2]:
        assert probed["axis"]["name"] == across
        assert probed["axis"]["unit"] == "um"
        np.testing.assert_allclose(probed["axis"]["values"], 2 * np.arange(volume.sizes[across]))
    found = [each["series"][0]["mean"] for each in told["probes"]]
    np.testing.assert_allclose(found[0], volume.isel({rows: 20, columns: 31}).values)
    part = volume.isel({rows: slice(10, 18), columns: slice(5, 31)})
    wanted = part.astype(float).mean([rows, columns])
    np.testing.assert_allclose(found[1], wanted.values, rtol=1e-6)
    distance = told["probes"][2]["axis"]
    assert distance["unit"] == "um"
    shares = np.array(distance["values"]) / np.hypot(
        26 * (4 if rows == "z" else 2), 19 * (4 if columns == "z" else 2)
    )
    plain = volume.isel({across: at[across]}).transpose(*plane).values.astype(float)
    places = [4 + 26 * shares, 6 + 19 * shares]
    wanted = ndimage.map_coordinates(plain, places, order=1)
    np.testing.assert_allclose(found[2], wanted, rtol=1e-6)


def test_a_spectrum_reads_the_chunks_under_the_sample_alone(
    client: TestClient, access: Access, folder: Path
) -> None:
    image = bands()
    write(folder / "scene.ome.zarr", image.isel(wavelength=slice(3)))
    import zarr

    array = next(iter(folder.glob("scene.ome.zarr/*/zarr.json"))).parent
    attributes = {"chunks": (2, 20, 30), "overwrite": True, "dimension_names": list(image.dims)}
    kept = zarr.create_array(array, shape=image.shape, dtype="f4", fill_value=0, **attributes)
    kept[:] = image.values
    chunks = [each for each in (array / "c").rglob("*") if each.is_file()]
    assert len(chunks) == 20 * 4 * 3
    for each in chunks:
        if each.relative_to(array / "c").parts[1:] != ("1", "1"):
            each.write_bytes(b"")  # what cannot be read
    told = probe(client, access, POINT | {"along": "wavelength"})
    assert told["type"] == "probe", told["what"]
    wanted = image.values[:, 33, 51]
    np.testing.assert_allclose(told["probes"][0]["series"][0]["mean"], wanted)
    told = probe(client, access, BOX | {"along": "wavelength"})
    assert told["type"] == "fault"


def test_of_a_large_box_a_coarser_level_is_taken_and_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    values = ndimage.gaussian_filter(rng.normal(size=(600, 700)), 6).astype(np.float32)
    write(folder / "large.tif", as_image(values))
    monkeypatch.setattr(probes, "_CHEAP", 200 * 200)
    corners = {"shape": "box", "points": [[0, 0], [599, 699]]}
    line = {"shape": "line", "points": [[100, 100], [500, 600]], "width": 4}
    engine = Engine(folder, tmp_path, lambda message: None)
    asked = {"type": "probe", "pane": 0, "id": 1, "path": "large.tif", "of": "image"}
    asked["text"] = TEXT % "smooth"
    request = ProbeRequest.model_validate({**asked, "probes": [corners, line, POINT]})
    told = engine.probe(Work(lambda: True, lambda at: None, lambda message: None), request).reply
    engine.close()
    assert [each["level"] for each in told["probes"]] == [2, 2, 0]
    assert told["probes"][0]["series"][0]["mean"][0] == pytest.approx(values.mean(), abs=1e-4)
    rough = told["probes"][1]
    fine = profile_line(values, *line["points"], linewidth=4)
    found = np.interp(np.arange(0, 600, 10), rough["axis"]["values"], rough["series"][0]["mean"])
    assert rough["axis"]["values"][1] == 4
    np.testing.assert_allclose(found, fine[:600:10], atol=0.3 * values.std())
    assert told["probes"][2]["series"][0]["mean"][0] == float(values[33, 51])


def test_colours_and_objects_and_what_lies_outside(
    client: TestClient, access: Access, folder: Path
) -> None:
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 255, (70, 90, 3), np.uint8)
    write(folder / "colours.png", as_image(colours, dims=("y", "x", "c")))
    outside = {"shape": "point", "points": [[-3, 5]]}
    told = probe(client, access, POINT, LINE, outside, path="colours.png")
    point, line, nothing = told["probes"]
    assert [each["mean"] for each in point["series"]] == [[float(v)] for v in colours[33, 51]]
    assert len(line["series"]) == 3
    wanted = profile_line(colours[..., 1].astype(float), *LINE["points"], mode="constant")
    found = line["series"][1]["mean"]
    np.testing.assert_allclose(found, wanted[: len(found)], rtol=1e-6)
    assert nothing == {"outside": True, "basis": "exact"}
    spots = np.zeros((70, 90), np.float32)
    spots[30:40, 45:60] = 5000
    write(folder / "spots.tif", as_image(spots))
    text = (TEXT % "cells").replace("input: smooth", "").replace("sigma: 1", "sigma: 0.1")
    told = probe(client, access, POINT, BOX, path="spots.tif", of="cells", text=text)
    assert told["probes"][0]["series"][0]["mean"] == [1.0]
    assert told["probes"][0]["unit"] == "label"
    assert told["probes"][1]["series"][0]["mean"] == [pytest.approx(150 / (40 * 41))]
    told = probe(client, access, POINT, path="spots.tif", of="table", text=text)
    assert told["type"] == "fault"
    assert "no picture" in told["what"]
