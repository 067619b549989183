"""Ordinary pictures."""

from __future__ import annotations

import struct
import time
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import skimage
from PIL import Image

import graticule as gt
from graticule.core.errors import FormatError, UnsafeFileError
from graticule.io import levels, read
from graticule.io.formats.picture import open_picture

PACKAGED = Path(skimage.data_dir)


@pytest.mark.parametrize("name", ["coins.png", "astronaut.png", "logo.png", "retina.jpg"])
def test_as_pillow_reads_them(name: str) -> None:
    image = read(PACKAGED / name)
    with Image.open(PACKAGED / name) as picture:
        np.testing.assert_array_equal(image.values, np.asarray(picture))
    assert levels(PACKAGED / name) == [dict(image.sizes)]
    assert image.dims == (("y", "x") if image.ndim == 2 else ("y", "x", "c"))


def test_a_palette_becomes_its_colours(tmp_path: Path) -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 255, 0])
    palette.putpixel((1, 0), 1)
    palette.save(tmp_path / "a.png")
    image = read(tmp_path / "a.png")
    assert image.values.tolist() == [[[255, 0, 0], [0, 255, 0]]]


def test_all_16_bits_of_a_colour_survive(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 2**16, (5, 6, 3)).astype(np.uint16)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(values))
    np.testing.assert_array_equal(read(tmp_path / "a.png").values, values)


def test_frames_are_times(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((4, 5), 60 * n, np.uint8)) for n in range(3)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    assert read(tmp_path / "a.webp").dims == ("t", "y", "x", "c")


def test_pillows_own_limit_stays_as_it_was() -> None:
    before = Image.MAX_IMAGE_PIXELS
    with open_picture(PACKAGED / "coins.png"):
        pass
    assert before == Image.MAX_IMAGE_PIXELS


def test_a_bomb(tmp_path: Path) -> None:
    head = (PACKAGED / "coins.png").read_bytes()
    size = (10**6).to_bytes(4, "big")
    chunk = b"IHDR" + size + size + head[24:29]
    bomb = head[:12] + chunk + zlib.crc32(chunk).to_bytes(4, "big") + head[33:]
    (tmp_path / "a.png").write_bytes(bomb)
    with pytest.raises(UnsafeFileError, match="1000000 x 1000000 would take 3 TB of memory"):
        read(tmp_path / "a.png")


def made_png(side: int, bits: int, colour: int, interlaced: int) -> bytes:
    """Return a PNG of some kilobytes that says it is large."""
    packed = zlib.compress(bytes(2_000_000), 9)
    head = struct.pack(">IIBBBBB", side, side, bits, colour, 0, 0, interlaced)
    chunks = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


@pytest.mark.parametrize("interlaced", [0, 1])
@pytest.mark.parametrize(("side", "bits", "colour"), [(7000, 8, 0), (44_000, 16, 6), (9000, 1, 3)])
def test_a_png_of_fewer_bytes_than_its_size_needs(
    tmp_path: Path, side: int, bits: int, colour: int, interlaced: int
) -> None:
    (tmp_path / "a.png").write_bytes(made_png(side, bits, colour, interlaced))
    start = time.process_time()
    with pytest.raises(FormatError, match=r"ends early|of memory to unpack"):
        _ = read(tmp_path / "a.png").values
    assert time.process_time() - start < 5


def test_a_jpeg_of_very_many_scans(tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "a.jpg", progressive=True)
    content = (tmp_path / "a.jpg").read_bytes()
    scan = content[content.find(b"\xff\xda") : -2]
    (tmp_path / "a.jpg").write_bytes(content[:-2] + scan * 300 + content[-2:])
    with pytest.raises(UnsafeFileError, match="scans"):
        read(tmp_path / "a.jpg")


