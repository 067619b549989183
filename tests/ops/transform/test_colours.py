"""transform.hsv, unmix, stain_vectors and channels: as scikit-image and NumPy have them."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from skimage import color, data

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError, UnitsError

COLOURS = hnp.arrays(np.uint8, (3, 4, 3), elements=st.integers(0, 255))


def image_of(values: np.ndarray) -> xr.DataArray:
    return as_image(values, dims=["y", "x", "c"])


@settings(deadline=None)
@given(COLOURS)
def test_hsv_is_that_of_scikit_image(values):
    found = gt.transform.hsv(image_of(values))
    wanted = color.rgb2hsv(values)
    away = np.abs(found.hue.values - 360 * wanted[..., 0])
    np.testing.assert_allclose(np.minimum(away, 360 - away), 0, atol=1e-3)
    np.testing.assert_allclose(found.saturation.values, wanted[..., 1], atol=1e-6)
    np.testing.assert_allclose(found.value.values, wanted[..., 2], atol=1e-6)
    assert found.hue.attrs["units"] == "deg"
    assert (found.hue < 360).all()


def test_hsv_of_floats_deep_integers_and_missing_values():
    rng = np.random.default_rng(0)
    values = rng.random((5, 6, 3))
    one = gt.transform.hsv(image_of(values)).hue.values
    two = gt.transform.hsv(image_of(values * 255), white=255).hue.values
    np.testing.assert_allclose(one, two, atol=1e-3)
    deep = gt.transform.hsv(image_of(np.full((1, 1, 3), 65535, np.uint16)))
    assert deep.value.item() == 1
    values[0, 0, 1] = np.nan
    missing = gt.transform.hsv(image_of(values))
    assert all(np.isnan(part.values[0, 0]) for part in missing)
    assert np.isfinite(missing.hue.values[1:]).all()


@settings(deadline=None)
@given(COLOURS)
def test_unmix_is_that_of_scikit_image(values):
    for stains, matrix in (("H-E-DAB", color.hed_from_rgb), ("H-E-DAB", None)):
        found = gt.transform.unmix(image_of(values), stains=stains)
        wanted = 6 * (color.rgb2hed(values) if matrix is None
                      else color.separate_stains(values, matrix))  # fmt: skip
        np.testing.assert_allclose(np.stack(found, axis=-1), wanted, atol=1e-4)


@pytest.mark.parametrize("stains", ["H-E", "H-DAB", "H-E-DAB"])
def test_mixed_amounts_come_apart_again(stains):
    from graticule.ops.transform.unmix import _VECTORS

    rng = np.random.default_rng(1)
    vectors = np.array(_VECTORS[stains])
    amounts = rng.random((20, 30, len(vectors)))
    light = 10 ** -(amounts @ vectors)
    found = gt.transform.unmix(image_of(light), stains=stains, clip=False)
    for number in range(len(vectors)):
        np.testing.assert_allclose(found[number].values, amounts[..., number], atol=1e-5)
    if len(vectors) == 2:
        np.testing.assert_allclose(found.third.values, 0, atol=1e-5)


def macenko(image: np.ndarray, beta: float = 0.15, alpha: float = 1) -> np.ndarray:
    """Return the stain vectors as the published script finds them."""
    density = -np.log10(np.clip(image.reshape(-1, 3) / 255, 1e-6, None))
    density = density[(density >= beta).all(axis=1)]
    _, vectors = np.linalg.eigh(np.cov(density.T))
    plane = vectors[:, [2, 1]]
    plane = plane * np.where(plane.sum(axis=0) < 0, -1, 1)
    angle = np.arctan2(*(density @ plane).T[::-1])
    ends = [np.percentile(angle, p) for p in (alpha, 100 - alpha)]
    found = [plane @ [np.cos(a), np.sin(a)] for a in ends]
    return np.array(sorted(found, key=lambda v: -v[0]))


def test_stain_vectors_of_a_real_slide_are_those_of_the_published_script():
    slide = data.immunohistochemistry()[::2, ::2]
    found = gt.transform.stain_vectors(image_of(slide))[["red", "green", "blue"]].to_numpy()
    np.testing.assert_allclose(found, macenko(slide), atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1)


def test_stains_of_a_known_colour_are_found_and_taken_apart():
    rng = np.random.default_rng(2)
    true = np.array([[0.55, 0.76, 0.34], [0.10, 0.95, 0.29]])
    true /= np.linalg.norm(true, axis=1, keepdims=True)
    amounts = rng.gamma(2, 0.4, (80, 90, 2))
    amounts[rng.random((80, 90)) < 0.2, 0] = 0
    amounts[(rng.random((80, 90)) < 0.2) & (amounts[..., 0] > 0), 1] = 0
    light = 10 ** -(amounts @ true)
    image = image_of(light)
    vectors = gt.transform.stain_vectors(image, min_density=0.02, percentile=0.5)
    np.testing.assert_allclose(vectors[["red", "green", "blue"]], true, atol=0.02)
    found = gt.transform.unmix(image, vectors)
    np.testing.assert_allclose(found.first.values, amounts[..., 0], atol=0.2)
    assert np.abs(found.second.values - amounts[..., 1]).mean() < 0.03


def test_faults_of_stains_are_named():
    with pytest.raises(ImageError, match="no stained samples"):
        gt.transform.stain_vectors(image_of(np.full((4, 4, 3), 255, np.uint8)))
    with pytest.raises(ImageError, match="red, green and blue along c"):
        gt.transform.hsv(np.zeros((4, 4)))
    table = gt.transform.stain_vectors(image_of(data.immunohistochemistry()[::9, ::9]))
    image = image_of(np.ones((2, 2, 3)))
    with pytest.raises(ImageError, match="two or three rows"):
        gt.transform.unmix(image, table.iloc[:1])
    with pytest.raises(ImageError, match="too much alike"):
        gt.transform.unmix(image, table.iloc[[0, 0]])
    near = table.assign(red=[0.5, 0.51], green=[0.8, 0.8], blue=[0.3, 0.3])
    with pytest.raises(ImageError, match="too much alike"):
        gt.transform.unmix(image, near)


def test_channels_is_numpy_with_units():
    rng = np.random.default_rng(3)
    values = rng.random((2, 4, 5)).astype(np.float32)
    image = as_image(values, dims=["c", "y", "x"], units="count").assign_coords(c=["red", "nir"])
    found = gt.transform.channels(image, formula="(nir - red) / (nir + red)")
    np.testing.assert_allclose(found, (values[1] - values[0]) / values.sum(axis=0), rtol=1e-5)
    assert "units" not in found.attrs
    kept = gt.transform.channels(image, formula="2 * image.red")
    assert kept.attrs["units"] == "ct"
    flat = as_image(values[0].T, dims=["x", "y"], units="count")
    both = gt.transform.channels(image, flat, formula="nir / flat", names=["a", "flat"])
    np.testing.assert_allclose(both, values[1] / values[0], rtol=1e-5)
    assert both.dims == ("y", "x")
    larger = gt.transform.channels(image, formula="red > nir")
    np.testing.assert_array_equal(larger, values[0] > values[1])
    with pytest.raises(UnitsError):
        gt.transform.channels(image, formula="red + 1")


def test_faults_of_channels_are_named():
    image = as_image(np.ones((2, 4, 5)), dims=["c", "y", "x"]).assign_coords(c=["red", "nir"])
    with pytest.raises(ParameterError, match="did you mean red"):
        gt.transform.channels(image, formula="rad")
    with pytest.raises(ParameterError, match="calls 'mean'"):
        gt.transform.channels(image, formula="mean(red)")
    with pytest.raises(ParameterError, match="2 different names"):
        gt.transform.channels(image, image, formula="red", names=["a", "a"])
    with pytest.raises(ImageError, match="second must have the dims y, x"):
        gt.transform.channels(image, image.isel(y=0), formula="red")
