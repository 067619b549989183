"""Thresholds that work on the histogram: the same numbers as scikit-image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data, filters

import graticule as gt
from graticule.core import BlockInfo, as_image
from graticule.core.errors import ImageError, ParameterError
from graticule.core.scope import Block

METHODS = {
    name: getattr(filters, f"threshold_{name}")
    for name in ("otsu", "triangle", "isodata", "yen", "mean", "li")
}
SKIMAGE = {**METHODS, "minimum": filters.threshold_minimum}
OURS_ALONE = ("intermodes", "kittler_illingworth", "max_entropy", "moments")
ALL = (*METHODS, "minimum", *OURS_ALONE)
DTYPES = ["uint8", "int8", "uint16", "int16", "int32", "int64", "float16", "float32", "float64"]


def peer(name: str, image: Any) -> Any:
    """Return scikit-image's threshold, with its sums in double precision."""
    if image.dtype == np.float32 and name in ("otsu", "isodata"):
        counts, edges = np.histogram(image, bins=256)
        return METHODS[name](hist=(counts, ((edges[1:] + edges[:-1]) / 2).astype(np.float64)))
    wide = image.astype(np.int64) if image.dtype.kind == "i" else image
    return SKIMAGE[name](wide.copy())  # li overflows in 8 bits with a sign


def mixture(seed: int, dtype: str, shape: tuple[int, ...] = (64, 65)) -> Any:
    rng = np.random.default_rng(seed)
    bright = rng.random(shape) < rng.uniform(0.05, 0.6)
    values = rng.normal(np.where(bright, 30, -10) * rng.uniform(0.5, 2), rng.uniform(2, 9))
    return values.clip(-128, 127).astype(dtype) if dtype[0] != "u" else abs(values).astype(dtype)


@pytest.mark.parametrize("name", METHODS)
@given(seed=st.integers(0, 10**6), dtype=st.sampled_from(DTYPES))
def test_equals_scikit_image(name: str, seed: int, dtype: str) -> None:
    image = mixture(seed, dtype)
    plain = image.astype(np.float32) if dtype == "float16" else image
    threshold = peer(name, plain)
    found, sure = gt.op(f"threshold.{name}")(image), np.ones(image.shape, bool)
    if name in ("li", "mean") and plain.dtype.kind == "f":  # sums in single precision
        sure = abs(plain - threshold) > 1e-6 * np.ptp(plain)
    np.testing.assert_array_equal(found[sure], (plain > threshold)[sure])


def test_li_ends_at_the_fixed_point_of_scikit_image_for_all_floats() -> None:
    image = mixture(345065, "float32")
    threshold = filters.threshold_li(image.astype(np.float64))
    np.testing.assert_array_equal(gt.threshold.li(image), image > threshold)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("picture", ["coins", "camera", "page", "moon"])
def test_equals_scikit_image_on_photographs(name: str, picture: str) -> None:
    image = getattr(data, picture)()
    for given_image in (image, image.astype(np.float32) / 255, image.astype(np.uint16) * 257):
        expected = given_image > METHODS[name](given_image)
        np.testing.assert_array_equal(gt.op(f"threshold.{name}")(given_image), expected)


@pytest.mark.parametrize("name", METHODS)
@given(seed=st.integers(0, 10**6))
def test_a_rising_straight_line_of_grey_values_changes_nothing(name: str, seed: int) -> None:
    image = mixture(seed, "int16")
    moved = image.astype(np.int32) + 1000
    mask = gt.op(f"threshold.{name}")(image)
    np.testing.assert_array_equal(gt.op(f"threshold.{name}")(moved), mask)


@pytest.mark.parametrize("name", METHODS)
def test_nan_and_infinite_values_are_left_out(name: str) -> None:
    image = mixture(5, "float32")
    holed = image.copy()
    holed[:20] = np.nan
    holed[20, :3] = [np.inf, -np.inf, np.nan]
    mask = gt.op(f"threshold.{name}")(holed)
    rest = holed[np.isfinite(holed)]
    np.testing.assert_array_equal(mask, holed > peer(name, rest))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_without_a_finite_value_there_is_no_answer(name: str, value: float) -> None:
    with pytest.raises(ImageError, match="no finite value"):
        gt.op(f"threshold.{name}")(np.full((4, 5), value))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("value", [0, 7, 2.5])