VALUES = {
    "u1": np.arange(60, dtype=np.uint8).reshape(6, 10) * 4,
    "u2": np.arange(60, dtype=np.uint16).reshape(6, 10) * 1111,
}


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("colours", [1, 3])
def test_jpeg_2000_of_any_depth(tmp_path: Path, bits: int, colours: int) -> None:
    shape = (24, 30) if colours == 1 else (24, 30, 3)
    values = np.random.default_rng(0).integers(0, 2**bits, shape)
    values = values.astype(np.uint8 if bits == 8 else np.uint16)
    content = imagecodecs.jpeg2k_encode(values, bitspersample=bits, level=0, mct=False)
    (tmp_path / "a.jp2").write_bytes(content)
    np.testing.assert_array_equal(read(tmp_path / "a.jp2").values, values)


def test_jpeg_2000_with_signs(tmp_path: Path) -> None:
    values = np.arange(-300, 300, dtype=np.int16).reshape(20, 30)
    (tmp_path / "a.jp2").write_bytes(imagecodecs.jpeg2k_encode(values, level=0))
    np.testing.assert_array_equal(read(tmp_path / "a.jp2").values, values)


@pytest.mark.parametrize("largest", [1, 5, 100, 255, 256, 4095, 65535])
@pytest.mark.parametrize("kind", [b"P2", b"P3", b"P5", b"P6"])
def test_netpbm_keeps_values_whatever_their_maximum(
    tmp_path: Path, kind: bytes, largest: int
) -> None:
    shape = (4, 5, 3) if kind in (b"P3", b"P6") else (4, 5)
    values = np.random.default_rng(0).integers(0, largest + 1, shape)
    head = kind + b"\n# a comment\n5 4\n%d\n" % largest
    code = "u1" if largest < 256 else ">u2"
    body = (
        " ".join(map(str, values.ravel())).encode()
        if kind in (b"P2", b"P3")
        else values.astype(code).tobytes()
    )
    (tmp_path / "a").write_bytes(head + body)
    image = read(tmp_path / "a")
    np.testing.assert_array_equal(image.values, values)
    assert image.dtype == (np.uint8 if largest < 256 else np.uint16)
    cut = body.rpartition(b" ")[0] if kind in (b"P2", b"P3") else body[:-1]
    (tmp_path / "short").write_bytes(head + cut)
    with pytest.raises(FormatError):
        read(tmp_path / "short")


@pytest.mark.parametrize("packed", [False, True])
def test_bitmaps(tmp_path: Path, packed: bool) -> None:
    black = np.random.default_rng(0).random((3, 11)) < 0.5
    body = np.packbits(black, axis=1).tobytes() if packed else b" ".join(
        b"%d" % bit for bit in black.ravel()
    )  # fmt: skip
    (tmp_path / "a").write_bytes((b"P4" if packed else b"P1") + b"\n11 3\n" + body)
    np.testing.assert_array_equal(read(tmp_path / "a").values, ~black)


@pytest.mark.parametrize("name", ["a.bmp", "a.gif", "a.png"])
def test_palettes_of_all_kinds_are_the_colours_they_name(tmp_path: Path, name: str) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (6, 7, 3)).astype(np.uint8)
    indexed = Image.fromarray(colours).quantize(16)
    indexed.save(tmp_path / name)
    expected = np.asarray(indexed.convert("RGB"))
    np.testing.assert_array_equal(read(tmp_path / name).values, expected)


