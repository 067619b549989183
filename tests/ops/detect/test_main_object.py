"""The object of a cut-out: place and size against truth, and each reason not to use it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.ops.detect._profile import profile_of, width_of
from graticule.ops.detect.main_object import REASONS
from graticule.simulate.galaxies import Galaxy, Morphology, galaxies

MORPHOLOGIES: tuple[Morphology, ...] = ("spiral", "elliptical", "disk")


def _found(seen: Galaxy, **params: Any) -> Any:
    return gt.detect.main_object(seen.image, **params).object.iloc[0]


@pytest.mark.parametrize("morphology", MORPHOLOGIES)
@pytest.mark.parametrize("radius", [7.0, 12.0, 20.0])
def test_place_radius_and_shape_are_those_simulated(morphology: Morphology, radius: float) -> None:
    """Half a pixel, of unequal arms a tenth of the radius.

    None is refused, but that the middle of some is as bright as can be.
    """
    for seed in range(4):
        seen = galaxies(morphology=morphology, radius=radius, seed=[11, seed])
        row = _found(seen)
        off = np.hypot(row["y"] - seen.y, row["x"] - seen.x)
        assert off < (0.1 * radius if morphology == "spiral" else 0.5)
        assert row["refused"] in ("", "saturated")
        assert 0.8 < row["half_light_radius"] / radius < 1.35
        if morphology != "spiral":  # arms are a shape of their own
            assert row["axis_ratio"] == pytest.approx(seen.axis_ratio, abs=0.1)
        if morphology != "spiral" and seen.axis_ratio < 0.8:
            assert abs(np.sin(row["angle"] - seen.angle)) < 0.15


def test_stripes_are_seen_and_others_are_not_taken_for_them() -> None:
    """Twenty with a stripe of any direction, twenty without."""
    with_stripe = [_found(galaxies(stripe=3.0 + n % 5, seed=[12, n])) for n in range(20)]
    assert sum(row["stripe"] for row in with_stripe) >= 19
    without = [_found(galaxies(morphology=MORPHOLOGIES[n % 3], seed=[13, n])) for n in range(20)]
    assert not any(row["stripe"] or row["trail"] for row in without)


def test_trails_are_seen() -> None:
    """Of any direction, through the galaxy or beside it, nine of ten."""
    found = [
        _found(galaxies(morphology=MORPHOLOGIES[n % 3], trail=True, seed=[18, n]))
        for n in range(20)
    ]
    assert sum(row["trail"] for row in found) >= 18


def test_a_stripe_over_the_galaxy_alone_is_seen() -> None:
    """Two pixels wide, where the sky is as dark as it."""
    seen = galaxies(morphology="disk", radius=18, seed=[14, 0])
    values = np.maximum(seen.image.values.astype(int) - 25, 0).astype(np.uint8)
    column = round(seen.x) + 6
    values[:, column : column + 2] = 0
    row = gt.detect.main_object(as_image(values, dims=("y", "x", "c"))).object.iloc[0]
    assert row["stripe"]


def test_a_short_stripe_on_a_galaxy_is_seen() -> None:
    """One pixel wide and a twentieth of the image long."""
    light = _with_noise(100 * _gaussian((300, 300), (150, 150), 30))
    assert not gt.detect.main_object(light).object["stripe"][0]
    light[150:172, 160] = 20
    assert gt.detect.main_object(light).object["stripe"][0]


def test_the_edge_of_a_brighter_sky_is_no_trail() -> None:
    """A corner that another exposure fills."""
    light = _with_noise(100 * _gaussian((300, 300), (150, 150), 8))
    y, x = np.indices(light.shape)
    light[y + x < 250] += 3
    assert not gt.detect.main_object(light).object["trail"][0]


def test_the_middle_of_a_cusp_is_where_it_is() -> None:
    """Light that is far narrower than the window it is sought under."""
    for seed in (166, 202, 244):
        seen = galaxies(morphology="elliptical", radius=16, seed=[6, seed])
        row = _found(seen)
        assert np.hypot(row["y"] - seen.y, row["x"] - seen.x) < 0.5


def test_companions_are_told() -> None:
    """Of those a person would see six of seven, and nine of ten that are told are some."""
    rng = np.random.default_rng(15)
    told = []
    for n in range(80):
        params: dict[str, Any] = {"morphology": MORPHOLOGIES[n % 3], "seed": [15, n]}
        far = float(rng.uniform(0.3, 5))
        seen = galaxies(
            radius=float(rng.uniform(8, 20)), companion=far if n % 2 else None, **params
        )
        told.append((seen.blended, bool(_found(seen)["blended"])))
    both = sum(true and found for true, found in told)
    assert both >= 0.85 * sum(true for true, _ in told)
    assert both >= 0.9 * sum(found for _, found in told)


def test_of_companions_two_radii_away_nearly_all_are_told_and_of_lone_ones_none() -> None:
    kinds = [MORPHOLOGIES[n % 3] for n in range(18)]
    near = [
        _found(galaxies(morphology=kind, companion=2 + n / 18, seed=[15, n]))
        for n, kind in enumerate(kinds)
    ]
    assert sum(row["blended"] for row in near) >= 16
    alone = [_found(galaxies(morphology=kind, seed=[16, n])) for n, kind in enumerate(kinds)]
    assert not any(row["blended"] or row["blended_circles"] for row in alone)


def test_arms_are_no_companions() -> None:
    """Of a galaxy with two equal arms nothing is left beside itself turned; of a star all is."""
    y, x = np.indices((160, 160)) - 80.0
    far, turn = np.hypot(y, x), np.arctan2(y, x)
    arms = 60 * np.exp(-far / 16) * (1 + 0.9 * np.cos(2 * (turn - np.log(far + 1) / 0.4)))
    star = 60 * _gaussian((160, 160), (104, 96), 3.5)
    alone, beside = (
        gt.detect.main_object(_with_noise(light)).object.iloc[0] for light in (arms, arms + star)
    )
    assert alone["companion"] == 0
    assert beside["companion"] == pytest.approx(star.sum() / arms.sum(), rel=0.3)
    assert beside["blended"]


def _gaussian(shape: tuple[int, int], place: tuple[float, float], width: float) -> Any:
    y, x = np.indices(shape)
    return np.exp(-((y - place[0]) ** 2 + (x - place[1]) ** 2) / (2 * width**2))


def _with_noise(values: Any) -> Any:
    return values + np.random.default_rng(0).normal(20, 1, values.shape)


def test_each_further_reason() -> None:
    """Nothing there; faint; cut; saturated; all in one sample."""
    size = (100, 100)

    def reasons(values: Any) -> set[str]:
        row = gt.detect.main_object(values).object.iloc[0]
        held = {name for name in REASONS if row[name]}
        assert set(filter(None, row["refused"].split(", "))) == held
        return held

    assert reasons(_with_noise(np.zeros(size))) == {"missing"}
    assert reasons(np.full(size, 7.0)) >= {"missing"}
    assert reasons(_with_noise(3 * _gaussian(size, (50, 50), 2.5))) == {"faint"}
    assert reasons(_with_noise(90 * _gaussian(size, (50, 50), 4))) == set()
    assert reasons(_with_noise(90 * _gaussian(size, (50, 3), 8))) == {"cut"}
    bright = np.clip(_with_noise(400 * _gaussian(size, (50, 50), 4)), 0, 255).astype(np.uint8)
    assert reasons(bright) == {"saturated"}
    hot = _with_noise(np.zeros(size))
    hot[50, 50] = 2000
    assert "artefact" in reasons(hot)


def test_the_one_in_the_middle_is_meant() -> None:
    """And not a brighter one at the side, which stays an object of its own."""
    size = (200, 200)
    light = 60 * _gaussian(size, (103, 98), 5) + 200 * _gaussian(size, (40, 150), 9)
    found = gt.detect.main_object(_with_noise(light))
    row = found.object.iloc[0]
    assert (row["y"], row["x"]) == (pytest.approx(103, abs=0.3), pytest.approx(98, abs=0.3))
    assert found.footprint[103, 98]
    assert not found.footprint[40, 150]
    assert found.objects[40, 150] not in (0, found.objects[103, 98])


def test_the_radius_is_that_of_the_determinant_of_the_hessian() -> None:
    """From rings of light as from `detect.blobs` with ``doh``, for long ones too."""
    y, x = np.indices((161, 161)) - 80.0
    for long in (1.0, 1.8):
        light = np.exp(-((y / (7 * long)) ** 2 + (x / 7) ** 2) / 2)
        rings = profile_of(light, np.ones(light.shape, bool), (80.0, 80.0), 75)
        blob = gt.detect.blobs(light, method="doh", max_sigma=30, min_snr=0).iloc[0]
        assert width_of(rings) == pytest.approx(blob["sigma"], rel=0.03)


def test_turned_shifted_and_in_units() -> None:
    """The same object wherever the axes point; lengths in the unit of the axes."""
    seen = galaxies(seed=[17, 2])
    values = seen.image.values
    one, other = (
        gt.detect.main_object(as_image(v, dims=("y", "x", "c"))).object.iloc[0]
        for v in (values, values[::-1])
    )
    assert one["y"] == pytest.approx(211 - other["y"], abs=0.01)
    assert one["radius"] == pytest.approx(other["radius"], rel=6e-3)
    sky = as_image(values, dims=("y", "x", "c"), spacing={"y": "0.396 arcsec", "x": "0.396 arcsec"})
    table = gt.detect.main_object(sky).object
    assert table["radius"][0] == pytest.approx(0.396 * one["radius"], rel=1e-6)
    assert table.attrs["units"]["radius"] == "arcsec"


def test_missing_samples_and_wrong_dims() -> None:
    """What is not finite is sky; a volume is refused by name."""
    light = _with_noise(80 * _gaussian((90, 90), (44, 47), 4))
    light[:6, :6] = np.nan
    row = gt.detect.main_object(light).object.iloc[0]
    assert (row["y"], row["x"]) == (pytest.approx(44, abs=0.2), pytest.approx(47, abs=0.2))
    with pytest.raises(ImageError, match="two dims of space"):
        gt.detect.main_object(np.zeros((4, 5, 6)))
