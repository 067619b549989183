"""learn.features: each feature is what its definition says, by SciPy in double precision."""

import itertools

import numpy as np
import pytest
from scipy import ndimage
from skimage import data
from skimage.feature import multiscale_basic_features

import graticule as gt
from graticule.core import as_image
from graticule.learn.features import Features

KINDS = ("gaussian", "gradient", "laplacian", "dog", "hessian", "structure")
RHO = 0.5


def _bell(sigma, reach=None):
    x = np.arange(-int(4 * sigma + 0.5), int(4 * sigma + 0.5) + 1.0)
    return x, np.exp(-0.5 * (x / sigma) ** 2)


def _taps(sigma, order):
    """A ramp of slope 1 has the first derivative 1, a square the second 2, a constant neither."""
    x, bell = _bell(sigma)
    bell /= bell.sum()
    if order == 0:
        return bell
    if order == 1:
        return x * bell / (x**2 * bell).sum()
    second = bell * (x**2 - (bell * x**2).sum())
    return 2 * second / (x**2 * second).sum()


def _smooth(values, sigmas, orders, steps):
    for axis, (sigma, order, step) in enumerate(zip(sigmas, orders, steps, strict=True)):
        weights = _taps(sigma, order) / step**order
        values = ndimage.correlate1d(values, weights, axis, mode="reflect")
    return values


def _eigenvalues(part, ndim):
    matrix = np.stack([np.stack([part(i, j) for j in range(ndim)], -1) for i in range(ndim)], -1)
    return np.moveaxis(np.linalg.eigvalsh(matrix)[..., ::-1], -1, 0)


def expected(values, sigmas, steps):
    """Return the features of one width, in the order of KINDS."""
    values, ndim = values.astype(float), values.ndim
    unit = np.eye(ndim, dtype=int)
    slopes = [_smooth(values, sigmas, unit[a], steps) for a in range(ndim)]
    mean = [RHO * sigma for sigma in sigmas]
    none = [0] * ndim
    hessian = {
        (i, j): _smooth(values, sigmas, unit[i] + unit[j], steps)
        for i, j in itertools.combinations_with_replacement(range(ndim), 2)
    }
    smooth = _smooth(values, sigmas, none, steps)
    return [
        smooth,
        np.sqrt(sum(slope**2 for slope in slopes)),
        sum(hessian[a, a] for a in range(ndim)),
        _smooth(values, [sigma / 1.6 for sigma in sigmas], none, steps) - smooth,
        *_eigenvalues(lambda i, j: hessian[min(i, j), max(i, j)], ndim),
        *_eigenvalues(lambda i, j: _smooth(slopes[i] * slopes[j], mean, none, steps), ndim),
    ]


def _agree(found, wanted, tolerance=4e-6):
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert np.abs(one - other).max() <= tolerance * np.abs(other).max()


@pytest.mark.parametrize("sigma", [0.7, 1, 2.3, 5])
@pytest.mark.parametrize("shape", [(60, 47), (7, 1100)])
def test_planes_equal_scipy(shape, sigma):
    image = np.random.default_rng(0).normal(size=shape)
    found = Features(sigmas=(sigma,), kinds=KINDS).compute(image)
    _agree(found, expected(image, [sigma] * 2, [1, 1]))


@pytest.mark.parametrize("sigma", [0.7, 1.5])
def test_volumes_equal_scipy(sigma):
    image = np.random.default_rng(0).normal(size=(14, 19, 23))
    found = Features(sigmas=(sigma,), kinds=KINDS).compute(image)
    _agree(found, expected(image, [sigma] * 3, [1, 1, 1]), 2e-5)


def test_wide_volumes_are_made_in_bands_of_rows():
    image = np.random.default_rng(0).normal(size=(2, 50, 4000)).astype(np.float32)
    bank = Features(sigmas=(1.5,), kinds=("dog", "laplacian", "structure"), rho=1.0)
    found = bank.compute(image)
    sigmas, steps, unit = [1.5] * 3, [1] * 3, np.eye(3, dtype=int)
    smooth = _smooth(image.astype(float), sigmas, [0] * 3, steps)
    narrow = _smooth(image.astype(float), [1.5 / 1.6] * 3, [0] * 3, steps)
    curves = sum(_smooth(image.astype(float), sigmas, 2 * unit[a], steps) for a in range(3))
    _agree(found[:2], [narrow - smooth, curves])
    places = np.argwhere(np.ones((2, 50, 3), bool)) + np.array([0, 0, 1500])
    part = bank.rows(image, places)
    np.testing.assert_array_equal(part.T.reshape(-1, 2, 50, 3), found[..., 1500:1503])


def test_spacing_scales_widths_and_derivatives():
    values = np.random.default_rng(0).normal(size=(12, 18, 25))
    image = as_image(values, spacing={"z": "2 um", "y": "1 um", "x": "500 nm"})
    found = Features(sigmas=("1.5 um",), kinds=KINDS).compute(image)
    _agree(found, expected(values, [0.75, 1.5, 3], [2, 1, 0.5]), 2e-5)


def test_real_image_equals_scipy():
    image = data.coins()
    found = Features(sigmas=(2,), kinds=KINDS).compute(image)
    _agree(found, expected(image, [2, 2], [1, 1]), 1e-5)


def test_large_planes_of_repeated_eigenvalues():
    z, y, x = np.mgrid[-8:9, -8:9, -8:9].astype(float)
    found = Features(sigmas=(1,), kinds=("hessian",)).compute(x**2 + y**2 + z**2)[:, 8, 8, 8]
    np.testing.assert_allclose(found, 2, rtol=1e-4)
    found = Features(sigmas=(1,), kinds=("hessian",)).compute(x**2 - 0 * y)[:, 8, 8, 8]
    np.testing.assert_allclose(found, [2, 0, 0], atol=1e-4)


