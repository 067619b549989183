"""Headers of FITS files: what `astropy.wcs` needs of them is kept, what is odd is told."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from hypothesis import given, settings
from hypothesis import strategies as st

from graticule.io import read, write

SKY = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 10.0, "CRVAL2": 20.0,
       "CRPIX1": 7.0, "CRPIX2": 9.0, "CD1_1": -1e-3, "CD1_2": 1e-4, "CD2_1": 2e-4,
       "CD2_2": 1.2e-3}  # fmt: skip
BAD_CARD = """
import sys, graticule
for _ in range(2):
    print(graticule.read(sys.argv[1]).attrs["notes"])
"""
KINDS: dict[str, dict[str, Any]] = {
    "SIP": {"CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP", "A_ORDER": 2, "B_ORDER": 2,
            "A_2_0": 1e-4, "B_0_2": 2e-4, "AP_ORDER": 1, "BP_ORDER": 1, "AP_1_0": 1e-5},
    "SIP without its name": {"A_ORDER": 2, "B_ORDER": 2, "A_2_0": 1e-4, "B_0_2": 2e-4},
    "TPV": {"CTYPE1": "RA---TPV", "CTYPE2": "DEC--TPV", "PV1_1": 1.01, "PV1_2": 0.002,
            "PV2_1": 0.99, "PV1_4": 0.01, "PV2_6": 0.02},
    "poles": {"CTYPE1": "HPLN-ARC", "CTYPE2": "HPLT-ARC", "LONPOLE": 170.0, "LATPOLE": 30.0},
    "long cards": {"TEXT": "long " * 40, "HIERARCH ESO TEL FOO": 3.5, "EMPTY": None},
    "old words": {"CUNIT1": "DEG", "CUNIT2": "degree", "EQUINOX": 2000, "RADECSYS": "FK5"},
    "others": {"CTYPE1A": "GLON-CAR", "CTYPE2A": "GLAT-CAR", "CRVAL1A": 30.0, "CD1_1A": 0.1,
               "CD2_2A": 0.1, "WCSNAMEA": "galactic"},
}  # fmt: skip


def saved(path: Path, header: fits.Header, *, packed: bool = False) -> Path:
    values = np.arange(64 * 50, dtype=np.int16).reshape(50, 64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = fits.CompImageHDU(values, header) if packed else fits.PrimaryHDU(values, header)
        fits.HDUList([fits.PrimaryHDU(), image] if packed else [image]).writeto(path)
    return path


def header_of(**cards: Any) -> fits.Header:
    header = fits.Header()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for key, value in {**SKY, **cards}.items():
            header[key] = value
    return header


def sky_of(header: fits.Header, key: str) -> np.ndarray:
    places = np.random.default_rng(0).uniform(0, 100, (2, 20))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array(WCS(header, key=key).all_pix2world(*places, 0))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_sky_of_what_is_kept_is_that_of_the_file(
    tmp_path: Path, kind: str, packed: bool
) -> None:
    path = saved(tmp_path / "a.fits", header_of(**KINDS[kind]), packed=packed)
    cards = read(path).attrs["header"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kept = fits.Header({k: v for k, v in cards.items() if not isinstance(v, list)})
        whole = fits.getheader(path, int(packed))
    for key in " A" if kind == "others" else " ":
        np.testing.assert_allclose(sky_of(kept, key), sky_of(whole, key), rtol=0, atol=1e-9)
    for card in whole.cards:
        if isinstance(card.value, (str, float)) and card.keyword not in ("COMMENT", "HISTORY", ""):
            assert cards[card.keyword] == card.value


def test_of_a_card_that_stands_twice_the_last_counts(tmp_path: Path) -> None:
    header = header_of()
    header.append(("CRVAL1", 50.0))
    path = saved(tmp_path / "a.fits", header)
    image = read(path)
    assert image.attrs["header"]["CRVAL1"] == 50
    assert "CRVAL1 stands twice: 50.0 counts, 10.0 does not" in image.attrs["notes"]
    found = sky_of(fits.Header(image.attrs["header"]), " ")
    np.testing.assert_allclose(found, sky_of(fits.getheader(path), " "), atol=1e-9)


def test_a_card_without_a_value_has_none(tmp_path: Path) -> None:
    image = read(saved(tmp_path / "a.fits", header_of(EMPTY=None, UNDEFINED=fits.card.UNDEFINED)))
    assert image.attrs["header"]["EMPTY"] is image.attrs["header"]["UNDEFINED"] is None


def test_distortions_in_tables_are_told(tmp_path: Path) -> None:
    header = header_of(CPDIS1="LOOKUP", CPDIS2="LOOKUP")
    notes = read(saved(tmp_path / "a.fits", header)).attrs["notes"]
    assert any("distortion by tables (CPDIS1, CPDIS2) is left out" in note for note in notes)


def test_an_unknown_unit_is_kept_told_and_measured(tmp_path: Path) -> None:
    import graticule as gt

    cards = {"CTYPE1": "LINEAR", "CTYPE2": "LINEAR", "CUNIT1": "furlong2", "CUNIT2": "furlong2",
             "CDELT1": 2.0, "CDELT2": 3.0}  # fmt: skip
    path = tmp_path / "a.fits"
    fits.PrimaryHDU(np.ones((4, 5), np.int16), fits.Header(cards)).writeto(path)
    image = read(path)
    assert image.x.attrs["units"] == "furlong2"
    assert len([note for note in image.attrs["notes"] if "'furlong2' of" in note]) == 2
    table = gt.measure.regions(image)
    assert table.area.tolist() == [120.0]
    assert table.attrs["units"]["area"] == "(furlong2)**2"


@pytest.mark.parametrize("card", [("CRVAL1", "here"), ("CRVAL1", 1e300), ("CRPIX1", "there")])
def test_what_is_no_position_is_told_and_the_spacing_stays(
    tmp_path: Path, card: tuple[str, Any]
) -> None:
    header = header_of(CTYPE1="LINEAR", CTYPE2="LINEAR", CD1_2=0.0, CD2_1=0.0, CRPIX1=1.0)
    header[card[0]] = card[1]
    image = read(saved(tmp_path / "a.fits", header))
    np.testing.assert_allclose(image.x, -1e-3 * np.arange(64))
    assert any(card[0] in note for note in image.attrs["notes"])


def test_pixels_without_an_area_are_counted(tmp_path: Path) -> None:
    header = header_of(CD1_1=1e-3, CD1_2=2e-3, CD2_1=1e-3, CD2_2=2e-3)
    image = read(saved(tmp_path / "a.fits", header))
    assert not image.coords
    assert any("no area" in note for note in image.attrs["notes"])


def test_the_first_file_of_a_process_is_told_of_as_any_other(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    fits.PrimaryHDU(np.ones((6, 8), np.float32)).writeto(path)
    content = path.read_bytes()
    odd = b"EXPTIME = 1,25 / decimal comma".ljust(80) + b"END".ljust(80)
    path.write_bytes(content.replace(b"END".ljust(80) + b" " * 80, odd, 1))
    command = [sys.executable, "-c", BAD_CARD, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first == second
    assert "EXPTIME" in first
    assert not done.stderr


@settings(max_examples=40)
@given(
    st.sampled_from([kind for kind in KINDS if kind != "others"]),
    st.tuples(st.integers(0, 9), st.sampled_from([1, -1, 2, -3])),
    st.tuples(st.integers(0, 9), st.sampled_from([1, -1, 2, -3])),
)
def test_what_is_written_lies_where_it_lay(
    kind: str, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    with TemporaryDirectory() as folder:
        path = saved(Path(folder) / "a.fits", header_of(**KINDS[kind], OBSERVER="Galilei"))
        image = read(path)[rows[0] :, columns[0] :][:: rows[1], :: columns[1]]
        written = write(Path(folder) / "b.fits", image)
        x, y = np.arange(64)[columns[0] :][:: columns[1]], np.arange(50)[rows[0] :][:: rows[1]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = WCS(fits.getheader(path)).all_pix2world(x[:9], y[:9], 0)
            found = WCS(fits.getheader(written)).all_pix2world(np.arange(9), np.arange(9), 0)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9)
        assert fits.getheader(written)["OBSERVER"] == "Galilei"
        again = read(written)  # lengths along turned axes rise, whichever way the image lies
        for dim in image.dims:
            np.testing.assert_allclose(abs(again[dim]), abs(image[dim]), rtol=0, atol=1e-9)


def test_dims_of_other_names_are_written_as_they_are(tmp_path: Path) -> None:
    image = read(saved(tmp_path / "a.fits", header_of(**KINDS["SIP"])), dims=["row", "column"])
    header = fits.getheader(write(tmp_path / "b.fits", image))
    assert (header["CTYPE1"], header["CTYPE2"]) == ("column", "row")
    assert "A_ORDER" not in header
    places = np.array([0.0, 5.0])
    positions = WCS(header).all_pix2world(places, places, 0)
    np.testing.assert_allclose(positions[0], image.column.values[[0, 5]], rtol=1e-9)


def test_a_spectrum_even_in_the_logarithm_lies_where_the_standard_says(tmp_path: Path) -> None:
    header = fits.Header({"CTYPE3": "WAVE-LOG", "CUNIT3": "m", "CRVAL3": 4e-7, "CDELT3": 2e-9,
                          "CRPIX3": 3.0})  # fmt: skip
    path = tmp_path / "a.fits"
    fits.writeto(path, np.zeros((40, 3, 4)), header)
    image = read(path)
    world = WCS(fits.getheader(path)).pixel_to_world_values(0, 0, np.arange(40))[2]
    assert image.dims[0] == "wavelength"
    np.testing.assert_allclose(image.wavelength.values, world, rtol=1e-12)
    assert image.wavelength.attrs["units"] == "m"


@pytest.mark.parametrize("kind", ["WAVE-TAB", "FREQ-W2F", "AWAV-GRI"])
def test_a_spectrum_by_a_rule_that_is_not_read_is_counted_and_told(
    tmp_path: Path, kind: str
) -> None:
    header = fits.Header({"CTYPE3": kind, "CUNIT3": "m", "CRVAL3": 4e-7, "CDELT3": 2e-9})
    fits.writeto(tmp_path / "a.fits", np.zeros((4, 3, 5)), header)
    image = read(tmp_path / "a.fits")
    assert not set(image.coords)
    assert f"CTYPE3 = '{kind}' places samples by a rule that is not read" in image.attrs["notes"][0]
