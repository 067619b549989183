"""Large PNG pictures are read by rows, and are what they are when they are read whole."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io import levels, read, write
from graticule.io.formats import _png_rows, picture
from graticule.io.formats._png_rows import layout_of

_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}


def chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def stored(values: Array, filters: list[int], piece: int = 50) -> bytes:
    """Return a PNG whose rows have these filters in turn, in chunks of some bytes."""
    height, width, channels = (*values.shape, 1)[:3]
    rows = values.astype(values.dtype.newbyteorder(">")).reshape(height, -1).view(np.uint8)
    pixel = channels * values.itemsize
    left = np.pad(rows, ((0, 0), (pixel, 0)))[:, :-pixel].astype(int)
    up = np.pad(rows, ((1, 0), (0, 0)))[:-1].astype(int)
    corner = np.pad(rows, ((1, 0), (pixel, 0)))[:-1, :-pixel].astype(int)
    guess = left + up - corner
    to_left, to_up, to_corner = (abs(guess - each) for each in (left, up, corner))
    paeth = np.where((to_left <= to_up) & (to_left <= to_corner), left,
                     np.where(to_up <= to_corner, up, corner))  # fmt: skip
    guesses = [np.zeros_like(left), left, up, (left + up) // 2, paeth]
    lines = []
    for y in range(height):
        kind = filters[y % len(filters)]
        lines.append(bytes([kind]) + (rows[y] - guesses[kind % 5][y]).astype(np.uint8).tobytes())
    packed = zlib.compress(b"".join(lines))
    header = struct.pack(
        ">IIBBBBB", width, height, values.itemsize * 8, _COLOURS[channels], 0, 0, 0
    )
    parts = [packed[at : at + piece] for at in range(0, len(packed), piece)]
    body = b"".join(chunk(b"IDAT", part) for part in parts)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "_LARGE", 1)
    monkeypatch.setattr(_png_rows, "_BAND", 100)
    monkeypatch.setattr(_png_rows, "_STATES", 5)


@given(data=st.data())
def test_any_box_is_that_of_the_picture(
    tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    channels = data.draw(st.sampled_from([1, 2, 3, 4]))
    height, width = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 9))
    dtype = data.draw(st.sampled_from([np.uint8, np.uint16]))
    shape = (height, width, channels) if channels > 1 else (height, width)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    values = rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    filters = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=5))
    path = tmp_path_factory.mktemp("png") / "a.png"
    path.write_bytes(stored(values, filters, data.draw(st.sampled_from([1, 7, 10**6]))))
    image = read(path)
    assert image.chunks is not None
    for _ in range(4):
        y, x = (sorted(data.draw(st.integers(0, n)) for _ in "ab") for n in (height, width))
        box = (slice(*y), slice(*x))
        np.testing.assert_array_equal(image[box].values, values[box])


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "I;16"])
def test_all_that_is_said_is_as_of_a_picture_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    values = np.random.default_rng(0).integers(0, 255, (20, 30, len(mode)), np.uint8)
    values = values[..., 0].astype(np.uint16) * 99 if mode == "I;16" else values
    values = values[..., 0] if mode == "L" else values
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "somebody")
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    path = tmp_path / "a.png"
    Image.fromarray(values).save(path, pnginfo=text, exif=exif, dpi=(300, 300))
    by_rows = read(path)
    assert by_rows.chunks is not None
    monkeypatch.setattr(picture, "_LARGE", 10**9)
    whole = read(path)
    assert whole.chunks is None
    assert levels(path) == [dict(whole.sizes)]
    xr.testing.assert_identical(by_rows.compute(), whole)


def test_what_was_written_comes_back_with_its_axes(tmp_path: Path) -> None:
    x = ("x", np.arange(30) * 0.5, {"units": "um"})
    values = np.arange(600, dtype=np.uint16).reshape(20, 30)
    image = xr.DataArray(values, dims=("y", "x"), coords={"x": x})
    found = read(write(tmp_path / "a.png", image))
    assert found.chunks is not None
    np.testing.assert_array_equal(found.values, values)
    np.testing.assert_allclose(found.x.values, image.x.values)


@pytest.mark.parametrize("kind", ["1", "P"])
def test_bits_and_palettes_are_read_whole(tmp_path: Path, kind: str) -> None:
    Image.fromarray(np.eye(20, dtype=bool)).convert(kind).save(tmp_path / "a.png")
    assert layout_of(tmp_path / "a.png") is None
    assert read(tmp_path / "a.png").chunks is None


def test_a_turned_picture_is_turned_upright(tmp_path: Path) -> None:
    values = np.arange(600, dtype=np.uint8).reshape(20, 30)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(values).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read(tmp_path / "a.png").values, np.rot90(values, -1))


def _damaged(content: bytes) -> dict[str, tuple[bytes, str]]:
    at = content.rindex(b"IDAT")
    flipped = bytearray(content)
    flipped[at + 6] ^= 1
    last = content.rindex(b"IEND") - 4
    return {
        "cut": (content[: len(content) // 2], "ends"),
        "no end": (content[: at - 4] + content[last:], "ends"),
        "flipped": (bytes(flipped), "checksum|distance|invalid|ends"),
    }


@pytest.mark.parametrize("way", ["cut", "no end", "flipped"])
def test_a_damaged_picture_is_told_and_told_again(tmp_path: Path, way: str) -> None:
    values = np.random.default_rng(0).integers(0, 255, (40, 30), np.uint8)
    content, message = _damaged(stored(values, [0, 4]))[way]
    path = tmp_path / "a.png"
    path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(FormatError, match=message):
            _ = read(path).values
    np.testing.assert_array_equal(read(path)[:5].values, values[:5])


def test_an_unknown_filter_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(stored(np.ones((9, 9), np.uint8), [0, 5]))
    with pytest.raises(FormatError, match="a filter"):
        _ = read(path).values
