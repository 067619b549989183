"""Standard errors from counts to attenuation: they are the spread over repeated measurements.

A measurement is repeated as pixels: all have the same spectrum, so that the spread between them is
the spread over draws, and a ratio of variances is known to sqrt(2 / draws).
"""

import numpy as np
import pytest
import xarray as xr

import graticule as gt
from graticule.core.errors import ImageError

DRAWS = 6000


def repeated(expected, seed=20):
    """Return counts of one spectrum, drawn again for every pixel."""
    counts = np.random.default_rng(seed).poisson(
        np.asarray(expected)[:, None], (len(expected), DRAWS)
    )
    return xr.DataArray(counts.astype(np.uint16), dims=("tof", "x"))


def assert_error_is_the_spread(found, sigmas=4.5):
    """The mean of the stated variances is the variance there is, within statistics."""
    there_is = found.image.values.var(axis=1, ddof=1)
    stated = (found.error.values.astype(float) ** 2).mean(axis=1)
    np.testing.assert_allclose(
        stated / there_is, 1, atol=sigmas * np.sqrt(2 / found.image.sizes["x"])
    )


SPECTRUM = np.array([30.0, 55.0, 90.0, 140.0, 400.0, 80.0])


@pytest.mark.parametrize("by", [{"bins": 2}, {"bins": 4}, {"bins": 3, "statistic": "mean"}])
def test_of_wider_bins(by):
    assert_error_is_the_spread(gt.spectra.rebin(repeated(SPECTRUM), **by))


def test_of_a_moving_average():
    counts = repeated(SPECTRUM)
    assert_error_is_the_spread(gt.spectra.moving_average(counts, bins=2))
    # of pixels: those a window apart are independent
    found = gt.spectra.moving_average(counts, bins=0, pixels=1)
    assert_error_is_the_spread(type(found)(*(each[:, 1:-1:3] for each in found)), sigmas=6)


def test_of_transmission_with_dark_and_dose():
    dark = xr.DataArray(np.full(6, 7.0), dims="tof")
    sample, beam = repeated(0.4 * SPECTRUM + 207), repeated(SPECTRUM + 407, seed=21)
    found = gt.spectra.open_beam(sample, beam, dark=dark)
    np.testing.assert_allclose(
        found.image.mean("x"), (0.4 * SPECTRUM + 200) / (SPECTRUM + 400), rtol=0.01
    )
    assert_error_is_the_spread(found, sigmas=6)  # a ratio is not quite normal


def test_of_the_dose_and_that_it_goes_into_the_transmission():
    rng = np.random.default_rng(22)
    cubes = [rng.poisson(level, (400, 2, 25, 4)) for level in (150.0, 100.0)]
    doses, errors = [], []
    for sample, beam in zip(*cubes, strict=True):
        sample, beam = (xr.DataArray(each, dims=("tof", "y", "x")) for each in (sample, beam))
        row = gt.spectra.dose(sample, beam, region={"y": (5, 25)}).iloc[0]
        doses.append(row["dose"])
        errors.append(row["error"])
    assert np.mean(doses) == pytest.approx(1.5, rel=0.003)
    assert np.mean(errors) == pytest.approx(np.std(doses, ddof=1), rel=4.5 / np.sqrt(2 * 400))
    table = gt.spectra.dose(sample, beam, region={"y": (5, 25)})
    with_dose = gt.spectra.open_beam(sample, beam, dose=table)
    plain = gt.spectra.open_beam(sample, beam)
    assert float((with_dose.image * table["dose"][0] / plain.image).mean()) == pytest.approx(1)
    relative, without = with_dose.error / with_dose.image, plain.error / plain.image
    added = np.sqrt(relative**2 - without**2)
    np.testing.assert_allclose(added, table["error"][0] / table["dose"][0], rtol=0.01)


def test_of_attenuation_and_its_coefficient():
    transmission = gt.spectra.open_beam(repeated(8 * SPECTRUM), repeated(20 * SPECTRUM, seed=21))
    plain = gt.spectra.attenuation(*transmission)
    assert_error_is_the_spread(plain)
    np.testing.assert_allclose(plain.image.mean("x"), -np.log(0.4), atol=0.01)
    by_length = gt.spectra.attenuation(*transmission, path="5 mm")
    np.testing.assert_allclose(by_length.image, plain.image / 0.5, rtol=1e-6)
    np.testing.assert_allclose(by_length.error, plain.error / 0.5, rtol=1e-6)
    assert by_length.image.attrs["units"] == "1/cm"


