"""spectra.overlap_correction: events counted once an opening, given back."""

import numpy as np
import pytest
import xarray as xr

import graticule as gt
from graticule.core.errors import ParameterError

PIXELS = 4000


def counted(rates, openings, starts=(0,), seed=0):
    """Return what pixels note that count the first event of an opening and no other.

    ``rates`` are the events of a bin in one opening, Poisson distributed. Drawn by its law: of the
    openings at which the pixel is free, those with an event in the bin are binomial.
    """
    rng = np.random.default_rng(seed)
    out = np.zeros((len(rates), PIXELS), np.int64)
    for number, rate in enumerate(rates):
        if number in starts:
            free = np.full(PIXELS, openings)
        out[number] = rng.binomial(free, -np.expm1(-rate))
        free = free - out[number]
    return xr.DataArray(out, dims=("tof", "x"))


def test_the_law_of_the_simulation_is_that_of_single_events():
    """Event by event, in one pixel: arrival times, the first of each opening."""
    rng = np.random.default_rng(1)
    rates, openings = np.array([0.3, 0.5, 0.2]), 40_000
    events = rng.poisson(rates, (openings, 3)) > 0
    first = np.where(events.any(axis=1), events.argmax(axis=1), -1)
    noted = np.bincount(first[first >= 0], minlength=3)
    drawn = counted(rates, openings)
    spread = drawn.std("x").values
    np.testing.assert_array_less(np.abs(noted - drawn.mean("x").values), 4 * spread)


@pytest.mark.parametrize("method", ["published", "exact"])
def test_true_counts_come_back_with_their_spread(method):
    """Three of four openings occupied at the end; rare events in one bin."""
    rates, openings = np.full(70, 0.02), 8000
    found = gt.spectra.overlap_correction(
        counted(rates, openings), triggers=[openings], method=method
    )
    true = openings * (rates if method == "exact" else -np.expm1(-rates))
    mean, spread = found.image.mean("x").values, found.image.std("x").values
    np.testing.assert_allclose(mean, true, atol=4.5 * (spread / np.sqrt(PIXELS)).max())
    stated = np.sqrt((found.error.astype(float) ** 2).mean("x"))
    np.testing.assert_allclose(stated / spread, 1, atol=4.5 / np.sqrt(2 * PIXELS))
    counts = counted(rates, openings).mean("x")
    assert counts[-1] < 0.3 * true[-1], "without it most would be missing"


def test_errors_of_bins_are_independent():
    found = gt.spectra.overlap_correction(counted(np.full(40, 0.04), 5000), triggers=[5000])
    correlations = np.corrcoef(found.image.values)
    np.fill_diagonal(correlations, 0)
    assert np.abs(correlations).max() < 5.5 / np.sqrt(PIXELS)


def test_often_events_in_one_bin_need_the_exact_formula():
    rates, openings = np.full(4, 0.6), 3000
    counts = counted(rates, openings)
    exact = gt.spectra.overlap_correction(counts, triggers=[openings], method="exact").image
    published = gt.spectra.overlap_correction(counts, triggers=[openings]).image
    np.testing.assert_allclose(exact.mean("x") / openings, 0.6, rtol=0.01)
    assert (published.mean("x") / openings < 0.47).all()


def test_it_is_the_published_formula_for_each_interval():
    rng = np.random.default_rng(4)
    counts = xr.DataArray(rng.integers(0, 30, (9, 5, 4)), dims=("tof", "y", "x"))
    found = gt.spectra.overlap_correction(counts, triggers=[400, 250], starts=[0, 4]).image
    for first, stop, openings in ((0, 4, 400), (4, 9, 250)):
        for i in range(first, stop):
            busy = counts.values[first:i].sum(axis=0) / openings
            np.testing.assert_allclose(found.values[i], counts.values[i] / (1 - busy), rtol=1e-6)


def test_intervals_are_read_from_the_coordinates():
    counts = xr.DataArray(np.full((4, 2), 10.0), dims=("tof", "x"))
    named = counts.assign_coords(
        shutter=("tof", [0, 0, 1, 1]), triggers=("tof", [100, 100, 50, 50])
    )
    found = gt.spectra.overlap_correction(named).image.values[:, 0]
    np.testing.assert_allclose(found, [10, 10 / 0.9, 10, 10 / 0.8], rtol=1e-6)


def test_what_is_missing_is_named():
    counts = xr.DataArray(np.full((4, 2), 10.0), dims=("tof", "x"))
    with pytest.raises(ParameterError, match=r"no coordinate triggers \(.*ShutterCount.txt"):
        gt.spectra.overlap_correction(counts)
    with pytest.raises(ParameterError, match=r"3 numbers for 2 shutter intervals"):
        gt.spectra.overlap_correction(counts, triggers=[1, 2, 3], starts=[0, 2])
    with pytest.raises(ParameterError, match=r"starts: must begin with bin 0"):
        gt.spectra.overlap_correction(counts, triggers=[100], starts=[2])
    full = gt.spectra.overlap_correction(counts, triggers=[10])
    np.testing.assert_array_equal(np.isnan(full.image[:, 0]), [False, True, True, True])
