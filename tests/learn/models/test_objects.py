"""Object classifiers: columns and units are what they were, rows are independent."""

import numpy as np
import pandas as pd
import pytest
from skimage import data
from sklearn.base import clone

import graticule as gt
from graticule.core.errors import ImageError, ParameterError, RequestError
from graticule.learn import ObjectClassifier, open_model, save_model
from graticule.learn.models.estimators import NAMED

COLUMNS = ("area", "eccentricity")


def table(count=60, seed=0):
    rng = np.random.default_rng(seed)
    made = pd.DataFrame({"label": range(1, count + 1), "area": rng.lognormal(3, 1, count)})
    made["eccentricity"] = rng.random(count)
    made["centroid_x"] = rng.random(count)
    made["kind"] = np.where(made["area"] > 20, "large", "small")
    made.attrs["units"] = {"area": "um2", "centroid_x": "um"}
    return made


@pytest.mark.parametrize("estimator", NAMED)
def test_every_estimator_tells_them_apart(estimator):
    given = table(300)
    partly = given.assign(kind=given["kind"].where(np.arange(300) % 2 == 0, ""))
    partly.attrs = given.attrs
    model = ObjectClassifier(COLUMNS, estimator).fit(partly, "kind")
    assert (model.predict(given) == given["kind"]).mean() > 0.75
    proba = model.predict_proba(given)
    assert list(proba.columns) == ["large", "small"]
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)


def test_rows_are_independent():
    given = table()
    model = ObjectClassifier(COLUMNS, "tree").fit(given, "kind")
    order = np.random.default_rng(0).permutation(60)
    shuffled = given.iloc[order]
    np.testing.assert_array_equal(model.predict(shuffled), model.predict(given)[order])
    several = ObjectClassifier(COLUMNS, "tree").fit([given[:25], given[25:]], "kind")
    np.testing.assert_array_equal(several.predict(given), model.predict(given))


def test_columns_that_place_objects_are_left_out():
    assert ObjectClassifier().fit(table(), "kind").columns_ == COLUMNS


def test_unlabelled_rows():
    given = table()
    values = np.where(given["area"] > 20, 2.0, 1.0)
    values[::3], values[1::3] = 0, np.nan
    model = ObjectClassifier(COLUMNS, "tree").fit(given, values)
    assert [(each.value, each.name) for each in model.classes] == [(1, "1"), (2, "2")]
    assert model.estimator_.tree_.n_node_samples[0] == 20


def test_units_are_converted_or_refused():
    given = table()
    model = ObjectClassifier(COLUMNS, "tree").fit(given, "kind")
    fine = given.assign(area=given["area"] * 1e6)
    fine.attrs["units"] = {"area": "nm2"}
    np.testing.assert_array_equal(model.predict(fine), model.predict(given))
    for unit in ("px2", "um", ""):
        bare = given.copy()
        bare.attrs["units"] = {"area": unit} if unit else {}
        with pytest.raises(ImageError, match="column area must be in um2"):
            model.predict(bare)


def test_rows_without_a_number_have_no_class():
    given = table()
    given.loc[[0, 5], "area"] = np.nan
    model = ObjectClassifier(COLUMNS, "tree").fit(given, "kind")
    found = model.classified(given)
    assert (found["class"] == "").sum() == 2
    assert found["class_probability"].isna().sum() == 2
    assert found.attrs["units"] == given.attrs["units"]
    empty = model.classified(given[:0])
    assert len(empty) == 0
    assert "class" in empty


@pytest.mark.parametrize("estimator", ["forest", "logistic"])
def test_files(tmp_path, estimator):
    given = table()
    model = ObjectClassifier(COLUMNS, estimator).fit(given, "kind")
    again = open_model(save_model(model, tmp_path / "a.model"))
    np.testing.assert_array_equal(again.predict(given), model.predict(given))
    assert again.units_ == {"area": "um2"}


def test_regions_of_an_image():
    coins = gt.segment.label(gt.filters.median(data.coins(), radius=2) > 110)
    regions = gt.measure.regions(coins)
    size = np.where(regions["area"] > 800, "coin", "speck")
    size[len(size) // 2 :] = ""
    model = ObjectClassifier(["area", "eccentricity", "major_axis"]).fit(regions, size)
    found = model.predict(regions)
    half = len(size) // 2
    truth = np.where(regions["area"] > 800, "coin", "speck")
    assert (found[half:] == truth[half:]).mean() > 0.95


def test_refusals():
    given = table()
    with pytest.raises(RequestError, match="not been fitted"):
        ObjectClassifier().predict(given)
    model = ObjectClassifier(COLUMNS, "tree").fit(given, "kind")
    with pytest.raises(ImageError, match="must have the column eccentricity"):
        model.predict(given.drop(columns="eccentricity"))
    with pytest.raises(ImageError, match="no column 'sort'"):
        ObjectClassifier(COLUMNS).fit(given, "sort")
    with pytest.raises(ImageError, match="two classes"):
        ObjectClassifier(COLUMNS).fit(given, np.ones(60))
    with pytest.raises(ImageError, match="whole numbers"):
        ObjectClassifier(COLUMNS).fit(given, np.linspace(0, 1, 60))
    with pytest.raises(ImageError, match="for each of 60 rows"):
        ObjectClassifier(COLUMNS).fit(given, np.ones(6))
    with pytest.raises(ImageError, match="column kind must hold numbers"):
        ObjectClassifier(["kind"]).fit(given, "kind")


def test_parameters_of_an_estimator_are_kept(tmp_path):
    given = {"name": "neighbours", "n_neighbors": 2}
    table = pd.DataFrame({"area": [1.0, 2, 3, 10, 11, 12]})
    model = ObjectClassifier(estimator=given).fit(table, list("aaabbb"))
    save_model(model, tmp_path / "objects")
    again = open_model(tmp_path / "objects")
    assert again.estimator == given
    assert again.predict(table).tolist() == list("aaabbb")
    assert clone(again).fit(table, list("aaabbb")).predict(table).tolist() == list("aaabbb")


def test_what_says_nothing_of_objects_is_refused():
    table = pd.DataFrame({"area": [1.0, 2, 3, 4]})
    with pytest.raises(ImageError, match="no table"):
        ObjectClassifier().fit([], "kind")
    with pytest.raises(ParameterError, match="sequence of names"):
        ObjectClassifier("area").fit(table, list("aabb"))


def test_a_number_too_large_for_estimators_is_none():
    table = pd.DataFrame({"area": [1.0, 2, 3, 4, 1e60]})
    model = ObjectClassifier(estimator="tree").fit(table, list("aabba"))
    assert model.predict(table).tolist() == ["a", "a", "b", "b", ""]
