"""detect.spots: what stands out is found, what is not in the mask is not touched."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ParameterError
from graticule.simulate.radiograph import Camera, radiograph

METHODS = ("fixed", "adaptive", "reconstruction")
SPOTS = gt.op("detect.spots")
DTYPES = st.sampled_from([np.uint8, np.uint16, np.int64, np.uint64, np.float32, np.float64])
SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=9)


def _images(dtype):
    return hnp.arrays(dtype, SHAPES, elements=st.integers(0, 50))


def _window(image, place, radius):
    return tuple(
        slice(max(0, at - radius), min(size, at + radius + 1))
        for at, size in zip(place, image.shape, strict=True)
    )


def _lower_median(values):
    ordered = np.sort(values[~np.isnan(values)])
    return ordered[(ordered.size - 1) // 2] if ordered.size else np.nan


@pytest.mark.parametrize("shape", [(40,), (20, 23), (7, 8, 9)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, np.int64])
def test_fixed_is_the_median_of_scipy(shape, dtype):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 200, shape).astype(dtype)
    found = SPOTS(image, method="fixed", threshold=60, radius=1)
    median = ndimage.median_filter(image.astype(float), 3, mode="nearest")
    np.testing.assert_array_equal(found.mask, np.abs(image - median) > 60)
    assert found.mask.any()


@settings(max_examples=60)
@given(DTYPES.flatmap(_images), st.sampled_from(METHODS), st.integers(0, 2))
def test_nothing_changes_outside_the_mask(image, method, radius):
    mask, cleaned = SPOTS(image, method=method, threshold=2.0, radius=radius, window=3)
    assert cleaned.dtype == image.dtype
    np.testing.assert_array_equal(cleaned[~mask], image[~mask])


@settings(max_examples=60)
@given(_images(np.uint16), st.sampled_from(METHODS), st.integers(1, 2))
def test_inside_it_is_the_median_of_the_neighbours_that_are_not(image, method, radius):
    mask, cleaned = SPOTS(image, method=method, threshold=2.0, radius=radius, window=3)
    level = gt.op("filters.median")(image, radius=radius)
    for place in map(tuple, np.argwhere(mask)):
        window = _window(image, place, radius)
        rest = image[window][~mask[window]]
        expected = _lower_median(rest.astype(float)) if rest.size else level[place]
        assert cleaned[place] == expected


def _slow_noise(residual, half):
    """Medians of medians along x, then y: written as it is said."""
    sizes = np.abs(residual)
    for axis in reversed(range(residual.ndim)):
        out = np.empty_like(sizes)
        for place in np.ndindex(sizes.shape):
            line = [
                sizes[(*place[:axis], n, *place[axis + 1 :])]
                for n in range(sizes.shape[axis])
                if abs(n - place[axis]) <= half
            ]
            line = np.array(line)[~np.isnan(line)]
            told = line[line > 0]
            enough = told.size and told.size * 8 >= line.size
            out[place] = _lower_median(told) if enough else (0.0 if line.size else np.nan)
        sizes = out
    return 1.4826 * sizes


@settings(max_examples=40)
@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=8),
        elements=st.sampled_from([0.0, 1.0, 2.0, 5.0, 40.0, np.nan]),
    ),
    st.integers(0, 3),
)
def test_adaptive_is_its_definition(image, half):
    level = gt.op("filters.median")(image, radius=1)
    residual = image - level
    noise = _slow_noise(residual, half)
    with np.errstate(invalid="ignore"):
        expected = np.abs(residual) > 3 * noise
    found = SPOTS(image, method="adaptive", threshold=3, low=3, radius=1, window=half)
    np.testing.assert_array_equal(found.mask, expected)


@pytest.mark.parametrize("method", METHODS)
def test_bright_and_dark_make_both(method):
    rng = np.random.default_rng(1)
    image = rng.poisson(100, (40, 40)).astype(np.float32)
    image[rng.integers(0, 40, 20), rng.integers(0, 40, 20)] += rng.choice([-90, 200], 20)
    masks = {
        polarity: SPOTS(image, method=method, polarity=polarity, threshold=6.0).mask
        for polarity in ("bright", "dark", "both")
    }
    assert masks["bright"].any()
    assert masks["dark"].any()
    np.testing.assert_array_equal(masks["bright"] | masks["dark"], masks["both"])


def test_adaptive_turns_with_the_sign_and_ignores_scale_and_offset():
    rng = np.random.default_rng(2)
    image = rng.normal(0, 1, (41, 41))
    image[10, 10], image[30, 5] = 30, -30
    masks = SPOTS(image, method="adaptive", polarity="bright").mask
    turned = SPOTS(-image, method="adaptive", polarity="dark").mask
    np.testing.assert_array_equal(masks, turned)
    np.testing.assert_array_equal(
        masks, SPOTS(4 * image, method="adaptive", polarity="bright").mask
    )
    assert masks[10, 10]
    assert not masks[30, 5]


@pytest.mark.parametrize("counts", [3, 30, 300, 30_000])
@pytest.mark.parametrize("gain", [None, 1.0])
def test_counting_noise_has_hardly_a_spot_at_any_exposure(counts, gain):
    image = np.random.default_rng(3).poisson(counts, (300, 300)).astype(np.float32)
    mask = SPOTS(image, gain=gain).mask
    assert mask.sum() <= 12


def test_one_setting_serves_every_exposure():
    found, false, missed = 0, 0, 0
    for seed, flux in enumerate((300, 2000, 9000)):
        made = radiograph(shape=(160, 160), camera=Camera(flux=flux), dead=0, lines=0, seed=seed)
        mask = SPOTS(made.image, polarity="bright").mask.values
        truth, count = ndimage.label(made.spots.values, np.ones((3, 3)))
        hit = np.setdiff1d(truth[mask], [0]).size
        answer, _ = ndimage.label(mask, np.ones((3, 3)))
        found, missed = found + hit, missed + count - hit
        false += np.setdiff1d(answer, [0, *np.unique(answer[truth > 0])]).size
    assert found / (found + missed) > 0.65
    assert false / (found + false) < 0.05


def test_reconstruction_leaves_corners_alone():
    image = np.full((80, 80), 400.0)
    for y, x in product(range(5, 80, 20), repeat=2):
        image[y : y + 10, x : x + 10] = 2000
    noisy = np.random.default_rng(4).poisson(image).astype(np.float32)
    false = {
        method: SPOTS(noisy, method=method, threshold=5.0, gain=1.0, polarity="bright").mask
        for method in ("adaptive", "reconstruction")
    }
    assert ndimage.label(false["adaptive"])[1] >= 64  # every corner of every square
    assert not false["reconstruction"].any()


def test_reconstruction_leaves_thin_lines_alone():
    image = np.full((90, 90), 2000.0)
    image[:, 20:22] = 1200
    image[50:52, :] = 3000
    y, x = np.mgrid[:90, :90]
    image[np.abs(y - x) < 2] = 1500
    noisy = np.random.default_rng(4).poisson(image).astype(np.float32)
    noisy[10, 60] += 900
    false = {method: SPOTS(noisy, method=method) for method in ("adaptive", "reconstruction")}
    assert false["adaptive"].mask.sum() > 100
    assert false["reconstruction"].mask.sum() <= 8
    assert false["reconstruction"].mask[10, 60]


def test_the_flanks_of_a_spot_belong_to_it():
    made = np.random.default_rng(5).poisson(400, (41, 41)).astype(np.float32)
    y, x = np.mgrid[-20:21, -20:21]
    light = 2000 * np.exp(-(x**2 + y**2) / 2)
    mask, cleaned = SPOTS(made + light)
    assert mask[light > 80].all()
    assert mask.sum() < 60
    assert np.abs(cleaned - made)[mask].max() < 120


def test_missing_samples_are_no_spots_and_have_no_say():
    rng = np.random.default_rng(6)
    image = rng.poisson(200, (30, 30)).astype(np.float32)
    image[5, 5] = 900
    holed = image.copy()
    holed[12:20, 12:20] = np.nan
    mask, cleaned = SPOTS(holed)
    assert mask[5, 5]
    assert not mask[np.isnan(holed)].any()
    np.testing.assert_array_equal(np.isnan(cleaned), np.isnan(holed))


def test_frames_are_searched_one_by_one_and_units_kept():
    stack = np.random.default_rng(7).poisson(300, (3, 25, 26)).astype(np.uint16)
    stack[1, 8, 9] = 3000
    image = as_image(stack, dims=("t", "y", "x"), units="count")
    mask, cleaned = SPOTS(image)
    assert cleaned.attrs["units"] == "count"
    assert mask.dims == ("t", "y", "x")
    for n in range(3):
        alone = SPOTS(image.isel(t=n))
        np.testing.assert_array_equal(mask.values[n], alone.mask.values)
        np.testing.assert_array_equal(cleaned.values[n], alone.cleaned.values)


@pytest.mark.parametrize(("method", "value"), list(product(METHODS, (0, 7))))
def test_a_constant_image_has_none(method, value):
    image = np.full((12, 12), value, np.uint8)
    assert not SPOTS(image, method=method, threshold=1.0).mask.any()


def test_fixed_asks_for_its_threshold():
    with pytest.raises(ParameterError, match="threshold"):
        SPOTS(np.zeros((3, 3)), method="fixed")


def test_the_annotated_radiograph(data_dir: Path):
    folder = data_dir / "neutron_spots" / "mixture12_crop_recovered"
    image = gt.read(folder / "crop256_counts_est.tif")
    truth = gt.read(folder / "crop256_spot_mask.png").values > 0
    mask = SPOTS(image).mask.values
    labels, count = ndimage.label(truth, np.ones((3, 3)))
    assert count == 127
    assert np.setdiff1d(labels[mask], [0]).size / count > 0.9
    answer, answers = ndimage.label(mask, np.ones((3, 3)))
    assert np.setdiff1d(answer[truth], [0]).size / answers > 0.85


def test_dims_may_have_any_name():
    image = xr.DataArray(np.random.default_rng(8).poisson(99, (30, 40)), dims=("time", "distance"))
    image.values[7, 8] = 900
    assert SPOTS(image).mask.values[7, 8]
