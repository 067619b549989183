"""spectra.kmeans: a fixed point of Lloyd's algorithm on all spectra, whatever the tiles."""

import numpy as np
import pytest
import xarray as xr
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

import graticule as gt
from graticule.core.errors import ImageError
from graticule.pipeline.tiles import run_tiled


def cube(pixels=(150, 200), groups=4, bins=5, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 6, (groups, bins))
    truth = rng.integers(0, groups, pixels)
    values = centres[truth] + noise * rng.standard_normal((*pixels, bins))
    return xr.DataArray(values.astype(np.float32), dims=("y", "x", "band")), truth


def test_every_pixel_is_nearest_to_the_mean_of_its_group():
    """Of 30,000 pixels, of which 20,000 at most are the sample."""
    image, _ = cube(noise=4.0)
    labels = gt.spectra.kmeans(image, clusters=4, iterations=1000).values
    rows = image.values.reshape(-1, 5).astype(float)
    means = np.array([rows[labels.reshape(-1) == label].mean(axis=0) for label in range(1, 5)])
    squares = ((rows[:, None] - means) ** 2).sum(axis=-1)
    best, own = squares.min(axis=1), squares[np.arange(len(rows)), labels.reshape(-1) - 1]
    np.testing.assert_allclose(own, best, atol=1e-4)
    assert (np.diff(means.mean(axis=1)) > 0).all(), "numbered by increasing mean"


def test_it_is_as_good_as_scikit_learn():
    image, truth = cube(noise=2.0)
    labels = gt.spectra.kmeans(image, clusters=4, iterations=100)
    rows = image.values.reshape(-1, 5)
    theirs = KMeans(4, n_init=5, random_state=0).fit(rows)
    assert adjusted_rand_score(labels.values.reshape(-1), theirs.labels_) > 0.999
    assert adjusted_rand_score(labels.values.reshape(-1), truth.reshape(-1)) > 0.9


@pytest.mark.parametrize("scaling", ["none", "unit"])
def test_tiles_and_the_order_of_axes_change_nothing(scaling):
    image, _ = cube(pixels=(40, 700), noise=5.0)
    mask = xr.DataArray(np.random.default_rng(1).random((40, 700)) > 0.2, dims=("y", "x"))
    params = {"clusters": 5, "scaling": scaling}
    whole = gt.spectra.kmeans(image, mask, **params)
    tiled = run_tiled("spectra.kmeans", [image, mask], params, tile={"y": 7, "x": 300, "band": 2})
    xr.testing.assert_identical(tiled, whole)
    turned = gt.spectra.kmeans(image.transpose("band", "x", "y"), mask, **params)
    np.testing.assert_array_equal(turned.transpose("y", "x"), whole)
    assert ((whole == 0).values == ~mask.values).all()


def test_with_unit_length_thickness_is_no_group():
    """Two materials in wedges: raw groups follow the thickness, those of unit length do not."""
    rng = np.random.default_rng(2)
    spectra = np.array([[1.0, 1.0, 0.5, 0.4], [1.0, 0.6, 0.6, 0.9]])
    truth = np.repeat([[0, 1]], 60, axis=0).repeat(40, axis=1)
    values = spectra[truth] * rng.uniform(1, 4, truth.shape)[..., None]
    image = xr.DataArray(values + 0.02 * rng.standard_normal(values.shape), dims=("y", "x", "band"))
    unit = gt.spectra.kmeans(image, clusters=2, scaling="unit").values.reshape(-1)
    plain = gt.spectra.kmeans(image, clusters=2).values.reshape(-1)
    assert adjusted_rand_score(unit, truth.reshape(-1)) == 1
    assert adjusted_rand_score(plain, truth.reshape(-1)) < 0.3


def test_missing_spectra_have_no_group():
    image, _ = cube(pixels=(5, 6))
    image[1, 2, 3], image[4, 4, 0] = np.nan, np.inf
    labels = gt.spectra.kmeans(image, clusters=2).values
    assert np.argwhere(labels == 0).tolist() == [[1, 2], [4, 4]]
    with pytest.raises(ImageError, match=r"no spectrum that is finite.*transform.crop"):
        gt.spectra.kmeans(image * np.nan)
    with pytest.raises(ImageError, match="mask has the dim band"):
        gt.spectra.kmeans(image, image > 0)


def test_a_few_pixels_of_a_large_cube_are_found():
    """The sample is of the pixels that count, however few they are of all."""
    image, _ = cube(pixels=(300, 300), noise=0.5)
    mask = xr.zeros_like(image.isel(band=0, drop=True), dtype=bool)
    mask[7, 11:15] = mask[200, 3] = True
    labels = gt.spectra.kmeans(image, mask, clusters=2)
    assert int((labels > 0).sum()) == 5


def test_bins_without_a_value_are_named():
    image, _ = cube(pixels=(5, 6))
    image[:, :, [1, 4]] = np.nan
    with pytest.raises(ImageError, match=r"along band bins without any value are 1, 4 \(cut off"):
        gt.spectra.kmeans(image)


@pytest.mark.parametrize("value", [1e4, 1e6, 1e8, 1e20])
@pytest.mark.parametrize("at", [(0, 1), (150, 77), (3, 4)])
def test_one_hot_pixel_changes_no_other(value, at):
    """Of 90,000 pixels, of which 20,000 are the sample, with it or without it."""
    rng = np.random.default_rng(0)
    curves = np.stack([np.linspace(1, 2, 6), np.linspace(2, 1, 6), np.full(6, 3.0)])
    truth = np.repeat([0, 1, 2], 100)[:, None] * np.ones(300, int)
    values = (curves[truth] + rng.normal(0, 0.02, (300, 300, 6))).astype(np.float32)
    values[at] = value
    image = xr.DataArray(values, dims=("y", "x", "band"))
    found = gt.spectra.kmeans(image, clusters=4)
    other = np.ones((300, 300), bool)
    other[at] = False
    assert adjusted_rand_score(found.values[other], truth[other]) == 1
