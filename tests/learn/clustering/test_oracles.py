"""Methods and indices beside scikit-learn and SciPy."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import cluster, decomposition, metrics, mixture

from graticule.core.typing import Array
from graticule.learn.clustering import Chain
from graticule.learn.clustering.agreement import (
    adjusted_rand,
    agreement,
    mutual_information,
    neighbours_right,
)
from graticule.learn.clustering.density import density_groups
from graticule.learn.clustering.indices import indices_of, silhouettes


def _blobs(rows: int, features: int, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, features)) + 5 * rng.integers(0, 3, rows)[:, None]


def _same(labels: Array, others: Array) -> bool:
    noise = ((labels < 0) == (others < 0)).all()
    return bool(noise) and metrics.adjusted_rand_score(labels, others) == 1


@pytest.mark.parametrize("shape", [(40, 2), (129, 1), (500, 6), (700, 10)])
@pytest.mark.parametrize("eps", [0.2, 1.0, 3.0])
def test_dbscan_is_that_of_scikit_learn(shape: tuple[int, int], eps: float) -> None:
    rows = _blobs(*shape)
    labels, core = density_groups(rows, eps, 5)
    peer = cluster.DBSCAN(eps=eps, min_samples=5).fit(rows)
    assert (labels == peer.labels_).all()
    assert (np.flatnonzero(core) == peer.core_sample_indices_).all()


def test_dbscan_takes_rows_at_eps_exactly() -> None:
    grid = np.stack(np.meshgrid(np.arange(20.0), np.arange(20.0)), axis=-1).reshape(-1, 2) + 1e6
    assert (density_groups(grid, 1.0, 4)[0] == 0).all()
    assert (density_groups(grid, 0.999, 2)[0] == -1).all()


@pytest.mark.parametrize("shape", [(40, 2), (129, 1), (500, 6), (700, 10)])
@pytest.mark.parametrize(
    "parameters",
    [
        {"min_cluster_size": 5},
        {"min_cluster_size": 10, "min_samples": 3},
        {"min_cluster_size": 5, "min_samples": 1},
        {"min_cluster_size": 5, "cluster_selection_method": "leaf"},
        {"min_cluster_size": 5, "allow_single_cluster": True},
    ],
)
def test_hdbscan_is_that_of_scikit_learn(
    shape: tuple[int, int], parameters: dict[str, Any]
) -> None:
    rows = _blobs(*shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        peer = cluster.HDBSCAN(**parameters).fit(rows)
    assert _same(Chain.of({"step": "hdbscan", **parameters}).fit(rows).labels, peer.labels_)


@pytest.mark.parametrize("linkage", ["ward", "average", "complete", "single"])
@pytest.mark.parametrize("cut", [{"n_clusters": 5}, {"distance_threshold": 3.0}])
def test_agglomerative_is_that_of_scikit_learn(linkage: str, cut: dict[str, Any]) -> None:
    rows = _blobs(200, 4)
    found = Chain.of({"step": "agglomerative", "linkage": linkage, **cut}).fit(rows)
    peer = cluster.AgglomerativeClustering(linkage=linkage, **{"n_clusters": None, **cut})
    assert _same(found.labels, peer.fit_predict(rows))


@pytest.mark.parametrize("groups", [2, 3, 7])
def test_kmeans_is_as_near_as_scikit_learn(groups: int) -> None:
    rows = _blobs(300, 5) + 1e4
    found = Chain.of({"step": "kmeans", "n_clusters": groups, "n_init": 20, "tol": 0}).fit(rows)
    peer = cluster.KMeans(groups, n_init=20, tol=0, random_state=0).fit(rows)
    assert found.method.facts["inertia"] <= peer.inertia_ * 1.01
    centroids = found.method.content["centroids"]
    means = [rows[found.labels == group].mean(axis=0) for group in range(groups)]
    assert np.allclose(centroids, means, rtol=0, atol=1e-8)


@pytest.mark.parametrize("covariance", ["full", "tied", "diag", "spherical"])
def test_a_mixture_is_that_of_scikit_learn(covariance: str) -> None:
    rows = _blobs(300, 4)
    found = Chain.of(
        {"step": "gaussian_mixture", "n_components": 3, "covariance_type": covariance}
    ).fit(rows, seed=1)
    peer = mixture.GaussianMixture(
        3, covariance_type=covariance, n_init=3, max_iter=200, random_state=1
    ).fit(rows)
    assert _same(found.labels, peer.predict(rows))
    assert found.method.facts["bic"] == pytest.approx(peer.bic(rows))


@pytest.mark.parametrize("shape", [(60, 8), (8, 60)])
@pytest.mark.parametrize("whiten", [False, True])
def test_components_are_those_of_scikit_learn(shape: tuple[int, int], whiten: bool) -> None:
    rows = _blobs(*shape)
    found = Chain.of(
        [{"step": "pca", "n_components": 4, "whiten": whiten}, {"step": "kmeans"}]
    ).fit(rows)
    peer = decomposition.PCA(4, whiten=whiten, svd_solver="full").fit(rows)
    assert np.allclose(np.abs(found.space), np.abs(peer.transform(rows)), atol=1e-8)
    told = found.steps[0].facts["explained_variance_ratio"]
    assert np.allclose(told, peer.explained_variance_ratio_)


@pytest.mark.parametrize("rows", [30, 900])
def test_indices_are_those_of_scikit_learn_without_noise(rows: int) -> None:
    space = _blobs(rows, 6) + 100
    labels = np.random.default_rng(1).integers(-1, 4, rows)
    told, known = indices_of(space, labels), labels >= 0
    own = space[known], labels[known]
    assert told.silhouette == pytest.approx(metrics.silhouette_score(*own))
    assert told.davies_bouldin == pytest.approx(metrics.davies_bouldin_score(*own))
    assert told.calinski_harabasz == pytest.approx(metrics.calinski_harabasz_score(*own))
    assert (told.noise, told.groups) == (int((~known).sum()), 4)
    assert np.allclose(silhouettes(*own), metrics.silhouette_samples(*own))


def test_the_silhouette_of_a_long_table_is_of_rows_drawn() -> None:
    space = _blobs(6000, 3)
    labels = (space[:, 0] > 2.5).astype(int)
    told = indices_of(space, labels, seed=4)
    assert told.sampled == 5000
    assert told == indices_of(space, labels, seed=4)
    assert told.silhouette == pytest.approx(metrics.silhouette_score(space, labels), abs=0.02)


def test_one_group_has_no_index() -> None:
    told = indices_of(np.arange(4.0)[:, None], np.array([0, 0, 0, -1]))
    assert np.isnan([told.silhouette, told.davies_bouldin, told.calinski_harabasz]).all()


def test_agreement_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    for groups, classes in ((3, 2), (1, 4), (10, 10)):
        ours, theirs = rng.integers(0, groups, 80), rng.integers(0, classes, 80)
        table = np.bincount(ours * classes + theirs, minlength=groups * classes)
        table = table.reshape(groups, classes)
        assert adjusted_rand(table) == pytest.approx(metrics.adjusted_rand_score(ours, theirs))
        expected = metrics.normalized_mutual_info_score(ours, theirs)
        assert mutual_information(table) == pytest.approx(expected, abs=1e-12)


def test_neighbours_are_those_of_a_search() -> None:
    from sklearn.model_selection import LeaveOneOut, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    rows = _blobs(120, 3)
    codes = (rows[:, 0] + np.random.default_rng(2).normal(size=120) > 5).astype(int)
    peer = cross_val_score(KNeighborsClassifier(5), rows, codes, cv=LeaveOneOut())
    assert (neighbours_right(rows, codes, 5) == peer).all()


def test_agreement_leaves_out_rows_without_a_class() -> None:
    rows = np.random.default_rng(0).normal(size=(60, 2)) + np.repeat([[0], [9]], 30, axis=0)
    classes = np.array(["a"] * 30 + ["b"] * 30, dtype=object)
    classes[[0, 40]] = "", None
    found = Chain.of({"step": "kmeans"}).fit(rows)
    told = agreement(found, classes, n=50)
    assert told.rows == 58
    assert told.ari.estimate == 1
    assert told.purity.low == 1
    assert told.confusion.to_numpy().sum() == 58
    assert list(told.confusion.columns) == ["a", "b"]
    chance = agreement(found, np.random.default_rng(1).permutation(classes), n=200)
    assert chance.ari.low < 0.05
    assert chance.neighbours_accuracy.high < 0.8
