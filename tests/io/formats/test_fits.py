"""FITS: what headers say of scaling and axes."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from astropy.io import fits

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.core.settings import settings
from graticule.io import read, write


def save(path: Path, values: np.ndarray, **cards: object) -> Path:
    hdu = fits.PrimaryHDU(values)
    for key, value in cards.items():
        hdu.header[key] = value
    hdu.writeto(path)
    return path


@pytest.mark.parametrize("code", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"])
def test_every_type_as_astropy_reads_it(tmp_path: Path, code: str) -> None:
    info = np.iinfo(code) if code[0] in "iu" else np.finfo(code)
    values = np.array([[info.min, 0, 1, info.max]], code)
    image = read(save(tmp_path / "a", values))
    np.testing.assert_array_equal(image.values, values)
    assert image.dtype == np.dtype(code)


@pytest.mark.parametrize("code", ["i2", "i4"])
def test_scaling_and_blank_as_astropy_reads_them(tmp_path: Path, code: str) -> None:
    path = tmp_path / "a"
    save(path, np.arange(12, dtype=code).reshape(3, 4), BSCALE=0.5, BZERO=10.0, BLANK=7)
    content = path.read_bytes()
    assert b"BSCALE" in content
    with fits.open(path) as hdus:
        expected = np.asarray(hdus[0].data, dtype=np.float64)
    image = read(path)
    np.testing.assert_array_equal(image.values, expected)
    assert np.isnan(image.values).sum() == 1
    assert image.dtype == (np.float32 if code == "i2" else np.float64)


def test_axis_keywords_become_positions(tmp_path: Path) -> None:
    cards = {"CTYPE1": "DISTANCE", "CDELT1": 0.348, "CUNIT1": "Mm", "CRPIX1": 1.0, "CRVAL1": 2.0,
             "CTYPE2": "TIME", "CDELT2": 45.0, "CUNIT2": "s", "BUNIT": "m/s"}  # fmt: skip
    image = read(save(tmp_path / "a", np.zeros((4, 6), np.float32), **cards))
    assert image.dims == ("time", "distance")
    np.testing.assert_allclose(image.distance.values[:2], [2.0, 2.348])
    assert image.time.attrs == {"units": "s"}
    assert image.attrs["units"] == "m/s"
    assert image.attrs["header"]["CDELT1"] == 0.348


@pytest.mark.parametrize(
    ("kind", "dim"),
    [("WAVE", "wavelength"), ("AWAV-GRI", "wavelength"), ("FREQ-LSR", "frequency"),
     ("VELO-LSR", "velocity"), ("VOPT-W2F", "velocity"), ("ENER", "energy"), ("WAVN", "wavenumber"),
     ("STOKES", "stokes"), ("Wavelength", "wavelength"), ("ENERGY", "energy"), ("TOF", "tof"),
     ("TIME", "time"), ("TDB", "time"), ("X", "x"), ("POTATO", "potato"), ("Potato", "Potato")],
)  # fmt: skip
def test_an_axis_is_called_by_the_word_of_the_field(tmp_path: Path, kind: str, dim: str) -> None:
    cube = np.zeros((2, 4, 6), np.float32)
    image = read(save(tmp_path / "a", cube, CTYPE1="RA---TAN", CTYPE2="DEC--TAN", CTYPE3=kind))
    assert image.dims == (dim if dim != "x" else "z", "y", "x")


def test_celestial_axes_are_x_and_y_in_degrees(tmp_path: Path) -> None:
    cards = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CD1_1": -0.01, "CD2_2": 0.01}
    image = read(save(tmp_path / "a", np.zeros((4, 6), np.float32), **cards))
    assert image.dims == ("y", "x")
    assert image.x.attrs["units"] == "deg"
    assert image.x.values[1] < image.x.values[0]


def test_extensions_by_number_and_name(tmp_path: Path) -> None:
    path = tmp_path / "a"
    science, error = np.ones((3, 4), np.float32), np.zeros((3, 4), np.float32)
    fits.HDUList(
        [fits.PrimaryHDU(), fits.ImageHDU(science, name="SCI"), fits.ImageHDU(error, name="ERR")]
    ).writeto(path)
    with pytest.raises(FormatError, match=r"holds 2 arrays: SCI \(3 x 4\), ERR \(3 x 4\)"):
        read(path)
    for inside, expected in (("1", 1), ("SCI", 1), ("err", 0), ("2", 0)):
        assert float(read(path / inside).values.max()) == expected
    with pytest.raises(FormatError, match=r"no image 'DQ' .*1 \(SCI\), 2 \(ERR\)"):
        read(path / "DQ")


def test_a_header_is_kept_and_what_it_cannot_hold_is_said(tmp_path: Path) -> None:
    header = {"N_COUNTS": 12, "OBSERVER": "Galilei", "long keyword": 1, "NOTE": "µ"}
    image = xr.DataArray(np.eye(3), dims=("y", "x"), attrs={"header": header})
    found = read(write(tmp_path / "a.fits", image)).attrs["header"]
    assert (found["N_COUNTS"], found["OBSERVER"]) == (12, "Galilei")
    with pytest.raises(FormatError, match="ASCII alone; the unit of the values"):
        write(tmp_path / "a.fits", image.assign_attrs(units="µm"))


def test_a_zip_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a", np.zeros((100, 100), np.uint8))
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert read(path).shape == (100, 100)
    monkeypatch.setenv("GRATICULE_MEMORY", "40000")
    settings.cache_clear()
    with pytest.raises(UnsafeFileError, match="would unpack to more than 10 kB"):
        read(path)


@pytest.mark.parametrize(
    ("kind", "stated", "unit"),
    [("solar-x", "", "arcsec"), ("SOLAR_X", "", "arcsec"), ("solar-x", "deg", "deg"),
     ("HPLN-TAN", "", "deg"), ("LINEAR", "", None)],
)  # fmt: skip
def test_an_axis_without_a_unit(tmp_path: Path, kind: str, stated: str, unit: str | None) -> None:
    hdu = fits.PrimaryHDU(np.zeros((3, 4), np.float32))
    hdu.header.update({"CTYPE1": kind, "CDELT1": 1.98})
    if stated:
        hdu.header["CUNIT1"] = stated
    hdu.writeto(tmp_path / "a.fits")
    image = read(tmp_path / "a.fits")
    assert image[image.dims[-1]].attrs.get("units") == unit


def test_real_files(data_dir: Path) -> None:
    hmi = read(data_dir / "solar_fits" / "resampled_hmi.fits")
    assert hmi.dims == ("y", "x")
    assert hmi.x.attrs["units"] == "arcsec"
    assert hmi.attrs["units"] == "DN/s"
    mdi = read(data_dir / "solar_fits" / "fd_V_01h.fits")
    assert mdi.dtype == np.float32
    assert mdi.x.attrs["units"] == "arcsec"
    assert np.isnan(mdi.values).any()
    quake = data_dir / "sunquake_td" / "TD_20110730-M9_3_zscored"
    image = read(quake.with_suffix(".fits"), dims=["time", "distance"])
    np.testing.assert_array_equal(image.values, np.load(quake.with_suffix(".npy")))
    frame = read(data_dir / "neutron_tof" / "Image019_00267.fits")
    assert frame.attrs["header"]["N_COUNTS"] == 7796788


ARCSEC = 1 / 3600
SKY = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 60.0,
       "CRPIX1": 4.0, "CRPIX2": 3.0}  # fmt: skip


def turned_by(degrees: float) -> dict[str, float]:
    """Return the CD matrix of pixels of one arc second, turned."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return {"CD1_1": -ARCSEC * cos, "CD1_2": ARCSEC * sin,
            "CD2_1": ARCSEC * sin, "CD2_2": ARCSEC * cos}  # fmt: skip


