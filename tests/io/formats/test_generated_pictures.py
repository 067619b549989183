"""Generated pictures: their values as what encoded them knows them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from graticule.core.typing import Array
from graticule.io import levels, read

GENERATED = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def samples(draw: st.DrawFn, bits: int, colours: int = 1, *, signed: bool = False) -> Array:
    """Draw ``y x`` or ``y x c`` of so many bits, in the smallest type that holds them."""
    shape = (draw(st.integers(2, 20)), draw(st.integers(6, 20)), colours)
    code = f"{'i' if signed else 'u'}{1 if bits <= 8 else 2}"
    least = -(2 ** (bits - 1)) if signed else 0
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    values = rng.integers(least, least + 2**bits, shape[: 2 if colours == 1 else 3])
    return values.astype(code)


def require_as_stored(path: Path, content: bytes, expected: Array) -> None:
    """Require that a file reads as its values, in their type, and that its one level is told."""
    path.write_bytes(content)
    image = read(path)
    np.testing.assert_array_equal(image.values, expected)
    assert image.dtype == expected.dtype
    assert image.dims == (("y", "x") if expected.ndim == 2 else ("y", "x", "c"))
    assert levels(path) == [dict(image.sizes)]


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


@GENERATED
@given(st.data())
def test_png(tmp_path: Path, data: st.DataObject) -> None:
    bits, colours = data.draw(st.sampled_from([8, 16])), data.draw(st.integers(1, 4))
    values = data.draw(samples(bits, colours))
    require_as_stored(tmp_path / "a.png", imagecodecs.png_encode(values), values)


@GENERATED
@given(st.data())
def test_jpeg_2000(tmp_path: Path, data: st.DataObject) -> None:
    bits, colours = data.draw(st.integers(2, 16)), data.draw(st.integers(1, 4))
    signed = data.draw(st.booleans())
    values = data.draw(samples(bits, colours, signed=signed))
    content = imagecodecs.jpeg2k_encode(
        values,
        bitspersample=bits,
        level=0,
        mct=False,
        codecformat=data.draw(st.sampled_from(["jp2", "j2k"])),
    )
    require_as_stored(tmp_path / "a.jp2", content, values)


@GENERATED
@given(st.data())
def test_lossless_jpeg_and_jpeg_ls(tmp_path: Path, data: st.DataObject) -> None:
    bits, colours = data.draw(st.integers(2, 16)), data.draw(st.sampled_from([1, 3]))
    values = data.draw(samples(bits, colours))
    lossless = imagecodecs.jpeg8_encode(values, lossless=True, bitspersample=bits)
    require_as_stored(tmp_path / "a.jpg", lossless, values)
    require_as_stored(tmp_path / "a.jls", imagecodecs.jpegls_encode(values), values)


@GENERATED
@given(st.data())
def test_lossy_jpeg(tmp_path: Path, data: st.DataObject) -> None:
    bits, colours = data.draw(st.sampled_from([8, 12])), data.draw(st.sampled_from([1, 3]))
    values = data.draw(samples(bits, colours))
    content = imagecodecs.jpeg8_encode(values, level=data.draw(st.integers(5, 100)),
                                       bitspersample=bits)  # fmt: skip
    require_as_stored(tmp_path / "a.jpg", content, imagecodecs.jpeg8_decode(content))


@GENERATED
@given(st.data())
def test_webp_and_bmp(tmp_path: Path, data: st.DataObject) -> None:
    colours = data.draw(st.sampled_from([3, 4]))
    values = data.draw(samples(8, colours))
    webp = imagecodecs.webp_encode(values, lossless=True)
    decoded = imagecodecs.webp_decode(webp, hasalpha=colours == 4)
    image = read_bytes(tmp_path / "a.webp", webp)
    np.testing.assert_array_equal(image[..., :3], decoded[..., :3])
    grey = data.draw(samples(8))
    for stored in (values[..., :3], grey, grey > 99):
        content = encoded(Image.fromarray(stored), "BMP")
        require_as_stored(tmp_path / "a.bmp", content, stored)


def read_bytes(path: Path, content: bytes) -> Array:
    path.write_bytes(content)
    return np.asarray(read(path).values)


@GENERATED
@given(st.data())
def test_palettes_as_colours_and_as_labels(tmp_path: Path, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["PNG", "BMP", "GIF"]))
    count = data.draw(st.sampled_from([2, 5, 16, 200]))
    stored = data.draw(samples(8)) % count
    rng = np.random.default_rng(count)
    colours = rng.integers(0, 256, (256, 3)).astype(np.uint8)
    picture = Image.fromarray(stored, "P")
    picture.putpalette(colours.ravel().tolist())
    options = {"optimize": False} if kind == "GIF" else {}
    path = tmp_path / "a"
    require_as_stored(path, encoded(picture, kind, **options), colours[stored])
    labels = read(path, labels=True)
    np.testing.assert_array_equal(labels.values, stored)
    assert labels.dims == ("y", "x")


@GENERATED
@given(st.data())
def test_frames_as_pillow_shows_them(tmp_path: Path, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["PNG", "GIF", "WEBP"]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    stack = rng.integers(0, 256, (data.draw(st.integers(2, 4)), 6, 7, 3)).astype(np.uint8)
    frames = [Image.fromarray(each) for each in stack]
    if kind == "GIF":
        frames = [each.quantize(data.draw(st.integers(3, 60))) for each in frames]
    options = {"GIF": {"disposal": data.draw(st.integers(0, 3))}, "WEBP": {"lossless": True}}
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:],
                      **options.get(kind, {}))  # fmt: skip
    image = read_bytes(tmp_path / "a", content)
    with Image.open(io.BytesIO(content)) as shown:
        for number, values in enumerate(image):
            shown.seek(number)
            np.testing.assert_array_equal(values[..., :3], np.asarray(shown.convert("RGB")))
    assert len(image) == len(stack)


@GENERATED
@given(st.data())
def test_turned_and_in_other_colours(tmp_path: Path, data: st.DataObject) -> None:
    exif = Image.Exif()
    exif[0x0112] = data.draw(st.integers(1, 8))
    mode = data.draw(st.sampled_from(["L", "RGB", "CMYK"]))
    values = data.draw(samples(8, {"L": 1, "RGB": 3, "CMYK": 4}[mode]))
    content = encoded(Image.fromarray(values, mode), "JPEG", exif=exif, quality=90)
    with Image.open(io.BytesIO(content)) as shown:
        upright = ImageOps.exif_transpose(shown)
        expected = np.asarray(upright.convert("RGB") if mode == "CMYK" else upright)
    require_as_stored(tmp_path / "a.jpg", content, expected)


@pytest.mark.parametrize("subsampling", [0, 2])
def test_colours_of_print(tmp_path: Path, subsampling: int) -> None:
    ink = np.zeros((16, 16, 4), np.uint8)
    ink[:8, :, 1], ink[8:, :, 3] = 255, 128  # magenta, and a half black
    content = encoded(Image.fromarray(ink, "CMYK"), "JPEG", quality=100, subsampling=subsampling)
    image = read_bytes(tmp_path / "a.jpg", content)
    np.testing.assert_allclose(image[2, 2].astype(int), [255, 0, 255], atol=3)
    np.testing.assert_allclose(image[12, 2].astype(int), [127, 127, 127], atol=3)
