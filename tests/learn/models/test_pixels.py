"""Pixel models: what they learn, what they are independent of, and what they refuse."""

import numpy as np
import pytest
import xarray as xr
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import RidgeClassifier
from sklearn.naive_bayes import GaussianNB

from graticule.core import ALL, as_image
from graticule.core.errors import ImageError, ParameterError, RequestError
from graticule.learn import Features, PixelClassifier, PixelRegressor, open_model, save_model
from graticule.learn.models.estimators import NAMED
from graticule.learn.sampling.samples import missing_samples
from graticule.learn.splits.splits import by_image

SMALL = Features(sigmas=(1,), kinds=("gaussian", "gradient", "hessian"))
FEW = {"name": "extra_trees", "n_estimators": 5}


def halves(shape=(40, 60), seed=0, noise=0.5):
    """Return noise that is brighter in its right half, and the truth."""
    rng = np.random.default_rng(seed)
    truth = np.zeros(shape, np.uint8)
    truth[..., shape[-1] // 2 :] = 1
    image = (truth + noise * rng.standard_normal(shape)).astype(np.float32)
    return as_image(image), as_image(truth)


def strokes(truth, seed=1, share=0.1):
    """Return the classes 1 and 2 drawn at a part of the samples."""
    drawn = np.random.default_rng(seed).random(truth.shape) < share
    return truth.copy(data=np.where(drawn, truth.values + 1, 0).astype(np.uint8))


@pytest.mark.parametrize("estimator", [*NAMED, RandomForestClassifier(5), GaussianNB()])
def test_every_estimator_learns_and_agrees_with_its_probabilities(estimator):
    image, truth = halves()
    model = PixelClassifier(SMALL, estimator).fit(image, strokes(truth))
    found = model.predict(image)
    assert found.dtype == np.int32
    assert found.dims == image.dims
    assert (found == truth + 1).mean() > 0.85
    proba = model.predict_proba(image)
    assert proba.dims == ("class", "y", "x")
    assert proba.dtype == np.float32
    assert proba["class"].values.tolist() == ["1", "2"]
    np.testing.assert_allclose(proba.sum("class"), 1, atol=1e-5)
    ordered = np.sort(proba.values, axis=0)
    np.testing.assert_allclose(model.uncertainty(image), 1 - (ordered[1] - ordered[0]), atol=1e-6)
    clear = ordered[1] - ordered[0] > 1e-5
    assert (found.values == proba.values.argmax(0) + 1)[clear].all()


def test_a_forest_of_scikit_learn_gives_what_it_gives_by_itself():
    image, truth = halves()
    labels = strokes(truth)
    given = RandomForestClassifier(20, random_state=3)
    model = PixelClassifier(SMALL, given, balance=False).fit(image, labels)
    columns = SMALL.compute(image).reshape(4, -1)
    at = np.flatnonzero(labels.values)
    peer = clone(given).fit(columns[:, at].T, labels.values.ravel()[at])
    np.testing.assert_array_equal(model.predict(image).values.ravel(), peer.predict(columns.T))
    proba = model.predict_proba(image).values.reshape(2, -1).T
    np.testing.assert_allclose(proba, peer.predict_proba(columns.T), atol=1e-6)
    assert not hasattr(given, "estimators_"), "the estimator given must not be fitted"


def test_cutting_changes_nothing():
    image, truth = halves((90, 70))
    labels = strokes(truth)
    whole = PixelClassifier(SMALL, FEW).fit(image, labels)
    lazy = PixelClassifier(SMALL, FEW).fit(image.chunk(y=13, x=70), labels.chunk(y=7, x=9))
    np.testing.assert_array_equal(lazy.predict(image), whole.predict(image))
    reach = whole.halo(image)["y"]
    part = whole.predict(image.isel(y=slice(30 - reach, 50 + reach)))
    np.testing.assert_array_equal(
        part.isel(y=slice(reach, 20 + reach)), whole.predict(image).isel(y=slice(30, 50))
    )


def test_many_images_are_as_one():
    image, truth = halves((40, 60))
    labels = strokes(truth)
    other, _ = halves((30, 30), seed=5)
    model = PixelClassifier(SMALL, FEW).fit([image, other], [labels, xr.zeros_like(other, int)])
    alone = PixelClassifier(SMALL, FEW).fit(image, labels)
    np.testing.assert_array_equal(model.predict(image), alone.predict(image))


def test_only_parts_with_labels_are_read():
    import dask.array as da

    image, truth = halves((400, 30))
    labels = np.zeros(image.shape, np.uint8)
    labels[200:203] = truth.values[200:203] + 1
    read = set()

    def block(values, block_info=None):
        read.add(block_info[0]["array-location"][0][0])
        return values

    chunks = da.from_array(image.values, chunks=(20, 30)).map_blocks(block, dtype=np.float32)
    lazy = image.copy(data=chunks)
    read.clear()
    PixelClassifier(Features(sigmas=(1,), kinds=("gaussian",)), FEW).fit(
        lazy, image.copy(data=labels)
    )
    assert read <= {140, 160, 180, 200, 220, 240, 260}


def test_where_keeps_samples_out():
    image, truth = halves()
    labels = strokes(truth)
    wrong = labels.copy(data=np.where(labels > 0, 3 - labels, 0))
    mask = image.copy(data=np.zeros(image.shape, bool))
    mask[:20] = True
    mixed = labels.where(mask, wrong).astype(np.uint8)
    model = PixelClassifier(SMALL, FEW).fit(image, mixed, mask)
    clean = PixelClassifier(SMALL, FEW).fit(image, labels.where(mask, 0).astype(np.uint8))
    np.testing.assert_array_equal(model.predict(image), clean.predict(image))


def test_a_model_learns_nothing_from_held_out_images():
    image, truth = halves()
    labels = strokes(truth)
    wrong = labels.copy(data=np.where(labels > 0, 3 - labels, 0))
    fold = next(f for f in by_image([image, image], folds=2, seed=0) if f.train[0] is not None)
    for model in (PixelClassifier(SMALL, FEW), PixelRegressor(SMALL, "linear")):
        alone = clone(model).fit(image, labels).predict(image)
        for where in (fold.train, list(fold.train)):
            found = model.fit([image, image], [labels, wrong], where).predict(image)
            np.testing.assert_array_equal(found, alone)


def test_a_view_gives_what_its_image_gives():
    image, truth = halves()
    labels = strokes(truth)
    model = PixelClassifier(SMALL, FEW).fit(image, labels)
    view = model.view(image)
    again = PixelClassifier(SMALL, FEW).fit(view, labels)
    np.testing.assert_array_equal(again.predict(view), model.predict(image))
    np.testing.assert_array_equal(again.predict_proba(view), model.predict_proba(image))
    with pytest.raises(ImageError, match="other features"):
        PixelClassifier(Features(sigmas=(2,)), FEW).fit(view, labels)


def test_masks_give_masks():
    image, truth = halves()
    model = PixelClassifier(SMALL, FEW).fit(image, truth.astype(bool))
    assert [each.name for each in model.classes] == ["background", "object"]
    assert set(np.unique(model.predict(image))) == {0, 1}


def test_three_dims_and_channels():
    rng = np.random.default_rng(0)
    truth = np.zeros((10, 12, 14), np.uint8)
    truth[5:] = 1
    values = rng.normal(size=(10, 12, 14, 2)).astype(np.float32)
    values[..., 1] += 3 * truth
    image = xr.DataArray(values, dims=("z", "y", "x", "c"))
    labels = xr.DataArray(truth, dims=("z", "y", "x"))
    model = PixelClassifier(SMALL, FEW).fit(image, labels)
    found = model.predict(image)
    assert found.dims == ("z", "y", "x")
    assert (found == labels).mean() > 0.95
    assert model.halo(image)["c"] == ALL
    other = image.transpose("c", "x", "z", "y")
    assert model.predict(other).dims == ("x", "z", "y")
    np.testing.assert_array_equal(model.predict(other).transpose("z", "y", "x"), found)
    with pytest.raises(ImageError, match="channels"):
        model.predict(image.isel(c=0))


def test_missing_values_have_no_answer_and_teach_nothing():
    image, truth = halves()
    labels = strokes(truth, share=0.5)
    broken = image.copy(deep=True)
    broken[10, 20], broken[5, 50] = np.nan, np.inf
    for estimator in (FEW, "logistic"):
        model = PixelClassifier(SMALL, estimator).fit(broken, labels)
        found, proba = model.predict(broken), model.predict_proba(broken)
        for y, x in ((10, 20), (5, 50)):
            assert found[y, x] == 0
            assert np.isnan(proba[:, y, x]).all()
            assert np.isnan(model.uncertainty(broken)[y, x])
        np.testing.assert_array_equal(found == 0, np.isnan(proba).all("class"))
        assert (found[20:] != 0).all()
    nothing = image.copy(data=np.full(image.shape, np.nan, np.float32))
    with pytest.raises(ImageError, match="none has labelled samples"):
        PixelClassifier(SMALL, FEW).fit(nothing, labels)
    assert (model.predict(nothing) == 0).all()


def test_balance_favours_the_rare():
    image, truth = halves(noise=3.0)
    labels = strokes(truth, share=1)
    labels[:, :30] = np.where(np.random.default_rng(0).random((40, 30)) < 0.03, 1, 0)
    rare = {}
    for balance in (True, False):
        model = PixelClassifier(SMALL, "logistic", balance=balance).fit(image, labels)
        rare[balance] = int((model.predict(image) == 1).sum())
    assert rare[True] > 1.5 * rare[False]


def test_samples_and_seed():
    image, truth = halves((100, 100))
    labels = strokes(truth, share=1)
    model = PixelClassifier(SMALL, "tree", max_samples=200).fit(image, labels)
    assert model.counts_ == {"1": 5000, "2": 5000}
    assert model.estimator_.tree_.n_node_samples[0] == 200
    same = PixelClassifier(SMALL, "tree", max_samples=200).fit(image, labels)
    other = PixelClassifier(SMALL, "tree", max_samples=200, seed=1).fit(image, labels)
    np.testing.assert_array_equal(same.predict_proba(image), model.predict_proba(image))
    assert not (other.predict(image) == model.predict(image)).all()


def test_scikit_learn_conventions():
    model = PixelClassifier(SMALL, RandomForestClassifier(7), seed=4)
    copy = clone(model)
    assert copy is not model
    assert copy.get_params()["estimator__n_estimators"] == 7
    assert copy.set_params(estimator__n_estimators=3, balance=False).estimator.n_estimators == 3
    with pytest.raises(ParameterError, match="no such parameter"):
        model.set_params(balanced=True)
    assert "seed=4" in repr(model)


@pytest.mark.parametrize("estimator", [FEW, "logistic", RandomForestClassifier(3)])
def test_model_files(tmp_path, estimator):
    image, truth = halves()
    model = PixelClassifier(SMALL, estimator, names={2: "right"}).fit(image, strokes(truth))
    save_model(model, tmp_path / "a.model")
    again = open_model(tmp_path / "a.model")
    assert again.classes == model.classes
    assert again.counts_ == model.counts_
    np.testing.assert_array_equal(again.predict(image), model.predict(image))
    np.testing.assert_array_equal(again.predict_proba(image), model.predict_proba(image))
    assert again.halo(image) == model.halo(image)


def test_a_decision_function_decides():
    image, truth = halves()
    labels = strokes(truth)
    model = PixelClassifier(SMALL, "linear").fit(image, labels)
    np.testing.assert_array_equal(model.decision(image) > 0, model.predict(image) == 2)
    labels[:, :10] = labels[:, :10].where(labels[:, :10] == 0, 3)
    three = PixelClassifier(SMALL, "logistic").fit(image, labels)
    chosen = three.decision(image).argmax("class").values + 1
    np.testing.assert_array_equal(chosen, three.predict(image))
    with pytest.raises(RequestError, match="no decision function"):
        PixelClassifier(SMALL, FEW).fit(image, labels).decision(image)


def test_an_estimator_without_probabilities_says_so():
    image, truth = halves()
    model = PixelClassifier(SMALL, RidgeClassifier()).fit(image, strokes(truth))
    assert (model.predict(image) == truth + 1).mean() > 0.85
    with pytest.raises(RequestError, match="no probabilities"):
        model.predict_proba(image)


def test_refusals():
    image, truth = halves()
    labels = strokes(truth)
    with pytest.raises(RequestError, match="has not been fitted"):
        PixelClassifier(SMALL).predict(image)
    with pytest.raises(ParameterError, match=r"no estimator 'florest'.*did you mean forest"):
        PixelClassifier(SMALL, "florest").fit(image, labels)
    with pytest.raises(ParameterError, match="unexpected keyword argument 'trees'"):
        PixelClassifier(SMALL, {"name": "tree", "trees": 3}).fit(image, labels)
    with pytest.raises(ParameterError, match="scikit-learn estimator"):
        PixelClassifier(SMALL, RandomForestClassifier).fit(image, labels)
    model = PixelClassifier(SMALL, FEW).fit(image, labels)
    with pytest.raises(ImageError, match="dims"):
        model.predict(np.zeros((3, 4, 5)))
    scaled = as_image(image, spacing={"y": "1 um", "x": "1 um"})
    fitted = PixelClassifier(SMALL, FEW).fit(scaled, labels)
    with pytest.raises(ImageError, match="apart along"):
        fitted.predict(as_image(image, spacing={"y": "2 um", "x": "2 um"}))
    physical = PixelClassifier(Features(sigmas=("2 um",), kinds=("gaussian",)), FEW)
    assert physical.fit(scaled, labels).expects.spacing == {}


@pytest.mark.parametrize("estimator", ["forest", "boosting", "neighbours", "linear", "tree"])
def test_regression(estimator):
    rng = np.random.default_rng(0)
    image = as_image(rng.normal(size=(60, 60)).astype(np.float32))
    target = (3 * image + 1).assign_attrs(units="mm")
    holed = target.where(image.copy(data=rng.random((60, 60)) < 0.7))
    itself = Features(sigmas=(), kinds=("value",))
    model = PixelRegressor(itself, estimator).fit(image, holed)
    found = model.predict(image)
    assert found.dtype == np.float32
    assert found.attrs["units"] == "mm"
    assert float(np.abs(found - target).mean()) < 0.1  # of a width of 3


def test_which_error_is_made_small():
    rng = np.random.default_rng(0)
    image = as_image(np.zeros((50, 50), np.float32))
    target = image.copy(data=np.where(rng.random((50, 50)) < 0.4, 10.0, 0.0))
    itself = Features(sigmas=(), kinds=("value",))
    found = {
        loss: float(
            PixelRegressor(itself, {"name": "boosting", "loss": loss}).fit(image, target)
            .predict(image).mean()
        )
        for loss in ("squared_error", "absolute_error")
    }  # fmt: skip
    assert found["squared_error"] == pytest.approx(4, abs=0.3)  # the mean
    assert found["absolute_error"] == pytest.approx(0, abs=0.3)  # the median


def test_regression_in_files_and_refusals(tmp_path):
    image, _ = halves()
    model = PixelRegressor(SMALL, FEW, max_samples=300).fit(image, image * 2)
    save_model(model, tmp_path / "a.model")
    np.testing.assert_array_equal(
        open_model(tmp_path / "a.model").predict(image), model.predict(image)
    )
    with pytest.raises(ParameterError, match="no continuous values"):
        PixelRegressor(SMALL, "logistic").fit(image, image)
    with pytest.raises(ImageError, match="no sample with a target"):
        PixelRegressor(SMALL, FEW).fit(image, image * np.nan)


@pytest.mark.parametrize("name", ["logistic", "linear"])
def test_a_class_that_is_nowhere_to_be_used_never_wins(name):
    image, truth = halves()
    labels = strokes(truth)
    other = labels.copy(data=np.full(labels.shape, 3, np.uint8))
    model = PixelClassifier(SMALL, name)
    model.fit([image, image], [labels, other], [image > -np.inf, None])
    assert [each.value for each in model.classes] == [1, 2, 3]
    alone = PixelClassifier(SMALL, name).fit(image, labels)
    np.testing.assert_array_equal(model.predict(image), alone.predict(image))
    np.testing.assert_array_equal(model.predict_proba(image)[2], np.zeros(image.shape))
    decided = model.decision(image)
    assert decided.sizes["class"] == 3
    np.testing.assert_array_equal(decided[1], alone.decision(image))
    np.testing.assert_array_equal(1 + decided.argmax("class"), alone.predict(image))


def test_fewer_samples_than_neighbours_are_refused():
    image = np.array([[0.0, 1.0]])
    with pytest.raises(ParameterError, match="asks 5 neighbours, and there are 2"):
        PixelClassifier(SMALL, "neighbours").fit(image, np.array([[1, 2]]))


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"seed": -1}, "seed"),
        ({"seed": "a"}, "seed"),
        ({"max_samples": 100.5}, "max_samples"),
        ({"max_samples": "many"}, "max_samples"),
    ],
)
def test_parameters_that_mean_nothing_are_named(given, where):
    image, truth = halves()
    for model, labels in ((PixelClassifier, truth), (PixelRegressor, image)):
        with pytest.raises(ParameterError) as caught:
            model(SMALL, "tree", **given).fit(image, labels)
        assert caught.value.where == where


def test_targets_are_real():
    image, _ = halves()
    with pytest.raises(ImageError, match="real numbers"):
        PixelRegressor(SMALL, "tree").fit(image, image.astype(complex))


def test_a_lazy_image_is_never_held_whole_when_it_is_predicted(monkeypatch):
    image, truth = halves((120, 40))
    model = PixelClassifier(SMALL, FEW).fit(image, strokes(truth))
    holed = image.where(image < 1.5)
    expected = model.predict(holed)
    largest = []

    def watched(part, dims):
        largest.append(part.size)
        return missing_samples(part, dims)

    monkeypatch.setattr("graticule.learn.models.pixel_model.missing_samples", watched)
    monkeypatch.setattr("graticule.learn.models.pixel_model._STRIP", 4000)
    monkeypatch.setattr("graticule.learn.models.pixel_model._MOST", 8000)
    np.testing.assert_array_equal(model.predict(holed.chunk({"y": 20})), expected)
    assert max(largest) < holed.size / 4
