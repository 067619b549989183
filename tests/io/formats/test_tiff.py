"""TIFF in its three dialects, and what makes it hostile."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import tifffile

from graticule.core import as_image
from graticule.core.errors import FormatError, UnsafeFileError
from graticule.core.settings import settings
from graticule.io import levels, read, write
from graticule.io.formats import _tiff_pages

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
    monkeypatch.setenv("GRATICULE_MEMORY", "3000")
    settings.cache_clear()
    with pytest.raises(UnsafeFileError, match="strip or tile of 40 x 50"):
        read(tmp_path / "a")


@pytest.mark.parametrize("depth", [2**22, 2**30])
def test_a_strip_of_lerc_that_says_it_is_far_larger_is_refused(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "a.tif"
    values = np.arange(48 * 40, dtype=np.uint8).reshape(48, 40)
    tifffile.imwrite(path, values, compression="lerc")
    assert np.array_equal(read(path).values, values)
    content = bytearray(path.read_bytes())
    at = content.index(b"Lerc2 ") + 22  # values of a sample, after version, checksum, rows, columns
    assert content[at : at + 4] == (1).to_bytes(4, "little")
    content[at : at + 4] = depth.to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(FormatError):
        _ = read(path).values


def test_a_tile_far_larger_than_its_image_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    values = np.arange(48 * 40, dtype=np.uint8).reshape(48, 40)
    tifffile.imwrite(path, values, tile=(64, 64), compression="zlib")
    assert np.array_equal(read(path).values, values)
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages.first.tags["TileLength"].overwrite(2**31, dtype="I")
    with pytest.raises(UnsafeFileError, match="strip or tile of 2147483648 x 64 would take"):
        _ = read(path).values


@pytest.mark.parametrize("garbage", [b"", b"\x01\x02"])
def test_a_tile_that_says_it_is_far_larger(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((16, 16), np.uint8), compression="jpeg", tile=(16, 16))
    with tifffile.TiffFile(path) as file:
        at = file.pages[0].dataoffsets[0]
    content = path.read_bytes()
    frame = content.find(b"\xff\xc0", at)
    large = (65000).to_bytes(2, "big") * 2
    fresh = content[: frame + 5] + large + content[frame + 9 :]
    path.write_bytes(fresh[: at + 2] + garbage + fresh[at + 2 + len(garbage) :])
    with pytest.raises(FormatError, match="a JPEG of 65000 x 65000 where 16 x 16 are stored"):
        _ = read(path).values


@pytest.mark.parametrize("codec", ["png", "jpeg2000", "jpegxl", "lerc"])
def test_tiles_that_say_their_size_are_decoded_apart(tmp_path: Path, codec: str) -> None:
    values = np.arange(48 * 40, dtype=np.uint16).reshape(48, 40)
    tifffile.imwrite(tmp_path / "a.tif", values, compression=codec, tile=(16, 16))
    np.testing.assert_array_equal(read(tmp_path / "a.tif")[5:40, ::2].values, values[5:40, ::2])


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


def test_pages_of_one_kind_are_one_stack_whatever_their_compression(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 2**16, (6, 20, 30)).astype(np.uint16)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        for number, page in enumerate(values):
            compression = (None, "zlib", "lzw")[number % 3]
            tif.write(page, compression=compression, rowsperstrip=7 + number, metadata=None)
    image = read(tmp_path / "a.tif")
    assert image.dims == ("z", "y", "x")
    np.testing.assert_array_equal(image.values, values)
    np.testing.assert_array_equal(image[2:5, 3:9, 4:].values, values[2:5, 3:9, 4:])


def test_several_images_are_a_choice(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as tif:
        for number in (1, 2):
            size = {"PhysicalSizeX": float(number), "PhysicalSizeXUnit": "nm"}
            values = np.full((3, 20, 30), number, np.uint16)
            tif.write(values, metadata={"axes": "ZYX", "Name": f"image {number}", **size})
    with pytest.raises(FormatError, match=r"holds 2 images: 0 \(image 1, 3 x 20 x 30\)"):
        read(tmp_path / "a.ome.tif")
    for name in ("1", "image 2"):
        image = read(tmp_path / "a.ome.tif" / name)
        assert int(image.values.max()) == 2
        assert float(image.x[1] - image.x[0]) == 2
    with pytest.raises(FormatError, match="no array '7'"):
        read(tmp_path / "a.ome.tif" / "7")


def test_a_preview_beside_the_data_is_a_choice(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        tif.write(np.ones((40, 60), np.uint16), metadata=None)
        tif.write(np.zeros((10, 15), np.uint8), metadata=None)
    with pytest.raises(FormatError, match="holds 2 images"):
        read(tmp_path / "a.tif")
    assert read(tmp_path / "a.tif/0").shape == (40, 60)
    assert read(tmp_path / "a.tif/1").shape == (10, 15)


@pytest.mark.parametrize(
    ("about", "z", "x"),
    [
        ({"unit": "um", "zunit": "nm", "spacing": 300}, (300, "nm"), (0.5, "um")),
        ({"unit": "micrometre", "spacing": 1}, (1, "um"), (0.5, "um")),
        ({"unit": "Nanometers", "spacing": 0}, None, (0.5, "nm")),
        ({"unit": "micron", "spacing": -2}, (2, "um"), (0.5, "um")),
    ],
)
def test_imagej_has_a_unit_for_each_axis(tmp_path: Path, about: dict, z: tuple, x: tuple) -> None:
    values = np.zeros((4, 6, 8), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", values, imagej=True, resolution=(2, 2),
                     metadata={"axes": "ZYX", **about})  # fmt: skip
    image = read(tmp_path / "a.tif")
    for dim, wanted in (("z", z), ("x", x)):
        if wanted is None:
            assert dim not in image.coords
        else:
            step = float(image[dim][1] - image[dim][0])
            assert (step, image[dim].attrs["units"]) == (pytest.approx(wanted[0]), wanted[1])


@pytest.mark.parametrize("step", ["0.0", "-0", "nan", "wide"])
def test_no_spacing_in_ome_is_none_and_is_told(tmp_path: Path, step: str) -> None:
    values = np.zeros((4, 6, 8), np.uint16)
    tifffile.imwrite(tmp_path / "a.ome.tif", values, ome=True,
                     metadata={"axes": "TYX", "TimeIncrement": 7.25})  # fmt: skip
    content = (tmp_path / "a.ome.tif").read_bytes()
    (tmp_path / "a.ome.tif").write_bytes(content.replace(b'"7.25"', f'"{step}"'.encode().ljust(6)))
    image = read(tmp_path / "a.ome.tif")
    assert (image.shape, "t" in image.coords) == ((4, 6, 8), False)
    assert "TimeIncrement" in image.attrs["notes"][0]


def test_a_tile_of_a_jpeg_is_decoded_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    y, x = np.mgrid[:512, :512]
    values = ((y + x) % 256).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", values, tile=(64, 64), compression="jpeg")
    expected = tifffile.imread(tmp_path / "a.tif")
    image, decoded = read(tmp_path / "a.tif"), []
    segment = _tiff_pages._segment
    monkeypatch.setattr(_tiff_pages, "_segment", lambda *a: decoded.append(a[3]) or segment(*a))
    np.testing.assert_array_equal(image[70:100, 70:90].values, expected[70:100, 70:90])
    assert decoded == [9]
    np.testing.assert_array_equal(image.values, expected)


def test_pixel_sizes_of_microscopes_and_maps(tmp_path: Path) -> None:
    values = np.zeros((6, 8), np.uint16)
    fei = b"[Scan]\r\nPixelWidth=2e-9\r\nPixelHeight=3e-9\r\n\0"
    tifffile.imwrite(tmp_path / "fei.tif", values, extratags=[(34682, "s", 0, fei, True)])
    image = read(tmp_path / "fei.tif")
    assert float(image.x[1]) == pytest.approx(2e-9)
    assert (float(image.y[1]), image.y.attrs["units"]) == (pytest.approx(3e-9), "m")

    keys = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3076, 0, 1, 9001)
    tags = [(33550, "d", 3, (30.0, 20.0, 0.0), True), (34735, "H", len(keys), keys, True),
            (33922, "d", 6, (0, 0, 0, 500000.0, 4000000.0, 0.0), True)]  # fmt: skip
    tifffile.imwrite(tmp_path / "map.tif", values, extratags=tags)
    image = read(tmp_path / "map.tif")
    assert image.x.values[:2].tolist() == [500015, 500045]
    assert image.y.values[:2].tolist() == [3999990, 3999970]
    assert image.x.attrs["units"] == "m"


def test_a_pyramid_of_pages_one_after_another(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 255, (256, 320), np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        for step, kind in ((1, 0), (2, 1), (4, 1)):
            tif.write(values[::step, ::step], tile=(64, 64), subfiletype=kind, metadata=None)
    assert read(tmp_path / "a.tif").attrs.get("notes") is None
    assert levels(tmp_path / "a.tif") == [{"y": 256 // n, "x": 320 // n} for n in (1, 2, 4)]
    smallest = read(tmp_path / "a.tif", level=2)
    np.testing.assert_array_equal(smallest.values, values[::4, ::4])
    with tifffile.TiffWriter(tmp_path / "b.tif") as tif:
        for step in (1, 2):
            tif.write(values[::step, ::step], tile=(64, 64), metadata=None)
        tif.write(values[:30, :50], subfiletype=1, metadata=None)
    with pytest.raises(FormatError, match="holds 2 images"):
        read(tmp_path / "b.tif")
    image = read(tmp_path / "b.tif/0")
    assert "nothing marks" in image.attrs["notes"][0]


def test_what_tifffile_logs_is_a_note(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY, metadata=None, software="x" * 50)
    with tifffile.TiffFile(path) as tif:
        at = tif.pages[0].tags["Software"].offset
    content = bytearray(path.read_bytes())
    content[at + 2] = 99  # no type of a value
    path.write_bytes(content)
    image = read(path)
    np.testing.assert_array_equal(image.values, GREY)
    assert any("99" in note for note in image.attrs["notes"])


def test_pages_that_ome_promises_and_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    values = np.arange(4 * 20 * 30, dtype=np.uint16).reshape(4, 20, 30)
    tifffile.imwrite(path, values, ome=True, metadata={"axes": "ZYX"}, compression="zlib")
    content = path.read_bytes()
    path.write_bytes(content.replace(b'SizeZ="4"', b'SizeZ="5"'))
    image = read(path)
    assert image.sizes["z"] == 5
    np.testing.assert_array_equal(image[:4].values, values)
    assert "lacks 1 of its pages" in image.attrs["notes"][0]
    with pytest.raises(FormatError, match="no data"):
        _ = image[4].values


def test_pages_that_the_description_leaves_out_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    values = np.arange(4 * 20 * 30, dtype=np.uint16).reshape(4, 20, 30)
    tifffile.imwrite(path, values, ome=True, metadata={"axes": "ZYX"}, compression="zlib")
    content = path.read_bytes()
    path.write_bytes(content.replace(b'SizeZ="4"', b'SizeZ="3"'))
    image = read(path)
    np.testing.assert_array_equal(image.values, values[:3])
    assert any("1 pages more" in note or "expected 3" in note for note in image.attrs["notes"])


def test_pages_that_lie_in_one_another(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tif:
        for _ in range(3):
            tif.write(GREY[:2, :2], metadata=None)
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tif:
        first = tif.pages[0].offset
    content[first : first + 2] = (2000).to_bytes(2, "little")
    path.write_bytes(content)
    with pytest.raises(FormatError):
        read(path)


def test_pages_are_read_again_when_the_file_is_another(tmp_path: Path) -> None:
    for number in (1, 2):
        values = np.full((9, 20, 30), number, np.uint16)
        tifffile.imwrite(tmp_path / "a.tif", values[: 9 - number], compression="zlib")
        np.testing.assert_array_equal(read(tmp_path / "a.tif").values, values[: 9 - number])


def test_scattered_strips_of_a_later_page(tmp_path: Path) -> None:
    """A page may hold its strips in any order, though the first one does not."""
    path = tmp_path / "a.tif"
    values = np.random.default_rng(1).integers(0, 2**16, (12, 20, 30)).astype(np.uint16)
    with tifffile.TiffWriter(path) as tif:
        for page in values:
            tif.write(page, rowsperstrip=10, metadata=None, contiguous=False)
    with tifffile.TiffFile(path) as tif:
        tag = tif.pages[5].tags["StripOffsets"]
        at, offsets = tag.valueoffset, tag.value
    content = bytearray(path.read_bytes())
    content[at : at + 8] = b"".join(n.to_bytes(4, "little") for n in reversed(offsets))
    path.write_bytes(content)
    values[5] = np.concatenate([values[5, 10:], values[5, :10]])
    np.testing.assert_array_equal(read(path).values, values)


def test_the_size_of_an_image_is_that_of_its_name(tmp_path: Path) -> None:
    """An image of the OME-XML may have no pages in the file, and those after it have."""
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as tif:
        for name, size in (("first", 1.0), ("other", 3.0)):
            tif.write(GREY, metadata={"axes": "YX", "Name": name, "PhysicalSizeX": size})
    text = tifffile.tiffcomment(path)
    emptied = re.sub(r"<TiffData.*?(/>|</TiffData>)", "", text, count=1, flags=re.DOTALL)
    tifffile.tiffcomment(path, emptied.encode())
    image = read(path)
    assert (float(image.x[1]), image.attrs["header"]["name"]) == (3.0, "other")


def test_ome_xml_that_lies_elsewhere_is_told(tmp_path: Path) -> None:
    xml = '<OME xmlns="x"><BinaryOnly MetadataFile="all.companion.ome" UUID="u"/></OME>'
    tifffile.imwrite(tmp_path / "a", GREY, description=xml, metadata=None)
    image = read(tmp_path / "a")
    np.testing.assert_array_equal(image.values, GREY)
    assert any("all.companion.ome" in note for note in image.attrs["notes"])


def test_a_damaged_note_of_ours_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ome.tif", as_image(GREY, spacing={"x": "2 um"}))
    content = path.read_bytes()
    path.write_bytes(content.replace(b"&quot;step&quot;", b"&quot;stop&quot;").replace(
        b'"step"', b'"stop"'))  # fmt: skip
    image = read(path)
    np.testing.assert_array_equal(image.values, GREY)
    assert "damaged" in image.attrs["notes"][0]


@pytest.mark.parametrize("compression", [None, "zlib", "jpeg"])
def test_opening_decodes_nothing(
    tmp_path: Path, compression: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = np.stack([(GREY % 256).astype(np.uint8)] * 12)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", metadata=None,
                     compression=compression)  # fmt: skip
    frames = []
    start = tifffile.TiffFrame.__init__
    monkeypatch.setattr(
        tifffile.TiffFrame, "__init__", lambda *a, **k: frames.append(0) or start(*a, **k)
    )
    monkeypatch.setattr(_tiff_pages, "page_box", None)
    assert read(tmp_path / "a.tif").shape == (12, 40, 50)
    assert not frames
