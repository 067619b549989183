"""Morphology: statmorph and photutils as oracles, known profiles, and laws of invariance."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaincinv

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.ops.measure._aperture_kernels import ellipse_row, ellipse_sums
from graticule.ops.measure._stamp import box_mean, mode_of_sky, running_sums
from graticule.simulate.galaxies import Morphology, galaxies

EXACT = {
    "concentration": "concentration",
    "asymmetry": "asymmetry",
    "smoothness": "smoothness",
    "gini": "gini",
    "m20": "m20",
    "ellipticity": "ellipticity_asymmetry",
    "rpetro_circ": "rpetro_circ",
    "rpetro_ellip": "rpetro_ellip",
    "rmax_circ": "rmax_circ",
    "rhalf_circ": "rhalf_circ",
    "rhalf_ellip": "rhalf_ellip",
    "r20": "r20",
    "r50": "r50",
    "r80": "r80",
    "sn_per_pixel": "sn_per_pixel",
    "centre_y": "yc_asymmetry",
    "centre_x": "xc_asymmetry",
}


def _found(image: Any, **params: Any) -> tuple[Any, Any]:
    """Return the labels of the objects, and the measures of that in the middle."""
    found = gt.detect.main_object(image)
    table = gt.measure.morphology(found.objects, image, found.object, **params)
    return found, table.iloc[0]


def _statmorph(light: Any, labels: Any, label: int, **params: Any) -> Any:
    statmorph = pytest.importorskip("statmorph")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return statmorph.SourceMorphology(light, labels.astype(np.int64), label, **params)


@pytest.mark.parametrize("seed", range(3))
def test_the_threads_of_blas_change_no_bit(seed: int) -> None:
    """Of a sum of more than 10,000 products each thread of it takes a part of its own."""
    from threadpoolctl import threadpool_limits

    seen = galaxies(400, radius=60.0, neighbours=0, noise=0.01, seed=seed)
    found = gt.detect.main_object(seen.image)
    assert found.object["area"].iloc[0] > 20_000
    tables = []
    for count in (1, 2, 3, 8):
        with threadpool_limits(count):
            tables.append(gt.measure.morphology(found.objects, seen.image, found.object))
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], check_exact=True)


@pytest.mark.parametrize("kind", ["spiral", "elliptical", "disk"])
@pytest.mark.parametrize(("radius", "noise"), [(7.0, 0.006), (12.0, 0.02), (17.0, 0.012)])
def test_as_statmorph(kind: Morphology, radius: float, noise: float) -> None:
    """All columns that both have, to rounding; the fit to a percent."""
    seen = galaxies(morphology=kind, radius=radius, noise=noise, seed=[21, int(radius)])
    image = seen.image.values.mean(axis=-1)
    found = gt.detect.main_object(image)
    labels, label = np.asarray(found.objects), int(found.object["label"][0])
    light = image - image[labels == 0].mean()  # no sample is exactly 0: that is masked for them
    ours = gt.measure.morphology(labels, light, found.object, background="none", gain=0.4).iloc[0]
    theirs = _statmorph(light, labels, label, gain=0.4)
    assert theirs.flag == ours["flag"] == 0
    for name, their_name in EXACT.items():
        assert ours[name] == pytest.approx(theirs[their_name], rel=1e-9, abs=1e-9), name
    turned = math.pi / 2 - theirs.orientation_asymmetry
    assert math.sin(ours["orientation"] - turned) == pytest.approx(0, abs=1e-9)
    assert theirs.flag_sersic == ours["flag_sersic"] == 0
    assert ours["sersic_n"] == pytest.approx(theirs.sersic_n, rel=0.01)
    assert ours["sersic_rhalf"] == pytest.approx(theirs.sersic_rhalf, rel=0.01)
    assert ours["sersic_ellipticity"] == pytest.approx(theirs.sersic_ellip, abs=0.005)


def test_bad_measurements_are_flagged_as_by_statmorph() -> None:
    """No sky around it; a sky that is not 0; two lumps in one segment."""
    y, x = np.mgrid[:80, :80]
    one = 30 * np.exp(-np.hypot(y - 40, x - 40) / 4)
    two = one + 25 * np.exp(-np.hypot(y - 40, x - 62) / 3)
    noise = np.random.default_rng(0).normal(0, 0.2, (80, 80))
    cases = [
        (one + noise, np.ones((80, 80), int)),
        (one + noise + 5, (one > 1).astype(int)),
        (two + noise, (two > 1).astype(int)),
    ]
    flags = []
    for light, labels in cases:
        ours = gt.measure.morphology(labels, light, background="none").iloc[0]
        flags.append(int(ours["flag"]))
        assert flags[-1] == _statmorph(light, labels, 1, weightmap=np.ones((80, 80))).flag
    assert flags[:2] == [2, 2]


@pytest.mark.parametrize("shape", [(0.3, 1.0, 0.0), (4.7, 1.0, 0.0), (6.2, 3.1, 0.7), (9, 20, -1)])
def test_area_of_apertures_is_exact(shape: tuple[float, float, float]) -> None:
    """That of the ellipse, and what photutils says of any light; also across the border."""
    apertures = pytest.importorskip("photutils.aperture")
    ones = np.ones((41, 43))
    light = np.random.default_rng(1).normal(0, 1, ones.shape)
    a, elongation, theta = shape
    sums = running_sums(light), running_sums(ones)
    for y, x in ((20.3, 21.8), (20.0, 20.5), (1.2, 40.9)):
        total, area = ellipse_sums(*sums, y, x, *shape)
        if y > 10:
            assert area == pytest.approx(math.pi * a * a / elongation, rel=1e-9)
        peer = apertures.EllipticalAperture((x, y), a, a / elongation, theta=theta)
        assert total == pytest.approx(peer.do_photometry(light, method="exact")[0][0], abs=1e-9)


@pytest.mark.parametrize("step", [1.0, 0.5, 0.1237])
def test_circles_are_exact_where_they_touch_samples_too(step: float) -> None:
    """Middles and radii are multiples of a step, so that circles meet sides and corners."""
    geometry = pytest.importorskip("photutils.geometry")
    rng = np.random.default_rng(3)
    for _ in range(200):
        rows, columns = rng.integers(1, 60, 2)
        y, x = step * np.round(rng.uniform(-8, (rows + 8, columns + 8)) / step)
        radius = step * np.ceil(rng.uniform(4, 30) / step)
        parts = np.empty(columns)
        ours = np.zeros((rows, columns))
        for j in range(rows):
            first, full, rest, end = ellipse_row(j, y, x, radius, 1.0, 0.0, parts)
            ours[j, first:end] = parts[first:end]
            ours[j, full:rest] = 1
        sides = (-0.5 - x, columns - 0.5 - x, -0.5 - y, rows - 0.5 - y)
        theirs = geometry.circular_overlap_grid(*sides, columns, rows, radius, 1, 1)
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


def _sersic(
    n: float, radius: float = 9.0, ratio: float = 1.0, angle: float = 0.0, size: int = 201
) -> Any:
    """Return a Sersic profile, near the middle the mean of 11 x 11 places; angle from y."""
    b = gammaincinv(2 * n, 0.5)

    def at(y: Any, x: Any) -> Any:
        major = y * math.cos(angle) + x * math.sin(angle)
        minor = (x * math.cos(angle) - y * math.sin(angle)) / ratio
        return np.exp(-b * ((np.hypot(major, minor) / radius) ** (1 / n) - 1))

    half = size // 2
    light = at(*(np.mgrid[:size, :size] - half))
    fine = (np.arange(21 * 11) + 0.5) / 11 - 10.5
    means = at(fine[:, None], fine).reshape(21, 11, 21, 11).mean(axis=(1, 3))
    light[half - 10 : half + 11, half - 10 : half + 11] = means
    return light


@pytest.mark.parametrize("n", [0.5, 1.0, 2.0])
@pytest.mark.parametrize(("ratio", "angle"), [(1.0, 0.0), (0.6, 0.4), (0.4, -1.2)])
def test_the_fit_finds_the_index(n: float, ratio: float, angle: float) -> None:
    """Index, radius, shape and direction of a known profile under noise."""
    light = 20 * _sersic(n, ratio=ratio, angle=angle)
    noisy = light + np.random.default_rng(3).normal(7, 0.2, light.shape)
    row = gt.measure.morphology((light > 2).astype(int), noisy).iloc[0]
    assert row["flag_sersic"] == 0
    assert row["sersic_n"] == pytest.approx(n, rel=0.03)
    assert row["sersic_rhalf"] == pytest.approx(9, rel=0.02)
    assert row["sersic_ellipticity"] == pytest.approx(1 - ratio, abs=0.01)
    if ratio < 1:
        assert row["sersic_orientation"] == pytest.approx(angle, abs=0.02)
        assert row["orientation"] == pytest.approx(angle, abs=0.03)


@pytest.mark.parametrize("n", [0.5, 1.0, 2.0])
def test_radii_and_concentration_of_a_known_profile(n: float) -> None:
    """Petrosian radius and curve of growth, integrated along the profile."""
    light = 20 * _sersic(n, radius=6.0, size=301)
    row = gt.measure.morphology((light > 0.5).astype(int), light, background="none").iloc[0]
    at = np.linspace(1e-3, 150, 300_000)
    profile = np.exp(-gammaincinv(2 * n, 0.5) * ((at / 6) ** (1 / n) - 1))
    grown = np.cumsum(profile * at) * (at[1] - at[0]) * 2 * math.pi
    petrosian = at[np.argmax(profile < 0.2 * grown / (math.pi * at**2))]
    total = np.interp(1.5 * petrosian, at, grown)
    radii = {part: float(np.interp(part * total, grown, at)) for part in (0.2, 0.5, 0.8)}
    assert row["rpetro_circ"] == pytest.approx(petrosian, rel=0.02)
    assert row["r50"] == pytest.approx(radii[0.5], rel=0.02)
    assert row["concentration"] == pytest.approx(5 * math.log10(radii[0.8] / radii[0.2]), rel=0.02)
    assert abs(row["asymmetry"]) < 2e-3
    assert row["ellipticity"] == pytest.approx(0, abs=1e-6)


def test_a_flat_disc() -> None:
    """All light is alike: a quarter of the radius squared holds a quarter of it."""
    y, x = np.mgrid[:121, :121] - 60
    disc = (np.hypot(y, x) <= 20.0).astype(float)
    row = gt.measure.morphology(disc.astype(int), disc, background="none").iloc[0]
    assert row["concentration"] == pytest.approx(5 * math.log10(2), rel=0.01)
    assert row["r50"] == pytest.approx(20 / math.sqrt(2), rel=0.01)
    assert row["asymmetry"] == pytest.approx(0, abs=1e-9)
    assert row["rpetro_circ"] == pytest.approx(20, abs=1)


COMPARED = [
    *("concentration", "gini", "m20", "ellipticity", "rpetro_circ", "rpetro_ellip", "rhalf_circ"),
    *("rhalf_ellip", "r20", "r50", "r80", "sersic_n", "sersic_rhalf", "sersic_ellipticity"),
]


@pytest.mark.parametrize("turn", ["turned", "mirrored", "moved", "brighter", "higher"])
def test_numbers_do_not_depend_on_the_camera(turn: str) -> None:
    """A quarter turn, a mirror, another place, other units and another sky."""
    seen = galaxies(morphology="spiral", radius=14, neighbours=0, noise=0, seed=[22, 0])
    image = seen.image.values.mean(axis=-1)
    labels = (image > image.min() + 12).astype(int)
    changes = {
        "turned": lambda each: np.rot90(each).copy(),
        "mirrored": lambda each: each[:, ::-1].copy(),
        "moved": lambda each: np.pad(each, ((9, 0), (0, 5)), mode="edge"),
        "brighter": lambda each: each * (1 if each.dtype.kind == "i" else 3.7),
        "higher": lambda each: each + (0 if each.dtype.kind == "i" else 41.5),
    }
    one = gt.measure.morphology(labels, image).iloc[0]
    other = gt.measure.morphology(changes[turn](labels), changes[turn](image)).iloc[0]
    for name in COMPARED:
        assert other[name] == pytest.approx(one[name], rel=3e-3, abs=3e-3), name
    assert other["asymmetry"] == pytest.approx(one["asymmetry"], abs=0.01)
    assert other["smoothness"] == pytest.approx(one["smoothness"], abs=0.005)
    assert other["profile_residual"] == pytest.approx(one["profile_residual"], abs=0.005)
    angles = {"turned": math.pi / 2 - one["orientation"], "mirrored": one["orientation"]}
    if turn in angles:  # a mirror and a quarter turn change the sense of the angle
        expected = -one["orientation"] if turn == "mirrored" else one["orientation"] + math.pi / 2
        assert math.sin(other["orientation"] - expected) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("power", [-900, -3, 7, 990])
def test_units_of_light_change_no_number(power: int) -> None:
    """However small or large they are."""
    seen = galaxies(morphology="disk", radius=10, seed=[23, 0])
    image = seen.image.values.mean(axis=-1)
    found = gt.detect.main_object(image)
    one = gt.measure.morphology(found.objects, image, found.object, gain=0.5)
    scaled = np.ldexp(image, power)
    other = gt.measure.morphology(
        found.objects, scaled, found.object, gain=float(np.ldexp(0.5, -power))
    )
    np.testing.assert_allclose(other.to_numpy(), one.to_numpy(), rtol=1e-6)


def test_lumps_asymmetry_and_arms_are_told_from_a_smooth_disk() -> None:
    """What each number is for: a lump, an offset companion, spiral arms."""
    smooth = 40 * _sersic(1.0, radius=12)
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:201, :201]
    lumps = sum(
        25 * np.exp(-((y - 100 - dy) ** 2 + (x - 100 - dx) ** 2) / 4)
        for dy, dx in rng.uniform(-25, 25, (30, 2))
    )
    side = 80 * np.exp(-((y - 108) ** 2 + (x - 118) ** 2) / 18)
    angle, far = np.arctan2(y - 100, x - 100), np.hypot(y - 100, x - 100)
    arms = smooth * (1 + 0.6 * np.cos(2 * (angle - 2.5 * np.log(far + 1))))
    noise = rng.normal(0, 0.3, smooth.shape)
    labels = (smooth > 2).astype(int)
    plain, lumpy, lopsided, spiral = (
        gt.measure.morphology(labels, each + noise).iloc[0]
        for each in (smooth, smooth + lumps, smooth + side, arms)
    )
    assert abs(plain["asymmetry"]) < 0.02
    assert lopsided["asymmetry"] > 0.1
    assert abs(plain["smoothness"]) < 0.03
    assert lumpy["smoothness"] > plain["smoothness"] + 0.03
    assert abs(plain["profile_residual"]) < 0.02
    assert spiral["profile_residual"] > 0.15
    assert spiral["asymmetry"] < 0.1  # two arms are alike after half a turn


def test_colours_and_their_slope() -> None:
    """Of channels whose ratio is a power of the radius: 2.5 times its exponent a decade."""
    y, x = np.mgrid[:201, :201] - 100
    far = np.hypot(np.hypot(y, x), 0.5)
    red = 40 * _sersic(1.0, radius=14)
    blue = 2 * red * (far / 14) ** 0.3
    image = as_image(np.stack([red, blue], -1), dims=("y", "x", "c"))
    image = image.assign_coords(c=["r", "b"])
    row = gt.measure.morphology((red > 1).astype(int), image, background="none").iloc[0]
    inside = np.hypot(y, x) < row["rpetro_ellip"]
    expected = -2.5 * math.log10(red[inside].sum() / blue[inside].sum())
    assert row["colour_r_b"] == pytest.approx(expected, abs=0.01)
    assert row["colour_gradient_r_b"] == pytest.approx(2.5 * 0.3, rel=0.1)
    same = image.copy(data=np.stack([red, 2 * red], -1))
    row = gt.measure.morphology((red > 1).astype(int), same, background="none").iloc[0]
    assert row["colour_r_b"] == pytest.approx(2.5 * math.log10(2), abs=1e-9)
    assert row["colour_gradient_r_b"] == pytest.approx(0, abs=1e-9)


def test_one_row_for_each_object_as_of_regions() -> None:
    """Place and size are those of `measure.regions`; frames are apart."""
    rng = np.random.default_rng(6)
    y, x = np.mgrid[:100, :160]
    light = sum(
        40 * np.exp(-np.hypot(y - at, x - along) / 4) for at, along in ((40, 40), (60, 115))
    )
    labels = np.where(light > 2, np.where(x < 80, 3, 8), 0)
    images = light + rng.normal(5, 0.2, (2, 100, 160))
    image = as_image(images, dims=("t", "y", "x"))
    frames = as_image(np.stack([labels, labels]), dims=("t", "y", "x"))
    table = gt.measure.morphology(frames, image)
    assert table["label"].tolist() == [3, 8, 3, 8]
    assert table["t"].tolist() == [0, 0, 1, 1]
    regions = gt.measure.regions(frames, properties=())
    for name in regions:
        np.testing.assert_array_equal(table[name], regions[name])
    alone = gt.measure.morphology(labels, images[1])
    for name in alone:
        np.testing.assert_array_equal(alone[name], table[name][2:].reset_index(drop=True))


def test_lengths_have_the_unit_of_the_image() -> None:
    light = 30 * _sersic(1.0)
    labels = (light > 1).astype(int)
    plain = gt.measure.morphology(labels, light)
    spacing = {"y": "0.4 arcsec", "x": "0.4 arcsec"}
    scaled = gt.measure.morphology(
        as_image(labels, spacing=spacing), as_image(light, spacing=spacing)
    )
    assert scaled.attrs["units"]["r50"] == "arcsec"
    assert plain.attrs["units"]["r50"] == "px"
    for name in ("r50", "rpetro_ellip", "centre_x", "sersic_rhalf"):
        assert scaled[name][0] == pytest.approx(0.4 * plain[name][0])
    assert scaled["sersic_n"][0] == pytest.approx(plain["sersic_n"][0])


def test_the_object_of_a_cut_out_alone() -> None:
    """As among all objects; and a row that says so where none was found."""
    seen = galaxies(radius=12, neighbours=4, seed=[24, 1])
    found, row = _found(seen.image)
    table = gt.measure.morphology(found.objects, seen.image)
    assert len(table) > 1
    same = table[table["label"] == found.object["label"][0]].iloc[0]
    assert row.equals(same)
    assert {"colour_c0_c1", "colour_gradient_c1_c2"} <= set(row.index)
    nothing = gt.detect.main_object(np.full((50, 50), 3.0))
    missing = gt.measure.morphology(nothing.objects, np.full((50, 50), 3.0), nothing.object)
    assert missing[["label", "flag", "flag_sersic"]].iloc[0].tolist() == [0, 4, 4]
    assert np.isnan(missing["gini"][0])


def test_objects_without_light_are_not_measured() -> None:
    """Nor those of one sample lead astray; each says so."""
    labels = np.zeros((60, 60), int)
    labels[10:20, 10:20], labels[40, 40], labels[30:36, 5:50] = 1, 2, 3
    values = np.random.default_rng(7).normal(0, 1, labels.shape)
    values[labels == 1] = -5
    values[labels == 3] = np.nan
    table = gt.measure.morphology(labels, values, background="none").set_index("label")
    assert table.loc[1, "flag"] == 4
    assert table.loc[3, "flag"] == 4
    assert np.isnan(table.loc[1, "concentration"])
    assert len(table) == 3


def test_what_cannot_be_measured_is_refused() -> None:
    image = np.ones((20, 20))
    labels = np.ones((20, 20), int)
    spaced = {"y": "2 um", "x": "1 um"}
    with pytest.raises(ImageError, match="square samples"):
        gt.measure.morphology(as_image(labels, spacing=spaced), as_image(image, spacing=spaced))
    with pytest.raises(ImageError, match="two dims of space"):
        gt.measure.morphology(np.ones((4, 4, 4), int), np.ones((4, 4, 4)))
    import pandas as pd

    with pytest.raises(ImageError, match="one row with label"):
        gt.measure.morphology(labels, image, pd.DataFrame({"y": [1.0]}))


def test_means_over_squares_are_those_of_scipy() -> None:
    """Also of even sizes, and of squares larger than the image."""
    from scipy import ndimage

    values = np.random.default_rng(8).normal(0, 1, (17, 12))
    for size in (1, 2, 3, 6, 25):
        np.testing.assert_allclose(
            box_mean(values, size), ndimage.uniform_filter(values, size), atol=1e-12
        )


def test_the_mode_of_the_sky_is_that_of_photutils() -> None:
    background = pytest.importorskip("photutils.background")
    from astropy.stats import sigma_clipped_stats

    rng = np.random.default_rng(9)
    values = np.concatenate([rng.normal(3, 1, 4000), rng.exponential(6, 700)])
    estimator = background.ModeEstimatorBackground(median_factor=2.5, mean_factor=1.5)
    mean, median, deviation = sigma_clipped_stats(
        values, sigma=3.0, maxiters=None, cenfunc=estimator
    )
    ours = mode_of_sky(values)
    assert ours == pytest.approx((2.5 * median - 1.5 * mean, deviation), rel=1e-9)
