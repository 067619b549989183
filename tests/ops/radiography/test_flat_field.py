"""radiography.flat_field: the transmission, whatever beam, sensitivity, dark current and dose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError
from graticule.simulate.radiograph import Camera, Spots, radiograph

FLAT = gt.op("radiography.flat_field")
PARTS = hnp.arrays(np.float64, (4, 6), elements=st.floats(0.01, 2))


@given(PARTS, PARTS, PARTS, st.floats(0.5, 2))
def test_the_transmission_comes_back(transmission, beam, dark, dose):
    image = dose * beam * transmission + dark
    found = FLAT(image, beam + dark, dark)
    np.testing.assert_allclose(found, dose * transmission, rtol=1e-4)
    without_dark = FLAT(dose * beam * transmission, beam)
    np.testing.assert_allclose(without_dark, dose * transmission, rtol=1e-4)


@given(PARTS, st.floats(0.1, 10))
def test_the_dose_does_not_matter_once_it_is_measured(transmission, dose):
    transmission[:, :2] = 1.0
    beam = np.linspace(50, 90, 24).reshape(4, 6)
    for how in ({"dose": "region", "region": {"x": (0, 2)}}, {"dose": "border", "border": 0.3}):
        once = FLAT(beam * transmission, beam, **how)
        again = FLAT(dose * beam * transmission, beam, **how)
        np.testing.assert_allclose(once, again, rtol=1e-5)
    np.testing.assert_allclose(
        FLAT(dose * beam * transmission, beam, dose="region", region={"x": (0, 2)}),
        transmission,
        rtol=1e-5,
    )


def test_a_simulated_radiograph():
    made = radiograph(dead=0, lines=2, spots=Spots(density=5e-4), seed=5)
    plain = FLAT(made.image, made.open_beam, made.dark)
    dosed = FLAT(made.image, made.open_beam, made.dark, dose="border")
    clear = ~made.spots.values
    truth = made.transmission.values
    error = (dosed.values - truth)[clear]
    assert abs(np.median(error)) < 0.01
    assert np.median(np.abs(error)) < 0.03
    # The lines and the beam are gone: what is left is noise alone.
    assert np.abs(np.median(dosed.values - truth, axis=0)).max() < 0.02
    assert abs(np.median((plain.values - truth)[clear])) > abs(np.median(error))


def test_a_spot_in_one_frame_of_the_open_beam_does_no_harm():
    beam = np.full((5, 4, 4), 100.0)
    beam[2, 1, 1] = 9000
    image = as_image(np.full((4, 4), 50.0))
    stack = as_image(beam, dims=("t", "y", "x"))
    np.testing.assert_array_equal(FLAT(image, stack).values, 0.5)


def test_every_frame_has_its_own_dose():
    beam = as_image(np.full((6, 6), 10.0))
    doses = np.array([0.9, 1.0, 1.3])
    frames = doses[:, None, None] * np.full((3, 6, 6), 10.0)
    frames[:, 3:, 3:] *= 0.2
    image = as_image(frames, dims=("t", "y", "x"))
    found = FLAT(image, beam, dose="border").values
    np.testing.assert_allclose(found[:, 0], 1, rtol=1e-6)
    np.testing.assert_allclose(found[:, 4, 4], 0.2, rtol=1e-6)
    np.testing.assert_allclose(FLAT(image, beam).values[:, 0, 0], doses, rtol=1e-6)


def test_no_light_gives_no_number():
    image, beam, dark = np.full((2, 2), 5.0), np.array([[9.0, 2], [1, np.nan]]), np.full((2, 2), 2)
    found = FLAT(image, beam, dark)
    np.testing.assert_array_equal(np.isnan(found), [[False, True], [True, True]])


def test_the_unit_of_grey_values_goes():
    image = as_image(np.ones((2, 2)), units="count", spacing={"x": "50 um"})
    found = FLAT(image, image)
    assert "units" not in found.attrs
    assert found.x.attrs["units"] == "um"


def test_a_region_with_units_and_regions_that_are_none():
    image = as_image(np.ones((4, 10)), spacing={"x": "0.5 mm", "y": "0.5 mm"})
    image.values[:, :4] = 2
    found = FLAT(image, image / image, dose="region", region={"x": ("0 mm", "2 mm")})
    np.testing.assert_allclose(found.values[:, 5:], 0.5)
    with pytest.raises(ParameterError, match="region"):
        FLAT(image, image, dose="region")
    with pytest.raises(ImageError, match="names the dim 'z'"):
        FLAT(image, image, dose="region", region={"z": (0, 2)})
    with pytest.raises(ImageError, match="no part of 0 to 10"):
        FLAT(image, image, dose="region", region={"x": (4, 12)})
    with pytest.raises(ImageError, match="open_beam must have the dim y"):
        FLAT(image, image.isel(y=0))


def test_exposures_of_real_frames(data_dir: Path):
    folder = data_dir / "neutron_spots" / "wood_raw"
    image, beam, dark = (gt.read(folder / f"{n}_0000.tif") for n in ("wood", "ob", "dc"))
    found = FLAT(image, beam, dark, dose="border").values
    assert 0.9 < np.nanpercentile(found, 90) < 1.15
    assert 0 < np.nanpercentile(found, 1) < 0.8


def test_more_counts_less_noise():
    noise = []
    for flux in (500, 8000):
        made = radiograph(camera=Camera(flux=flux), sample=False, spots=Spots(0), seed=1)
        found = FLAT(made.image, made.open_beam, made.dark).values
        noise.append(np.median(np.abs(found - np.median(found))))
    assert noise[0] > 2.5 * noise[1]


@pytest.mark.parametrize("dose", ["none", "border"])
def test_what_is_infinite_in_beam_and_dark_has_no_number(dose: str) -> None:
    image, beam, dark = np.full((3, 8, 8), 60.0) + np.array([0, 40, -50]).reshape(3, 1, 1)
    for frame in (image, beam, dark):
        frame[3, 4] = np.inf
    found = gt.radiography.flat_field(image, beam, dark, dose=dose)
    assert np.isnan(found[3, 4])
    known = np.arange(64).reshape(8, 8) != 28
    np.testing.assert_allclose(found[known], 50 / 90 if dose == "none" else 1, rtol=1e-6)
