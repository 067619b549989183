"""Principal components by batches, maps, and what is kept: scikit-learn as oracle."""

from __future__ import annotations

import builtins
import json
from typing import Any

import numpy as np
import pytest
from sklearn import decomposition
from sklearn.linear_model import LinearRegression
from sklearn.manifold import trustworthiness
from sklearn.metrics import r2_score
from sklearn.neighbors import NearestNeighbors

from graticule.core.errors import FormatError, ImageError, RequestError
from graticule.learn.embedding import PCA, quality, tsne, umap


def _images(count: int = 300, seed: int = 0) -> np.ndarray:
    """Return images of a few patterns of falling strength, and noise."""
    rng = np.random.default_rng(seed)
    patterns = rng.normal(0, 1, (8, 12 * 10))
    strengths = rng.normal(0, 1, (count, 8)) * 2.0 ** -np.arange(8)
    rows = strengths @ patterns + rng.normal(3, 0.02, (count, 120))
    return rows.reshape(count, 12, 10).astype(np.float32)


@pytest.mark.parametrize("batch", [7, 40, 300])
def test_components_of_batches_are_those_of_all(batch: int) -> None:
    """Whatever the batches: scikit-learn's mean, variances and axes."""
    images = _images()
    ours = PCA.fit((images[at : at + batch] for at in range(0, 300, batch)), n_components=6)
    theirs = decomposition.PCA(6, svd_solver="full").fit(images.reshape(300, -1).astype(float))
    np.testing.assert_allclose(ours.mean, theirs.mean_, atol=1e-9)
    np.testing.assert_allclose(ours.explained_variance, theirs.explained_variance_, rtol=1e-3)
    np.testing.assert_allclose(
        ours.explained_variance_ratio, theirs.explained_variance_ratio_, rtol=1e-3
    )
    alike = np.abs((ours.components * theirs.components_).sum(axis=1))
    assert (alike > 0.999).all()
    assert (ours.components[np.arange(6), np.abs(ours.components).argmax(axis=1)] > 0).all()


def test_reconstruction_comes_nearer_with_each_component() -> None:
    """To the noise; of none it is the mean image."""
    images = _images()
    pca = PCA.fit([images], n_components=8)
    panel = pca.reconstruct(images[:5], [0, 2, 4, 8])
    assert panel.shape == (4, 5, 12, 10, 1)
    np.testing.assert_allclose(panel[0, 3, ..., 0], images.mean(axis=0), atol=1e-4)
    errors = [float(((each[..., 0] - images[:5]) ** 2).mean()) for each in panel]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 4e-4
    lost = 1 - pca.explained_variance_ratio.sum()
    whole = pca.inverse_transform(pca.transform(images))[..., 0]
    spread = ((images - images.mean(axis=0)) ** 2).sum()
    assert ((whole - images) ** 2).sum() / spread == pytest.approx(lost, rel=0.02)
    said = quality(images.reshape(300, -1), pca.transform(images)).explained_variance
    assert said == pytest.approx(1 - lost, abs=1e-4)


def test_a_fitted_pca_is_kept_as_arrays_and_json() -> None:
    images = _images(60)
    pca = PCA.fit([images], n_components=3)
    arrays, card = pca.arrays()
    again = PCA.from_arrays(arrays, json.loads(json.dumps(card)))
    np.testing.assert_array_equal(again.transform(images), pca.transform(images))
    assert again.columns == ["component_0", "component_1", "component_2"]
    for broken in ({**arrays, "mean": arrays["mean"][:-1]}, {"mean": arrays["mean"]}):
        with pytest.raises(FormatError, match="no fitted PCA"):
            PCA.from_arrays(broken, card)
    with pytest.raises(FormatError, match="format"):
        PCA.from_arrays(arrays, {**card, "format": "other"})


def test_what_has_no_components_is_refused() -> None:
    images = _images(10)
    with pytest.raises(ImageError, match="set n_components to 9"):
        PCA.fit([images], n_components=10)
    with pytest.raises(ImageError, match="components need"):
        PCA.fit([], n_components=2)
    with pytest.raises(ImageError, match="must be images of"):
        PCA.fit([images, images[:, :5]], n_components=2)
    with pytest.raises(ImageError, match="without a number"):
        PCA.fit([np.full((9, 4, 4), np.nan)], n_components=2)
    constant = PCA.fit([np.ones((9, 4, 4))], n_components=2)
    assert constant.explained_variance_ratio.tolist() == [0, 0]
    assert np.isfinite(constant.transform(np.ones((2, 4, 4)))).all()


@pytest.mark.parametrize("neighbours", [1, 5, 20])
def test_quality_is_that_of_scikit_learn(neighbours: int) -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(0, 1, (700, 6))
    for embedded in (rows[:, :2], rng.normal(0, 1, (700, 2)), np.tanh(rows)):
        ours = quality(rows, embedded, neighbours=neighbours)
        theirs = trustworthiness(rows, embedded, n_neighbors=neighbours)
        model = LinearRegression().fit(embedded, rows)
        explained = r2_score(rows, model.predict(embedded), multioutput="variance_weighted")
        assert ours.explained_variance == pytest.approx(explained, abs=1e-9)
        assert ours.trustworthiness == pytest.approx(theirs, abs=1e-12)
        one, other = (
            NearestNeighbors(n_neighbors=neighbours).fit(each).kneighbors(return_distance=False)
            for each in (rows, embedded)
        )
        shared = [len(set(a) & set(b)) for a, b in zip(one, other, strict=True)]
        assert ours.neighbours_kept == pytest.approx(np.mean(shared) / neighbours, abs=1e-12)


def test_quality_of_many_rows_is_of_some_of_them() -> None:
    """The same for the same seed, and near that of another."""
    rng = np.random.default_rng(2)
    rows = rng.normal(0, 1, (5_600, 4))
    one, same, other = (quality(rows, rows[:, :3], seed=seed) for seed in (0, 0, 1))
    assert one == same != other
    assert one.rows == 5_000
    assert one.trustworthiness == pytest.approx(other.trustworthiness, abs=0.01)
    with pytest.raises(ImageError, match="same rows"):
        quality(rows, rows[:9])
    with pytest.raises(ImageError, match="neighbours need"):
        quality(rows[:8], rows[:8], neighbours=4)


def _groups() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    classes = np.repeat(np.arange(3), 40)
    return rng.normal(0, 1, (120, 10)) + 9 * np.eye(10)[classes], classes


@pytest.mark.parametrize("method", [tsne, umap])
def test_maps_keep_groups_apart(method: Any) -> None:
    """The same for the same seed; the nearest row is of the same group."""
    pytest.importorskip("openTSNE" if method is tsne else "umap")
    rows, classes = _groups()
    placed = method(rows, seed=1)
    assert placed.shape == (120, 2)
    np.testing.assert_array_equal(placed, method(rows, seed=1))
    nearest = NearestNeighbors(n_neighbors=1).fit(placed).kneighbors(return_distance=False)
    assert (classes[nearest[:, 0]] == classes).mean() > 0.98
    assert quality(rows, placed).trustworthiness > 0.85
    with pytest.raises(ImageError, match="5 rows"):
        method(rows[:3])
    with pytest.raises(ImageError, match="without a number"):
        method(np.full((9, 2), np.nan))


@pytest.mark.parametrize(("method", "package"), [(tsne, "openTSNE"), (umap, "umap")])
def test_a_missing_package_is_named(
    method: Any, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == package:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RequestError, match=r"graticule\[embed\]"):
        method(np.random.default_rng(0).normal(size=(9, 2)))
