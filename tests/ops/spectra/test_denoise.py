"""spectra.denoise: as many components as there are, and less noise."""

import numpy as np
import pytest
import xarray as xr

import graticule as gt
from graticule.core.errors import ImageError

BINS = np.arange(80)
SPECTRA = 60 * np.stack([1 + 0 * BINS, 1 + np.sin(BINS / 7), 1 + (BINS > 40)])


def measured(components, pixels=300, seed=0):
    rng = np.random.default_rng(seed)
    expected = rng.uniform(0.3, 2, (pixels, components)) @ SPECTRA[:components]
    return xr.DataArray(rng.poisson(expected), dims=("x", "tof")), expected


@pytest.mark.parametrize("components", [1, 2, 3])
def test_the_rank_is_the_number_of_spectra_there_are(components):
    """Never fewer; one more in one cube of a hundred, so hardly twice in twenty."""
    ranks = []
    for seed in range(20):
        cube, expected = measured(components, seed=seed)
        found = gt.spectra.denoise(cube)
        ranks.append(int(found.components["kept"].sum()))
        before, after = (np.std(each - expected) for each in (cube.values, found.image.values))
        assert after < 0.35 * before
    assert min(ranks) == components
    assert ranks.count(components) >= 18


def test_noise_is_taken_for_a_component_in_one_cube_of_a_hundred():
    """The edge is the 99th percentile: of 300 cubes of one spectrum 3, and 10 are 4 deviations."""
    found = [
        gt.spectra.denoise(measured(1, 60, seed)[0]).components["kept"].sum() for seed in range(300)
    ]
    assert sum(number > 1 for number in found) <= 10


def test_the_largest_singular_value_of_noise_follows_the_law():
    rng = np.random.default_rng(0)
    largest = [
        np.linalg.svd(rng.normal(size=(120, 50)), compute_uv=False)[0] ** 2 for _ in range(400)
    ]
    from graticule.ops.spectra._low_rank import noise_edge

    beyond = np.mean(np.array(largest) > noise_edge(120, 50)[0])
    assert 0 < beyond < 0.03


def test_a_given_error_takes_the_place_of_counts():
    cube, expected = measured(2)
    transmission = (cube / 500).assign_attrs(units="1")
    error = np.sqrt(xr.DataArray(expected, dims=cube.dims)) / 500
    found = gt.spectra.denoise(transmission, error)
    assert found.components["kept"].sum() == 2
    with pytest.raises(ImageError, match="and no counts"):
        gt.spectra.denoise(transmission)


def test_non_negative_factors_are_not_negative_and_as_near():
    cube, expected = measured(3)
    found = gt.spectra.denoise(cube, method="nmf")
    assert (found.image >= 0).all()
    assert np.std(found.image.values - expected) < 0.35 * np.std(cube.values - expected)


def test_missing_pixels_and_bins_are_left_out():
    cube, _ = measured(2)
    holed = cube.astype(float)
    holed[5, 7], holed[:, 20] = np.nan, np.nan
    found = gt.spectra.denoise(holed).image
    missing = np.zeros(cube.shape, bool)
    missing[5], missing[:, 20] = True, True
    np.testing.assert_array_equal(np.isnan(found), missing)
    every = holed.copy()
    every[np.arange(80), np.arange(80)] = np.nan
    every = every.isel(x=slice(0, 80))
    with pytest.raises(ImageError, match=r"no pixel that is finite.*transform.crop"):
        gt.spectra.denoise(every)