def test_the_mask_of_a_constant_image_is_empty(name: str, value: float) -> None:
    assert not gt.op(f"threshold.{name}")(np.full((4, 5), value)).any()


@pytest.mark.parametrize("name", ALL)
def test_two_values_are_told_apart(name: str) -> None:
    image = np.array([[0, 9], [9, 9], [0, 9]])
    np.testing.assert_array_equal(gt.op(f"threshold.{name}")(image), image == 9)
    np.testing.assert_array_equal(gt.op(f"threshold.{name}")(image == 9), image == 9)


def test_integers_over_a_huge_range_are_counted_in_bins() -> None:
    image = np.array([0, 1, 2, 2**62, 2**62 + 5, 2**62 + 9])
    np.testing.assert_array_equal(gt.op("threshold.otsu")(image), image > 2**61)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("offset", [-(2**62), 2**62, 2**63 + 10])
def test_large_integers_are_exact(name: str, offset: int) -> None:
    image = mixture(8, "uint8")
    dtype = np.uint64 if offset > 2**63 else np.int64
    moved = image.astype(dtype) + dtype(offset)
    np.testing.assert_array_equal(
        gt.op(f"threshold.{name}")(moved), gt.op(f"threshold.{name}")(image)
    )


def test_complex_numbers_are_refused() -> None:
    for name in (*ALL, "fixed"):
        with pytest.raises(ImageError, match=f"threshold.{name}.*must be real"):
            gt.op(f"threshold.{name}")(np.ones((2, 2), complex))


def test_the_unit_of_the_values_does_not_go_to_the_mask() -> None:
    image = as_image(mixture(1, "float32"), units="count", spacing={"x": "1 um"})
    mask = gt.op("threshold.otsu")(image)
    assert "units" not in mask.attrs
    assert mask.x.identical(image.x)


@given(value=st.floats(-40, 40, width=32))
def test_fixed_is_a_comparison(value: float) -> None:
    image = mixture(2, "float32")
    np.testing.assert_array_equal(gt.op("threshold.fixed")(image, value=value), image > value)


def modes(seed: int, dtype: str) -> Any:
    """Return an image whose histogram has two modes."""
    rng = np.random.default_rng(seed)
    values = rng.normal(np.where(rng.random((80, 90)) < 0.4, 900, 300), rng.uniform(40, 90))
    return abs(values).astype(dtype)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_seven_thresholds_of_integers_are_those_of_scikit_image(seed: int) -> None:
    image = modes(seed, "uint16")
    found = gt.op("threshold.values")(image)
    for name in SKIMAGE:
        assert found[name].iloc[0] == peer(name, image), name


@given(seed=st.integers(0, 10**6), dtype=st.sampled_from(["float32", "float64"]))
def test_seven_thresholds_of_floats_are_those_of_scikit_image(seed: int, dtype: str) -> None:
    image = modes(seed, dtype) * np.dtype(dtype).type(0.37)
    found = gt.op("threshold.values")(image)
    for name in SKIMAGE:
        close = 1e-6 * np.ptp(image) if name in ("li", "mean") else 0
        assert abs(found[name].iloc[0] - peer(name, image)) <= close, name


def test_li_of_floats_closer_than_the_bins_is_good_to_a_millionth_of_the_range() -> None:
    image = np.random.default_rng(3).gamma(2, 1, (700, 700)).astype(np.float32)
    found = gt.op("threshold.values")(image, methods=["li"])["li"].iloc[0]
    assert abs(found - filters.threshold_li(image)) <= 2e-6 * np.ptp(image)


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32"])
def test_outside_the_mask_nothing_counts_and_nothing_is_found(dtype: str) -> None:
    image = modes(7, dtype)
    mask = np.zeros(image.shape, bool)
    mask[10:50, 5:80] = True
    within = gt.op("threshold.values")(image[10:50, 5:80].copy())
    assert gt.op("threshold.values")(image, mask).equals(within)
    for name in ALL:
        found = gt.op(f"threshold.{name}")(image, mask)
        np.testing.assert_array_equal(found, (image > within[name].iloc[0]) & mask)


