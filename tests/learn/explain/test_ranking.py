"""learn.features: ranking on blocked folds finds what tells the classes apart."""

import numpy as np
import pytest

from graticule.core.errors import ImageError
from graticule.learn.explain import feature_importances
from graticule.learn.features import Features


def _textures(seed=0):
    """Two textures of the same mean: fine noise, and the same smoothed; in stripes."""
    rng = np.random.default_rng(seed)
    classes = (np.indices((96, 96)).sum(axis=0) // 16) % 2 + 1
    return np.where(classes == 1, rng.normal(size=classes.shape), 0.1), classes


def test_what_tells_the_classes_comes_first():
    image, classes = _textures()
    bank = Features(sigmas=(1,), kinds=("gaussian", "gradient"), rank=("std",), radii=(2,))
    table = feature_importances(bank, image, classes, folds=2, repeats=1, most=600)
    assert table["feature"][0] == "std 2 px"
    assert table["importance"][0] > 5 * abs(table["importance"][2])
    assert table.attrs["score"] > 0.85
    assert sorted(table["number"]) == [0, 1, 2]


def test_seed_repeats():
    image, classes = _textures()
    bank = Features(sigmas=(1,), kinds=("gaussian", "gradient"))
    first, again = (
        feature_importances(bank, image, classes, folds=2, repeats=1, most=300) for _ in range(2)
    )
    assert first.equals(again)


def test_as_many_labels_as_images():
    image, classes = _textures()
    with pytest.raises(ImageError, match="as many labels"):
        feature_importances(Features(), [image, image], [classes])
