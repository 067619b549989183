"""Groups of spectra: materials and not thickness, borders as mixtures, one material as one."""

import numpy as np
import pytest
import xarray as xr

import graticule as gt
from graticule.core.errors import ImageError, ParameterError
from graticule.learn.clustering.agreement import adjusted_rand
from graticule.learn.spectra.borders import homogeneous, sides
from graticule.learn.spectra.cube import SpectralCube
from graticule.learn.spectra.one_material import one_material

BINS = 60
AT = np.linspace(0, 1, BINS)
CURVES = np.stack(
    [0.5 + 0.5 * (AT < 0.5), 0.5 + 0.5 * (AT < 0.62) - 0.2 * AT, 0.45 + 0.1 * np.cos(9 * AT)]
)


def scene(seed=0, noise=0.02, shape=(40, 60)):
    """Return a transmission of three wedges side by side with nothing around, and its labels."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, int)
    for number in range(3):
        labels[5:-5, 4 + 18 * number : 22 + 18 * number - 2 * (number == 1)] = number + 1
    thickness = np.linspace(0.4, 2.5, shape[0])[:, None] * (labels > 0)
    curve = np.concatenate([np.zeros((1, BINS)), CURVES])[labels]
    through = np.exp(-thickness[..., None] * curve)
    soft = through.copy()  # seen through a blur of one pixel
    for axis in (0, 1):
        soft = (np.roll(soft, 1, axis) + 2 * soft + np.roll(soft, -1, axis)) / 4
    soft += noise * rng.normal(size=soft.shape)
    return xr.DataArray(soft.astype(np.float32), dims=("y", "x", "tof")), labels


def ari(one, other):
    one, other = np.ravel(one), np.ravel(other)
    width = int(other.max()) + 1
    counts = np.bincount(one * width + other, minlength=(int(one.max()) + 1) * width)
    return adjusted_rand(counts.reshape(-1, width))


@pytest.fixture(scope="module")
def found():
    cube, labels = scene()
    return gt.learn.spectral_clusters(cube, quantity="transmission"), labels


def test_materials_are_groups_and_thickness_is_none(found):
    clusters, truth = found
    assert int(clusters.summary["groups"][0]) == 3
    assert ari(truth, clusters.labels.values) > 0.9
    assert ari(truth, clusters.raw.values) < 0.6
    assert float(clusters.summary["p_one_material"][0]) <= 0.05


def test_borders_are_mixtures(found):
    clusters, truth = found
    mixed = clusters.mixed.values
    inside = np.zeros(truth.shape, bool)
    inside[2:-2, 2:-2] = True
    for dy in (-2, 0, 2):
        for dx in (-2, 0, 2):
            inside &= np.roll(truth, (dy, dx), (0, 1)) == truth
    assert mixed[inside].mean() < 0.02
    at_seam = ~inside & (truth > 0)
    assert mixed[at_seam].mean() > 0.25
    np.testing.assert_allclose(clusters.abundance.sum("class"), 1, atol=1e-5)
    largest = clusters.abundance.argmax("class").values
    assert (largest == clusters.labels.values)[~mixed].mean() > 0.99


def test_spectra_have_intervals_that_hold_their_mean(found):
    clusters, _ = found
    table = clusters.spectra
    assert set(table["group"]) == {"nothing", "1", "2", "3"}
    held = table.dropna()
    assert ((held["low"] < held["mean"]) & (held["mean"] < held["high"])).all()
    assert len(table) == 4 * BINS


def test_order_of_axes_and_brightness_change_nothing(found):
    clusters, _ = found
    cube, _ = scene()
    turned = gt.learn.spectral_clusters(cube.transpose("tof", "x", "y"), quantity="transmission")
    assert turned.labels.dims == ("x", "y")
    assert ari(turned.labels.values.T, clusters.labels.values) > 0.97
    emitted = -np.log(np.maximum(cube, 0.01)) * 1e3
    one = gt.learn.spectral_clusters(emitted, groups=3)
    other = gt.learn.spectral_clusters(emitted * 2.0**70, groups=3)
    np.testing.assert_array_equal(one.labels.values, other.labels.values)


def test_names_join_labels(found):
    clusters, _ = found
    cube, _ = scene()
    named = gt.learn.spectral_clusters(
        cube, quantity="transmission", groups=3, names={1: "steel", 3: "steel", 2: "light"}
    )
    assert set(np.unique(named.labels)) == {0, 1, 2}
    joined = np.array([0, 1, 2, 1])[clusters.labels.values]
    assert ari(joined, named.labels.values) > 0.98
    assert named.abundance["class"].values.tolist() == ["nothing", "steel", "light"]
    assert named.clusters["group"].tolist() == ["nothing", "steel", "light"]
    with pytest.raises(ParameterError, match="there is no label 9"):
        gt.learn.spectral_clusters(cube, quantity="transmission", groups=3, names={9: "x"})


@pytest.mark.parametrize(
    "method",
    ["gaussian_mixture", "spherical_kmeans", "nmf", "nfindr", "kmeans", "minibatch_kmeans"],
)
def test_every_method_gives_groups(method):
    cube, truth = scene()
    found = gt.learn.spectral_clusters(
        cube, quantity="transmission", method=method, groups=3, beta=0.5, surrogates=0
    )
    assert found.labels.dtype == np.int32
    assert found.labels.dims == ("y", "x")
    assert 0.1 < ari(truth, found.labels.values) <= 1
    assert np.isnan(found.summary["p_one_material"][0])


def test_a_field_takes_strays_away():
    cube, truth = scene(noise=0.08)
    runs = {
        beta: gt.learn.spectral_clusters(
            cube, quantity="transmission", groups=3, beta=beta, surrogates=0
        ).labels.values
        for beta in (0.0, 2.0)
    }
    borders = {
        beta: (np.diff(each, axis=0) != 0).sum() + (np.diff(each, axis=1) != 0).sum()
        for beta, each in runs.items()
    }
    assert borders[2.0] < borders[0.0]
    assert ari(truth, runs[2.0]) > ari(truth, runs[0.0])


def test_abundances_of_linear_mixtures_are_found():
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:50, :50] / 49
    first, second = np.clip(1.6 * x - 0.3, 0, 1), np.clip(1.6 * y - 0.3, 0, 1)
    shares = np.stack([first * second, first * (1 - second), 1 - first], axis=-1)
    unit = CURVES / np.linalg.norm(CURVES, axis=1, keepdims=True)
    values = shares @ unit * rng.uniform(0.7, 1.3, (50, 50, 1))
    cube = xr.DataArray(values + rng.normal(0, 1e-3, values.shape), dims=("y", "x", "band"))
    found = gt.learn.spectral_clusters(cube, groups=3)
    got = found.abundance.values[1:]
    match = [int(np.abs(got - share).mean(axis=(1, 2)).argmin()) for share in
             np.moveaxis(shares, -1, 0)]  # fmt: skip
    assert sorted(match) == [0, 1, 2]
    error = np.sqrt(((got[match] - np.moveaxis(shares, -1, 0)) ** 2).mean())
    assert error < 0.06
    assert 0.2 < found.mixed.mean() < 0.9


def wedge(seed, flux=300.0):
    rng = np.random.default_rng(seed)
    thickness = np.linspace(0.3, 2.5, 30)[:, None] * np.ones(30)
    open_beam = rng.poisson(flux, (30, 30, BINS))
    counts = rng.poisson(flux * np.exp(-thickness[..., None] * CURVES[seed % 3]))
    return xr.DataArray(counts / open_beam, dims=("y", "x", "tof"))


def test_a_wedge_of_one_material_is_one_group():
    p = []
    for seed in range(8):
        found = gt.learn.spectral_clusters(wedge(seed), quantity="transmission", surrogates=39)
        p.append(float(found.summary["p_one_material"][0]))
        assert int(found.summary["groups"][0]) == 1
    assert np.mean(np.array(p) <= 0.05) <= 0.25
    assert np.median(p) > 0.2


def test_the_null_tells_two_materials_of_other_thicknesses():
    cube = SpectralCube.of(scene()[0], None, "transmission")
    rows = np.flatnonzero(~cube.empty)
    told = one_material(cube.telling[rows], cube.noise[rows], n=39)
    assert told.p.p == 1 / 40


def plates(curves, thick, noise, quantity):
    """Return two plates beside each other, each of one thickness."""
    values = np.repeat(np.array(thick)[:, None] * curves, 20, axis=0) * np.ones((40, 1, 1))
    values = values + noise * np.random.default_rng(6).standard_normal(values.shape)
    values = np.exp(-values) if quantity == "transmission" else values
    return xr.DataArray(values, dims=("y", "x", "tof" if quantity == "transmission" else "band"))


@pytest.mark.parametrize("thick", [(1, 1), (1, 1.2), (1, 2), (3, 1)])
@pytest.mark.parametrize("quantity", ["transmission", "reflectance"])
def test_two_plates_of_any_two_thicknesses_are_two_materials(thick, quantity):
    along = np.linspace(0, 1, 40)
    curves = np.array([1 + 0.5 * along + 0.3 * (along < edge) for edge in (0.4, 0.6)])
    found = gt.learn.spectral_clusters(plates(curves, thick, 0.03, quantity), quantity=quantity)
    assert int(found.summary["groups"][0]) == 2
    assert len(np.unique(found.labels[:, :20])) == 1


@pytest.mark.parametrize("bands", [2, 3])
def test_of_few_bands_the_number_is_what_halves_agree_on(bands):
    curves = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.5]])[:, :bands]
    cube = plates(curves, (1, 1), 0.03, "reflectance")
    found = gt.learn.spectral_clusters(cube).summary
    assert np.isnan(found["p_one_material"][0])
    assert int(found["groups"][0]) == 2
    one = plates(curves[[0, 0]], (1, 1), 0.03, "reflectance")
    assert int(gt.learn.spectral_clusters(one).summary["groups"][0]) == 1


def test_a_seam_is_no_plateau_and_its_sides_are_told():
    cube, truth = scene(noise=0.005)
    rows = SpectralCube.of(cube, None, "transmission")
    calm = homogeneous(rows, rows.scores(rows.telling, 6))
    grid = calm.reshape(truth.shape)
    assert grid[15:25, 8:18].mean() > 0.95
    assert grid[15:25, 21:23].mean() < 0.2
    told = sides(rows, truth.ravel(), calm)
    at = (np.arange(15, 25)[:, None] * 60 + [21, 22]).ravel()
    assert {1, 2} >= set(told.labels[at]) | set(told.others[at])
    assert (told.shares[at] < 0.95).all()
    assert ((told.shares >= 0.5) & (told.shares <= 1)).all()


def test_pixels_that_do_not_count_have_no_label():
    cube, _ = scene()
    cube[3, 4, 5] = np.nan
    mask = xr.DataArray(np.ones((40, 60), bool), dims=("y", "x"))
    mask[10:12] = False
    found = gt.learn.spectral_clusters(cube, mask, quantity="transmission", groups=3)
    assert (found.labels[10:12] == 0).all()
    assert found.labels[3, 4] == 0
    assert np.isnan(found.abundance[:, 10]).all()


def test_what_is_no_cube_is_said():
    with pytest.raises(ImageError, match="no spectral dim"):
        gt.learn.spectral_clusters(xr.DataArray(np.ones((4, 4)), dims=("y", "x")))
    with pytest.raises(ImageError, match="several spectral dims"):
        gt.learn.spectral_clusters(xr.DataArray(np.ones((2, 2, 3)), dims=("tof", "band", "x")))
    with pytest.raises(ParameterError, match="take 19 or more"):
        gt.learn.spectral_clusters(np.ones((3, 3)), surrogates=18)
    dead = xr.DataArray(np.full((3, 3, 5), np.nan), dims=("y", "x", "tof"))
    with pytest.raises(ImageError, match="no pixel is inside the mask and finite"):
        gt.learn.spectral_clusters(dead)
    with pytest.raises(ImageError, match="no value is above 0"):
        gt.learn.spectral_clusters(dead.fillna(-1), quantity="transmission")
