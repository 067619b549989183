"""Ordinary pictures."""

from __future__ import annotations

import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import skimage
from PIL import Image

from graticule.core.errors import UnsafeFileError
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
    with pytest.raises(UnsafeFileError, match="would unpack to more"):
        read(tmp_path / "a.png")