def test_a_mask_may_lack_dims_and_have_them_in_another_order() -> None:
    stack = as_image(np.stack([modes(1, "uint8"), modes(2, "uint8")]), dims=("t", "y", "x"))
    flat = as_image(modes(3, "uint8") > 100)
    full = flat.expand_dims(t=2).transpose("t", "y", "x")
    expected = gt.op("threshold.otsu")(stack, full)
    for mask in (flat, flat.transpose("x", "y"), full.transpose("x", "t", "y")):
        assert gt.op("threshold.otsu")(stack, mask).identical(expected)
    with pytest.raises(ImageError, match="the mask has the dim t"):
        gt.op("threshold.otsu")(stack.isel(t=0), full)


def test_an_empty_mask_is_refused() -> None:
    for dtype in ("uint8", "int32", "float32"):
        with pytest.raises(ImageError, match="is it all NaN, or the mask empty"):
            gt.op("threshold.otsu")(modes(1, dtype), np.zeros((80, 90), bool))


def test_a_histogram_of_one_mode_has_no_minimum() -> None:
    image = np.arange(100).reshape(10, 10)
    for name in ("minimum", "intermodes"):
        with pytest.raises(ImageError, match=f"threshold.{name}: .*two modes"):
            gt.op(f"threshold.{name}")(image)
        assert np.isnan(gt.op("threshold.values")(image)[name].iloc[0])


@pytest.mark.parametrize("name", ["otsu", "isodata", "li", "mean", "max_entropy"])
def test_floats_a_step_apart_are_told_apart(name: str) -> None:
    # The mean of two neighbours of double precision is one of them.
    for one in (np.float32(1), np.float32(-3e7) if name in ("li", "mean") else np.float64(-3e7)):
        image = np.where(np.arange(60).reshape(6, 10) % 3 == 0, one, np.nextafter(one, one * 0 + 9))
        np.testing.assert_array_equal(gt.op(f"threshold.{name}")(image), image != one)


@pytest.mark.parametrize("image", [np.array([-1e308, 1e308]), np.array([0.0, 1e-300])])
def test_values_that_no_bins_fit_between_are_refused(image: Any) -> None:
    with pytest.raises(ImageError, match="no bins between them"):
        gt.op("threshold.otsu")(image)


@given(seed=st.integers(0, 10**6), offset=st.sampled_from([0, 1000, 1e6]))
def test_the_bins_are_those_of_numpy(seed: int, offset: float) -> None:
    from graticule.ops.threshold._histogram import histogram_of

    image = (mixture(seed, "float32") + np.float32(offset)).astype(np.float32)
    image = np.round(image * 4) / 4 if seed % 2 else image
    counts, edges = np.histogram(image, bins=256)
    found = histogram_of(as_image(image))
    np.testing.assert_array_equal(found.counts, counts)
    np.testing.assert_array_equal(found.centers, (edges[1:] + edges[:-1]) / 2)


def by_definition(name: str, image: Any) -> Any:
    """Return a threshold of integers by the formula, value by value."""
    levels, counts = np.unique(image, return_counts=True)
    scores = []
    for level in levels[:-1]:
        p = counts / counts.sum()
        dark, bright = levels <= level, levels > level
        w = p[dark].sum(), p[bright].sum()
        if name == "max_entropy":
            parts = [p[k] / v for k, v in zip((dark, bright), w, strict=True)]
            scores.append(-sum((q * np.log(q)).sum() for q in parts))
        else:
            spread = [np.var(image[image <= level]) + 1 / 12, np.var(image[image > level]) + 1 / 12]
            scores.append(-sum(v * np.log(s / v**2) for v, s in zip(w, spread, strict=True)))
    return levels[np.argmax(scores)]


@pytest.mark.parametrize("name", ["max_entropy", "kittler_illingworth"])
@given(seed=st.integers(0, 10**6))
def test_equals_the_formula(name: str, seed: int) -> None:
    image = mixture(seed, "int16", (20, 21))
    expected = image > by_definition(name, image)
    np.testing.assert_array_equal(gt.op(f"threshold.{name}")(image), expected)


