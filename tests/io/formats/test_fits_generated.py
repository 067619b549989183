"""FITS files of every kind: read as astropy reads them, or refused with the reason."""

from __future__ import annotations

import gzip
import io
import math
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import proj_plane_pixel_scales
from hypothesis import given, note, settings
from hypothesis import strategies as st

from graticule.core.errors import FormatError
from graticule.io import read

CODES = ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
ANGLES = ["", "deg", "degree", "degrees", "DEG", "arcsec", "arcmin", "rad", "mas"]
OTHERS = {
    "LINEAR": ["", "um", "mm", "micron", "Angstrom", "angstrom", "furlong2", "??", "pixel"],
    "WAVE": ["nm", "m", "Angstrom", "um"],
    "FREQ": ["Hz", "GHz"],
    "VRAD": ["m/s", "km/s"],
    "TIME": ["s", "d", "min"],
    "": ["", "um", "m"],
}
ODD = [
    b"EXPTIME = 1,25 / decimal comma",
    b"A LONG KEYWORD = 3",
    b"lower   = 3",
    b"NOVALUE",
    b"QUOTE   = 'never closed",
    b"HUGE    = 1.0E400",
    b"BYTES   = 'caf\xe9'",
    b"HIERARCH ESO DET GAIN = 2.5 / a long one",
    b"CDELT1  = 'wide'",
    b"CDELT1  = 1.0E400",
    b"CRVAL1  = 'here'",
    b"CRPIX1  = 'there'",
    b"CUNIT1  = 7",
    b"CTYPE1  = 3.5",
]
NUMBERS = st.floats(-1e3, 1e3).map(lambda number: round(number, 3))
STEPS = st.one_of(
    st.floats(1e-6, 1e3),
    st.floats(-1e3, -1e-6),
    st.sampled_from([0.0, 1e-300, 1e300, "wide", True]),
)


