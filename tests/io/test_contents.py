"""What files of several images hold, in every format that can."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.io import savemat

import graticule as gt
from graticule.cli import main
from graticule.core.errors import FormatError
from graticule.io import contents

A, B = np.arange(48, dtype=np.uint8).reshape(6, 8), np.ones((4, 5), np.uint16)

IMAGES: tuple[np.ndarray[Any, Any], ...] = (A, B)


def tiff(path: Path) -> list[str]:
    with tifffile.TiffWriter(path) as writer:
        writer.write(A)
        writer.write(B)
    return ["0", "1"]


def flexible(path: Path) -> list[str]:
    hdus = [fits.PrimaryHDU(), fits.ImageHDU(A, name="SCI"), fits.ImageHDU(B, name="ERR")]
    fits.HDUList(hdus).writeto(path)
    return ["1", "2"]


def hdf5(path: Path) -> list[str]:
    with h5py.File(path, "w") as file:
        file["entry/a"], file["entry/b"] = A, B
    return ["entry/a", "entry/b"]


def npz(path: Path) -> list[str]:
    np.savez(path, a=A, b=B)
    return ["a", "b"]


def mat(path: Path) -> list[str]:
    savemat(path, {"a": A, "b": B})
    return ["a", "b"]


def zarr(path: Path) -> list[str]:
    import zarr

    group = zarr.open_group(path, mode="w")
    group.create_array("a", data=A)
    group.create_array("b", data=B)
    return ["a", "b"]


def mpo(path: Path) -> list[str]:
    first, second = Image.fromarray(A), Image.fromarray(B.astype(np.uint8))
    first.save(path, "MPO", save_all=True, append_images=[second])
    return ["0", "1"]


MAKERS: dict[str, Callable[[Path], list[str]]] = {
    "a.tif": tiff,
    "a.fits": flexible,
    "a.h5": hdf5,
    "a.npz": npz,
    "a.mat": mat,
    "a.zarr": zarr,
    "a.jpg": mpo,
}


@pytest.mark.parametrize("name", MAKERS)
def test_each_image_is_named_and_can_be_read_by_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    names = MAKERS[name](path)
    held = contents(path)
    assert [each.name for each in held] == names
    for each, values in zip(held, IMAGES, strict=True):
        image = gt.read(path / each.name)
        assert image.shape[:2] == values.shape
        assert dict(each.sizes) == dict(image.sizes)
        assert each.dtype == str(image.dtype)
        assert not each.trouble


@pytest.mark.parametrize("name", MAKERS)
def test_inspect_lists_them(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / name
    names = MAKERS[name](path)
    assert main(["inspect", str(path)]) == 0
    said = capsys.readouterr().out
    for each, values in zip(names, IMAGES, strict=True):
        line = next(line for line in said.splitlines() if line.strip().startswith(f"/{each} "))
        assert f"y {values.shape[0]}, x {values.shape[1]}" in line
    assert main(["inspect", str(path), "--json"]) == 0
    about = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in about["images"]] == names
    assert ("several" in about) != ("range" in about)
    assert main(["inspect", str(path / names[1])]) == 0


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(data=st.data())
def test_of_damaged_files_too(tmp_path: Path, name: str, data: st.DataObject) -> None:
    path = tmp_path / name
    if not path.exists():
        MAKERS[name](path)
    files = sorted(each for each in path.rglob("*") if each.is_file()) or [path]
    file = data.draw(st.sampled_from(files))
    content = file.read_bytes()
    damaged = bytearray(content[: data.draw(st.integers(1, len(content)))])
    for _ in range(data.draw(st.integers(0, 3))):
        limit = min(len(damaged), data.draw(st.sampled_from((64, 512, len(damaged)))))
        damaged[data.draw(st.integers(0, limit - 1))] = data.draw(st.integers(0, 255))
    try:
        file.write_bytes(damaged)
        with suppress(FormatError):
            assert all(each.name for each in contents(path))
    finally:
        file.write_bytes(content)


def test_one_image_is_no_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.tif", "a.fits", "a.npy", "a.ome.zarr", "a.png"):
        path = gt.write(tmp_path / name, A)
        assert len(contents(path)) < 2
        assert main(["inspect", str(path), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["images"] == []


def test_titles_and_troubles(tmp_path: Path) -> None:
    flexible(tmp_path / "a.fits")
    assert [each.title for each in contents(tmp_path / "a.fits")] == ["SCI", "ERR"]
    np.savez(tmp_path / "a.npz", a=A, b=np.array(["text"]))
    good, bad = contents(tmp_path / "a.npz")
    assert (good.trouble, bool(bad.trouble)) == ("", True)


def test_images_in_cells_and_structs_of_matlab(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = np.empty((1, 2), object)
    cells[0, 0], cells[0, 1] = {"drawn": A, "who": "me"}, {"drawn": B, "who": "you"}
    path = tmp_path / "a.mat"
    savemat(path, {"truth": cells})
    assert [each.name for each in contents(path)] == ["truth/0/drawn", "truth/1/drawn"]
    np.testing.assert_array_equal(gt.read(path / "truth/1/drawn").values, B)
    assert main(["inspect", str(path)]) == 0
    assert "/truth/0/drawn   y 6, x 8, uint8" in capsys.readouterr().out


def test_levels_are_shown_with_their_spacing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = gt.core.as_image(np.zeros((4100, 3), np.uint8), spacing={"y": "1 um", "x": "2 um"})
    path = gt.write(tmp_path / "a.ome.zarr", image)
    assert main(["inspect", str(path)]) == 0
    assert "level 1    2050 x 2 of 2 um x 4 um" in capsys.readouterr().out
    assert main(["inspect", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["level_spacing"][1]["y"] == [2.0, "um"]


def test_a_file_that_cannot_be_read_is_still_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.tif").write_bytes(gt.write(tmp_path / "b.tif", A).read_bytes()[:20])
    assert main(["inspect", str(tmp_path / "a.tif")]) == 2
    assert "a.tif" in capsys.readouterr().err
