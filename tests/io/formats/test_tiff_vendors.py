"""Pixel sizes that instruments and maps note in tags of their own."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from tifffile import TIFF

from graticule.core.errors import FormatError
from graticule.io import read

VALUES = (np.arange(12 * 16).reshape(12, 16) * 7).astype(np.uint16)


def made(path: Path, tags: Sequence[Any], values: Any = VALUES, **options: Any) -> Any:
    tifffile.imwrite(path, values, metadata=None, extratags=tags, byteorder="<", **options)
    return read(path)


def steps(image: Any) -> dict[str, tuple[Any, str]]:
    """Return step and unit by dim."""
    return {
        str(dim): (pytest.approx(float(image[dim][1] - image[dim][0])), image[dim].attrs["units"])
        for dim in image.dims
        if dim in image.coords
    }


def record(layout: list[tuple[Any, ...]], **values: Any) -> bytes:
    """Return the bytes of a structure of some values, and of zeros."""
    made = np.zeros(1, np.dtype(layout).newbyteorder("<"))
    for name, value in values.items():
        made[name] = value
    return made.tobytes()


def moved(path: Path, code: int, content: bytes) -> None:
    """Append the value of a tag that tifffile would not write, and lead the tag to it."""
    with tifffile.TiffFile(path) as tif:
        at = tif.pages[0].tags[code].offset
    file = bytearray(path.read_bytes())
    struct.pack_into("<I", file, at + 8, len(file))
    path.write_bytes(file + content)


def test_slides_of_aperio(tmp_path: Path) -> None:
    text = "Aperio Image Library v11\n12x16 [0,0] JPEG|AppMag = 20|MPP = 0.4990|Left = 2"
    image = made(tmp_path / "a.svs", (), description=text, tile=(16, 16))
    assert steps(image) == {"y": (0.499, "um"), "x": (0.499, "um")}
    image = made(tmp_path / "b.svs", (), description=text.replace("0.4990", "0"), tile=(16, 16))
    assert (steps(image), "MPP" in image.attrs["notes"][0]) == ({}, True)


def test_a_slide_with_levels_and_a_label_is_a_choice(tmp_path: Path) -> None:
    slide = np.zeros((256, 320, 3), np.uint8)
    text = "Aperio Image Library v11|AppMag = 20|MPP = 0.5"
    with tifffile.TiffWriter(tmp_path / "a.svs") as tif:
        for page, tile, kind in (
            (slide, (64, 64), 0), (slide[::8, ::8], None, 0), (slide[::4, ::4], (64, 64), 0),
            (slide[:40, :40], None, 1), (slide[:50, :90], None, 9),
        ):  # fmt: skip
            tif.write(page, tile=tile, subfiletype=kind, description=text, metadata=None,
                      compression="zlib", photometric="rgb")  # fmt: skip
    with pytest.raises(FormatError, match=r"holds 4 images: 0 \(Baseline.*Thumbnail.*Label.*Macro"):
        read(tmp_path / "a.svs")
    image = read(tmp_path / "a.svs/Baseline", level=1)
    assert image.shape == (64, 80, 3)
    assert steps(image) == {"y": (2.0, "um"), "x": (2.0, "um")}


def test_lsm(tmp_path: Path) -> None:
    tag = record(TIFF.CZ_LSMINFO, MagicNumber=67127628, DimensionX=16, DimensionY=12,
                 DimensionZ=3, DimensionChannels=1, DimensionTime=1, VoxelSizeX=2e-7,
                 VoxelSizeY=3e-7, VoxelSizeZ=1e-6, TimeIntervall=0.0)  # fmt: skip
    size = len(tag)
    tag = tag[:4] + struct.pack("<i", size) + tag[8:]
    stack = np.stack([VALUES, VALUES + 1, VALUES + 2])
    with tifffile.TiffWriter(tmp_path / "a.lsm", byteorder="<") as tif:
        for number, page in enumerate(stack):
            tags = [(34412, "B", size, tag, True)] if not number else []
            tif.write(page, metadata=None, extratags=tags)
            tif.write(page[::4, ::4], metadata=None, subfiletype=1)
    with pytest.raises(FormatError, match="holds 2 images"):
        read(tmp_path / "a.lsm")
    image = read(tmp_path / "a.lsm/0")
    np.testing.assert_array_equal(image.values, stack)
    assert steps(image) == {"z": (1e-6, "m"), "y": (3e-7, "m"), "x": (2e-7, "m")}
    assert read(tmp_path / "a.lsm/1").shape == (3, 3, 4)


def test_stk(tmp_path: Path) -> None:
    path = tmp_path / "a.stk"
    stack = np.stack([VALUES, VALUES + 1])
    tags = [(33628, "I", 4, (0,) * 4, True), (33629, "I", 2, (0, 0), True)]
    tifffile.imwrite(path, stack.reshape(24, 16), metadata=None, extratags=tags, byteorder="<",
                     rowsperstrip=12)  # fmt: skip
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tif:
        entries = {code: tif.pages[0].tags[code].offset for code in (257, 33628, 33629)}
    struct.pack_into("<I", content, entries[257] + 8, 12)
    struct.pack_into("<HI", content, entries[33629] + 2, 5, 2)  # so many planes, and no rationals
    at = len(content)
    numbers = struct.pack("<4I", 4, at + 80, 5, at + 88)  # x and y calibration
    units = struct.pack("<4I", 6, at + 96, 10, 1)  # their units; planes of this number
    planes = struct.pack("<6I", 3, 2, 1, 0, 1, 0) * 2
    content += (numbers + units + planes).ljust(80, b"\0")
    content += struct.pack("<4I", 1, 4, 1, 2) + struct.pack("<I", 3) + b"um\0"
    struct.pack_into("<I", content, entries[33628] + 8, at)
    struct.pack_into("<I", content, entries[33629] + 8, at + 32)
    path.write_bytes(content)
    image = read(path)
    np.testing.assert_array_equal(image.values, stack)
    assert steps(image) == {"z": (1.5, "um"), "y": (0.5, "um"), "x": (0.25, "um")}


def test_fluoview(tmp_path: Path) -> None:
    dimensions = np.zeros(10, np.dtype(TIFF.MM_HEADER[9][1]))
    said = [(b"X", 16, 0.0, 0.2, b"um"), (b"Y", 12, 0.0, 0.3, b"um"), (b"Z", 2, 0, 1.5, b"\xb5m"),
            (b"Time", 1, 0.0, 0.0, b"s")]  # fmt: skip
    dimensions[: len(said)] = said
    dimensions["Size"][len(said) :] = 1
    tag = record(TIFF.MM_HEADER, ImageName=b"cells", Dimensions=dimensions)
    stack = np.stack([VALUES, VALUES + 1])
    with tifffile.TiffWriter(tmp_path / "a.tif", byteorder="<") as tif:
        for page in stack:
            tags = [(34361, "B", len(tag), tag, True), (34362, "d", 8, (0.0,) * 8, True)]
            tif.write(page, metadata=None, extratags=tags)
    image = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.values, stack)
    assert steps(image) == {"z": (1.5, "um"), "y": (0.3, "um"), "x": (0.2, "um")}


def test_sis(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, VALUES, metadata=None, byteorder="<",
                     extratags=[(33560, "I", 2, (0, 0), True)])  # fmt: skip
    at = path.stat().st_size
    head = struct.pack("<4s6xhhhhh6x32sH", b"SIS0", 1, 2, 3, 4, 100, b"name", 1)
    entry = struct.pack("<hhI", 1, 1, at + 68)
    data = struct.pack("<10xhdd8xd2x34s32s", -9, 250.0, 300.0, 40.0, b"camera", b"grey")
    moved(path, 33560, head + entry + data.ljust(160, b"\0"))
    assert steps(read(path)) == {"y": (3e-7, "m"), "x": (2.5e-7, "m")}


@pytest.mark.parametrize(("state", "found"), [("on", True), ("off", False)])
def test_metaseries(tmp_path: Path, state: str, found: bool) -> None:
    props = {"x": "0.5", "y": "0.6", "units": "um", "state": state}
    text = "".join(f'<prop id="spatial-calibration-{key}" type="" value="{value}"/>'
                   for key, value in props.items())  # fmt: skip
    text = f"<MetaData><PlaneInfo>{text}</PlaneInfo></MetaData>"
    image = made(tmp_path / "a.tif", (), description=text, software="MetaSeries")
    assert steps(image) == ({"y": (0.6, "um"), "x": (0.5, "um")} if found else {})
    assert found or "switched off" in image.attrs["notes"][0]
    broken = text.replace("</PlaneInfo>", "")
    image = made(tmp_path / "b.tif", (), description=broken, software="MetaSeries")
    assert (steps(image), "cannot be parsed" in image.attrs["notes"][0]) == ({}, True)


def test_pilatus(tmp_path: Path) -> None:
    text = "# Detector: PILATUS\n# Pixel_size 172e-6 m x 171e-6 m\n# Exposure_time 1.0 s"
    image = made(tmp_path / "a.tif", (), description=text, software="TVX TIFF")
    assert steps(image) == {"y": (171e-6, "m"), "x": (172e-6, "m")}


def test_tvips(tmp_path: Path) -> None:
    first = record(TIFF.TVIPS_HEADER_V1, Version=2)
    second = record(TIFF.TVIPS_HEADER_V2, Magic=0xAAAAAAAA, PixelSizeX=0.25, PixelSizeY=0.5)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, VALUES, metadata=None, byteorder="<",
                     extratags=[(37706, "I", 2, (0, 0), True)])  # fmt: skip
    moved(path, 37706, first + second)
    assert steps(read(path)) == {"y": (0.5, "nm"), "x": (0.25, "nm")}


def test_micromanager(tmp_path: Path) -> None:
    text = json.dumps({"PixelSizeUm": 0.65, "Binning": "1"})
    image = made(tmp_path / "a.tif", [(51123, "s", 0, text, True)])
    assert steps(image) == {"y": (0.65, "um"), "x": (0.65, "um")}


KEYS = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3076, 0, 1, 9001)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ((30, 0, 0, 5e5, 0, -20, 0, 4e6), {"x": (30, 500015), "y": (-20, 3999990)}),
        ((0, 20, 0, 5e5, 30, 0, 0, 4e6), {"x": (30, 0), "y": (20, 0)}),
        ((3, 4, 0, 5e5, 4, -3, 0, 4e6), {"x": (5, 0), "y": (5, 0)}),
        ((0, 0, 0, 5e5, 0, 0, 0, 4e6), {}),
    ],
)
def test_the_matrix_of_a_map(tmp_path: Path, matrix: tuple, expected: dict) -> None:
    whole = (*map(float, matrix), *[0.0] * 7, 1.0)
    tags = [(34264, "d", 16, whole, True), (34735, "H", len(KEYS), KEYS, True)]
    image = made(tmp_path / "a.tif", tags)
    found = {dim: (float(image[dim][1] - image[dim][0]), float(image[dim][0]))
             for dim in "xy" if dim in image.coords}  # fmt: skip
    assert found == pytest.approx(expected) if not expected else found.keys() == expected.keys()
    for dim, step in expected.items():
        assert found[dim] == pytest.approx(step)
    turned = not expected or next(iter(expected.values()))[1] == 0
    assert bool(image.attrs.get("notes")) == turned


@pytest.mark.parametrize(
    ("value", "step"),
    [((4, 1), 2500.0), ((1, 0), None), ((0, 1), None), ((0, 0), None), ((2**32 - 1, 1), None)],
)
def test_a_resolution_that_is_none_is_told(tmp_path: Path, value: tuple, step: Any) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, VALUES, metadata=None, resolution=(4, 4), resolutionunit=3)
    with tifffile.TiffFile(path, mode="r+") as tif:
        at = tif.pages[0].tags["XResolution"].valueoffset
    content = bytearray(path.read_bytes())
    struct.pack_into("<2I", content, at, *value)
    path.write_bytes(content)
    image = read(path)
    assert float(image.y[1]) == 2500
    assert ("x" in image.coords) == (step is not None)
    assert step is not None or "XResolution" in image.attrs["notes"][0]
