"""Files of labels: names of objects or classes, and never the colours they are shown in."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import xarray as xr
from PIL import Image

from graticule.core.errors import FormatError, ImageError
from graticule.io import read
from graticule.io.reading import read_single_channel, single_channel

STORED = np.arange(60, dtype=np.uint8).reshape(6, 10) % 4
RED_AND_GREEN = [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0] + [0] * 756
EQUAL_GREYS = [7] * 768


@pytest.mark.parametrize("ending", ["png", "gif", "bmp"])
@pytest.mark.parametrize("palette", [RED_AND_GREEN, EQUAL_GREYS, [255, 255, 255, 0, 0, 0] * 128])
def test_of_a_palette_the_indices_are_stored(
    tmp_path: Path, ending: str, palette: list[int]
) -> None:
    picture = Image.fromarray(STORED, "P")
    picture.putpalette(palette)
    picture.save(path := tmp_path / f"a.{ending}")
    found = read_single_channel(path)
    np.testing.assert_array_equal(found.values, STORED)
    assert found.dims == ("y", "x")
    with Image.open(path) as shown:
        colours = np.asarray(shown.convert("RGB"))
    np.testing.assert_array_equal(np.atleast_3d(read(path).values)[..., :3] - colours, 0)
    assert "palette" in read(path).attrs["header"]


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_indices_of_few_bits_some_of_them_clear(tmp_path: Path, bits: int) -> None:
    stored = STORED % 2**bits
    picture = Image.fromarray(stored, "P")
    picture.putpalette(RED_AND_GREEN[: 3 * 2**bits])
    picture.save(tmp_path / "a.png", bits=bits, transparency=bytes(2**bits))
    np.testing.assert_array_equal(read_single_channel(tmp_path / "a.png").values, stored)


def test_sixteen_bits(tmp_path: Path) -> None:
    stored = STORED.astype(np.uint16) * 21845
    Image.fromarray(stored).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_single_channel(tmp_path / "a.png").values, stored)


@pytest.mark.parametrize("colours", [2, 3, 4])
def test_equal_channels_and_one_opacity_are_one_number(tmp_path: Path, colours: int) -> None:
    opacity = [np.full_like(STORED, 255)] if colours != 3 else []
    channels = [STORED] * (colours - len(opacity)) + opacity
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(np.dstack(channels)))
    np.testing.assert_array_equal(read_single_channel(tmp_path / "a.png").values, STORED)


@pytest.mark.parametrize("factors", [(1, 2, 1), (1, 2)])
def test_what_colours_or_opacity_say_is_refused(tmp_path: Path, factors: tuple[int, ...]) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(imagecodecs.png_encode(np.dstack([STORED * factor for factor in factors])))
    with pytest.raises(ImageError, match=r"has channels.*with a palette"):
        read_single_channel(path)


def test_every_channel_counts() -> None:
    values = np.stack([STORED, STORED, STORED, STORED * 2, STORED], axis=-1)
    with pytest.raises(ImageError, match=r"has channels"):
        single_channel(xr.DataArray(values, dims=["y", "x", "c"]), Path("a"))


def test_an_animation_holds_no_labels(tmp_path: Path) -> None:
    frames = [Image.fromarray(STORED + n, "P") for n in range(3)]
    for each in frames:
        each.putpalette(RED_AND_GREEN)
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(FormatError, match="animation"):
        read_single_channel(tmp_path / "a.gif")