def test_frames_of_a_moving_picture_in_one_kind_of_colour(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = [
        Image.fromarray(rng.integers(0, 256, (6, 7, 3)).astype(np.uint8)).quantize(8)
        for _ in range(3)
    ]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    image = read(tmp_path / "a.gif")
    assert image.dims == ("t", "y", "x", "c")
    with Image.open(tmp_path / "a.gif") as picture:
        for number in range(3):
            picture.seek(number)
            np.testing.assert_array_equal(
                image.values[number, ..., :3], np.asarray(picture.convert("RGB"))
            )


@pytest.mark.parametrize("turn", range(1, 9))
def test_upright_as_viewers_show_it(tmp_path: Path, turn: int) -> None:
    from PIL import ImageOps

    values = np.random.default_rng(0).integers(0, 256, (6, 9)).astype(np.uint8)
    exif = Image.Exif()
    exif[0x112] = turn
    Image.fromarray(values).save(tmp_path / "a.png", exif=exif)
    image = read(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        np.testing.assert_array_equal(image.values, np.asarray(ImageOps.exif_transpose(picture)))
    assert levels(tmp_path / "a.png") == [dict(image.sizes)]
    assert ("notes" in image.attrs) == (turn > 1)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
def test_colours_of_print_and_film_become_red_green_and_blue(tmp_path: Path, mode: str) -> None:
    white = {"CMYK": (0, 0, 0, 0), "YCbCr": (255, 128, 128)}[mode]
    Image.new(mode, (16, 8), white).save(tmp_path / "a.jpg", quality=95)
    image = read(tmp_path / "a.jpg")
    assert image.shape == (8, 16, 3)
    assert image.values.min() >= 254


def test_opacity_is_not_averaged_into_grey(tmp_path: Path) -> None:
    Image.new("LA", (4, 3), (100, 7)).save(tmp_path / "a.png")
    image = read(tmp_path / "a.png")
    assert gt.transform.grey(image).values.tolist() == [[100.0] * 4] * 3


def test_a_phones_photograph_and_what_stands_behind_it(tmp_path: Path) -> None:
    photograph = Image.new("RGB", (30, 20), (10, 20, 30))
    photograph.save(tmp_path / "a.jpg", format="MPO", save_all=True,
                    append_images=[Image.new("L", (15, 10), 50)])  # fmt: skip
    image = read(tmp_path / "a.jpg")
    assert (image.dims, image.shape) == (("y", "x", "c"), (20, 30, 3))
    assert "1 further image" in image.attrs["notes"][0]
    assert read(tmp_path / "a.jpg/1").shape[:2] == (10, 15)
    with pytest.raises(FormatError, match="holds no image '7'"):
        read(tmp_path / "a.jpg/7")


def test_threads_leave_pillows_limit_as_it_was() -> None:
    from concurrent.futures import ThreadPoolExecutor

    before = Image.MAX_IMAGE_PIXELS
    with ThreadPoolExecutor(8) as pool:
        for sizes in pool.map(levels, [PACKAGED / "coins.png"] * 200):
            assert sizes == [{"y": 303, "x": 384}]
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_greys_of_few_bits_are_those_stored(tmp_path: Path, bits: int) -> None:
    values = np.random.default_rng(0).integers(0, 2**bits, (5, 9)).astype(np.uint8)
    (tmp_path / "a.png").write_bytes(_png_of_bits(values, bits))
    np.testing.assert_array_equal(read(tmp_path / "a.png").values, values)


def _png_of_bits(values: np.ndarray[Any, Any], bits: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body).to_bytes(4, "big")
        return len(body).to_bytes(4, "big") + kind + body + check

    each = np.unpackbits(values[..., None], axis=-1)[..., 8 - bits :]
    rows = np.packbits(each.reshape(len(values), -1), axis=1)
    size = values.shape[1].to_bytes(4, "big") + values.shape[0].to_bytes(4, "big")
    packed = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    parts = [chunk(b"IHDR", size + bytes([bits, 0, 0, 0, 0])), chunk(b"gAMA", bytes(3) + b"\x01")]
    parts += [chunk(b"IDAT", packed), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("bits", [10, 12, 16])
@pytest.mark.parametrize("shape", [(24, 30), (24, 30, 3)])
def test_jpeg_of_more_than_8_bits(tmp_path: Path, bits: int, shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).integers(0, 2**bits, shape).astype(np.uint16)
    content = imagecodecs.jpeg8_encode(values, lossless=True, bitspersample=bits)
    (tmp_path / "a.jpg").write_bytes(content)
    np.testing.assert_array_equal(read(tmp_path / "a.jpg").values, values)
    assert levels(tmp_path / "a.jpg") == [dict(read(tmp_path / "a.jpg").sizes)]
    if bits == 12:
        content = imagecodecs.jpeg8_encode(values, bitspersample=12, level=95)
        (tmp_path / "b.jpg").write_bytes(content)
        decoded = imagecodecs.jpeg8_decode(content)
        np.testing.assert_array_equal(read(tmp_path / "b.jpg").values, decoded)
    (tmp_path / "a.jls").write_bytes(imagecodecs.jpegls_encode(values))
    np.testing.assert_array_equal(read(tmp_path / "a.jls").values, values)


def test_a_jpeg_of_12_bits_that_claims_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.zeros((50, 50), np.uint16)
    for name, content in (
        ("a.jpg", imagecodecs.jpeg8_encode(values, bitspersample=12)),
        ("a.j2k", imagecodecs.jpeg2k_encode(np.dstack([values] * 5), codecformat="j2k")),
    ):
        (tmp_path / name).write_bytes(content)
        assert read(tmp_path / name).shape[:2] == (50, 50)
        monkeypatch.setenv("GRATICULE_MEMORY", "9000")
        gt.core.settings.settings.cache_clear()
        with pytest.raises(UnsafeFileError, match="of memory to unpack"):
            read(tmp_path / name)
        monkeypatch.undo()
        gt.core.settings.settings.cache_clear()


def test_avif_of_more_than_8_bits(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 2**12, (8, 9, 3)).astype(np.uint16)
    content = imagecodecs.avif_encode(values, bitspersample=12, level=100)
    (tmp_path / "a.avif").write_bytes(content)
    np.testing.assert_array_equal(read(tmp_path / "a.avif").values, values)


def test_a_grey_animation_has_no_colours(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 256, (3, 6, 7)).astype(np.uint8)
    frames = [Image.fromarray(each) for each in values]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    image = read(tmp_path / "a.gif")
    assert image.dims == ("t", "y", "x")
    np.testing.assert_array_equal(image.values, values)


def test_what_a_camera_said_is_in_the_header(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    profile = bytes(200)
    Image.new("L", (4, 3)).save(tmp_path / "a.png", exif=exif, icc_profile=profile, dpi=(300, 300))
    image = read(tmp_path / "a.png")
    header = image.attrs["header"]
    assert header["exif"] == {"Make": "a camera"}
    assert header["icc_profile"] == "200 bytes"
    assert header["dpi"] == pytest.approx([300, 300], abs=0.1)
    assert "x" not in image.coords


def test_no_picture_after_the_mark_of_one(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(100))
    with pytest.raises(FormatError, match=r"a\.jpg: has no header that Pillow knows"):
        read(tmp_path / "a.jpg")


@pytest.mark.parametrize("dpi", [None, (300, 300)])
def test_a_damaged_exif_is_noted(tmp_path: Path, dpi: tuple[int, int] | None) -> None:
    entry = b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
    exif = b"Exif\0\0II*\0\x08\0\0\0\x09\0" + entry + b"cut"
    Image.new("L", (9, 6)).save(tmp_path / "a.jpg", exif=exif, **({"dpi": dpi} if dpi else {}))
    image = read(tmp_path / "a.jpg")
    assert any("Corrupt EXIF" in note for note in image.attrs["notes"])
    assert levels(tmp_path / "a.jpg") == [dict(image.sizes)]


def test_a_picture_that_is_shown_where_nothing_moves_is_told(tmp_path: Path) -> None:
    frames = [Image.new("L", (4, 3), 60 * n) for n in range(3)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:], default_image=True)
    image = read(tmp_path / "a.png")
    assert image.sizes["t"] == 3
    assert "where nothing moves" in image.attrs["notes"][0]
