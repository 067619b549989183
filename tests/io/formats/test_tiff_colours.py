"""What samples of a TIFF stand for: palettes, inks, Lab, opacity; turned pages; missing values."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

import graticule as gt
from graticule.core.errors import FormatError
from graticule.io import levels, read
from graticule.io.formats._tiff_colours import from_ycbcr

RANDOM = np.random.default_rng(3)


def bytes_of(*shape: int, dtype: Any = np.uint8) -> Any:
    return RANDOM.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize(("scale", "dtype"), [(257, "u1"), (256, "u1"), (1, "u1"), (250, "u2")])
def test_a_palette_names_colours(tmp_path: Path, scale: int, dtype: str) -> None:
    numbers = bytes_of(3, 40, 50)
    palette = bytes_of(3, 256).astype(np.uint16) * scale
    palette[:, 0] = 255 * scale
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        for page in numbers:
            tif.write(page, photometric="palette", colormap=palette, compression="zlib",
                      rowsperstrip=7, metadata=None)  # fmt: skip
    image = read(tmp_path / "a.tif")
    expected = np.moveaxis(palette // (scale if dtype == "u1" else 1), 0, -1)[numbers]
    assert (image.dims, image.dtype) == (("z", "y", "x", "c"), np.dtype(dtype))
    np.testing.assert_array_equal(image.values, expected)
    np.testing.assert_array_equal(image[1:, 5:9, 6:, 1].values, expected[1:, 5:9, 6:, 1])
    assert "palette" in image.attrs["notes"][0]
    stored = read(tmp_path / "a.tif", labels=True)
    np.testing.assert_array_equal(stored.values, numbers)


def test_palettes_of_greys_of_displays_and_of_each_page(tmp_path: Path) -> None:
    numbers = bytes_of(2, 10, 12)
    ramp = np.tile(np.arange(256)[::-1] * 257, (3, 1)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "grey.tif", numbers[0], photometric="palette", colormap=ramp)
    np.testing.assert_array_equal(read(tmp_path / "grey.tif").values, 255 - numbers[0])

    fire = bytes_of(3, 256, dtype=np.uint16)
    tifffile.imwrite(tmp_path / "ij.tif", numbers, imagej=True, colormap=fire)
    np.testing.assert_array_equal(read(tmp_path / "ij.tif").values, numbers)

    with tifffile.TiffWriter(tmp_path / "two.tif") as tif:
        for page, palette in zip(numbers, (ramp, fire), strict=True):
            tif.write(page, photometric="palette", colormap=palette, metadata=None)
    image = read(tmp_path / "two.tif")
    np.testing.assert_array_equal(image.values, numbers)
    assert "as stored" in "".join(image.attrs["notes"])


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("compression", [None, "lzw"])
def test_inks_become_colours(tmp_path: Path, planar: str, compression: str | None) -> None:
    from PIL import Image

    inks = bytes_of(20, 30, 4)
    stored = inks if planar == "contig" else np.moveaxis(inks, -1, 0)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="separated", planarconfig=planar,
                     compression=compression, metadata=None)  # fmt: skip
    image = read(tmp_path / "a.tif")
    expected = np.asarray(Image.fromarray(inks, "CMYK").convert("RGB")).astype(int)
    got = image.transpose("y", "x", "c")
    assert got.shape == (20, 30, 3)
    assert np.abs(got.values - expected).max() <= 1
    np.testing.assert_array_equal(got[3:5, 7:9, 2].values, got.values[3:5, 7:9, 2])
    assert "CMYK" in image.attrs["notes"][0]


def test_wide_inks_and_inks_that_are_no_cmyk(tmp_path: Path) -> None:
    inks = np.zeros((4, 6, 4), np.uint16)
    inks[..., 3] = 65535 // 5
    tifffile.imwrite(tmp_path / "a.tif", inks, photometric="separated", metadata=None)
    assert (read(tmp_path / "a.tif").values == 65535 - 65535 // 5).all()
    tifffile.imwrite(tmp_path / "b.tif", inks, photometric="separated", metadata=None,
                     extratags=[(332, "H", 1, 2, True)])  # fmt: skip
    image = read(tmp_path / "b.tif")
    np.testing.assert_array_equal(image.values, inks)
    assert "inks other than CMYK" in image.attrs["notes"][0]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", ["cielab", "icclab"])
def test_lab_becomes_rgb(tmp_path: Path, dtype: type, kind: str) -> None:
    from skimage.color import lab2rgb, rgb2lab

    rgb = RANDOM.random((16, 24, 3))
    most, width = np.iinfo(dtype).max, np.dtype(dtype).itemsize * 8
    light, *chroma = np.moveaxis(rgb2lab(rgb), -1, 0)
    if kind == "cielab":
        chroma = [np.rint(each * 2 ** (width - 8)).astype(f"i{width // 8}") for each in chroma]
    else:
        chroma = [np.rint((each + 128) * (257 if width == 16 else 1)) for each in chroma]
    stored = np.dstack([np.rint(light / 100 * most).astype(dtype),
                        *(each.astype(dtype) for each in chroma)])  # fmt: skip
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric=kind, metadata=None)
    image = read(tmp_path / "a.tif")
    assert image.dtype == dtype
    error = np.abs(image.values / most - rgb).max()
    assert error < (0.1 if dtype is np.uint8 else 1e-3)
    assert lab2rgb(rgb2lab(rgb)) == pytest.approx(rgb, abs=1e-5)
    white = np.zeros((4, 4, 3), dtype)
    white[..., 0], white[..., 1:] = most, 0 if kind == "cielab" else 128 * (257 if width > 8 else 1)
    tifffile.imwrite(tmp_path / "w.tif", white, photometric=kind, metadata=None)
    assert read(tmp_path / "w.tif").values.min() >= most * 0.999


def test_ycbcr_without_jpeg_becomes_rgb(tmp_path: Path) -> None:
    from PIL import Image

    rgb = np.array(Image.effect_mandelbrot((30, 20), (-2, -1, 1, 1), 40).convert("RGB"))
    rgb[..., 1] //= 2
    stored = np.asarray(Image.fromarray(rgb).convert("YCbCr"))
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="ycbcr", compression="zlib",
                     subsampling=(1, 1), metadata=None)  # fmt: skip
    image = read(tmp_path / "a.tif")
    assert np.abs(image.values.astype(int) - rgb).max() <= 2


def test_subsampled_ycbcr_is_read_by_pillow(tmp_path: Path) -> None:
    from PIL import Image

    y, x = np.mgrid[:32, :48]
    rgb = np.dstack([y * 4, x * 4, y + x]).astype(np.uint8)
    Image.fromarray(rgb).convert("YCbCr").save(tmp_path / "a.tif", compression="tiff_lzw")
    image = read(tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as picture:
        np.testing.assert_array_equal(image.values, np.asarray(picture.convert("RGB")))


def test_jpeg_of_ycbcr_is_rgb(tmp_path: Path) -> None:
    y, x = np.mgrid[:64, :96]
    rgb = np.dstack([y * 3, x * 2, 255 - y]).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", rgb, photometric="rgb", compression="jpeg",
                     tile=(32, 32), metadata=None)  # fmt: skip
    image = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.values, tifffile.imread(tmp_path / "a.tif"))
    assert np.abs(image.values.astype(int) - rgb).mean() < 3


def test_white_zero_is_told(tmp_path: Path) -> None:
    values = bytes_of(8, 9)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="miniswhite")
    image = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.values, values)
    assert "MinIsWhite" in image.attrs["notes"][0]


def test_opacity_is_not_averaged_into_grey(tmp_path: Path) -> None:
    values = np.zeros((8, 9, 2), np.uint8)
    values[..., 0], values[..., 1] = 100, 255
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack",
                     planarconfig="contig", extrasamples=["unassalpha"])  # fmt: skip
    image = read(tmp_path / "a.tif")
    assert image["c"].values.tolist() == ["grey", "opacity"]
    assert (gt.transform.grey(image).values == 100).all()
    values = np.dstack([values, values[..., 1]])
    tifffile.imwrite(tmp_path / "b.tif", values, photometric="minisblack",
                     planarconfig="contig", extrasamples=["unassalpha", "unspecified"])  # fmt: skip
    image = read(tmp_path / "b.tif")
    assert image["c"].values.tolist() == ["grey", "opacity", "sample 2"]
    assert (gt.transform.grey(image).values == (100 + 255) / 2).all()


@pytest.mark.parametrize(
    ("extra", "told"),
    [(["assocalpha"], "multiplied by the opacity"), (["unspecified"], "no opacity")],
)
def test_a_fourth_sample_is_told(tmp_path: Path, extra: list, told: str) -> None:
    values = bytes_of(8, 9, 4)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", extrasamples=extra)
    image = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.values, values)
    assert told in image.attrs["notes"][0]


def as_shown(values: Any, orientation: int) -> Any:
    """Turn an image by the words of TIFF 6.0: where its row 0 and its column 0 are."""
    turns = {
        1: lambda v: v, 2: np.fliplr, 3: lambda v: np.rot90(v, 2), 4: np.flipud,
        5: lambda v: v.swapaxes(0, 1), 6: lambda v: np.rot90(v, -1),
        7: lambda v: np.rot90(v, 2).swapaxes(0, 1), 8: np.rot90,
    }  # fmt: skip
    return turns[orientation](values)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_turned_pages_are_upright(
    tmp_path: Path, orientation: int, compression: str | None
) -> None:
    values = bytes_of(20, 30, 3)
    tag = (274, "H", 1, orientation, True)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb", compression=compression,
                     rowsperstrip=6, resolution=(1000, 500), resolutionunit=3, metadata=None,
                     extratags=[tag])  # fmt: skip
    image = read(tmp_path / "a.tif")
    expected = as_shown(values, orientation)
    np.testing.assert_array_equal(image.values, expected)
    np.testing.assert_array_equal(image[3:17, 4:11, 1].values, expected[3:17, 4:11, 1])
    steps = [float(image[dim][1]) for dim in "yx"]
    assert steps == pytest.approx([20, 10] if orientation < 5 else [10, 20])
    told = any("upright" in note for note in image.attrs.get("notes", []))
    assert told == (orientation > 1)
    assert levels(tmp_path / "a.tif") == [dict(image.sizes)]


def test_pages_turned_differently_are_told(tmp_path: Path) -> None:
    values = bytes_of(2, 20, 30)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        for page, orientation in zip(values, (1, 3), strict=True):
            tif.write(page, metadata=None, extratags=[(274, "H", 1, orientation, True)])
    image = read(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.values, values)
    assert "orientation 1, 3" in image.attrs["notes"][0]


@pytest.mark.parametrize(
    ("dtype", "text", "result"),
    [
        ("u1", "7", "f4"), ("i2", "-9", "f4"), ("i4", "-9", "f8"), ("u2", " 7 ", "f4"),
        ("f4", "-9", "f4"), ("f8", "-9.5", "f8"), ("f4", "nan", "f4"),
        ("u1", "-9", "u1"), ("u1", "nan", "u1"), ("i2", "7.5", "i2"), ("u1", "none", "u1"),
        ("u1", "inf", "u1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_missing_values_are_nan(
    tmp_path: Path, dtype: str, text: str, result: str, compression: str | None
) -> None:
    values = np.arange(-20, 60).reshape(8, 10).astype(dtype)
    missing = np.zeros(values.shape, bool)
    if result[0] == "f" and text != "nan":
        values[2, 3] = float(text)
        missing = values == float(text)
        assert missing.any()
    tifffile.imwrite(tmp_path / "a.tif", values, compression=compression, metadata=None,
                     extratags=[(42113, "s", 0, text, True)])  # fmt: skip
    image = read(tmp_path / "a.tif")
    assert image.dtype == result
    np.testing.assert_array_equal(image.values, np.where(missing, np.nan, values))
    assert (text == "nan" and dtype == "f4") or "GDAL_NODATA" in image.attrs["notes"][0]


def test_a_missing_value_is_none_of_colours_and_labels(tmp_path: Path) -> None:
    numbers, palette = bytes_of(8, 9), bytes_of(3, 256).astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "a.tif", numbers, photometric="palette", colormap=palette,
                     metadata=None, extratags=[(42113, "s", 0, "255", True)])  # fmt: skip
    for labels, dims in ((False, ("y", "x", "c")), (True, ("y", "x"))):
        image = read(tmp_path / "a.tif", labels=labels)
        assert (image.dims, image.dtype) == (dims, np.uint8)
        assert any("255 is not masked" in note for note in image.attrs["notes"])


@pytest.mark.parametrize(("kind", "power"), [(2, 2), (128, 1)])
def test_gels_have_a_scale(tmp_path: Path, kind: int, power: int) -> None:
    values = bytes_of(8, 9, dtype=np.uint16)
    tags = [(33445, "I", 1, kind, True), (33446, "2I", 1, (3, 8), True)]
    tifffile.imwrite(tmp_path / "a.gel", values, metadata=None, extratags=tags)
    image = read(tmp_path / "a.gel")
    with tifffile.TiffFile(tmp_path / "a.gel") as tif:
        expected = tif.series[0].transform(values)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image.values, expected, rtol=1e-6)
    np.testing.assert_allclose(expected, values.astype(float) ** power * 3 / 8, rtol=1e-6)


def test_a_page_of_another_kind_among_many(tmp_path: Path) -> None:
    values = bytes_of(20, 16, 24, dtype=np.uint16)
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        for number, page in enumerate(values):
            compression = "lzw" if number == 11 else "zlib"
            tif.write(page, compression=compression, metadata=None)
    np.testing.assert_array_equal(read(tmp_path / "a.tif").values, values)
    with tifffile.TiffWriter(tmp_path / "b.tif") as tif:
        for number, page in enumerate(values):
            tif.write(page.view(np.int16) if number == 11 else page, metadata=None)
    with pytest.raises(FormatError, match="holds 2 images"):
        read(tmp_path / "b.tif")
    assert read(tmp_path / "b.tif/0").shape == (19, 16, 24)
    np.testing.assert_array_equal(read(tmp_path / "b.tif/1").values, values[11].view(np.int16))


@pytest.mark.parametrize("photometric", ["palette", "separated", "cielab"])
def test_what_turns_colours_goes_to_other_processes(tmp_path: Path, photometric: str) -> None:
    samples = {"palette": (), "separated": (4,), "cielab": (3,)}[photometric]
    options = {"colormap": bytes_of(3, 256, dtype=np.uint16)} if photometric == "palette" else {}
    tags = [(274, "H", 1, 8, True)]
    tifffile.imwrite(tmp_path / "a.tif", bytes_of(20, 30, *samples), photometric=photometric,
                     metadata=None, extratags=tags, **options)  # fmt: skip
    image = read(tmp_path / "a.tif")
    again = pickle.loads(pickle.dumps(image))  # noqa: S301  our own
    np.testing.assert_array_equal(again.values, image.values)
    assert again.data.name == read(tmp_path / "a.tif").data.name


def test_luminance_reaches_white() -> None:
    reference = (16.0, 235.0, 128.0, 240.0, 128.0, 240.0)
    values = np.array([[[235, 128, 128], [16, 128, 128], [255, 128, 128]]], np.uint8)
    rgb = from_ycbcr(values, (0.299, 0.587, 0.114), reference)
    assert rgb[..., 0].tolist() == rgb[..., 1].tolist() == [[255, 0, 255]]
