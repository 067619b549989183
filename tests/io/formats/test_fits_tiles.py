"""Tile-compressed FITS: as astropy reads what is good, and refused where it is not."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from graticule.core.errors import FormatError
from graticule.io import read

RNG = np.random.default_rng(3)
WHOLE = {
    "u1": RNG.integers(0, 200, (37, 41), "u1"),
    "i2": RNG.integers(-3000, 3000, (37, 41), "i2"),
    "u2": RNG.integers(0, 60000, (37, 41), "u2"),
    "i4": RNG.integers(-(2**20), 2**20, (37, 41), "i4"),
    "cube": RNG.integers(0, 900, (4, 37, 41), "i2"),
    "steps": np.repeat(np.arange(37, dtype="i4")[:, None] * 1000, 41, axis=1),
}
FLOATS = {
    "f4": RNG.normal(100, 5, (37, 41)).astype("f4"),
    "f8": RNG.normal(-3, 5, (37, 41)),
    "holed": np.where(RNG.random((37, 41)) < 0.1, np.nan, RNG.normal(9, 2, (37, 41))).astype("f4"),
    "zeros": np.where(RNG.random((37, 41)) < 0.3, 0, RNG.normal(9, 2, (37, 41))).astype("f4"),
    "constant": np.full((37, 41), 3.5, "f4"),
    "wild": (10.0 ** RNG.uniform(-30, 30, (37, 41))).astype("f4"),
}
TYPES = ("RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1", "PLIO_1", "NOCOMPRESS")


def packed(path: Path, values: Any, kind: str, **how: Any) -> Path:
    hdu = fits.CompImageHDU(values, compression_type=kind, **how)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)
    return path


def assert_as_astropy(path: Path) -> None:
    expected = fits.getdata(path, 1)
    image = read(path)
    assert image.dtype == expected.dtype.newbyteorder("=")
    np.testing.assert_array_equal(image.values, expected)
    part = tuple(slice(size // 3, size - 2) for size in expected.shape)
    np.testing.assert_array_equal(image[part].values, expected[part])


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("tile", [None, (11, 12), (37, 41)])
def test_whole_numbers_as_astropy_reads_them(
    tmp_path: Path, kind: str, name: str, tile: tuple[int, ...] | None
) -> None:
    values = WHOLE[name]
    if kind == "PLIO_1":
        if values.dtype.kind == "u" and values.itemsize > 1:
            pytest.skip("astropy writes no such PLIO")
        values = np.abs(values) % 100  # of larger noise astropy overruns its buffer
    if tile is not None:
        tile = (1,) * (values.ndim - 2) + tile
    assert_as_astropy(packed(tmp_path / "a.fits", values, kind, tile_shape=tile))


@pytest.mark.parametrize("kind", ["RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1", "NOCOMPRESS"])
@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("method", [-1, 1, 2])
@pytest.mark.parametrize("level", [16, 0, -0.01])
@pytest.mark.filterwarnings("ignore")
def test_floats_as_astropy_reads_them(
    tmp_path: Path, kind: str, name: str, method: int, level: float
) -> None:
    if level == 0 and kind in ("RICE_1", "HCOMPRESS_1"):
        pytest.skip("these pack no floats as they are")
    how = {"quantize_method": method, "quantize_level": level, "dither_seed": 9990}
    assert_as_astropy(packed(tmp_path / "a.fits", FLOATS[name], kind, **how))


@pytest.mark.parametrize("smooth", [0, 1])
@pytest.mark.parametrize("scale", [0, -3, -40])
def test_lossy_hcompress_as_astropy_reads_it(tmp_path: Path, smooth: int, scale: float) -> None:
    values = WHOLE["i2"] + np.arange(41, dtype="i2") * 50
    how = {"hcomp_scale": scale, "hcomp_smooth": smooth, "tile_shape": (37, 41)}
    assert_as_astropy(packed(tmp_path / "a.fits", values, "HCOMPRESS_1", **how))


def test_a_file_that_is_zipped_besides(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.fits", WHOLE["i2"], "RICE_1")
    (tmp_path / "b").write_bytes(gzip.compress(path.read_bytes()))
    np.testing.assert_array_equal(read(tmp_path / "b").values, WHOLE["i2"])


def changed(path: Path, keyword: str, value: Any) -> Path:
    """Change a card of the table of a compressed image, as no writer would."""
    content = path.read_bytes()
    at = content.index(b"XTENSION")
    while not content[at : at + 80].startswith(f"{keyword:8}=".encode()):
        at += 80
    card = f"{keyword:8}= {value!s:>20}".encode().ljust(80)
    path.write_bytes(content[:at] + card + content[at + 80 :])
    return path


@pytest.mark.parametrize(
    ("kind", "keyword", "value"),
    [
        ("HCOMPRESS_1", "ZTILE2", 7),
        ("HCOMPRESS_1", "PCOUNT", 9),
        ("HCOMPRESS_1", "ZNAXIS2", 2**31),
        ("RICE_1", "ZVAL2", 100000),
        ("RICE_1", "ZVAL2", 8),
        ("RICE_1", "ZVAL1", 0),
        ("RICE_1", "ZVAL1", -32),
        ("RICE_1", "ZNAXIS1", 2**40),
        ("RICE_1", "ZBITPIX", 24),
        ("RICE_1", "NAXIS1", 2),
        ("RICE_1", "TFIELDS", 0),
        ("RICE_1", "THEAP", 10**6),
        ("PLIO_1", "ZNAXIS", 999),
        ("GZIP_2", "ZTILE2", -1),
        ("GZIP_1", "TFORM1", "'1QB(40)'"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(
    tmp_path: Path, kind: str, keyword: str, value: Any
) -> None:
    path = packed(tmp_path / "a.fits", np.abs(WHOLE["i4"]) % 1000, kind)
    if keyword == "THEAP":
        keyword = "GCOUNT"
        content = path.read_bytes().replace(b"GCOUNT  =", b"THEAP   =")
        path.write_bytes(content)
        keyword = "THEAP"
    with pytest.raises(FormatError):
        _ = read(changed(path, keyword, value)).values


@pytest.mark.parametrize("kind", TYPES)
def test_damage_within_a_stream_is_an_image_or_a_typed_error(tmp_path: Path, kind: str) -> None:
    path = packed(tmp_path / "a.fits", np.abs(WHOLE["i4"]) % 1000, kind, tile_shape=(37, 41))
    content = path.read_bytes()
    begin = len(content) // 2880 * 2880 - 2880
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(content)
        damaged[int(rng.integers(begin, begin + 900))] = int(rng.integers(0, 256))
        path.write_bytes(damaged)
        with contextlib.suppress(FormatError):
            _ = read(path).values


def test_a_stream_that_is_said_to_be_shorter_is_refused(tmp_path: Path) -> None:
    for kind in ("RICE_1", "GZIP_1", "GZIP_2", "NOCOMPRESS"):
        path = packed(tmp_path / "a.fits", WHOLE["i4"], kind, tile_shape=(37, 41))
        with fits.open(path, disable_image_compression=True) as hdus:
            at = hdus[1].fileinfo()["datLoc"]
        content = bytearray(path.read_bytes())
        count = int.from_bytes(content[at : at + 4], "big")
        content[at : at + 4] = (count - 40).to_bytes(4, "big")
        path.write_bytes(content)
        with pytest.raises(FormatError):
            _ = read(path).values


def test_a_scale_of_all_tiles_may_stand_in_the_header(tmp_path: Path) -> None:
    how = {"quantize_level": -0.01, "tile_shape": (37, 41)}
    path = packed(tmp_path / "a.fits", FLOATS["f4"], "RICE_1", **how)
    expected = fits.getdata(path, 1)
    with fits.open(path, disable_image_compression=True) as hdus:
        scale, zero = (hdus[1].data[name][0] for name in ("ZSCALE", "ZZERO"))
    content = path.read_bytes().replace(b"'ZSCALE  '", b"'ASCALE  '")
    content = content.replace(b"'ZZERO   '", b"'AZERO   '")
    for old, name, value in (("ZNAME3", "ZSCALE", scale), ("ZVAL3", "ZZERO", zero)):
        at = content.index(f"{old:8}=".encode())
        card = f"{name:8}= {float(value)!r:>20}".encode().ljust(80)
        content = content[:at] + card + content[at + 80 :]
    path.write_bytes(content)
    np.testing.assert_array_equal(read(path).values, expected)


def test_blocks_of_floats_are_the_same_in_any_number_of_threads(tmp_path: Path) -> None:
    how = {"quantize_method": 2, "dither_seed": 77, "tile_shape": (11, 41)}
    path = packed(tmp_path / "a.fits", FLOATS["zeros"], "HCOMPRESS_1", **how)
    image = read(path).chunk({"y": 11})
    for _ in range(5):
        found = image.compute(scheduler="threads", num_workers=4)
        np.testing.assert_array_equal(found.values, fits.getdata(path, 1))
