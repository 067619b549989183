"""OME-Zarr: as others write it, as others read it, and what makes it hostile."""

from __future__ import annotations

import json
import time
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import zarr
from hypothesis import given
from hypothesis import strategies as st

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.core.image import as_image
from graticule.io import levels, read, write
from graticule.io.formats._zarr_write import halved

VALUES = np.arange(2 * 40 * 50, dtype=np.uint16).reshape(2, 40, 50)


def make(path: Path, version: str, paths: tuple[str, ...] = ("0", "1")) -> Path:
    two = version == "0.4"
    group = zarr.create_group(path, zarr_format=2 if two else 3)
    for name, values in (("0", VALUES), ("1", VALUES[:, ::2, ::2])):
        array = group.create_array(name, shape=values.shape, dtype="u2", chunks=(1, 16, 16))
        array[...] = values
    axes = [{"name": "c", "type": "channel"}]
    axes += [{"name": n, "type": "space", "unit": "micrometer"} for n in "yx"]
    datasets = [
        {"path": p, "coordinateTransformations": [
            {"type": "scale", "scale": [1.0, 0.5 * 2**n, 0.5 * 2**n]},
            {"type": "translation", "translation": [0.0, 10.0, 20.0]}]}
        for n, p in enumerate(paths)
    ]  # fmt: skip
    said: dict[str, Any] = {"multiscales": [{"axes": axes, "datasets": datasets, "name": "cells"}]}
    group.attrs.update(said if two else {"ome": {"version": "0.5", **said}})
    return path


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_both_versions(tmp_path: Path, version: str) -> None:
    path = make(tmp_path / "a", version)
    assert levels(path) == [{"c": 2, "y": 40, "x": 50}, {"c": 2, "y": 20, "x": 25}]
    for level, expected in enumerate((VALUES, VALUES[:, ::2, ::2])):
        image = read(path, level=level)
        np.testing.assert_array_equal(image.values, expected)
        np.testing.assert_allclose(image.x.values[:2], [20.0, 20.0 + 0.5 * 2**level])
        assert image.y.attrs["units"] == "um"
        assert image.attrs.get("graticule_level", 0) == level
    assert "c" not in image.coords
    assert read(path / "0").shape == VALUES.shape


def test_what_is_written_is_valid_to_others(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the validator's own dependencies
        from ome_zarr_models.v05 import Image

        for dims, shape in (("yx", (2500, 30)), ("tczyx", (1, 2, 3, 4, 5))):
            image = as_image(np.zeros(shape), dims=list(dims), spacing={"x": "2 um"})
            path = write(tmp_path / f"{dims}.ome.zarr", image)
            Image.from_zarr(zarr.open_group(path, mode="r"))


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(["u1", "u2", "f4", "i4"]))
def test_halves_are_means(rows: int, columns: int, code: str) -> None:
    values = np.random.default_rng(rows * columns).integers(0, 255, (rows, columns)).astype(code)
    found = halved(values, [2, 2], labels=False)
    wide = np.pad(values.astype(float), ((0, rows % 2), (0, columns % 2)), mode="edge")
    means = (wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2]) / 4
    expected = means if code == "f4" else np.floor(means + 0.5)
    np.testing.assert_allclose(found, expected)
    assert set(np.unique(halved(values, [2, 2], labels=True))) <= set(np.unique(values))


def test_labels_are_never_averaged(tmp_path: Path) -> None:
    labels = np.zeros((2500, 4), np.int32)
    labels[1::2] = 100
    coarse = read(write(tmp_path / "a.zarr", labels), level=1).values
    assert set(np.unique(coarse)) <= {0, 100}
    marked = read(write(tmp_path / "a.zarr", labels.astype(np.uint8), labels=True), level=1)
    assert set(np.unique(marked.values)) <= {0, 100}


def test_links_that_leave_the_folder(tmp_path: Path) -> None:
    other = make(tmp_path / "other", "0.5")
    path = make(tmp_path / "a", "0.5")
    chunk = next((path / "0" / "c").rglob("*/*/*"))
    chunk.unlink()
    chunk.symlink_to(next((other / "0" / "c").rglob("*/*/*")))
    image = read(path)
    with pytest.raises(UnsafeFileError, match="leads out"):
        _ = image.values
    for name in ("../other/0", "/etc"):
        with pytest.raises(UnsafeFileError, match="leads out"):
            read(make(tmp_path / f"b{len(name)}", "0.5", (name, "1")))


