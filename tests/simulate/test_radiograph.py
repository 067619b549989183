"""simulate.radiograph: the physics it says it has."""

from __future__ import annotations

import numpy as np
import pytest

from graticule.simulate.radiograph import Camera, Spots, radiograph

NONE = Spots(density=0)


def test_the_same_seed_makes_the_same_images():
    one, two, other = (radiograph(shape=(40, 50), seed=seed) for seed in (3, 3, 4))
    for left, right in zip(one, two, strict=True):
        assert left.identical(right)
    assert not one.image.identical(other.image)


@pytest.mark.parametrize("flux", [50, 2000, 20_000])
def test_the_noise_is_that_of_counts_and_readout(flux):
    camera = Camera(flux=flux, gain=0.7, readout=9)
    made = radiograph(camera=camera, spots=NONE, dead=0, lines=0, frames=2, sample=False, seed=1)
    frames = made.open_beam.values.astype(float) - camera.offset
    # The dose differs from frame to frame, so the second is brought to that of the first.
    first, second = frames
    second = second * first.mean() / second.mean()
    counts = (first + second) / 2 / camera.gain
    deviation = (first - second) / np.sqrt(2) / camera.noise(np.maximum(counts, 0))
    assert deviation.std() == pytest.approx(1, abs=0.04)


def test_dark_frames_have_the_offset_and_the_readout_noise():
    camera = Camera(offset=200, readout=7)
    made = radiograph(camera=camera, spots=NONE, seed=2)
    assert made.dark.values.mean() == pytest.approx(200, abs=0.2)
    assert made.dark.values.std() == pytest.approx(7, rel=0.02)


def test_the_transmission_is_what_the_sample_leaves():
    made = radiograph(spots=NONE, dead=0, lines=0, seed=3)
    light = (made.image.values - 100.0) / (made.open_beam.values.mean(axis=0) - 100.0)
    truth = made.transmission.values
    assert 0 < truth.min() < 0.5
    assert truth.max() == pytest.approx(1, abs=1e-6)
    dose = np.median(light / truth)
    assert np.median(np.abs(light / dose - truth)) < 0.03


def test_spots_stand_out_where_the_truth_says_so():
    bare = radiograph(spots=NONE, seed=5)
    assert not bare.spots.values.any()
    made = radiograph(spots=Spots(density=0.004), seed=5)
    clear = made.image.values[~made.spots.values].mean()
    assert made.image.values[made.spots.values].mean() > 1.2 * clear
    assert 0.01 < made.spots.values.mean() < 0.1


def test_dead_pixels_and_lines_are_in_every_frame():
    made = radiograph(spots=NONE, dead=0.01, lines=4, seed=6)
    beam = made.open_beam.values.mean(axis=0) - 100
    assert beam[made.dead.values].mean() < 0.4 * beam.mean()
    columns = np.flatnonzero(made.lines.values.all(axis=0))
    assert len(columns) == 4
    profile = np.median(beam, axis=0)
    for column in columns[(columns > 0) & (columns < 255)]:
        around = (profile[column - 1] + profile[column + 1]) / 2
        assert abs(profile[column] / around - 1) > 0.03


def test_light_that_spreads_gives_the_noise_a_grain():
    camera = Camera(flux=5000, spread=1.2, readout=0)
    made = radiograph(camera=camera, spots=NONE, dead=0, lines=0, frames=2, sample=False, seed=1)
    first, second = made.open_beam.values.astype(float) - camera.offset
    second = second * first.mean() / second.mean()
    counts = (first + second) / 2 / camera.gain
    deviation = (first - second) / np.sqrt(2) / camera.noise(counts)
    assert deviation.std() == pytest.approx(1, abs=0.05)
    assert np.corrcoef(deviation[1:].ravel(), deviation[:-1].ravel())[0, 1] > 0.5