@pytest.mark.parametrize(
    "cards",
    [
        {"CDELT1": -ARCSEC, "CDELT2": ARCSEC},
        {"CDELT1": -ARCSEC, "CDELT2": ARCSEC, "CROTA2": 30.0},
        {"PC1_1": -ARCSEC, "PC1_2": 0.0, "PC2_1": 0.0, "PC2_2": ARCSEC, "CDELT1": 1.0},
        {"PC1_1": -ARCSEC, "PC2_2": ARCSEC},
        {**turned_by(0), "CDELT1": 1.0, "CDELT2": 1.0},
        *(turned_by(degrees) for degrees in (1, 30, 90, 135, 180)),
    ],
)
def test_a_pixel_has_the_size_that_astropy_gives_it(tmp_path: Path, cards: dict) -> None:
    from astropy.wcs import WCS
    from astropy.wcs.utils import proj_plane_pixel_scales

    path = save(tmp_path / "a", np.zeros((40, 50), np.int32), **SKY, **cards)
    image = read(path)
    across, up = proj_plane_pixel_scales(WCS(fits.getheader(path)))
    steps = [float(abs(image[dim][1] - image[dim][0])) for dim in ("x", "y")]
    np.testing.assert_allclose(steps, [across, up], rtol=1e-9)
    assert image.x.attrs["units"] == image.y.attrs["units"] == "deg"