def test_codecs_that_run_code_are_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "a", "0.4")
    said = json.loads((path / "0" / ".zarray").read_text())
    for change in ({"filters": [{"id": "pickle"}]}, {"dtype": "|O"}):
        (path / "0" / ".zarray").write_text(json.dumps({**said, **change}))
        with pytest.raises(UnsafeFileError, match=r"pickle|Python objects"):
            read(path)


def test_enormous_chunks(tmp_path: Path) -> None:
    path = make(tmp_path / "a", "0.4")
    said = json.loads((path / "0" / ".zarray").read_text())
    (path / "0" / ".zarray").write_text(json.dumps({**said, "chunks": [10**4] * 3}))
    with pytest.raises(UnsafeFileError, match="a chunk of"):
        read(path)


def test_a_damaged_chunk_or_metadata(tmp_path: Path) -> None:
    path = make(tmp_path / "a", "0.5")
    chunk = next((path / "0" / "c").rglob("*/*/*"))
    chunk.write_bytes(chunk.read_bytes()[:7])
    image = read(path)
    with pytest.raises(FormatError):
        _ = image.values
    (path / "0" / "zarr.json").write_text('{"zarr_format": 3')
    with pytest.raises(FormatError, match="damaged"):
        read(path)


AXES = [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
PLANE = VALUES[0]


def image_group(path: Path, scales: dict[str, Any], version: int = 2, **attrs: Any) -> Path:
    """Make an OME-Zarr of one plane and one level."""
    scales = {"datasets": [{"path": "0"}], **scales}
    group = zarr.create_group(path, zarr_format=version)
    group.create_array("0", data=PLANE)
    said = {"multiscales": [scales], **attrs}
    group.attrs.update(said if version == 2 else {"ome": {"version": "0.5", **said}})
    return path


def scaled(*scale: float) -> list[dict[str, Any]]:
    return [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": list(scale)}]}]


@pytest.mark.parametrize(
    ("scales", "note"),
    [
        ({"axes": AXES}, "no scale"),
        ({"axes": AXES, "datasets": scaled(0, 0.5)}, "spacing of 0 along y"),
        ({"axes": AXES, "datasets": scaled(float("nan"), 0.5)}, "spacing of nan along y"),
        ({"axes": AXES, "datasets": scaled(0.5)}, "a scale that is not understood"),
        ({"axes": AXES, "datasets": scaled(1, 0.5), "version": "0.6"}, "newer than 0.5"),
        ({"axes": AXES, "datasets": [*scaled(1, 0.5), {"path": "1"}]}, "2 levels, of which 1"),
    ],
)
def test_what_a_pyramid_says_and_cannot_be_is_noted(
    tmp_path: Path, scales: dict[str, Any], note: str
) -> None:
    path = image_group(tmp_path / "a", scales)
    image = read(path)
    np.testing.assert_array_equal(image.values, PLANE)
    assert [note in each for each in image.attrs["notes"]] == [True]
    assert ("y" in image.coords) == (note in ("newer than 0.5", "2 levels, of which 1"))
    assert levels(path) == [{"y": 40, "x": 50}]


@pytest.mark.parametrize("version", [2, 3])
def test_axes_in_every_spelling_and_channels(tmp_path: Path, version: int) -> None:
    axes = [{"name": "Y", "type": "space", "unit": "Micrometre"}, {"name": "X", "unit": "µm"}]
    omero = {"channels": [{"label": "DAPI", "color": "0000FF"}]}
    scales = {"axes": axes, "datasets": scaled(0.5, 0.25)}
    image = read(image_group(tmp_path / "a", scales, version, omero=omero))
    assert image.dims == ("y", "x")
    assert [image[dim].attrs["units"] for dim in image.dims] == ["um", "um"]
    assert image.attrs["header"]["channels"] == ["DAPI"]
    assert image.attrs["header"]["omero"] == omero


def test_before_version_0_4(tmp_path: Path) -> None:
    assert read(image_group(tmp_path / "a", {"axes": ["y", "x"], "version": "0.3"})).dims == (
        "y",
        "x",
    )
    group = zarr.create_group(tmp_path / "b", zarr_format=2)
    group.create_array("0", data=PLANE[None, None, None])
    group.attrs["multiscales"] = [{"version": "0.1", "datasets": [{"path": "0"}]}]
    assert read(tmp_path / "b").dims == ("t", "c", "z", "y", "x")


def test_of_several_images_one_is_chosen_by_name(tmp_path: Path) -> None:
    zarr.create_group(tmp_path / "a", zarr_format=2, attributes={"bioformats2raw.layout": 3})
    for name in ("0", "2", "10"):
        image_group(tmp_path / "a" / name, {"axes": AXES})
    with pytest.raises(FormatError, match=r"3 images: 0, 2, 10 .*as \.\.\./0"):
        read(tmp_path / "a")
    assert read(tmp_path / "a" / "10").shape == PLANE.shape


def test_plates_and_wells_are_listed(tmp_path: Path) -> None:
    wells = {"wells": [{"path": "A/1"}, {"path": "A/2"}]}
    plate = zarr.create_group(tmp_path / "a", zarr_format=2, attributes={"plate": wells})
    well = {"images": [{"path": "0"}, {"path": "1"}]}
    plate.create_group("A/1", attributes={"well": well})
    image_group(tmp_path / "a" / "A" / "1" / "0", {"axes": AXES})
    with pytest.raises(FormatError, match=r"plate of 2 wells: A/1, A/2 .*\.\.\./A/1/0"):
        read(tmp_path / "a")
    with pytest.raises(FormatError, match=r"well of 2 images: 0, 1"):
        read(tmp_path / "a" / "A" / "1")
    assert read(tmp_path / "a" / "A" / "1" / "0").shape == PLANE.shape


def test_labels_beside_an_image_are_told_and_read(tmp_path: Path) -> None:
    path = image_group(tmp_path / "a", {"axes": AXES, "datasets": scaled(1, 0.5)})
    group = zarr.open_group(path, mode="a")
    group.create_group("labels", attributes={"labels": ["cells"]})
    image_group(path / "labels" / "cells", {"axes": AXES}, **{"image-label": {"version": "0.4"}})
    assert read(path).attrs["notes"] == ["holds labels (cells), by name as .../labels/cells"]
    cells = read(path / "labels" / "cells")
    assert cells.attrs["header"]["image-label"] == {"version": "0.4"}


@pytest.mark.parametrize("version", [2, 3])
def test_what_xarray_wrote_is_as_xarray_reads_it(tmp_path: Path, version: int) -> None:
    values = np.random.default_rng(0).normal(size=(3, 4, 5))
    values[0, 0, 0] = np.nan
    coords = {
        "time": pd.date_range("2020-01-01", periods=3),
        "y": ("y", [0.0, 0.5, 1.0, 1.5], {"units": "arcsec"}),
        "x": [0.0, 1.0, 3.0, 4.0, 9.0],
    }
    written = xr.DataArray(values, dims=("time", "y", "x"), coords=coords, attrs={"units": "K"})
    dataset = xr.Dataset({"packed": written, "absent": written})
    packing = {"dtype": "i2", "scale_factor": 0.01, "add_offset": 3.0, "_FillValue": -9999}
    encoding = {"packed": packing, "absent": {"_FillValue": -9999.0}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.to_zarr(tmp_path / "a", zarr_format=version, encoding=encoding, consolidated=False)
        expected = xr.open_zarr(tmp_path / "a", consolidated=False).load()
    for name in encoding:
        image = read(tmp_path / "a" / name)
        assert image.dims == ("time", "y", "x")
        assert image.attrs["units"] == "K"
        np.testing.assert_allclose(image.values, expected[name].values, rtol=1e-12)
        np.testing.assert_array_equal(image.x.values, coords["x"])
        assert image.y.attrs["units"] == "arcsec"
        assert image.time.values.tolist() == [0, 1, 2]
        assert image.time.attrs["units"] == "d"
        assert any("since 2020-01-01" in note for note in image.attrs["notes"])
    with pytest.raises(FormatError, match=r"2 arrays: absent .*packed"):
        read(tmp_path / "a")


def test_groups_in_groups_are_followed_or_listed(tmp_path: Path) -> None:
    zarr.create_group(tmp_path / "a").create_group("b/c").create_array("d", data=PLANE)
    assert read(tmp_path / "a").shape == PLANE.shape
    zarr.create_group(tmp_path / "a" / "e")
    with pytest.raises(FormatError, match="2 groups: b, e"):
        read(tmp_path / "a")


@pytest.mark.parametrize("version", [2, 3])
def test_4_gigabytes_are_opened_without_a_value(tmp_path: Path, version: int) -> None:
    datasets = [{"path": str(n)} for n in range(3)]
    said = {"multiscales": [{"axes": list("zyx"), "datasets": datasets}]}
    group = zarr.create_group(tmp_path / "a", zarr_format=version)
    group.attrs.update(said if version == 2 else {"ome": said})
    for n in range(3):
        shape = (512, 2048 >> n, 2048 >> n)
        group.create_array(str(n), shape=shape, chunks=(1, 256, 256), dtype="u2", fill_value=7)
    chunk = tmp_path / "a" / "0" / ("0.0.0" if version == 2 else "c/0/0/0")
    chunk.parent.mkdir(parents=True, exist_ok=True)
    chunk.write_bytes(b"no values at all")
    tracemalloc.start()
    image = read(tmp_path / "a")
    assert len(levels(tmp_path / "a")) == 3
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < image.nbytes / 100
    assert image.nbytes == 2**32
    assert image[-1, -2:, -2:].values.tolist() == [[7, 7], [7, 7]]
    with pytest.raises(FormatError):
        _ = image[0, :2, :2].values


def test_codecs_of_zarr_2_in_zarr_3_are_read_without_a_warning(tmp_path: Path) -> None:
    from zarr.codecs.numcodecs import Delta, Zlib

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        codecs = {"filters": [Delta(dtype="u2")], "compressors": [Zlib()]}
        array = zarr.create_array(tmp_path / "a", shape=PLANE.shape, dtype="u2", **codecs)
        array[...] = PLANE
    np.testing.assert_array_equal(read(tmp_path / "a").values, PLANE)


def test_a_codec_that_is_not_here_is_named(tmp_path: Path) -> None:
    path = image_group(tmp_path / "a", {"axes": AXES})
    said = json.loads((path / "0" / ".zarray").read_text())
    said["compressor"] = {"id": "pcodec"}
    (path / "0" / ".zarray").write_text(json.dumps(said))
    with pytest.raises(FormatError, match=r"decoder that is not installed .*pcodec"):
        read(path)


@pytest.mark.parametrize("version", [2, 3])
def test_a_chunk_of_blosc_that_lacks_a_byte(tmp_path: Path, version: int) -> None:
    import numcodecs
    from zarr.codecs import BloscCodec

    packer = numcodecs.Blosc() if version == 2 else BloscCodec()
    path = tmp_path / "a"
    zarr.create_array(path, data=PLANE, chunks=PLANE.shape, zarr_format=version, compressors=packer)
    chunk = path / ("0.0" if version == 2 else "c/0/0")
    np.testing.assert_array_equal(read(path).values, PLANE)
    content = chunk.read_bytes()
    for missing in range(1, 9):
        chunk.write_bytes(content[:-missing])
        with pytest.raises(FormatError, match="ends early"):
            _ = read(path).values


@pytest.mark.parametrize("shards", [None, (4, 8)])
@pytest.mark.parametrize("version", [2, 3])
def test_chunks_that_are_not_there_are_not_asked_for(
    tmp_path: Path, shards: Any, version: int
) -> None:
    if shards and version == 2:
        pytest.skip("Zarr 2 has no shards")
    array = zarr.create_array(
        tmp_path / "a.zarr", shape=(2**31, 8), chunks=(2, 4), shards=shards, dtype="u2",
        fill_value=7, zarr_format=version,
    )  # fmt: skip
    array[101:104, 3:6] = 5
    array[2**31 - 3 :] = 9
    image = read(tmp_path / "a.zarr")
    start = time.process_time()
    part = image[50:3_000_000].values
    assert time.process_time() - start < 10
    wanted = np.full((3_000_000 - 50, 8), 7, np.uint16)
    wanted[51:54, 3:6] = 5
    np.testing.assert_array_equal(part, wanted)
    np.testing.assert_array_equal(image[-4:].values[:, 0], [7, 9, 9, 9])
