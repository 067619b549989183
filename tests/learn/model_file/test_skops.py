"""Estimators of scikit-learn in a file: the same after it, or refused."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.feature_selection import SelectKBest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from graticule.core.errors import FormatError, ParameterError, UnsafeFileError
from graticule.learn.model_file.skops_bytes import dump_estimator, load_estimator

X = np.abs(np.random.default_rng(0).normal(size=(80, 3)))
Y = (X[:, 0] > 0.6).astype(int) + (X[:, 1] > 1)

CASES: dict[str, Any] = {
    "tree": DecisionTreeClassifier(),
    "regression tree": DecisionTreeRegressor(),
    "forest": RandomForestClassifier(5),
    "extra trees": ExtraTreesClassifier(5),
    "boosting": HistGradientBoostingClassifier(max_iter=5),
    "boosted regression": HistGradientBoostingRegressor(max_iter=5),
    "old boosting": GradientBoostingRegressor(n_estimators=5),
    "neighbours": KNeighborsClassifier(algorithm="kd_tree"),
    "neighbours in balls": KNeighborsRegressor(algorithm="ball_tree", metric="manhattan"),
    "neighbours by trying": KNeighborsClassifier(algorithm="brute"),
    "neighbours, scaled": make_pipeline(StandardScaler(), KNeighborsClassifier(p=3)),
    "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
    "selected": make_pipeline(SelectKBest(k=2), LogisticRegression()),
    "of a ufunc": make_pipeline(FunctionTransformer(np.log1p), LogisticRegression()),
    "gradient descent": SGDClassifier(loss="modified_huber"),
    "vectors": SVC(),
    "perceptron": MLPClassifier((4,), max_iter=20),
    "process": GaussianProcessRegressor(),
    "calibrated": CalibratedClassifierCV(LogisticRegression(), cv=2),
}


def fitted(estimator: Any) -> Any:
    from sklearn.base import clone

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return clone(estimator).fit(X, Y)


@pytest.mark.parametrize("name", CASES)
def test_an_estimator_comes_back(name: str) -> None:
    estimator = fitted(CASES[name])
    data = dump_estimator(estimator)
    back = load_estimator(data)
    x = X[::-1] * 1.1
    np.testing.assert_array_equal(back.predict(x), estimator.predict(x))
    if hasattr(estimator, "predict_proba"):
        np.testing.assert_array_equal(back.predict_proba(x), estimator.predict_proba(x))
    assert dump_estimator(back) == data
    assert back.get_params().keys() == estimator.get_params().keys()


def test_the_same_fit_gives_the_same_bytes() -> None:
    first, second = (
        dump_estimator(fitted(RandomForestClassifier(3, random_state=0))) for _ in "ab"
    )
    assert first == second


def test_a_forest_whose_trees_see_more_than_it_is_refused() -> None:
    forest = fitted(RandomForestClassifier(2))
    forest.estimators_[1] = DecisionTreeClassifier().fit(np.tile(X, 2), Y)
    with pytest.raises(UnsafeFileError, match="lead out of it"):
        load_estimator(dump_estimator(forest))


def other(x: Any) -> Any:
    """A function of one's own."""
    return x


@pytest.mark.parametrize(
    "estimator",
    [
        make_pipeline(FunctionTransformer(other), LogisticRegression()),
        make_pipeline(FunctionTransformer(np.save), LogisticRegression()),
    ],
)
def test_functions_are_not_kept(estimator: Any) -> None:
    fitted_one = make_pipeline(estimator)
    with pytest.raises(ParameterError, match="that no model file may hold"):
        dump_estimator(fitted_one)


def test_a_class_of_ones_own_is_not_kept() -> None:
    class Mine(LogisticRegression):
        pass

    with pytest.raises(ParameterError, match="state and from_state"):
        dump_estimator(Mine().fit(X, Y))


def changed(data: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    change(held)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    return out.getvalue()


def forged(data: bytes, field: str, value: float) -> bytes:
    """Return an estimator with a field of each of its trees' nodes changed."""

    def change(held: dict[str, bytes]) -> None:
        for name, content in held.items():
            if name.endswith(".npy"):
                array = np.load(io.BytesIO(content))
                if array.dtype.names and field in array.dtype.names:
                    array[field] = value
                    out = io.BytesIO()
                    np.save(out, array)
                    held[name] = out.getvalue()

    return changed(data, change)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("tree", "left_child", 10**6),
        ("tree", "right_child", -5),
        ("tree", "left_child", 0),
        ("tree", "feature", 10**6),
        ("forest", "feature", 99),
        ("old boosting", "left_child", 2),
        ("boosting", "left", 10**6),
        ("boosted regression", "right", 0),
        ("boosting", "feature_idx", 99),
    ],
)
def test_a_tree_that_leads_out_of_itself_is_refused(name: str, field: str, value: int) -> None:
    data = forged(dump_estimator(fitted(CASES[name])), field, value)
    with pytest.raises(UnsafeFileError, match="lead out of it"):
        load_estimator(data)


def test_other_types_are_refused() -> None:
    import skops.io

    class Path:
        """Stands for anything that could be called."""

    data = skops.io.dumps({"a": Path()})
    named = changed(
        data, lambda held: held.update({"schema.json": held["schema.json"].replace(b"test", b"os")})
    )
    for content in (data, named):
        with pytest.raises(UnsafeFileError, match="no model file may hold"):
            load_estimator(content)


def test_a_list_of_trusted_types_in_the_file_means_nothing() -> None:
    def change(held: dict[str, bytes]) -> None:
        schema = json.loads(held["schema.json"])
        schema["__module__"], schema["__class__"] = "os", "system"
        schema["trusted"] = ["os.system"]
        held["schema.json"] = json.dumps(schema).encode()

    with pytest.raises(UnsafeFileError, match=r"os\.system"):
        load_estimator(changed(dump_estimator(fitted(CASES["tree"])), change))


def test_parts_that_do_not_belong_are_refused() -> None:
    data = dump_estimator(fitted(CASES["tree"]))
    with pytest.raises(UnsafeFileError, match="do not belong"):
        load_estimator(changed(data, lambda held: held.update({"a.pkl": b""})))
    with pytest.raises(FormatError):
        load_estimator(data[:-30])
