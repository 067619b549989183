"""`learn.embed`: the numbers of the embedding, for one image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from sklearn import decomposition

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError
from graticule.learn import open_model
from graticule.learn.clustering import Chain
from graticule.learn.embedding import KINDS, FixedEmbedding
from graticule.learn.model_file import save_model
from graticule.learn.models.clustering import ClusteringModel
from graticule.learn.models.embedding import EmbeddingModel
from graticule.learn.models.image_rows import ImageRows
from graticule.simulate.galaxies import galaxies


@pytest.mark.parametrize("name", KINDS.names())
def test_the_row_is_that_of_the_embedding(name: str) -> None:
    """Of the mean of channels; whole numbers as parts of their largest."""
    values = np.random.default_rng(0).integers(0, 255, (40, 36, 3)).astype(np.uint8)
    settings = {"rings": 8} if name == "radial_profile" else {}
    table = gt.learn.embed(
        as_image(values, dims=("y", "x", "c")), embedding=name, settings=settings
    )
    embedding = FixedEmbedding.of(name, **settings)
    expected = embedding.transform(values[None] / np.float32(255))
    assert list(table.columns) == embedding.columns((40, 36))
    np.testing.assert_allclose(table.to_numpy(), expected, rtol=1e-4, atol=1e-6)


def test_turned_galaxies_are_the_same_once_they_are_in_their_own_frame() -> None:
    """Detected, brought to a canonical form, described: a quarter turn of the camera is not seen,
    another galaxy is."""
    rows = []
    for seed in (1, 2):
        image = galaxies(morphology="spiral", radius=14, neighbours=0, seed=[31, seed]).image
        for turn in (0, 1):
            seen = image.copy(data=np.rot90(image.values, turn))
            found = gt.detect.main_object(seen)
            canonical = gt.transform.canonical(seen, found.object, found.objects, size=64)
            rows.append(gt.learn.embed(canonical.clip(0, None)).to_numpy()[0])
    same = max(np.linalg.norm(rows[0] - rows[1]), np.linalg.norm(rows[2] - rows[3]))
    assert same < 0.3 * np.linalg.norm(rows[0] - rows[2])


def test_what_cannot_be_described_is_named() -> None:
    image = np.ones((20, 20))
    with pytest.raises(ParameterError, match="there is no embedding 'hogs'"):
        gt.learn.embed(image, embedding="hogs")
    with pytest.raises(ParameterError, match="degree"):
        gt.learn.embed(image, settings={"degree": -2})
    with pytest.raises(ParameterError, match="rings"):
        gt.learn.embed(image, settings={"rings": 3})
    with pytest.raises(ImageError, match="too small"):
        gt.learn.embed(image, embedding="hog")
    image[3, 4] = np.nan
    assert np.isnan(gt.learn.embed(image).to_numpy()).all()


def _images(count: int = 30) -> list[xr.DataArray]:
    values = np.random.default_rng(3).integers(0, 255, (count, 20, 20, 3)).astype(np.uint8)
    return [as_image(each, dims=("y", "x", "c")) for each in values]


@pytest.mark.parametrize("channels", ["mean", "keep"])
def test_a_fitted_embedding_is_given_as_a_model(channels: str, tmp_path: Path) -> None:
    images = _images()
    rows = ImageRows.of({"name": "pca", "n_components": 3, "channels": channels}).seen(images[0])
    rows = rows.fit(iter([np.stack([rows.sample(image) for image in images])]))
    file = save_model(EmbeddingModel(rows, images[0]), tmp_path / "pca.model")
    table = gt.learn.embed(images[5], model=file)
    assert list(table.columns) == ["component_0", "component_1", "component_2"]
    plain = np.stack([image.values / np.float32(255) for image in images])
    plain = plain if channels == "keep" else plain.mean(axis=3)
    theirs = decomposition.PCA(3, svd_solver="full").fit(plain.reshape(30, -1))
    expected = theirs.transform(plain[5].reshape(1, -1))
    np.testing.assert_allclose(np.abs(table), np.abs(expected), rtol=0.02, atol=0.01)
    assert open_model(file).image_rows == rows
    with pytest.raises(ImageError, match="20 x 20"):
        gt.learn.embed(images[5][:10], model=file)


def test_what_is_learned_must_be_given_as_a_model() -> None:
    with pytest.raises(ParameterError, match="fitted to a collection"):
        gt.learn.embed(np.ones((20, 20)), embedding="pca")
    table = pd.DataFrame({"area": [1.0, 2.0, 9.0, 9.5]})
    groups = Chain.of([{"step": "kmeans", "n_clusters": 2}]).fit(table, seed=0)
    with pytest.raises(ParameterError, match="must be an embedding, not a clustering"):
        gt.learn.embed(np.ones((20, 20)), model=ClusteringModel.of(groups, table))
