"""spectra.gaussian_mixture: scikit-learn's mixture of all spectra, whatever the tiles."""

import numpy as np
import pytest
import xarray as xr
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

import graticule as gt
from graticule.core.errors import ImageError
from graticule.pipeline.tiles import run_tiled


def cube(pixels=(60, 80), bins=20, noise=0.05, seed=0):
    """Return two materials of any thickness: long groups that k-means cuts across."""
    rng = np.random.default_rng(seed)
    curves = np.array([np.linspace(1, 2, bins), np.where(np.arange(bins) < bins // 2, 2.2, 0.8)])
    truth = rng.integers(0, 2, pixels)
    thickness = rng.uniform(0.5, 3, pixels)
    values = thickness[..., None] * curves[truth]
    values += noise * rng.standard_normal((*pixels, bins))
    return xr.DataArray(values.astype(np.float32), dims=("y", "x", "band")), truth


def test_long_groups_are_found_where_k_means_cuts_them():
    image, truth = cube()
    found = gt.spectra.gaussian_mixture(image, clusters=2, components=4)
    assert adjusted_rand_score(found.values.ravel(), truth.ravel()) > 0.99
    plain = gt.spectra.kmeans(image, clusters=2)
    assert adjusted_rand_score(plain.values.ravel(), truth.ravel()) < 0.3


def test_it_is_as_likely_as_that_of_scikit_learn():
    """Of 30,000 spectra, of which 20,000 are the sample, along the same components."""
    rng = np.random.default_rng(1)
    centres = rng.normal(0, 2.5, (4, 5))
    truth = rng.integers(0, 4, (150, 200))
    values = centres[truth] + rng.standard_normal((150, 200, 5))
    image = xr.DataArray(values.astype(np.float32), dims=("y", "x", "band"))
    rows = values.reshape(-1, 5)
    ours = gt.spectra.gaussian_mixture(image, clusters=4, components=5, tolerance=1e-7,
                                       iterations=300).values.ravel()  # fmt: skip
    theirs = GaussianMixture(4, n_init=3, random_state=0, tol=1e-7, max_iter=500).fit(
        PCA(5, whiten=True).fit_transform(rows)
    )
    labels = theirs.predict(PCA(5, whiten=True).fit_transform(rows))
    assert adjusted_rand_score(ours, labels) > 0.995
    assert adjusted_rand_score(ours, truth.ravel()) > 0.7


@pytest.mark.parametrize("scaling", ["none", "unit"])
def test_tiles_and_the_order_of_axes_change_nothing(scaling):
    image, _ = cube(pixels=(40, 600), noise=0.3)
    mask = xr.DataArray(np.random.default_rng(1).random((40, 600)) > 0.2, dims=("y", "x"))
    params = {"clusters": 3, "scaling": scaling, "iterations": 8, "tolerance": 0}
    whole = gt.spectra.gaussian_mixture(image, mask, **params)
    op = "spectra.gaussian_mixture"
    tiled = run_tiled(op, [image, mask], params, tile={"y": 7, "x": 250, "band": 3})
    xr.testing.assert_identical(tiled, whole)
    turned = gt.spectra.gaussian_mixture(image.transpose("band", "x", "y"), mask, **params)
    np.testing.assert_array_equal(turned.transpose("y", "x"), whole)
    assert ((whole == 0).values == ~mask.values).all()


def test_groups_are_numbered_by_the_mean_of_their_spectra():
    values = np.repeat([5.0, 1.0, 9.0], 40)[:, None] + np.random.default_rng(0).normal(
        0, 0.1, (120, 3)
    )
    image = xr.DataArray(values, dims=("x", "band"))
    found = gt.spectra.gaussian_mixture(image, clusters=3, components=2).values
    assert found.tolist() == [2] * 40 + [1] * 40 + [3] * 40


def test_alike_spectra_are_one_group_and_none_is_an_error():
    image = xr.DataArray(np.ones((4, 5, 3)), dims=("y", "x", "band"))
    assert (gt.spectra.gaussian_mixture(image, clusters=3) == 1).all()
    image[..., 1] = np.nan
    with pytest.raises(ImageError, match="bins without any value are 1"):
        gt.spectra.gaussian_mixture(image)
    few = xr.DataArray([[1.0, 2.0], [1.0, 2.0], [3.0, 1.0]], dims=("x", "band"))
    assert gt.spectra.gaussian_mixture(few, clusters=5).values.tolist()[:2] != [0, 0]


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
    found = gt.spectra.gaussian_mixture(image, clusters=3)
    other = np.ones((300, 300), bool)
    other[at] = False
    assert adjusted_rand_score(found.values[other], truth[other]) == 1
