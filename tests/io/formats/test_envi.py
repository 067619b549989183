"""ENVI: a header and its raw file are one image, in every arrangement, or a clear error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import graticule as gt
from graticule.core import step_of
from graticule.core.errors import FormatError
from graticule.core.image import is_lazy
from graticule.io import content_hash, read
from graticule.io.studies import study

CUBE = (np.arange(4 * 5 * 6).reshape(4, 5, 6) * 37 % 101).astype(np.int16)
AXES = {"bsq": (0, 1, 2), "bil": (1, 0, 2), "bip": (1, 2, 0)}
CODES = {"u1": 1, "i2": 2, "i4": 3, "f4": 4, "f8": 5, "c8": 6, "c16": 9, "u2": 12, "u4": 13,
         "i8": 14, "u8": 15}  # fmt: skip


def save(
    path: Path,
    cube: Any = CUBE,
    interleave: str = "bsq",
    order: int = 0,
    data: str = ".img",
    **keys: object,
) -> Path:
    """Write a cube of bands, lines and samples, and return its header."""
    bands, lines, samples = cube.shape
    stored = cube.astype(cube.dtype.newbyteorder("<>"[order])).transpose(
        AXES.get(interleave, (0, 1, 2))
    )
    path.with_suffix(data).write_bytes(stored.tobytes())
    said = {
        "samples": samples, "lines": lines, "bands": bands,
        "data type": CODES[cube.dtype.str[1:]], "interleave": interleave, "byte order": order,
        **{key.replace("_", " "): value for key, value in keys.items()},
    }  # fmt: skip
    lines_of = [f"{key} = {value}" for key, value in said.items() if value is not None]
    path.write_text("\n".join(["ENVI", "description = {a test,\n of = two lines}", *lines_of]))
    return path


@pytest.mark.parametrize("interleave", AXES)
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("code", CODES)
def test_every_type_order_and_interleave(
    tmp_path: Path, code: str, order: int, interleave: str
) -> None:
    cube = CUBE.astype(code)
    image = read(save(tmp_path / "a.hdr", cube, interleave, order))
    assert image.dims == ("band", "y", "x")
    assert is_lazy(image)
    assert image.dtype == np.dtype(code)
    np.testing.assert_array_equal(image.values, cube)
    np.testing.assert_array_equal(image[1:3, 2, ::2].values, cube[1:3, 2, ::2])


@pytest.mark.parametrize("data", [".img", ".dat", ".raw", ".bsq", ".IMG", ""])
def test_either_file_is_the_image_and_a_folder_holds_it_once(tmp_path: Path, data: str) -> None:
    header = save(tmp_path / "a.hdr", data=data)
    raw = header.with_suffix(data)
    np.testing.assert_array_equal(read(raw).values, read(header).values)
    images = study(tmp_path)
    assert [each.path.name for each in images] == ["a.hdr"]
    assert [why for _, why in images.skipped] == ["part of a.hdr"]


def test_a_header_may_be_called_after_the_whole_name(tmp_path: Path) -> None:
    header = save(tmp_path / "a.hdr")
    header.rename(tmp_path / "a.img.hdr")
    for name in ("a.img", "a.img.hdr"):
        np.testing.assert_array_equal(read(tmp_path / name).values, CUBE)


def test_the_hash_is_of_both_files(tmp_path: Path) -> None:
    header = save(tmp_path / "a.hdr")
    before = content_hash(header)
    with (tmp_path / "a.img").open("r+b") as file:
        file.write(b"\7")
    assert content_hash(header) != before


def test_wavelengths_names_widths_and_bad_bands_are_coordinates(tmp_path: Path) -> None:
    image = read(
        save(
            tmp_path / "a.hdr",
            wavelength="{400.5, 500,\n600 , 900}",
            wavelength_units="Nanometers",
            fwhm="{10, 10, 10, 10}",
            bbl="{1, 0, 1, 1}",
            band_names="{blue, green, red, infrared}",
        )
    )
    assert image.dims == ("wavelength", "y", "x")
    assert image.wavelength.values.tolist() == [400.5, 500, 600, 900]
    assert image.wavelength.attrs["units"] == "nm"
    assert image.fwhm.values.tolist() == [10.0] * 4
    assert image.good.values.tolist() == [True, False, True, True]
    assert image.band.values.tolist() == ["blue", "green", "red", "infrared"]
    assert image.attrs["header"]["description"] == "a test,\n of = two lines"


@pytest.mark.parametrize(
    ("units", "dim", "unit"),
    [
        ("Micrometers", "wavelength", "um"),
        ("Unknown", "wavelength", None),
        ("Wavenumber", "wavenumber", "1/cm"),
        ("GHz", "frequency", "GHz"),
        ("Index", "band", None),
    ],
)
def test_units_of_the_spectrum(tmp_path: Path, units: str, dim: str, unit: str | None) -> None:
    header = save(tmp_path / "a.hdr", wavelength="{1, 2, 3, 4}", wavelength_units=units)
    image = read(header)
    assert image.dims[0] == dim
    assert image[dim].attrs.get("units") == unit
    assert not image.attrs.get("notes")


def test_what_is_odd_is_left_out_and_noted(tmp_path: Path) -> None:
    header = save(
        tmp_path / "a.hdr", wavelength="{1, 2, 3}", fwhm="{a, b}", band_names="{one}",
        reflectance_scale_factor=10000,
    )  # fmt: skip
    image = read(header)
    assert image.dims == ("band", "y", "x")
    told = " ".join(image.attrs["notes"])
    for words in ("wavelength has 3 numbers; there are 4 bands", "fwhm has no numbers",
                  "names 1 bands; there are 4", "divided by 10000"):  # fmt: skip
        assert words in told


def test_a_map_gives_places_in_the_middle_of_pixels(tmp_path: Path) -> None:
    said = "{UTM, 1.0, 1.0, 500000, 4000000, 30, 20, 33, North, WGS-84, units=Meters}"
    image = read(save(tmp_path / "a.hdr", map_info=said))
    assert image.x.values[:2].tolist() == [500015, 500045]
    assert image.y.values[:2].tolist() == [3999990, 3999970]
    assert step_of(image, "x") == (30.0, "m")
    turned = said.replace("}", ", rotation=30}")
    image = read(save(tmp_path / "b.hdr", map_info=turned))
    assert step_of(image, "y") == (20.0, "m")
    assert "turned against its map" in image.attrs["notes"][0]


def test_a_value_that_stands_for_none_is_nan_but_in_labels(tmp_path: Path) -> None:
    header = save(tmp_path / "a.hdr", data_ignore_value=0)
    image = read(header)
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image.values, np.where(CUBE == 0, np.nan, CUBE))
    assert read(header, labels=True).dtype == np.int16
    classes = save(tmp_path / "b.hdr", data_ignore_value=0, file_type="ENVI Classification")
    assert read(classes).dtype == np.int16


def test_one_band_is_a_plane(tmp_path: Path) -> None:
    for interleave in AXES:
        image = read(save(tmp_path / f"{interleave}.hdr", CUBE[:1], interleave))
        assert image.dims == ("y", "x")
        np.testing.assert_array_equal(image.values, CUBE[0])


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"lines": 6}, "ends early: its header promises 288 bytes and there are 240"),
        ({"samples": 10**15}, "ends early"),
        ({"header_offset": 1}, "ends early"),
        ({"samples": 0}, "samples = 0"),
        ({"bands": "four"}, "bands = 'four'"),
        ({"lines": None}, "does not say lines"),
        ({"data_type": 7}, "data type = 7, which is none of 1 (u1)"),
        ({"data_type": None}, "does not say data type"),
        ({"byte_order": None}, "does not say byte order"),
        ({"byte_order": 2}, "neither 0 nor 1"),
        ({"interleave": "tiled"}, "none of bsq, bil, bip"),
        ({"file_compression": 1}, "compressed"),
        ({"major_frame_offsets": "{4, 0}"}, "bytes between its values"),
        ({"wavelength": "{1, 2"}, "ends within the braces of wavelength"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path: Path, keys: dict[str, Any], words: str) -> None:
    with pytest.raises(FormatError) as told:
        read(save(tmp_path / "a.hdr", **keys))
    assert words in str(told.value)
    assert "a.hdr" in str(told.value)


def test_bytes_after_the_values_are_noted(tmp_path: Path) -> None:
    header = save(tmp_path / "a.hdr")
    with (tmp_path / "a.img").open("ab") as file:
        file.write(b"more")
    assert "a.img holds 4 bytes after its values" in read(header).attrs["notes"][0]


def test_a_header_alone_or_with_two_files_says_the_way_out(tmp_path: Path) -> None:
    header = save(tmp_path / "a.hdr")
    (tmp_path / "a.dat").write_bytes((tmp_path / "a.img").read_bytes())
    with pytest.raises(FormatError, match=r"beside it are a\.dat and a\.img.*name the one"):
        read(header)
    np.testing.assert_array_equal(read(tmp_path / "a.dat").values, CUBE)
    (tmp_path / "a.dat").unlink()
    (tmp_path / "a.img").unlink()
    with pytest.raises(FormatError, match="no file of values is beside it"):
        read(header)


def test_a_raw_file_of_another_format_is_left_alone(tmp_path: Path) -> None:
    path = gt.write(tmp_path / "a.tif", CUBE[0])
    save(tmp_path / "a.hdr")
    assert read(path).shape == (5, 6)
    (tmp_path / "b.dat").write_bytes(b"\1\2\3")
    (tmp_path / "b.hdr").write_text("no header of that kind")
    with pytest.raises(FormatError, match="of no known format"):
        read(tmp_path / "b.dat")
