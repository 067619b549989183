"""spectra.open_beam, spectra.dose and spectra.dead_pixels: what is refused, with the way out."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import graticule as gt
from graticule.core.errors import ImageError, ParameterError
from graticule.pipeline.tiles import run_tiled

AXIS = ("tof", np.linspace(1000, 2000, 5), {"units": "us"})


def cubes(level=(120, 100), size=(6, 7), **coords):
    rng = np.random.default_rng(8)
    made = [
        xr.DataArray(rng.poisson(each, (5, *size)), {"tof": AXIS, **coords}, ("tof", "y", "x"))
        for each in level
    ]
    return made[0], made[1]


def test_axes_in_another_order_are_matched_by_name():
    image, beam = cubes()
    expected = gt.spectra.open_beam(image, beam)
    found = gt.spectra.open_beam(image.transpose("y", "x", "tof"), beam.transpose("x", "tof", "y"))
    for one, other in zip(found, expected, strict=True):
        xr.testing.assert_identical(one.transpose("tof", "y", "x"), other)


def test_an_open_beam_of_another_size_is_named_with_the_way_out():
    image, beam = cubes()
    with pytest.raises(
        ImageError, match=r"image and open_beam must agree; along x they have 7 and 5.*crop"
    ):
        gt.spectra.open_beam(image, beam.isel(x=slice(0, 5)))
    with pytest.raises(ImageError, match=r"other bins along tof: 1025 and 1000"):
        gt.spectra.open_beam(image, beam.assign_coords(tof=AXIS[1] * 1.025))
    with pytest.raises(ImageError, match=r"along wavelength, and the image along tof .*both to"):
        gt.spectra.open_beam(image, gt.spectra.to_wavelength(beam, flight_path="10 m"))
    with pytest.raises(ImageError, match="open_beam has the dim z"):
        gt.spectra.open_beam(image, beam.expand_dims(z=2))
    with pytest.raises(ImageError, match=r"has no spectral dim.*dims: \[tof, y, x\]"):
        gt.spectra.open_beam(image.values, beam.values)
    with pytest.raises(ImageError, match="open_beam has no spectral dim"):
        gt.spectra.open_beam(image, beam.isel(tof=0, drop=True))


def test_an_open_beam_of_another_exposure_is_named_with_the_way_out():
    image, beam = cubes()
    image = image.assign_coords(triggers=("tof", [6000] * 5))
    beam = beam.assign_coords(triggers=("tof", [5000] * 5))
    with pytest.raises(
        ImageError, match=r"exposed for 5000 triggers and the image for 6000 \(exposure: triggers"
    ):
        gt.spectra.open_beam(image, beam)
    by_triggers = gt.spectra.open_beam(image, beam, exposure="triggers").image
    plain = gt.spectra.open_beam(image, beam, exposure="any").image
    np.testing.assert_allclose(by_triggers, plain / 1.2, rtol=1e-6)
    assert float(by_triggers.mean()) == pytest.approx(1, abs=0.03)
    table = gt.spectra.dose(image, beam, region={"y": (0, 6)})
    measured = gt.spectra.open_beam(image, beam, dose=table).image
    assert float(measured.mean()) == pytest.approx(1, abs=0.03)
    with pytest.raises(ImageError, match=r"open beam does not say how often.*spectra.dose"):
        gt.spectra.open_beam(image, beam.drop_vars("triggers"), exposure="triggers")


def test_nan_zero_and_dead_are_nan_and_no_neighbour_suffers():
    image, beam = (each.astype(float) for each in cubes())
    expected = gt.spectra.open_beam(image, beam)
    image[0, 1, 2], beam[3, 4, 5], beam[:, 0, 0] = np.nan, 0, 0
    dead = gt.spectra.dead_pixels(beam)
    assert np.argwhere(dead.values).tolist() == [[0, 0]]
    dead[5, 6] = True
    found = gt.spectra.open_beam(image, beam, dead=dead)
    wrong = np.zeros(image.shape, bool)
    wrong[0, 1, 2] = wrong[3, 4, 5] = wrong[:, 0, 0] = wrong[:, 5, 6] = True
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.isnan(one), wrong)
        np.testing.assert_array_equal(one.values[~wrong], other.values[~wrong])


def test_no_counts_in_a_bin_are_a_transmission_of_zero_with_the_error_of_one_count():
    image, beam = cubes(level=(0, 50))
    found = gt.spectra.open_beam(image, beam)
    assert (found.image == 0).all()
    np.testing.assert_allclose(found.error, 1 / beam, rtol=1e-6)


def test_dark_of_a_pixel_and_a_white_line_of_a_pushbroom_spread_over_the_image():
    rng = np.random.default_rng(9)
    image = xr.DataArray(rng.uniform(50, 90, (4, 3, 5)), dims=("y", "x", "band"))
    line, dark = image.isel(y=0, drop=True) + 100, image.isel(y=0, band=0, drop=True) / 10
    found = gt.spectra.open_beam(image, line, dark=dark).image
    expected = (image - dark) / (line - dark)
    np.testing.assert_allclose(found, expected.transpose(*image.dims), rtol=1e-5)


def test_a_dose_for_each_bin_follows_the_source():
    factors = np.array([1.0, 1.2, 0.8, 1.5, 1.0])
    rng = np.random.default_rng(10)
    image = xr.DataArray(
        rng.poisson(900 * np.broadcast_to(factors, (6, 7, 5))), {"tof": AXIS}, ("y", "x", "tof")
    )
    beam = xr.DataArray(np.full((5, 6, 7), 900.0), {"tof": AXIS}, ("tof", "y", "x"))
    region = {"y": (1, 6), "x": (0, 7)}
    table = gt.spectra.dose(image, beam, region=region, per="bin")
    assert table.attrs["units"] == {"tof": "us"}
    np.testing.assert_allclose(table["dose"] / factors, 1, atol=5 * table["error"].max())
    found = gt.spectra.open_beam(image, beam, dose=table).image
    np.testing.assert_allclose(found.mean(("y", "x")), 1, atol=0.02)
    tiled = run_tiled(
        "spectra.dose", [image, beam], {"region": region, "per": "bin"}, tile={"tof": 2, "y": 4}
    )
    pd.testing.assert_frame_equal(tiled, table)
    with pytest.raises(ImageError, match="other bins along tof than the image"):
        gt.spectra.open_beam(image, beam, dose=table.assign(tof=table["tof"] + 5))
    with pytest.raises(ImageError, match="must have the columns dose and error"):
        gt.spectra.open_beam(image, beam, dose=table.drop(columns="error"))


def test_a_dose_needs_a_region_of_open_beam():
    image, beam = cubes()
    with pytest.raises(ParameterError, match=r"region: .*nothing but air.*as \{y: \[0, 50\]"):
        gt.spectra.dose(image, beam)
    with pytest.raises(ImageError, match="region: 3 to 9 along x is no part of 0 to 7"):
        gt.spectra.dose(image, beam, region={"x": (3, 9)})


def test_hot_and_dim_pixels_are_found_and_a_step_of_the_sample_is_not():
    rng = np.random.default_rng(11)
    level = np.where(np.arange(30) < 13, 60.0, 35.0)
    counts = rng.poisson(np.broadcast_to(level, (20, 30, 30)))
    for (y, x), factor in {(4, 5): 0.1, (20, 13): 6, (29, 29): 0}.items():
        counts[:, y, x] = counts[:, y, x] * factor
    found = gt.spectra.dead_pixels(xr.DataArray(counts, dims=("tof", "y", "x")))
    assert np.argwhere(found.values).tolist() == [[4, 5], [20, 13], [29, 29]]


def test_attenuation_names_what_is_missing_of_a_thickness():
    transmission = xr.DataArray(np.full((2, 3), 0.5), dims=("tof", "x"))
    thickness = xr.DataArray([0.0, 1.0, 20.0], dims="x", attrs={"units": "mm"})
    found = gt.spectra.attenuation(transmission, None, thickness).image
    np.testing.assert_allclose(found[0], [np.nan, 10 * np.log(2), np.log(2) / 2], rtol=1e-6)
    with pytest.raises(ImageError, match=r"thickness has no unit .*units=\"mm\""):
        gt.spectra.attenuation(transmission, None, thickness.drop_attrs())
    with pytest.raises(ParameterError, match=r"path: .*as \"5 mm\""):
        gt.spectra.attenuation(transmission, path=3)
    with pytest.raises(ParameterError, match="leave one out"):
        gt.spectra.attenuation(transmission, None, thickness, path="1 mm")
