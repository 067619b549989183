"""OME-Zarr: as others write it, as others read it, and what makes it hostile."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
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
