"""Reading: known by content, named axes, readable errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graticule as gt
from graticule.core.errors import FormatError, ImageError, UnitsError
from graticule.core.settings import settings
from graticule.io import levels, read, write
from graticule.io.axes import short_unit
from graticule.io.format import formats


def test_every_format_is_known_by_its_entry_point() -> None:
    names = [known.name for known in formats()]
    assert names == [
        "COCO", "ENVI", "FITS", "GeoJSON", "HDF5", "MATLAB", "NumPy", "OME-Zarr", "picture",
        "ImageJ ROI", "TIFF", "time-of-flight frames",
    ]  # fmt: skip


def test_the_content_counts_and_not_the_name(tmp_path: Path) -> None:
    write(tmp_path / "a.png", np.eye(4, dtype=np.uint8)).rename(tmp_path / "a.fits")
    assert read(tmp_path / "a.fits").attrs["header"]["format"] == "PNG"


def test_dims_and_spacing_can_be_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npy", np.zeros((4, 6)))
    image = read(path, dims=["time", "distance"], spacing={"time": "45 s", "distance": "0.348 Mm"})
    assert image.dims == ("time", "distance")
    assert image.time.attrs["units"] == "s"
    np.testing.assert_allclose(image.distance.values[1], 0.348)
    assert image.attrs["source"] == str(path)
    json.dumps(image.attrs)


@pytest.mark.parametrize("name", ["a.npy", "a.h5", "a.zarr"])
def test_an_axis_that_may_be_of_colours_is_told_until_the_user_names_it(
    tmp_path: Path, name: str
) -> None:
    path = _unnamed(tmp_path / name, np.zeros((20, 24, 3), np.uint8))
    image = read(path)
    assert image.dims == ("z", "y", "x")
    assert image.attrs["notes"] == [
        "its last axis, of 3 samples, is taken as x, not as colours; name them with dims="
    ]
    assert "notes" not in read(path, dims=["y", "x", "c"]).attrs
    assert "notes" not in read(_unnamed(tmp_path / f"b{name}", np.zeros((20, 24, 5)))).attrs


def _unnamed(path: Path, values: np.ndarray[Any, Any]) -> Path:
    if path.suffix == ".npy":
        np.save(path, values)
    elif path.suffix == ".h5":
        h5py = pytest.importorskip("h5py")
        with h5py.File(path, "w") as file:
            file["data"] = values
    else:
        zarr = pytest.importorskip("zarr")
        zarr.save_array(path, values)
    return path


def test_one_sample_keeps_its_spacing(tmp_path: Path) -> None:
    image = read(write(tmp_path / "a.npy", np.zeros((1, 6))), spacing={"y": "2 um"})
    assert gt.core.step_of(image, "y") == (2.0, "um")
    again = read(write(tmp_path / "a.ome.tif", image))
    assert gt.core.step_of(again, "y") == (2.0, "um")


@pytest.mark.parametrize(
    ("dims", "spacing", "kind"),
    [
        (["y"], None, ImageError),
        (["y", "y"], None, ImageError),
        (None, {"q": 1}, ImageError),
        (None, {"x": "-1 um"}, UnitsError),
    ],
)
def test_what_does_not_fit_names_the_file(
    tmp_path: Path, dims: list[str] | None, spacing: dict[str, str] | None, kind: type[Exception]
) -> None:
    path = write(tmp_path / "a.npy", np.zeros((4, 6)))
    with pytest.raises(kind, match=r"a\.npy"):
        read(path, dims=dims, spacing=spacing)


def test_four_axes_need_names(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((2, 3, 4, 5)))
    with pytest.raises(FormatError, match=r"4 axes, of sizes \(2, 3, 4, 5\).*dims="):
        read(path)
    assert read(path, dims=["t", "c", "y", "x"]).sizes["c"] == 3


def test_what_is_no_image_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty.tif").touch()
    (tmp_path / "text.tif").write_text("not a picture")
    with pytest.raises(FormatError, match=r"empty\.tif: is empty"):
        read(tmp_path / "empty.tif")
    with pytest.raises(FormatError, match=r"text\.tif: is of no known format .*FITS"):
        read(tmp_path / "text.tif")
    with pytest.raises(FormatError, match=r"is a folder, and no image .*no file in it is an image"):
        read(tmp_path)
    (tmp_path / "study").mkdir()
    write(tmp_path / "study" / "first.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(FormatError, match=r"is a folder, and no image .*first\.png"):
        read(tmp_path / "study")
    with pytest.raises(FormatError, match=r"no such file .*did you mean text\.tif"):
        read(tmp_path / "texts.tif")
    with pytest.raises(FormatError, match="nothing by name"):
        read(write(tmp_path / "a.npy", np.eye(3)) / "inside")


def test_a_picture_of_too_many_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [write(tmp_path / f"a{suffix}", np.zeros((50, 50), np.uint8)) for suffix in (".png",)]
    monkeypatch.setenv("GRATICULE_MEMORY", "4000")
    settings.cache_clear()
    for path in paths:
        with pytest.raises(gt.core.errors.UnsafeFileError, match="GRATICULE_MEMORY"):
            read(path)


def test_levels_of_a_file_without_a_pyramid(tmp_path: Path) -> None:
    assert levels(write(tmp_path / "a.npy", np.zeros((4, 6)))) == [{"y": 4, "x": 6}]
    with pytest.raises(FormatError, match="no pyramid level 1; it has 1"):
        read(tmp_path / "a.npy", level=1)


def test_units_have_one_spelling() -> None:
    for text in ("um", "µm", "μm", "micron", "micrometer", "\\u00B5m"):
        assert short_unit(text) == "um"


def test_importing_is_light() -> None:
    code = (
        "import sys, graticule; print([m for m in ('dask', 'astropy', 'zarr') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("at", "mark", "name", "way"),
    [
        (0, b"ZISRAWFILE", "Zeiss CZI", "bioformats2raw"),
        (128, b"DICM", "DICOM", "TIFF"),
        (4, b"ftypheic", "HEIC", "PNG"),
        (0, b"\x1f\x8b", "gzip", "unpack"),
        (257, b"ustar", "tar", "unpack"),
    ],
)
def test_what_is_known_and_not_read_has_a_name_and_a_way_out(
    tmp_path: Path, at: int, mark: bytes, name: str, way: str
) -> None:
    (tmp_path / "a.dat").write_bytes(b"\x01" * at + mark + bytes(600))
    with pytest.raises(FormatError, match=rf"a\.dat: is .*{name}.*not read .*{way}"):
        read(tmp_path / "a.dat")