@pytest.mark.parametrize("ndim", [2, 3])
def test_equals_the_filters(ndim):
    image = data.camera()[100:180, 100:190] if ndim == 2 else np.random.default_rng(0).normal(
        size=(10, 20, 30)
    )  # fmt: skip
    bank = Features(sigmas=(1.5,), rho=1.0, kinds=("gaussian", "laplacian", "hessian", "structure"))
    smooth, curve, *rest = bank.compute(image)
    np.testing.assert_allclose(smooth, gt.filters.gaussian(image, sigma=1.5), rtol=1e-5, atol=1e-5)
    wanted = gt.filters.laplacian(image, sigma=1.5)
    np.testing.assert_allclose(curve, wanted, atol=1e-5 * np.abs(wanted).max())
    wanted = gt.filters.hessian_eigenvalues(image, sigma=1.5, which="largest")
    np.testing.assert_allclose(rest[0], wanted, atol=1e-3 * np.abs(wanted).max())
    wanted = gt.filters.structure_tensor_eigenvalues(image, sigma=1.5, rho=1.5)
    np.testing.assert_allclose(rest[ndim], wanted, atol=1e-3 * np.abs(wanted).max())


@pytest.mark.parametrize("shape", [(90, 75), (5, 1200), (12, 20, 16)])
def test_basic_bank_equals_scikit_image(shape):
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    high = 16 if len(shape) == 2 else 2
    wanted = multiscale_basic_features(image, sigma_max=high, workers=1)
    found = Features.basic(sigma_max=high).compute(image)
    np.testing.assert_allclose(found, np.moveaxis(wanted, -1, 0), atol=5e-7)


def test_differences_are_those_of_numpy():
    image = np.random.default_rng(0).normal(size=(9, 21, 30))
    bank = Features(
        sigmas=(1,), kinds=("gaussian", "gradient", "laplacian", "structure"), rho=1.0,
        derivatives="difference",
    )  # fmt: skip
    smooth = ndimage.gaussian_filter(image, 1)
    slopes = np.gradient(smooth)
    parts = [[ndimage.gaussian_filter(a * b, 1) for b in slopes] for a in slopes]
    wanted = [
        smooth,
        np.sqrt(sum(s**2 for s in slopes)),
        sum(np.gradient(s, axis=a) for a, s in enumerate(slopes)),
        *_eigenvalues(lambda i, j: parts[i][j], 3),
    ]
    _agree(bank.compute(image), wanted, 2e-5)


def test_local_statistics():
    image = np.random.default_rng(0).normal(size=(30, 41)).astype(np.float32)
    bank = Features(
        sigmas=(), kinds=(), rank=("min", "median", "max", "std", "deviation"), radii=(2,)
    )
    found = bank.compute(image)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(image, 2, "edge"), (5, 5))
    median = np.median(windows, axis=(2, 3))
    wanted = [windows.min((2, 3)), median, windows.max((2, 3)), windows.std((2, 3), dtype=float)]
    np.testing.assert_allclose(found, [*wanted, np.abs(image - median)], rtol=1e-5, atol=1e-6)


def test_neighbourhood_positions_and_products():
    image = as_image(
        np.random.default_rng(0).normal(size=(9, 11)), spacing={"y": "1 um", "x": "2 um"}
    )
    bank = Features(sigmas=(), kinds=(), window=3, position=0.5, polynomial=2)
    named, found = bank.names(image), bank.compute(image)
    single = np.asarray(image.values, np.float32)
    wide = np.pad(single, 1, "symmetric")
    copies = [wide[a : a + 9, b : b + 11] for a in range(3) for b in range(3)]
    np.testing.assert_array_equal(found[:9], copies)
    np.testing.assert_allclose(found[9][:, 3], 0.5 * np.arange(9))
    np.testing.assert_allclose(found[10][4], np.arange(11))
    assert len(named) == 11 + 11 * 12 // 2
    for one, values in zip(named[11:], found[11:], strict=True):
        a, b = one.part
        np.testing.assert_array_equal(values, found[a] * found[b])


def test_channels_one_after_the_other():
    values = np.random.default_rng(0).normal(size=(20, 25, 3))
    image = as_image(values, dims=("y", "x", "c")).assign_coords(c=["r", "g", "b"])
    bank = Features(sigmas=(1,), kinds=("gaussian", "hessian"))
    wanted = np.concatenate([bank.compute(values[..., number]) for number in range(3)])
    np.testing.assert_array_equal(bank.compute(image), wanted)
    assert [one.name for one in bank.names(image)][3] == "g: gaussian 1 px"


@pytest.mark.parametrize(
    ("seed", "place"), [(42, (3, 4)), (253, (3, 4)), (250, (1, 6)), (0, (0, 0)), (0, (11, 19))]
)
def test_a_statistic_knows_nothing_of_a_missing_value_out_of_its_window(seed, place) -> None:
    image = np.random.default_rng(seed).normal(size=(12, 20)).astype(np.float32)
    bank = Features(kinds=("value",), rank=("min", "max", "median", "std"), radii=(2,))
    holed = image.copy()
    holed[place] = np.nan
    whole, found = bank.compute(image), bank.compute(holed)
    y, x = np.mgrid[:12, :20]
    reached = (abs(y - place[0]) <= 2) & (abs(x - place[1]) <= 2)
    assert np.isnan(found[1:, reached]).all()
    np.testing.assert_allclose(found[:, ~reached], whole[:, ~reached], rtol=1e-6)