@pytest.mark.parametrize("method", ["pca", "nmf"])
def test_of_denoised_spectra(method):
    """Two spectra in unknown amounts, measured 120 times: the error of each value is its spread."""
    rng = np.random.default_rng(3)
    bins = np.arange(60)
    spectra = 100 + 60 * np.stack([np.sin(bins / 6), np.cos(bins / 9)])
    amounts = rng.uniform(0.2, 3, (80, 2))
    expected = amounts @ spectra
    draws = []
    for _ in range(120):
        cube = xr.DataArray(rng.poisson(expected), dims=("x", "tof"))
        found = gt.spectra.denoise(cube, method=method, rank=2, iterations=300)
        draws.append((found.image.values, found.error.values))
    values, errors = (np.array(each) for each in zip(*draws, strict=True))
    spread, stated = values.std(axis=0, ddof=1), np.sqrt((errors**2).mean(axis=0))
    ratio = stated / spread
    assert np.median(ratio) == pytest.approx(1, abs=0.05)
    assert (
        np.quantile(np.abs(ratio - 1), 0.95) < 0.3
    )  # one value is known to 6.5 %, and to first order
    assert np.sqrt(((values - expected) ** 2).mean()) < 0.35 * np.sqrt(expected.mean())


@pytest.mark.parametrize("level", [0.1, 1.0, 3.0])
@pytest.mark.parametrize(
    ("run", "by"),
    [
        (gt.spectra.rebin, {"bins": 40}),
        (gt.spectra.rebin, {"bins": 40, "statistic": "mean"}),
        (gt.spectra.moving_average, {"bins": 40}),
    ],
)
def test_of_sums_of_few_counts(run, by, level):
    assert_error_is_the_spread(run(repeated([level] * 40), **by))


@pytest.mark.parametrize("level", [0.1, 1.0, 3.0])
def test_of_the_mean_of_a_region_of_few_counts(level):
    table = gt.spectra.regions(repeated([level] * 4))
    assert table["error_counts"].to_numpy() == pytest.approx(np.sqrt(level / DRAWS), rel=0.1)
    assert table["error_pixels"].to_numpy() == pytest.approx(np.sqrt(level / DRAWS), rel=0.1)
    nothing = gt.spectra.regions(repeated([0.0] * 4))
    assert nothing["error_counts"].to_numpy() == pytest.approx(1 / DRAWS)


@pytest.mark.parametrize("level", [0.1, 1.0, 3.0])
def test_the_dose_is_right_for_few_counts(level):
    rng = np.random.default_rng(23)
    draws = []
    for _ in range(200):
        cubes = (
            xr.DataArray(rng.poisson(each * level, (40, 50)), dims=("tof", "x"))
            for each in (1.5, 1)
        )
        draws.append(gt.spectra.dose(*cubes, region={"x": (0, 50)}).iloc[0])
    doses, errors = (np.array([each[name] for each in draws]) for name in ("dose", "error"))
    assert doses.mean() == pytest.approx(1.5, abs=5 * doses.std() / np.sqrt(200) + 0.01)
    assert errors.mean() == pytest.approx(doses.std(ddof=1), rel=0.25)


def test_the_dose_refuses_other_bins_and_counts_below_zero():
    cube = (
        repeated(SPECTRUM).astype(float).assign_coords(tof=("tof", np.arange(6.0), {"units": "us"}))
    )
    other = cube.assign_coords(tof=("tof", 2 * np.arange(6.0), {"units": "us"}))
    with pytest.raises(ImageError, match="other bins along tof"):
        gt.spectra.dose(cube, other, region={"x": (0, 9)})
    with pytest.raises(ImageError, match=r"counts below 0 in the region.*a dark is taken off here"):
        gt.spectra.dose(cube - 400, cube, region={"x": (0, 9)})


def test_zero_counts_have_an_error_of_one_and_negative_ones_none():
    cube = xr.DataArray(np.array([[0.0, 4.0, -2.0]]), dims=("tof", "x"))
    np.testing.assert_array_equal(gt.spectra.rebin(cube, bins=1).error, [[1, 2, np.nan]])


def test_values_that_are_no_counts_must_bring_their_error():
    transmission = gt.spectra.open_beam(repeated(SPECTRUM), repeated(SPECTRUM))
    for run, by in ((gt.spectra.rebin, {"bins": 2}), (gt.spectra.moving_average, {})):
        with pytest.raises(ImageError, match=r"'1' and no counts.*give it as error, as the step"):
            run(transmission.image, **by)
        run(*transmission, **by)
    wrong = transmission.error.isel(tof=0, drop=True)
    with pytest.raises(ImageError, match="error must have the dims of its image, tof, x"):
        gt.spectra.rebin(transmission.image, wrong, bins=2)
