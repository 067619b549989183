"""`learn.embed`: the numbers of the embedding, for one image."""

from __future__ import annotations

import numpy as np
import pytest

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError
from graticule.learn.embedding import KINDS, FixedEmbedding
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
