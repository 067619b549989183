"""Blobs: responses against SciPy, places and sizes against truth, pairs against brute force."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError
from graticule.ops.detect._overlap import best_apart, overlap_of
from graticule.ops.detect._scale_space import Response, Scales


def _spots(shape: tuple[int, ...], blobs: list[tuple[Any, ...]]) -> Any:
    """Return Gaussian blobs of (place, width, height)."""
    at = np.indices(shape)
    image = np.zeros(shape)
    for place, width, height in blobs:
        far = sum((axis - middle) ** 2 for axis, middle in zip(at, place, strict=True))
        image += height * np.exp(-far / (2 * width**2))
    return image


@pytest.mark.parametrize("shape", [(97, 64), (40, 33, 38), (301,)])
def test_the_responses_are_those_of_scipy_at_every_scale(shape: tuple[int, ...]) -> None:
    """On coarse grids too: compared where samples of theirs lie between those of the image."""
    image = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=shape), 0.8)
    dims = len(shape)
    most = 12.0 if dims < 3 else 6.0
    scales = Scales.between([1.5] * dims, [most] * dims, "log")
    values = image.astype(np.float32).reshape((1,) * (3 - dims) + shape)
    seen = 0
    for octave in scales.octaves(values, [0, 0, 0], values.shape, missing=False):
        for number, level in enumerate(octave.levels, octave.first):
            width = float(scales.width(number)[-1])
            true = -(width**2) * ndimage.gaussian_laplace(image, width, mode="reflect", truncate=6)
            grids = octave.grids[3 - dims :]
            places = np.meshgrid(
                *(grid.places(np.arange(grid.stop)) for grid in grids), indexing="ij"
            )
            expected = ndimage.map_coordinates(true, places, order=5, mode="reflect")
            apart = np.abs(level.reshape(expected.shape) - expected).max()
            assert apart < 0.04 * np.abs(true).max(), number
            seen += 1
    assert seen > 10


@pytest.mark.parametrize("method", ["log", "doh", "dog"])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_place_and_size_of_gaussian_blobs_lie_between_samples(method: Response, dims: int) -> None:
    """Within a fortieth of their width, and the size within 3 in a hundred."""
    shape = (60,) * dims if dims == 3 else (200,) * dims
    blobs = [
        ((0.3 * shape[0] + 0.37,) * dims, 2.3, 5.0),
        ((0.7 * shape[0] + 0.2,) * dims, 4.6, 3.0),
    ]
    table = gt.detect.blobs(_spots(shape, blobs), method=method, min_snr=0, max_sigma=10)
    assert len(table) == 2
    at = table[["z", "y", "x"][3 - dims :]].to_numpy()
    for place, width, _ in blobs:
        row = int(np.abs(at - place).sum(axis=1).argmin())
        assert np.abs(at[row] - place).max() < width / 40
        # The strength of a Gaussian is largest where its own width is that of the other.
        assert table["sigma"][row] == pytest.approx(width * (2 / dims) ** 0.5, rel=0.03)


def test_strength_and_radius_are_what_the_page_says() -> None:
    """Half the height of a Gaussian; the radius of a disk."""
    table = gt.detect.blobs(_spots((80, 80), [((40, 40), 4.0, 6.0)]), min_snr=0)
    assert table["strength"][0] == pytest.approx(3.0, rel=0.01)
    y, x = np.mgrid[:120, :120]
    disk = 1.0 * (np.hypot(y - 60, x - 60) < 17)
    assert gt.detect.blobs(disk)["radius"][0] == pytest.approx(17, rel=0.02)


def test_skimage_finds_the_same() -> None:
    """Of its blobs each is one of ours, within a sample and one of its steps of scale."""
    from skimage.data import hubble_deep_field
    from skimage.feature import blob_log

    image = hubble_deep_field()[:300, :300].mean(axis=2) / 255
    theirs = blob_log(image, min_sigma=2, max_sigma=12, num_sigma=20, threshold=0.08, overlap=1)
    ours = gt.detect.blobs(image, min_sigma=1.5, max_sigma=16, threshold=0.07, overlap=1)
    assert len(theirs) > 30
    inside = theirs[(theirs[:, 2] > 2) & (theirs[:, 2] < 12)]
    for y, x, sigma in inside:
        far = np.hypot(ours["y"] - y, ours["x"] - x) / sigma
        near = far + np.abs(np.log(ours["sigma"] / sigma))
        assert near.min() < 0.7, (y, x, sigma)


def test_dark_and_both() -> None:
    """Dark blobs have a negative strength; a negated image gives them as bright ones."""
    image = _spots((90, 90), [((30, 30), 3, 5.0), ((60, 60), 5, -4.0)])
    both = gt.detect.blobs(image, polarity="both", threshold=1)
    assert both["strength"].gt(0).tolist() == [True, False]
    dark = gt.detect.blobs(image, polarity="dark", threshold=1)
    assert dark[["y", "x"]].round(1).to_numpy().tolist() == [[60.0, 60.0]]
    bright = gt.detect.blobs(-image, polarity="bright", threshold=1)
    assert np.allclose(bright["strength"], -dark["strength"])


@pytest.mark.parametrize("turn", [lambda a: a[::-1], lambda a: a[:, ::-1], np.transpose])
def test_a_turned_image_has_the_same_blobs(turn: Any) -> None:
    """The coarser grids have no side: sizes are odd, and blobs lie at the borders."""
    rng = np.random.default_rng(3)
    blobs = [(tuple(rng.uniform(0, [90, 74])), 2 ** rng.uniform(1, 3.5), 10.0) for _ in range(12)]
    image = _spots((91, 75), blobs) + rng.normal(0, 0.2, (91, 75))
    one, other = (gt.detect.blobs(each, max_sigma=14) for each in (image, turn(image)))
    assert len(one) == len(other) >= 8
    assert np.allclose(one["strength"], other["strength"], rtol=1e-3)
    assert np.allclose(one["sigma"], other["sigma"], rtol=1e-2)


def test_lengths_and_axes() -> None:
    """Widths in micrometres on samples of another height; the place in the coordinate."""
    y, x = np.mgrid[:80, :160]
    disk = 1.0 * (np.hypot((y - 40) * 2, x - 70) < 14)
    image = as_image(disk, spacing={"y": "1 um", "x": "0.5 um"})
    row = gt.detect.blobs(image, min_sigma="2 um", max_sigma="9 um").iloc[0]
    assert row["radius"] == pytest.approx(7, rel=0.03)
    assert (row["y"], row["x"]) == (pytest.approx(40, abs=0.1), pytest.approx(35, abs=0.1))
    table = gt.detect.blobs(image, min_sigma="2 um", max_sigma="9 um")
    assert table.attrs["units"]["radius"] == "um" == table.attrs["units"]["x"]


def test_frames_and_missing_samples() -> None:
    """Each frame by itself; NaN has no weight, and a hole of it is no blob."""
    one = _spots((60, 60), [((20, 20), 3, 5.0)])
    stack = as_image(np.stack([one, one[::-1]]), dims=("t", "y", "x"))
    table = gt.detect.blobs(stack, min_snr=0)
    assert table["t"].tolist() == [0, 1]
    assert table["y"].round(1).tolist() == [20.0, 39.0]
    holed = one.copy()
    holed[40:50, 40:50] = np.nan
    holed[0, 0] = np.inf
    found = gt.detect.blobs(holed + 7, min_snr=0)
    assert found[["y", "x"]].round(1).to_numpy().tolist() == [[20.0, 20.0]]


def test_noise_has_few_blobs_and_nothing_none() -> None:
    """At five deviations next to none; a constant image and one of NaN have none."""
    noise = np.random.default_rng(0).normal(100, 3, (500, 500))
    assert len(gt.detect.blobs(noise)) <= 3
    assert len(gt.detect.blobs(noise, min_snr=3)) > 10
    for still in (np.full((20, 20), 3.0), np.full((20, 20), np.nan), np.zeros((1, 1))):
        table = gt.detect.blobs(still)
        assert len(table) == 0
        assert {"y", "x", "sigma", "radius", "strength", "snr"} <= set(table)


def test_the_signal_to_noise_is_that_of_white_noise() -> None:
    """Responses to white noise have the deviation that strengths are counted in."""
    noise = np.random.default_rng(1).normal(0, 2, (600, 600)).astype(np.float32)[None]
    for method in ("log", "dog"):
        scales = Scales.between([2, 2], [8, 8], method)  # type: ignore[arg-type]
        for octave in scales.octaves(noise, [0, 0, 0], noise.shape, missing=False):
            for number, level in enumerate(octave.levels, octave.first):
                assert level.std() / 2 == pytest.approx(scales.noise(number), rel=0.1)


def test_blobs_lie_where_they_do_without_a_spacing() -> None:
    """Those with their middle beyond the last sample too."""
    values = np.random.default_rng(1).normal(size=(62, 50))
    bare = gt.detect.blobs(values, min_snr=0.5)
    y = {"y": ("y", 7 + 0.5 * np.arange(62), {"units": "um"})}
    spaced = gt.detect.blobs(as_image(values).assign_coords(y), min_snr=0.5)
    assert bare["y"].max() > 61
    np.testing.assert_allclose(spaced["y"], 7 + 0.5 * bare["y"], rtol=1e-12)


def test_bad_parameters_say_so() -> None:
    """Sizes in the wrong order, more than three dims."""
    with pytest.raises(ParameterError, match="min_sigma"):
        gt.detect.blobs(np.zeros((9, 9)), min_sigma=4, max_sigma=2)
    with pytest.raises(ParameterError, match="no more than"):
        gt.detect.blobs(np.zeros((9, 9)), min_sigma=1e-6, max_sigma=9e5)
    with pytest.raises(ImageError, match="up to three dims"):
        gt.detect.blobs(as_image(np.zeros((2, 2, 2, 2)), dims=("a", "b", "p", "q")))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(0, 60))
def test_the_best_apart_are_those_of_brute_force(seed: int, dims: int, count: int) -> None:
    """Going from the best, each is kept unless it overlaps one that is."""
    rng = np.random.default_rng(seed)
    places, radii = rng.uniform(0, 20, (count, dims)), 2 ** rng.uniform(-1, 4, count)
    kept: list[int] = []
    for n in range(count):
        far = np.sqrt(((places[kept] - places[n]) ** 2).sum(axis=1))
        shared = overlap_of(far, radii[kept], np.full(len(kept), radii[n]), dims)
        if not (shared > 0.4).any():
            kept.append(n)
    assert np.flatnonzero(best_apart(places, radii, 0.4)).tolist() == kept


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_overlaps_are_those_counted(dims: int) -> None:
    """Against samples of a fine grid."""
    grid = np.stack(np.meshgrid(*[np.linspace(-3, 6, 181)] * dims), axis=-1)
    for far, one, other in itertools.product([0.5, 1.5, 2.5], [1.0, 1.7], [1.0, 2.2]):
        middle = np.zeros(dims)
        middle[0] = far
        first = (grid**2).sum(axis=-1) < one**2
        second = ((grid - middle) ** 2).sum(axis=-1) < other**2
        counted = (first & second).sum() / min(first.sum(), second.sum())
        args = (np.array([far]), np.array([one]), np.array([other]), dims)
        assert overlap_of(*args)[0] == pytest.approx(counted, abs=0.03)