@dataclass
class Made:
    """A file to be written, and which of its images to ask for."""

    hdus: list[Any]
    at: int
    odd: list[bytes] = field(default_factory=list)
    zipped: bool = False

    @property
    def one(self) -> bool:
        """Whether there is one image."""
        return sum(hdu.data is not None for hdu in self.hdus) == 1

    def write(self, path: Path) -> Path:
        """Write it, odd cards put in as no library would."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = io.BytesIO()
            fits.HDUList(self.hdus).writeto(file, output_verify="ignore")
        content = file.getvalue()
        end = content.find(b"END".ljust(80))
        cards = b"".join(card.ljust(80) for card in self.odd) + b"END".ljust(80)
        if self.odd and content[end : end + len(cards)].strip() == b"END":
            content = content[:end] + cards + content[end + len(cards) :]
        path.write_bytes(gzip.compress(content, 1) if self.zipped else content)
        return path


@st.composite
def axes(draw: st.DrawFn, ndim: int) -> dict[str, Any]:
    """Draw what a header says of its axes."""
    header: dict[str, Any] = {}
    celestial = ndim >= 2 and draw(st.booleans())
    for number in range(1, ndim + 1):
        if celestial and number <= 2:
            header[f"CTYPE{number}"] = ["RA---TAN", "DEC--TAN"][number - 1]
            unit = draw(st.sampled_from(ANGLES))
        else:
            kind = draw(st.sampled_from(list(OTHERS)))
            header[f"CTYPE{number}"] = kind
            unit = draw(st.sampled_from(OTHERS[kind]))
        if unit:
            header[f"CUNIT{number}"] = unit
        if draw(st.booleans()):
            header[f"CRPIX{number}"] = draw(NUMBERS)
            header[f"CRVAL{number}"] = draw(st.floats(-80, 80)) if celestial else draw(NUMBERS)
    form = draw(st.sampled_from(["CDELT", "CDELT", "CD", "PC", "CROTA", "none"]))
    if form in ("CDELT", "PC", "CROTA"):
        header |= {f"CDELT{number}": draw(STEPS) for number in range(1, ndim + 1)}
    if form == "CROTA" and celestial:
        header["CROTA2"] = draw(st.floats(-180, 180))
    if form in ("CD", "PC"):
        # the two celestial axes may be turned into one another; others stand alone
        for one in range(1, ndim + 1):
            for two in range(1, ndim + 1):
                if one == two or (celestial and max(one, two) <= 2):
                    header[f"{form}{one}_{two}"] = draw(st.floats(-2, 2).map(lambda n: round(n, 2)))
    return header


@st.composite
def files(draw: st.DrawFn) -> Made:
    """Draw a file."""
    ndim = draw(st.integers(1, 4))
    shape = tuple(draw(st.integers(1, 7)) for _ in range(ndim))
    code = draw(st.sampled_from(CODES))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    if code[0] in "iu":
        info = np.iinfo(code)
        values = rng.integers(max(info.min, -30000), min(info.max, 30000), shape).astype(code)
    else:
        values = rng.normal(0, 100, shape).astype(code)
        values[rng.random(shape) < 0.1] = np.nan
    header = fits.Header(list(draw(axes(ndim)).items()))
    packing = draw(st.sampled_from(["", "", "", "GZIP_1", "RICE_1", "HCOMPRESS_1", "PLIO_1"]))
    if packing and code in ("i1", "i8", "u8", "u4"):
        packing = "GZIP_1" if code != "u8" else ""
    if packing == "HCOMPRESS_1" and (ndim != 2 or min(shape) < 4):
        packing = "GZIP_1"
    if packing == "PLIO_1":
        values = rng.integers(0, 2000, shape).astype("i2")
    image: Any
    others = draw(st.integers(0, 2))
    if packing:
        tile = shape if packing == "HCOMPRESS_1" else None  # it needs 4 by 4 samples
        image = fits.CompImageHDU(values, header, compression_type=packing, tile_shape=tile)
    elif others or draw(st.booleans()):
        image = fits.ImageHDU(values, header, name=draw(st.sampled_from(["SCI", "", "ERR"])))
    else:
        image = fits.PrimaryHDU(values, header)
    if packing != "PLIO_1" and code in ("i2", "i4") and draw(st.booleans()):
        image.header["BSCALE"], image.header["BZERO"] = 0.5, draw(NUMBERS)
        if draw(st.booleans()):
            image.header["BLANK"] = int(values.flat[0])
    rest = [fits.ImageHDU(np.full((2, 3), n, np.int16), name=f"MORE{n}") for n in range(others)]
    if isinstance(image, fits.PrimaryHDU):
        odd = draw(st.lists(st.sampled_from(ODD), max_size=3))
        return Made([image], 0, odd, draw(st.booleans()))
    return Made([fits.PrimaryHDU(), image, *rest], 1, [], draw(st.booleans()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fits")


@settings(max_examples=75)
@given(files())
def test_a_file_is_read_as_astropy_reads_it(folder: Path, made: Made) -> None:
    note(repr(made.hdus[made.at].header))
    path = made.write(folder / ("a.fits.gz" if made.zipped else "a.fits"))
    if not made.one:
        told = refusal(path) or str(read(path).attrs["notes"])
        assert re.search(r"holds \d arrays|also holds", told)
    chosen = path if made.one else path / str(made.at)
    told = refusal(chosen)
    assert not told or "does not name its 4 axes" in told
    image = read(chosen, dims=["t", "z", "y", "x"] if told else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with fits.open(path) as hdus:
            expected, header = np.asarray(hdus[made.at].data), hdus[made.at].header
            same_values(image, expected)
            same_axes(image, header)
    # what the user says of the spacing holds, whatever the header says
    given_by_user = {str(dim): "2 um" for dim in image.dims}
    spaced = read(chosen, dims=image.dims, spacing=given_by_user)
    for dim in spaced.dims:
        assert spaced[dim].attrs["units"] == "um"
        np.testing.assert_allclose(spaced[dim], 2 * np.arange(spaced.sizes[dim]))


def refusal(path: Path) -> str:
    """Return why a file is not read; an empty text if it is."""
    try:
        read(path)
    except FormatError as error:
        return str(error)
    return ""


def same_values(image: Any, expected: np.ndarray) -> None:
    assert image.shape == expected.shape
    np.testing.assert_allclose(
        image.values.astype(np.float64), expected.astype(np.float64), rtol=1e-6, equal_nan=True
    )
    if expected.dtype.kind in "iu":
        assert image.dtype == expected.dtype.newbyteorder("=")


def same_axes(image: Any, header: Any) -> None:
    """Compare axes with those of astropy, where it gives any."""
    for dim in image.dims:
        assert dim not in image.coords or np.isfinite(image[dim].values).all()
    try:
        system = WCS(header)
        scales = proj_plane_pixel_scales(system)
    except (ValueError, TypeError, KeyError, AttributeError, MemoryError):
        return
    steps = [header.get(f"CDELT{number}", 1.0) for number in range(1, image.ndim + 1)]
    if system.naxis != image.ndim or not all(type(step) in (int, float) for step in steps):
        return  # astropy takes 1 for what is no number
    for number, dim in enumerate(reversed(image.dims)):
        if dim not in image.coords:
            assert not is_a_step(header, number + 1) or not np.isfinite(scales).all()
            continue
        unit = units.Unit(system.wcs.cunit[number])
        ours = units.Unit(image[dim].attrs.get("units", ""), parse_strict="silent")
        if isinstance(ours, units.UnrecognizedUnit):
            assert f"the unit {ours.to_string()!r} of" in str(image.attrs["notes"])
            continue
        step = spacing(image, dim) * ours
        comparable = np.isfinite(scales[number]) and unit.is_equivalent(step.unit)
        if unit == units.dimensionless_unscaled or not comparable:
            continue
        assert step.to_value(unit) == pytest.approx(scales[number], rel=1e-6)
        follows_the_world(image, dim, system, number)


def follows_the_world(image: Any, dim: Any, system: WCS, number: int) -> None:
    """Compare the positions along an axis that is not turned, and has no projection."""
    if any(f"{dim} " in note or f" {dim}" in note for note in image.attrs.get("notes", [])):
        return
    unit = units.Unit(system.wcs.cunit[number])
    places = image[dim].values * units.Unit(image[dim].attrs.get("units", "")).to(unit)
    matrix = system.pixel_scale_matrix
    if np.abs(np.delete(matrix[number], number)).max(initial=0) > 1e-3 * abs(
        matrix[number, number]
    ):
        return  # where it lies depends on the other axes too
    line = (np.arange(1, places.size + 1) - system.wcs.crpix[number]) * matrix[number, number]
    wanted = system.wcs.crval[number] + line
    scale = np.abs(wanted).max() + abs(matrix[number, number])
    np.testing.assert_allclose(places, wanted, rtol=0, atol=2e-3 * scale)


def is_a_step(header: Any, number: int) -> bool:
    """Whether a header gives an axis a length that is one."""
    if "CD1_1" in header or "PC1_1" in header:
        return False  # a matrix may have a column of zeros
    *_, value = [None, *(c.value for c in header.cards if c.keyword == f"CDELT{number}")]
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    return good and 1e-100 < abs(value) < 1e100 and math.isfinite(value)


def spacing(image: Any, dim: Any) -> float:
    positions = image[dim].values
    return float(image[dim].attrs.get("step") or abs(positions[1] - positions[0]))


def test_opening_four_gigabytes_reads_no_values(tmp_path: Path) -> None:
    header = fits.Header()
    header["SIMPLE"], header["BITPIX"], header["NAXIS"] = True, -32, 2
    header["NAXIS1"] = header["NAXIS2"] = 2**15
    text = header.tostring(endcard=True, padding=True).encode()
    with (tmp_path / "a.fits").open("wb") as file:
        file.write(text)
        file.truncate(len(text) + 2**32)
    image = read(tmp_path / "a.fits")
    assert image.shape == (2**15, 2**15)
    assert image.chunks is not None
    assert float(image[-1, -1]) == 0
