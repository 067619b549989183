"""TIFF in its three dialects, and what makes it hostile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from graticule.core import as_image
from graticule.core.errors import FormatError, UnsafeFileError
from graticule.core.settings import settings
from graticule.io import levels, read, write

GREY = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50)


@pytest.mark.parametrize("tile", [None, (16, 16)])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "zstd"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_every_layout_as_tifffile_reads_it(
    tmp_path: Path, tile: tuple[int, int] | None, compression: str | None, planar: str
) -> None:
    path = tmp_path / "a"
    shape = (40, 50, 3) if planar == "contig" else (3, 40, 50)
    values = np.random.default_rng(0).integers(0, 999, shape).astype(np.uint16)
    how = {"tile": tile, "compression": compression, "predictor": bool(compression)}
    tifffile.imwrite(path, values, photometric="rgb", planarconfig=planar, byteorder=">", **how)
    image = read(path)
    assert image.dims == (("y", "x", "c") if planar == "contig" else ("c", "y", "x"))
    np.testing.assert_array_equal(image.values, values)
    region = {"y": slice(13, 30), "x": slice(5, 33), "c": 1}
    expected = image.values[tuple(region[str(dim)] for dim in image.dims)]
    np.testing.assert_array_equal(image.isel(region).values, expected)


def test_ome(tmp_path: Path) -> None:
    path = tmp_path / "a"
    said = {"axes": "TCYX", "PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 500,
            "PhysicalSizeYUnit": "nm", "TimeIncrement": 2.0, "TimeIncrementUnit": "min",
            "Channel": {"Name": ["DAPI", "GFP"]}}  # fmt: skip
    tifffile.imwrite(path, np.zeros((3, 2, 40, 50), np.uint8), ome=True, metadata=said)
    image = read(path)
    assert dict(image.sizes) == {"t": 3, "c": 2, "y": 40, "x": 50}
    assert [image[d].attrs["units"] for d in "tyx"] == ["min", "nm", "um"]
    assert image.attrs["header"]["channels"] == ["DAPI", "GFP"]


def test_imagej(tmp_path: Path) -> None:
    path = tmp_path / "a"
    tifffile.imwrite(path, np.zeros((3, 40, 50), np.uint8), imagej=True, resolution=(4.0, 2.0),
                     metadata={"axes": "ZYX", "unit": "um", "spacing": 1.5})  # fmt: skip
    image = read(path)
    assert image.dims == ("z", "y", "x")
    np.testing.assert_allclose([float(image[d][1]) for d in "zyx"], [1.5, 0.5, 0.25])


def test_resolution_in_centimetres_and_not_in_dots_per_inch(tmp_path: Path) -> None:
    for unit, expected in ((3, {"x", "y"}), (2, set())):
        path = tmp_path / str(unit)
        tifffile.imwrite(path, GREY, resolution=(100, 100), resolutionunit=unit, metadata=None)
        assert set(read(path).coords) == expected


def test_a_pyramid(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with tifffile.TiffWriter(path, ome=True) as writer:
        options = {"tile": (16, 16), "metadata": {"axes": "YX", "PhysicalSizeX": 2.0}}
        writer.write(GREY, subifds=2, **options)
        writer.write(GREY[::2, ::2], subfiletype=1, tile=(16, 16))
        writer.write(GREY[::4, ::4], subfiletype=1, tile=(16, 16))
    assert levels(path) == [{"y": 40, "x": 50}, {"y": 20, "x": 25}, {"y": 10, "x": 13}]
    coarse = read(path, level=2)
    np.testing.assert_array_equal(coarse.values, GREY[::4, ::4])
    assert coarse.attrs["graticule_level"] == 2
    np.testing.assert_allclose(float(coarse.x[1] - coarse.x[0]), 8.0)


@pytest.mark.parametrize(
    "entity", ['<!ENTITY x SYSTEM "file:///etc/passwd">', '<!ENTITY x "xxxxxxxxxx">']
)
def test_entities_in_the_ome_xml(tmp_path: Path, entity: str) -> None:
    xml = f'<?xml version="1.0"?><!DOCTYPE OME [{entity}]><OME><Image>&x;</Image></OME>'
    tifffile.imwrite(tmp_path / "a", GREY, description=xml, metadata=None)
    with pytest.raises(UnsafeFileError, match="entities"):
        read(tmp_path / "a")


def test_an_image_in_several_files_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ome.tif", GREY)
    text = tifffile.tiffcomment(path)
    data = '<TiffData IFD="0"><UUID FileName="../other.ome.tif">urn:uuid:1</UUID></TiffData>'
    tifffile.tiffcomment(path, text.replace("</Pixels>", f"{data}</Pixels>").encode())
    with pytest.raises(FormatError, match=r"several files .*\.\./other\.ome\.tif"):
        read(path)


def test_an_enormous_strip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tifffile.imwrite(tmp_path / "a", GREY, compression="zlib", metadata=None)
    monkeypatch.setenv("GRATICULE_MAX_PIXELS", "1999")
    settings.cache_clear()
    with pytest.raises(UnsafeFileError, match="strip or tile of 40 x 50"):
        read(tmp_path / "a")


def test_real_files(data_dir: Path) -> None:
    from PIL import Image

    path = data_dir / "qbi" / "bone_7H3A_B1.tif"  # tifffile cannot decode its last strips
    image = read(path)
    assert dict(image.sizes) == {"z": 600, "y": 250, "x": 350}
    with Image.open(path) as picture:
        picture.seek(500)
        np.testing.assert_array_equal(image[500].values, np.asarray(picture))
    slices = read(data_dir / "qbi" / "nct0440.tif")
    assert slices.dtype == np.uint16
    nuclei = read(data_dir / "stardist_nuclei" / "img3d.tif")
    assert dict(nuclei.sizes) == {"z": 31, "y": 61, "x": 57}


def test_equal_images_are_equal_files(tmp_path: Path) -> None:
    image = as_image(np.arange(12.0).reshape(3, 4), spacing={"x": "2 um"})
    for name in ("first", "second"):
        write(tmp_path / f"{name}.ome.tif", image)
    assert (tmp_path / "first.ome.tif").read_bytes() == (tmp_path / "second.ome.tif").read_bytes()
