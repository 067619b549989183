"""radiography.anscombe, inverse_anscombe, beer_lambert: transforms that can be undone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

import graticule as gt

STABLE = gt.op("radiography.anscombe")
BACK = gt.op("radiography.inverse_anscombe")
LOG = gt.op("radiography.beer_lambert")
DETECTORS = st.fixed_dictionaries(
    {
        "gain": st.sampled_from([0.25, 1.0, 4.0]),
        "readout": st.sampled_from([0.0, 0.5, 12.0]),
        "offset": st.sampled_from([-10.0, 0.0, 100.0]),
    }
)


@given(hnp.arrays(np.float64, 20, elements=st.floats(0, 1e5)), DETECTORS)
def test_the_algebraic_inverse_undoes_the_transform(light, detector):
    grey = light + detector["offset"]
    found = BACK(STABLE(grey, **detector), method="algebraic", **detector)
    np.testing.assert_allclose(found, grey, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("counts", [5, 20, 1000, 50_000])
@pytest.mark.parametrize(("gain", "readout"), [(1.0, 0.0), (0.4, 0.0), (2.0, 6.0)])
def test_the_noise_is_1_at_any_brightness(counts, gain, readout):
    rng = np.random.default_rng(counts)
    grey = gain * rng.poisson(counts, 200_000) + rng.normal(100, readout, 200_000)
    stable = STABLE(grey, gain=gain, readout=readout, offset=100.0)
    assert stable.astype(float).std() == pytest.approx(1, abs=0.03)


def _mean_of_transform(mean):
    counts = np.arange(int(mean + 12 * np.sqrt(mean) + 30))
    return float(np.sum(2 * np.sqrt(counts + 0.375) * stats.poisson.pmf(counts, mean)))


@pytest.mark.parametrize("mean", [0.01, 0.1, 0.5, 1, 2, 5, 20, 100, 5000])
def test_the_unbiased_inverse_gives_the_mean_of_the_counts(mean):
    stable = np.array([_mean_of_transform(mean)])
    assert BACK(stable)[0] == pytest.approx(mean, abs=0.02)
    assert BACK(stable, gain=2.5, offset=7.0)[0] == pytest.approx(
        2.5 * mean + 7, abs=0.05, rel=1e-5
    )
    assert BACK(stable, method="algebraic")[0] < mean


def test_the_unbiased_inverse_with_readout_noise():
    rng = np.random.default_rng(0)
    for mean in (2, 10, 300):
        grey = 0.5 * rng.poisson(mean, 400_000) + rng.normal(0, 1.0, 400_000)
        stable = STABLE(grey, gain=0.5, readout=1.0).astype(float)
        found = BACK(np.array([stable.mean()]), gain=0.5, readout=1.0)[0]
        assert found == pytest.approx(0.5 * mean, rel=0.02, abs=0.1)


def test_no_count_is_never_negative():
    stable = np.array([-5.0, 0.0, 1.0, 1.2247, 1.3, np.nan])
    for method in ("unbiased", "algebraic"):
        found = BACK(stable, method=method)
        assert (found[:3] == 0).all()
        assert (found[:5] >= 0).all()
        assert np.isnan(found[5])


@given(hnp.arrays(np.float64, 20, elements=st.floats(-5, 8)))
def test_attenuation_is_the_logarithm(attenuation):
    np.testing.assert_allclose(LOG(np.exp(-attenuation)), attenuation, rtol=1e-5, atol=1e-6)


@given(hnp.arrays(np.float64, 20, elements=st.floats(0.01, 1)))
def test_attenuations_add_up(transmission):
    other = transmission[::-1]
    together = LOG(transmission * other)
    np.testing.assert_allclose(together, LOG(transmission) + LOG(other), atol=1e-5)


def test_where_nothing_passes():
    transmission = np.array([0.5, 0.01, 0.0, -0.2, np.nan])
    missing = LOG(transmission)
    np.testing.assert_array_equal(np.isnan(missing), [False, False, True, True, True])
    floored = LOG(transmission, nonpositive="floor", floor=0.1)
    np.testing.assert_allclose(floored, [np.log(2), *[np.log(10)] * 3, np.nan], rtol=1e-6)
