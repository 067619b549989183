"""Models of whole images: digits, and images of any size by their statistics."""

import numpy as np
import pytest
import xarray as xr
from sklearn.datasets import load_digits
from sklearn.linear_model import Ridge

from graticule.core.errors import ImageError, ParameterError
from graticule.learn import Features, ImageClassifier, ImageRegressor, open_model, save_model


@pytest.fixture(scope="module")
def digits():
    loaded = load_digits()
    return loaded.images[:900].astype(np.float32), loaded.target[:900]


@pytest.mark.parametrize(("estimator", "least"), [("forest", 0.83), ("neighbours", 0.85)])
def test_digits(digits, estimator, least, tmp_path):
    images, values = digits
    model = ImageClassifier(estimator=estimator).fit(images[:450], values[:450])
    found = model.predict(images[450:])
    assert found.dtype == int
    assert (found == values[450:]).mean() > least
    proba = model.predict_proba(images[450:])
    assert proba.shape == (450, 10)
    assert (found == proba.argmax(axis=1)).mean() > 0.98
    again = open_model(save_model(model, tmp_path / "a.model"))
    np.testing.assert_array_equal(again.predict(images), model.predict(images))


def test_the_training_data_is_a_trap(digits):
    images, values = digits
    model = ImageClassifier(estimator="tree").fit(images[:450], values[:450])
    assert (model.predict(images[:450]) == values[:450]).mean() == 1
    assert (model.predict(images[450:]) == values[450:]).mean() < 0.85


def test_forms_of_many_images_are_the_same(digits):
    images, values = digits
    model = ImageClassifier(estimator="tree").fit(images[:100], values[:100])
    expected = model.predict(images[:30])
    stack = xr.DataArray(images[:30], dims=("n", "y", "x"))
    for form in (list(images[:30]), stack, [stack[n] for n in range(30)]):
        np.testing.assert_array_equal(model.predict(form), expected)
    assert model.predict(images[3]).tolist() == [expected[3]]


def test_regression_is_that_of_scikit_learn(digits, tmp_path):
    images, values = digits
    model = ImageRegressor(estimator=Ridge(1.0)).fit(images[:450], values[:450])
    rows = images.reshape(len(images), -1)
    peer = Ridge(1.0).fit(rows[:450], values[:450].astype(float))
    np.testing.assert_allclose(model.predict(images), peer.predict(rows), atol=1e-4)
    again = open_model(save_model(model, tmp_path / "a.model"))
    np.testing.assert_array_equal(again.predict(images), model.predict(images))


def test_images_of_any_size_by_their_features(tmp_path):
    rng = np.random.default_rng(0)
    sizes = rng.integers(20, 40, (40, 2))
    kinds = ["fine", "coarse"] * 20
    images = []
    for size, kind in zip(sizes, kinds, strict=True):
        step = 1 if kind == "fine" else 5
        images.append(np.kron(rng.normal(size=size // step + 1), np.ones((step, step))))
    features = Features(sigmas=(1, 3), kinds=("gaussian", "gradient"))
    model = ImageClassifier(features, "forest").fit(images[:20], kinds[:20])
    assert (model.predict(images[20:]) == np.array(kinds[20:])).mean() > 0.9
    again = open_model(save_model(model, tmp_path / "a.model"))
    np.testing.assert_array_equal(again.predict(images), model.predict(images))
    assert again.features == features


def test_a_target_may_be_missing(digits):
    images, values = digits
    holed = values[:100].astype(float)
    holed[::2] = np.nan
    model = ImageClassifier(estimator="tree").fit(images[:100], holed)
    assert model.estimator_.tree_.n_node_samples[0] == 50
    other = ImageRegressor(estimator="tree").fit(images[:100], holed)
    assert other.estimator_.tree_.n_node_samples[0] == 50


def test_refusals(digits):
    images, values = digits
    with pytest.raises(ImageError, match="one target"):
        ImageClassifier().fit(images[:10], values[:9])
    with pytest.raises(ImageError, match="two classes"):
        ImageClassifier().fit(images[:10], np.zeros(10))
    with pytest.raises(ParameterError, match="must be 'values' or Features"):
        ImageClassifier("pixels").fit(images[:10], values[:10])
    model = ImageClassifier(estimator="tree").fit(images[:100], values[:100])
    with pytest.raises(ImageError, match="sizes of those in training"):
        model.predict(np.zeros((3, 9, 9)))
    broken = images[:3].copy()
    broken[1, 2, 2:] = np.nan
    with pytest.raises(ImageError, match="image 2 has missing values"):
        model.predict(broken)


@pytest.mark.parametrize("kind", [ImageClassifier, ImageRegressor])
def test_parameters_of_an_estimator_are_kept(kind, tmp_path):
    images = np.arange(8.0)[:, None, None] * np.ones((8, 3, 3))
    given = {"name": "neighbours", "n_neighbors": 2}
    model = kind(estimator=given).fit(images, [0, 0, 0, 0, 1, 1, 1, 1])
    save_model(model, tmp_path / "images")
    again = open_model(tmp_path / "images")
    assert again.estimator == given
    np.testing.assert_array_equal(again.predict(images), model.predict(images))


def test_of_no_images_there_is_no_answer():
    images = np.arange(4.0)[:, None, None] * np.ones((4, 3, 3))
    model = ImageClassifier(estimator="tree").fit(images, [0, 0, 1, 1])
    assert model.predict([]).shape == (0,)
    assert model.predict_proba([]).shape == (0, 2)
    assert ImageRegressor(estimator="tree").fit(images, range(4)).predict([]).shape == (0,)


def test_a_model_of_values_of_large_images_is_kept(tmp_path):
    images = np.random.default_rng(0).normal(size=(8, 100, 90)).astype(np.float32)
    images[4:] += 1
    model = ImageClassifier(estimator="tree").fit(images, [0] * 4 + [1] * 4)
    opened = open_model(save_model(model, tmp_path / "large.model"))
    np.testing.assert_array_equal(opened.predict(images), model.predict(images))