@given(seed=st.integers(0, 10**6))
def test_two_values_at_the_moments_threshold_keep_three_moments(seed: int) -> None:
    rng = np.random.default_rng(seed)
    dark, bright, fraction = rng.integers(0, 50), rng.integers(100, 200), rng.uniform(0.1, 0.9)
    image = np.where(rng.random((30, 30)) < fraction, dark, bright)
    noisy = image + rng.normal(0, 2, image.shape)
    assert (gt.op("threshold.moments")(noisy) == (image == bright)).mean() > 0.99


def test_intermodes_is_halfway() -> None:
    image = np.repeat([0, 2, 3, 4, 9, 10, 11, 13], [1, 5, 50, 5, 5, 70, 5, 1])
    assert gt.op("threshold.values")(image)["intermodes"].iloc[0] == 6


@pytest.mark.parametrize("name", [*ALL, "fixed", "niblack", "sauvola", "adaptive_mean"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_what_is_dark_is_what_is_known_and_not_bright(name: str, dtype: str) -> None:
    image = (modes(4, "float64") / 8).astype(dtype)
    known = np.ones(image.shape, bool)
    if dtype == "float32":
        image[3:5, 7:9] = np.nan
        known = ~np.isnan(image)
    run = gt.op(f"threshold.{name}")
    np.testing.assert_array_equal(run(image, keep="dark"), known & ~run(image))


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("name", ALL)
def test_values_whose_sum_no_float_holds_are_refused(name: str, kind: str) -> None:
    most = float(np.finfo(kind).max)
    image = (np.linspace(0.4, 0.9, 64) * most).astype(kind)  # their width is no trouble
    with pytest.raises(ImageError, match="scale the values"):
        gt.op(f"threshold.{name}")(image)


@pytest.mark.parametrize(
    "picture", ["cortex.png", "shale-slice.tiff", "nct0440.tif", "em_image.png"]
)
def test_thresholds_of_real_images_are_those_of_scikit_image(data_dir: Path, picture: str) -> None:
    image = gt.read(data_dir / "qbi" / picture)
    grey = image if "c" not in image.dims else image.isel(c=0)
    for values in (grey.values, grey.values.astype(np.float32) / 7):
        found = gt.op("threshold.values")(values, methods=list(METHODS))
        for name, function in METHODS.items():
            close = 1e-6 * np.ptp(values) if values.dtype.kind == "f" else 0
            assert abs(found[name].iloc[0] - function(values.copy())) <= close, name


def test_values_suggests_the_method_that_was_meant() -> None:
    with pytest.raises(ParameterError, match=r"\[0\] .* 'ottsu' \(did you mean otsu"):
        gt.op("threshold.values")([[1, 2]], methods=["ottsu"])
    with pytest.raises(ParameterError, match="no histogram threshold 'phases'"):
        gt.op("threshold.values")([[1, 2]], methods=["phases"])


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    dtype=st.sampled_from(["float32", "float64"]),
    power=st.sampled_from([1, 2, 3]),
)
def test_li_parts_floats_as_values_known_one_by_one_do(seed: int, dtype: str, power: int) -> None:
    """Crowded values too, of which many share a fine bin: a few outliers widen the bins."""
    rng = np.random.default_rng(seed)
    image = rng.gamma(rng.uniform(0.5, 3), size=3000).astype(dtype)
    image[:3] = 10.0**power
    threshold = filters.threshold_li(image.astype(np.float64))
    sure = abs(image - threshold) > 1e-8 * np.ptp(image)
    np.testing.assert_array_equal(gt.op("threshold.li")(image)[sure], (image > threshold)[sure])
    values = gt.op("threshold.values")(image, methods=("li",)).li[0]
    assert abs(values - threshold) <= 1e-8 * np.ptp(image)


def test_li_counts_one_by_one_whatever_the_blocks() -> None:
    image = as_image(mixture(345065, "float32"))
    scope = gt.op("threshold.li").scope
    whole = scope.reduce([Block(lambda: (image, None), BlockInfo.of(image))], keep="bright")
    rows = [image.isel(y=slice(start, start + 13)) for start in range(0, 64, 13)]
    blocks = [Block(lambda part=part: (part, None), BlockInfo.of(part)) for part in rows]
    assert scope.reduce(blocks, keep="bright") == whole
    assert whole == pytest.approx(filters.threshold_li(image.values.astype(float)), rel=1e-8)
