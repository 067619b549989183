"""The noise of the Sun: each kind has what it is named after, and the same Sun at any sampling."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from scipy.stats import kurtosis

from graticule.core.typing import Array
from graticule.simulate.solar_noise import Grid, Noise, noise_of
from graticule.simulate.time_distance import random_ripple, time_distance

KINDS: tuple[Noise, ...] = get_args(Noise)
GRID = Grid((120, 100))


def _scaled(kind: Noise, seed: int, grid: Grid = GRID) -> Array:
    values = noise_of(kind, grid, np.random.default_rng(seed))
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1))


def _mean_of(kind: Noise, fact: object, images: int = 24) -> float:
    return float(np.mean([fact(_scaled(kind, seed)) for seed in range(images)]))  # type: ignore[operator]


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_bytes_and_another_seed_others(kind: Noise) -> None:
    one, same, other = (time_distance(noise=kind, seed=seed) for seed in (3, 3, 4))
    assert one.values.tobytes() == same.values.tobytes()
    assert np.isfinite(one).all()
    assert not np.allclose(one, other)


def test_fading_noise_falls_along_the_distance_and_changes_in_time() -> None:
    values = np.stack([noise_of("fading", GRID, np.random.default_rng(s)) for s in range(24)])
    spread = values.std(axis=(0, 1))
    assert spread[:3].mean() > 2 * spread[30] > 2.4 * spread[-10:].mean()

    def restless(scaled: Array) -> float:
        frames = (scaled**2).mean(axis=1)
        return float(frames.std() / frames.mean())

    assert _mean_of("fading", restless) > 1.4 * _mean_of("quiet", restless)


def test_streaks_move_whole_frames() -> None:
    def moved(scaled: Array) -> float:
        return float((scaled[:, 10] * scaled[:, 90]).mean())

    assert _mean_of("streaks", moved) > 0.15 > 0.1 > abs(_mean_of("quiet", moved))


def test_tails_are_heavy() -> None:
    def heaviness(scaled: Array) -> float:
        return float(kurtosis(scaled, axis=None))

    assert _mean_of("tails", heaviness) > 0.8 > 0.1 > _mean_of("quiet", heaviness)


def test_ridges_end_at_the_surface_wave() -> None:
    """Of 4.2 to 4.8 mHz there is no power beyond omega^2 = g k, which is 0.47 to 0.53 per Mm."""
    power = np.zeros((120, 100))
    for seed in range(12):
        shaded = _scaled("ridges", seed) * np.hanning(120)[:, None] * np.hanning(100)
        power += np.abs(np.fft.fft2(shaded)) ** 2
    frequency = np.fft.fftfreq(120, 45) * 1e3
    wavenumber = np.abs(np.fft.fftfreq(100, 0.348))
    row = power[(frequency > 4.2) & (frequency < 4.8)].mean(axis=0)
    ridge, beyond = row[(wavenumber > 0.35) & (wavenumber < 0.55)], row[wavenumber > 0.7]
    assert ridge.mean() > 20 * beyond.mean()


def test_dropouts_lose_frames_and_distances() -> None:
    lost = [
        (np.diff(values, axis=0) == 0).mean()
        for values in (noise_of("dropouts", GRID, np.random.default_rng(s)) for s in range(8))
    ]
    assert min(lost) > 0.005


def test_observed_noise_has_the_measures_of_the_observed_images() -> None:
    """Between those of the three images that the module's table is of."""
    apart = [_mean_of("observed", lambda z, n=n: (z[:, :-n] * z[:, n:]).mean()) for n in (2, 5)]
    np.testing.assert_allclose(apart, [0.84, 0.55], atol=0.12)
    later = [_mean_of("observed", lambda z, n=n: (z[:-n] * z[n:]).mean()) for n in (1, 2, 3)]
    np.testing.assert_allclose(later, [0.39, -0.36, -0.6], atol=0.1)
    assert -0.2 < _mean_of("observed", lambda z: kurtosis(z, axis=None)) < 1.9
    assert 0.29 < _mean_of("observed", lambda z: z.mean(axis=1).std()) < 0.43


@pytest.mark.parametrize("kind", KINDS)
def test_any_sampling_shows_the_same_sun(kind: Noise) -> None:
    """Correlation at 3 min and at 2.1 Mm, whatever the samples."""
    found = []
    for cadence, pixel in ((0.75, 0.35), (0.5, 0.7), (1.5, 1.05)):
        grid = Grid((round(90 / cadence), round(35 / pixel)), cadence, pixel)
        images = [_scaled(kind, seed, grid) for seed in range(16)]
        t, d = round(3 / cadence), round(2.1 / pixel)
        later = np.mean([(z[:-t] * z[t:]).mean() for z in images])
        apart = np.mean([(z[:, :-d] * z[:, d:]).mean() for z in images])
        found.append((later, apart))
    np.testing.assert_allclose(found, np.mean(found, axis=0)[None].repeat(3, axis=0), atol=0.13)


def test_a_ripple_is_the_same_at_any_sampling() -> None:
    ripple = random_ripple(np.random.default_rng(0), strength=2)
    fine, coarse = (
        time_distance(shape=shape, spacing=spacing, seed=1, ripple=ripple)
        - time_distance(shape=shape, spacing=spacing, seed=1)
        for shape, spacing in (((180, 100), (0.5, 0.348)), ((60, 50), (1.5, 0.696)))
    )
    np.testing.assert_allclose(fine[::3, ::2], coarse, atol=1e-9)
