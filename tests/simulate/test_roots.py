"""simulate.roots: the physics it says it has, and a truth that fits."""

from __future__ import annotations

import numpy as np
import pytest

from graticule.core.errors import ParameterError
from graticule.simulate._growth import THINNEST, grown, painted
from graticule.simulate.roots import Growth, Scan, Soil, roots

BARE = Soil(moisture=0, aggregates=0, grains=0, cracks=0, stones=0)
SHAPES = [(120, 100), (20, 60, 50)]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_seed_makes_the_same_images(shape):
    one, two, other = (roots(shape, seed=seed) for seed in (3, 3, 4))
    assert all(
        a.values.tobytes() == b.values.tobytes() for a, b in zip(one[:4], two[:4], strict=True)
    )
    assert one.length == two.length
    assert not one.image.identical(other.image)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_parts_of_the_truth_agree(shape):
    made = roots(shape, seed=1)
    mask, radius = made.mask.values, made.radius.values
    assert mask.any()
    assert mask[made.centreline.values].all()
    np.testing.assert_array_equal(radius > 0, mask)
    assert radius[mask].min() >= THINNEST - 1e-6
    assert made.image.dtype == np.float32
    # A way of a length goes through about as many samples, fewer where it runs diagonally.
    assert 0.4 * made.length < np.count_nonzero(made.centreline) <= made.length + 60


def test_without_roots_a_slab_attenuates_as_beer_and_lambert_say():
    scan = Scan(flux=5000, thickness=40)
    made = roots((200, 200), growth=Growth(count=0), soil=BARE, scan=scan, seed=1)
    assert not made.mask.values.any()
    assert made.length == 0
    expected = np.exp(-BARE.attenuation * 40)
    assert made.image.values.mean() == pytest.approx(expected, rel=2e-3)
    # counting noise: the variance of counts is their mean
    variance = made.image.values.var() * scan.flux**2
    assert variance == pytest.approx(expected * scan.flux, rel=0.03)


def test_a_root_attenuates_by_its_chord():
    straight = Growth(
        count=1, radius=8, length=3, taper=0, spacing=1e9, orders=1, tropism=0, wander=0
    )
    scan = Scan(flux=1e9, blur=0, thickness=50)
    made = roots((60, 81), attenuation=0.05, growth=straight, soil=BARE, scan=scan, seed=2)
    thick = float(made.radius.values.max())
    chord = -np.log(made.image.values / np.exp(-BARE.attenuation * 50)) / (0.05 - 0.02)
    row = chord[30]
    area = row.sum()
    assert row.max() == pytest.approx(2 * thick, abs=0.2)
    assert area == pytest.approx(np.pi * thick**2, rel=0.02)


def test_a_tomogram_shows_attenuation_with_the_stated_noise():
    scan = Scan(flux=1000, projections=200)
    made = roots((16, 64, 64), growth=Growth(count=0), soil=BARE, scan=scan, seed=1)
    values = made.image.values
    assert values.mean() == pytest.approx(BARE.attenuation, rel=1e-3)
    variance = np.pi**2 * np.exp(BARE.attenuation * 64) / (12 * 200 * 1000)
    assert values.std() == pytest.approx(np.sqrt(variance), rel=0.02)
    rough = np.abs(np.fft.fft2(values - values.mean())) ** 2
    assert rough[:, 0, 20].mean() > 2 * rough[:, 0, 2].mean()  # the ramp of the filter


def test_roots_taper_branch_under_the_angle_and_turn_down():
    growth = Growth(count=1, orders=2, angle=70, spacing=20, wander=0)
    rng = np.random.default_rng(0)
    angles = []
    for _ in range(30):
        paths = grown(rng, (300, 300), growth)
        main = paths[0]
        assert np.all(np.diff(main.radii) <= 0)
        heading = np.diff(main.places, axis=0)
        assert heading[-1][0] >= heading[0][0] - 1e-9
        for branch in paths[1:]:
            at = int(np.argmin(np.abs(main.places - branch.places[0]).sum(axis=1)))
            way = branch.places[1] - branch.places[0]
            along = main.places[min(at + 1, len(main.places) - 1)] - main.places[at - 1]
            cosine = way @ along / np.linalg.norm(way) / np.linalg.norm(along)
            angles.append(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
            assert branch.radii[0] <= main.radii[at] + 1e-9
    assert len(angles) > 100
    assert np.mean(angles) == pytest.approx(70, abs=4)


def test_what_lies_outside_is_not_painted():
    rng = np.random.default_rng(1)
    paths = grown(rng, (40, 40), Growth(length=5, count=2))
    room = painted(paths, (40, 40))
    assert room.chord.shape == (40, 40)
    assert room.length < sum(len(path.places) for path in paths)


@pytest.mark.parametrize("shape", [(9,), (2, 2, 2, 2), (0, 5)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ParameterError, match="two or three sizes"):
        roots(shape)


def test_one_sample_is_an_image():
    assert roots((1, 1), seed=0).image.shape == (1, 1)


def test_fewer_than_no_roots_are_refused():
    with pytest.raises(ParameterError, match="0 or more"):
        roots((32, 32), growth=Growth(count=-3))
