"""segment.kmeans, gaussian_mixture, bivariate: scikit-learn as oracle; what the scales decide."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError

SPACING = {"y": "2 um", "x": "1 um"}
NAMES = ["segment.kmeans", "segment.gaussian_mixture"]
VALUES = hnp.arrays(np.float32, st.integers(2, 60), elements=st.integers(0, 30).map(np.float32))


def phases(seed: int = 0, shape: tuple[int, int] = (60, 80)) -> tuple[Any, Any]:
    """Return two channels of three phases that no single channel parts, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(1, 4, shape)
    centers = np.array([[0, 0], [10, 0], [10, 10]])[truth - 1]
    return as_image(centers + rng.normal(0, 1, centers.shape), dims=("y", "x", "c")), truth


def objective(values: Any, labels: Any) -> float:
    return float(sum(values[labels == k].var() * (labels == k).sum() for k in np.unique(labels)))


@settings(max_examples=15)
@given(values=VALUES, clusters=st.integers(1, 4), seed=st.integers(0, 9))
def test_kmeans_is_as_good_as_scikit_learn(values: Any, clusters: int, seed: int) -> None:
    found = gt.op("segment.kmeans")(values, clusters=clusters, scaling="none", seed=seed)
    count = min(clusters, len(np.unique(values)))
    theirs = KMeans(count, n_init=2, random_state=seed).fit_predict(values[:, None])
    best = objective(values, theirs)
    assert objective(values, found.labels) <= 1.5 * best + 1e-3
    assert set(np.unique(found.labels)) == set(range(1, len(found.clusters) + 1))
    means = [values[found.labels == k].mean() for k in found.clusters.label]
    np.testing.assert_allclose(found.clusters.mean_value, means, atol=1e-4)
    assert (np.diff(means) > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_phases_that_no_channel_parts_alone_are_found(name: str) -> None:
    image, truth = phases()
    found = gt.op(name)(image, clusters=3)
    assert adjusted_rand_score(truth.ravel(), found.labels.values.ravel()) > 0.99
    assert found.labels.dims == ("y", "x")
    np.testing.assert_allclose(found.clusters.mean_c1, [0, 0, 10], atol=0.5)
    np.testing.assert_allclose(found.clusters.fraction.sum(), 1)


@pytest.mark.parametrize("name", NAMES)
def test_neither_gain_nor_offset_matters_with_robust_scaling(name: str) -> None:
    image, _ = phases()
    labels = gt.op(name)(image).labels
    assert (gt.op(name)(image * 1000 - 4000).labels == labels).mean() > 0.999


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_nothing_that_is_clear(name: str) -> None:
    image, _ = phases()
    assert gt.op(name)(image, seed=1).labels.identical(gt.op(name)(image, seed=2).labels)


def test_without_scaling_small_values_have_no_say_beside_position() -> None:
    image = np.where(np.arange(64) % 8 < 4, 0.0, 1.0) * np.ones((64, 1))
    run = gt.op("segment.kmeans")
    trap = run(image, clusters=2, position=1, scaling="none")
    cured = run(image, clusters=2, position=0.2)
    share = trap.features.iloc[0]
    assert share.share_y + share.share_x > 0.99
    assert adjusted_rand_score(image.ravel(), trap.labels.ravel()) < 0.1
    np.testing.assert_array_equal(cured.labels, image + 1)
    assert cured.features.share_value[0] > 0.8


def test_the_share_is_the_part_of_the_squared_distance() -> None:
    rng = np.random.default_rng(0)
    image = as_image(rng.normal([0, 0], [1, 5], (40, 50, 2)), dims=("y", "x", "c"))
    found = gt.op("segment.kmeans")(image, weights={"c0": 2, "x": 0.5}, scaling="standard")
    row = found.features.iloc[0]
    first, second = rng.integers(0, 2000, (2, 20000))
    pixels = image.values.reshape(-1, 2)
    columns = {"c0": pixels[:, 0], "c1": pixels[:, 1], "x": np.tile(np.arange(50), 40)}
    squares = {
        name: ((v[first] - v[second]) / row[f"scale_{name}"] * row[f"weight_{name}"]) ** 2
        for name, v in columns.items()
    }
    total = sum(each.mean() for each in squares.values())
    for name, each in squares.items():
        assert row[f"share_{name}"] == pytest.approx(each.mean() / total, abs=0.02)
    assert row.share_y == 0


def test_space_is_not_stretched_by_scaling() -> None:
    long = as_image(np.zeros((10, 100)), spacing={"y": "2 um", "x": "1 um"})
    row = gt.op("segment.kmeans")(long, position=1).features.iloc[0]
    assert row.scale_y == row.scale_x
    assert row.share_y / row.share_x == pytest.approx((20 / 100) ** 2, rel=0.05)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_the_fit_is_that_of_scikit_learn(channels: int) -> None:
    rng = np.random.default_rng(channels)
    centers = np.outer([-5.0, 0.0, 6.0], np.ones(channels))
    widths = rng.uniform(0.8, 1.6, (3, channels))
    truth = rng.choice(3, 3000, p=[0.5, 0.3, 0.2])
    vectors = rng.normal(centers[truth], widths[truth])
    image = as_image(vectors, dims=("x", "c"))
    found = gt.op("segment.gaussian_mixture")(image, scaling="none")
    theirs = GaussianMixture(3, tol=1e-6, max_iter=500, means_init=centers).fit(vectors)
    order = np.argsort(theirs.means_.sum(axis=1))
    np.testing.assert_allclose(found.clusters.weight, theirs.weights_[order], atol=0.01)
    np.testing.assert_allclose(
        found.probability.transpose("x", "class"),
        theirs.predict_proba(vectors)[:, order],
        atol=0.05,
    )


def test_a_rare_wide_phase_keeps_its_peak_in_a_mixture_only() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(20000) < 0.05
    values = np.where(truth, rng.normal(12, 1, 20000), rng.normal(0, 3, 20000))
    mixture = gt.op("segment.gaussian_mixture")(values, clusters=2)
    kmeans = gt.op("segment.kmeans")(values, clusters=2)
    scores = [adjusted_rand_score(truth, each.labels) for each in (mixture, kmeans)]
    assert scores[0] > 0.95 > scores[1]
    np.testing.assert_allclose(mixture.probability.sum(axis=0), 1, atol=1e-5)
    np.testing.assert_array_equal(mixture.probability.argmax(axis=0) + 1, mixture.labels)


@pytest.mark.parametrize("name", NAMES)
def test_what_has_no_value_or_is_masked_is_0(name: str) -> None:
    values = np.random.default_rng(0).normal(size=(20, 30))
    values[3, 4:9], values[7, 7] = np.nan, np.inf
    mask = np.ones((20, 30), bool)
    mask[15:] = False
    labels = gt.op(name)(values, mask).labels
    np.testing.assert_array_equal(labels > 0, mask & np.isfinite(values))
    with pytest.raises(ImageError, match="no finite value"):
        gt.op(name)(values, np.zeros((20, 30), bool))


def test_faults_are_named() -> None:
    image, _ = phases()
    with pytest.raises(ParameterError, match=r"'c7' is no feature of this image; it has c0, c1, y"):
        gt.op("segment.kmeans")(image, weights={"c7": 1})
    with pytest.raises(ParameterError, match="one must be above 0"):
        gt.op("segment.kmeans")(image, weights={"c0": 0, "c1": 0})


@pytest.mark.parametrize("method", ["kmeans", "gaussian_mixture"])
def test_two_images_part_what_neither_does_alone(method: str) -> None:
    image, truth = phases()
    one, other = image.isel(c=0).values, image.isel(c=1).values
    found = gt.op("segment.bivariate")(one, other, clusters=3, method=method, bins=32)
    assert adjusted_rand_score(truth.ravel(), found.labels.ravel()) > 0.99
    counts = np.histogram2d(one.ravel(), other.ravel(), bins=32)[0]
    np.testing.assert_array_equal(found.histogram["count"], counts[counts > 0])


def test_images_of_other_dims_are_refused() -> None:
    image, _ = phases()
    with pytest.raises(ImageError, match="the same dims"):
        gt.op("segment.bivariate")(image.isel(c=0), as_image(np.zeros(80)))


def test_how_much_a_phase_varies_in_both_images_is_that_of_numpy() -> None:
    image, _ = phases()
    one, other = image.isel(c=0), image.isel(c=1)
    found = gt.op("segment.bivariate")(one, other, clusters=3)
    for row in found.clusters.itertuples():
        own = found.labels.values == row.label
        first, second = one.values[own].astype(float), other.values[own].astype(float)
        assert row.std_image == pytest.approx(first.std(), rel=1e-5)
        assert row.std_other == pytest.approx(second.std(), rel=1e-5)
        assert row.correlation == pytest.approx(np.corrcoef(first, second)[0, 1], abs=1e-4)


def test_two_real_modalities_agree_where_the_shell_is(data_dir: Any) -> None:
    neutrons = np.load(data_dir / "qbi" / "shellN.npy").astype(np.float32)
    rays = np.load(data_dir / "qbi" / "shellX.npy").astype(np.float32)
    found = gt.op("segment.bivariate")(neutrons, rays, clusters=4)
    assert found.labels.shape == neutrons.shape
    assert len(found.clusters) == 4
    assert found.histogram["count"].sum() == neutrons.size
    # outside there are no neutrons at all; the shell is bright in both
    outside, *_, shell = found.clusters.itertuples()
    assert abs(outside.mean_image) < 1
    assert shell.mean_image > 40_000
    assert shell.mean_other > 30_000


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("offset", [0, 60_000, 2**24])
def test_a_large_offset_leaves_phases_apart_without_scaling(name: str, offset: int) -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, (60, 70))
    image = (offset + 20 * truth + rng.normal(0, 2, truth.shape)).round().astype(np.int32)
    found = gt.op(name)(image, clusters=2, scaling="none")
    np.testing.assert_array_equal(found.labels, truth + 1)
    means = [image[truth == k].mean() for k in (0, 1)]
    np.testing.assert_allclose(found.clusters.mean_value, means, rtol=0, atol=0.01)


@pytest.mark.parametrize("name", ["slic", "etps", "kmeans", "gaussian_mixture", "markov"])
def test_a_mask_meets_the_image_sample_by_sample(name: str) -> None:
    rng = np.random.default_rng(0)
    image = as_image(rng.random((2, 9, 8)), dims=("t", "y", "x"), spacing=SPACING)
    kept = rng.random((9, 8)) > 0.3
    mask = as_image(kept, spacing=SPACING)
    moved = mask.assign_coords(x=mask.x + 0.5)
    found = [labels_of(name, image, each) for each in (mask, moved, kept)]
    np.testing.assert_array_equal(found[0] > 0, np.stack([kept, kept]))
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])
    for dim in ("c", "time"):
        wrong = as_image(np.ones((3, 9, 8), bool), dims=(dim, "y", "x"))
        with pytest.raises(ImageError, match=f"no other dims than t, y, x, not {dim}, y, x"):
            gt.op(f"segment.{name}")(image, wrong)


def labels_of(name: str, image: Any, mask: Any) -> Any:
    found = gt.op(f"segment.{name}")(image, mask)
    return np.asarray(found if name in ("slic", "etps", "markov") else found.labels)
