"""Probabilities are those of what labels say is how frequent."""

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier

from graticule.core import as_image
from graticule.core.errors import ParameterError
from graticule.learn import Features, PixelClassifier
from graticule.learn.models.estimators import make_estimator, uses_sample_weight

VALUE = Features(kinds=("value",), sigmas=())
APART = 2.0
"""Distance of the means of two normal distributions of width 1."""

ESTIMATORS = [
    "logistic",
    "linear",
    "boosting",
    "forest",
    "extra_trees",
    {"name": "forest", "min_samples_leaf": 25},
    {"name": "neighbours", "n_neighbors": 50},
    {"name": "tree", "max_depth": 5},
]


def scene(share, shape=(300, 300), seed=0):
    """Return an image of two classes without any neighbourhood, and its truth."""
    rng = np.random.default_rng(seed)
    truth = rng.random(shape) < share
    image = (APART * truth + rng.standard_normal(shape)).astype(np.float32)
    return as_image(image), as_image(truth)


def posterior(image, share):
    """Return the true probability of the second class."""
    odds = share / (1 - share) * np.exp(APART * (image.values - APART / 2))
    return odds / (1 + odds)


@pytest.mark.parametrize("share", [0.1, 0.01])
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_probabilities_of_dense_labels_are_true(estimator, share):
    image, truth = scene(share)
    model = PixelClassifier(VALUE, estimator, max_samples=8000).fit(image, truth)
    unseen, _ = scene(share, (100, 100), seed=1)
    found = model.predict_proba(unseen).values[1]
    true = posterior(unseen, share)
    assert found.mean() == pytest.approx(true.mean(), rel=0.25)
    assert np.abs(found - true).mean() < 0.03


@pytest.mark.parametrize("estimator", ["logistic", "linear", "forest", "boosting"])
def test_balanced_probabilities_are_those_of_equal_classes(estimator):
    image, truth = scene(0.1)
    model = PixelClassifier(VALUE, estimator, max_samples=8000, balance=True).fit(image, truth)
    unseen, _ = scene(0.1, (100, 100), seed=1)
    found = model.predict_proba(unseen).values[1]
    assert found.mean() == pytest.approx(posterior(unseen, 0.5).mean(), rel=0.15)


def test_discriminants_are_balanced_without_leaving_samples_out():
    image, truth = scene(0.1, (60, 60))
    found = [
        PixelClassifier(VALUE, "linear", balance=balance).fit(image, truth).predict(image).mean()
        for balance in (True, False)
    ]
    assert float(found[0]) > 2 * float(found[1])


def test_sparse_labels_are_balanced_and_dense_ones_are_not():
    image, truth = scene(0.1, (80, 80))
    dense = (truth + 1).astype(np.uint8)
    strokes = dense.where(np.random.default_rng(0).random(dense.shape) < 0.3, 0).astype(np.uint8)
    where = truth.copy(data=np.random.default_rng(1).random(dense.shape) < 0.3)

    def same(labels, balance, where=None):
        auto, other = (
            PixelClassifier(VALUE, "linear", balance=each).fit(image, labels, where)
            for each in ("auto", balance)
        )
        return np.array_equal(auto.predict_proba(image), other.predict_proba(image))

    assert same(truth, False)
    assert same(dense, False)
    assert same(dense, False, where)  # all of what may be used is labelled
    assert same(strokes, True)
    assert not same(strokes, False)


def test_an_image_without_labels_says_nothing_of_how_dense_they_are():
    image, truth = scene(0.1, (40, 40))
    dense = (truth + 1).astype(np.uint8)
    several = [image] * 4, [dense, *[dense * 0] * 3]
    auto, true = (
        PixelClassifier(VALUE, "linear", balance=each).fit(*several) for each in ("auto", False)
    )
    np.testing.assert_array_equal(auto.predict_proba(image), true.predict_proba(image))


@pytest.mark.parametrize(
    ("given", "heeded"),
    [
        ("logistic", True), ("boosting", True), ({"name": "tree", "max_depth": 4}, True),
        ({"name": "forest", "min_samples_leaf": 5}, True), ("forest", False), ("tree", False),
        ("neighbours", False), ("linear", False), (GradientBoostingClassifier(), True),
    ],
    ids=str,
)  # fmt: skip
def test_who_heeds_weights(given, heeded):
    assert uses_sample_weight(make_estimator(given, "classification", 0)) is heeded


def test_another_word_is_refused():
    image, truth = scene(0.1, (8, 8))
    with pytest.raises(ParameterError, match="auto, True or False") as caught:
        PixelClassifier(VALUE, balance="even").fit(image, truth)
    assert caught.value.where == "balance"