def test_positions_follow_the_world_where_the_axes_do(tmp_path: Path) -> None:
    path = save(tmp_path / "a", np.zeros((8, 8), np.int32), **SKY, **turned_by(0))
    assert float(read(path).x[3]) == pytest.approx(150)
    turned = read(save(tmp_path / "b", np.zeros((8, 8), np.int32), **SKY, **turned_by(30)))
    assert float(turned.x[3]) == pytest.approx(0)
    assert "turned by -30 degrees against" in turned.attrs["notes"][0]


@pytest.mark.parametrize("step", [0, "wide", True])
def test_what_is_no_spacing_is_left_out_and_told(tmp_path: Path, step: object) -> None:
    image = read(save(tmp_path / "a", np.zeros((3, 4), np.float32), CDELT1=step))
    assert "x" not in image.coords
    assert "CDELT1" in image.attrs["notes"][0]


def test_one_odd_card_spoils_no_image(tmp_path: Path) -> None:
    path = save(tmp_path / "a", np.ones((6, 8), np.float32), BUNIT="m/s")
    content = bytearray(path.read_bytes())
    end = content.find(b"END".ljust(80))
    content[end : end + 80] = b"EXPTIME = 1,25 / decimal comma".ljust(80)
    content[end + 80 : end + 160] = b"END".ljust(80)
    path.write_bytes(content)
    image = read(path)
    assert (image.shape, image.attrs["units"]) == ((6, 8), "m/s")
    assert "1,25" in image.attrs["header"]["EXPTIME"]
    assert any("EXPTIME" in note for note in image.attrs["notes"])


@pytest.mark.parametrize(
    ("code", "scale"),
    [("u1", 1), ("u1", 0.5), ("i1", 1), ("i2", 1), ("i2", 0.5), ("u2", 1), ("i4", 0.5), ("u4", 1)],
)
def test_blank_is_nan_however_the_file_is_packed(tmp_path: Path, code: str, scale: float) -> None:
    values = np.arange(48).reshape(6, 8).astype(code)
    zero = {"i1": -128, "u2": 2**15, "u4": 2**31}.get(code, 0)
    header = fits.Header({"BLANK": int(values[2, 3]) - zero})
    plain = fits.PrimaryHDU(values, header)
    packed = fits.CompImageHDU(values, header, compression_type="GZIP_1", tile_shape=(6, 8))
    expected = np.where(values == values[2, 3], np.nan, scale * values.astype(np.float64))
    if scale != 1:
        plain.header["BSCALE"] = packed.header["BSCALE"] = scale
    plain.writeto(tmp_path / "plain")
    fits.HDUList([fits.PrimaryHDU(), packed]).writeto(tmp_path / "packed")
    (tmp_path / "zipped").write_bytes(gzip.compress((tmp_path / "plain").read_bytes()))
    for name in ("plain", "packed", "zipped"):
        np.testing.assert_array_equal(read(tmp_path / name).values, expected)


def test_opening_a_packed_image_unpacks_no_tile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from graticule.io.formats._fits_tiles import Tiles

    values = np.arange(48, dtype=np.int16).reshape(6, 8)
    packed = fits.CompImageHDU(values, compression_type="RICE_1", tile_shape=(6, 8))
    fits.HDUList([fits.PrimaryHDU(), packed]).writeto(tmp_path / "a")
    with monkeypatch.context() as patched:
        patched.setattr(Tiles, "read", lambda *_: 1 / 0)
        image = read(tmp_path / "a")
        with pytest.raises(FormatError, match="division"):
            image.compute()
    np.testing.assert_array_equal(image.values, values)
