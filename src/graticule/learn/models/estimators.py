"""Estimators by name, fitted with weights."""

from __future__ import annotations

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any, Literal, TypeAlias

import numpy as np

from graticule.core.errors import ParameterError, suggest
from graticule.core.typing import Array
from graticule.learn.data.labels import Classes

Task: TypeAlias = Literal["classification", "regression"]

_FORESTS = "graticule.learn.forest"
_KINDS = {
    "forest": (f"{_FORESTS}:RandomForest", f"{_FORESTS}:RandomForestRegressor"),
    "extra_trees": (f"{_FORESTS}:ExtraTrees", f"{_FORESTS}:ExtraTreesRegressor"),
    "boosting": (
        "sklearn.ensemble:HistGradientBoostingClassifier",
        "sklearn.ensemble:HistGradientBoostingRegressor",
    ),
    "neighbours": (
        "sklearn.neighbors:KNeighborsClassifier",
        "sklearn.neighbors:KNeighborsRegressor",
    ),
    "logistic": ("sklearn.linear_model:LogisticRegression", ""),
    "linear": (
        "sklearn.discriminant_analysis:LinearDiscriminantAnalysis",
        "sklearn.linear_model:LinearRegression",
    ),
    "tree": ("sklearn.tree:DecisionTreeClassifier", "sklearn.tree:DecisionTreeRegressor"),
}
"""Class of each name, for classes and for continuous values."""
_DEFAULTS: dict[str, dict[str, Any]] = {
    "logistic": {"max_iter": 1000},
    # Features at neighbouring scales are nearly the same, which a little shrinkage bears.
    "linear": {"solver": "lsqr", "shrinkage": 1e-4},
}
"""Parameters that classifiers have other defaults for than scikit-learn."""
_STANDARDISED = ("neighbours", "logistic", "linear")
"""Those that see features of mean 0 and width 1."""
NAMED = (*_KINDS, "clusters")
"""Names of estimators."""


def _named(name: str, task: Task, params: Mapping[str, Any]) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if name == "clusters":
        return _clusters(task, params)
    classifier, regressor = _KINDS[name]
    if task == "classification":
        estimator = resolve_name(classifier)(**{**_DEFAULTS.get(name, {}), **params})
    elif regressor:
        estimator = resolve_name(regressor)(**params)
    else:
        raise ParameterError(
            f"{name} tells classes apart and gives no continuous values",
            where="estimator",
            hint="use linear",
        )
    return make_pipeline(StandardScaler(), estimator) if name in _STANDARDISED else estimator


def _clusters(task: Task, params: Mapping[str, Any]) -> Any:
    """Return a forest that sees how far each sample is from the centres of k-means."""
    from sklearn.cluster import KMeans
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rest = dict(params)
    centres = KMeans(rest.pop("n_clusters", 8), n_init=1)
    kind = RandomForestClassifier if task == "classification" else RandomForestRegressor
    return make_pipeline(StandardScaler(), centres, kind(**{"min_samples_leaf": 5, **rest}))


def make_estimator(given: Any, task: Task, seed: int) -> Any:
    """Return an unfitted estimator: by name, by name and parameters, or a copy of the one given.

    Parameters
    ----------
    given : str, mapping or estimator
        A name (``forest``, ``extra_trees``, ``boosting``, ``neighbours``, ``logistic``,
        ``linear``, ``tree``, ``clusters``), ``{"name": ..., **parameters}``, or any scikit-learn
        estimator.
    task : {"classification", "regression"}
        What it is to do.
    seed : int
        Set where the estimator draws random numbers and has no seed of its own.

    Raises
    ------
    ParameterError
        If there is no such estimator, or it has no such parameter.
    """
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 1 << 32:
        what = f"must be a whole number from 0 to 2^32 - 1, not {seed!r}"
        raise ParameterError(what, where="seed")
    if isinstance(given, (str, Mapping)):
        return _with_seed(_estimator_by_name(given, task), seed)
    if not hasattr(given, "fit") or not hasattr(given, "predict") or isinstance(given, type):
        raise ParameterError(
            f"must be one of {', '.join(NAMED)} or a scikit-learn estimator, not {given!r}",
            where="estimator",
        )
    from sklearn.base import clone

    return _with_seed(clone(given), seed)


def _estimator_by_name(given: str | Mapping[str, Any], task: Task) -> Any:
    params = {"name": given} if isinstance(given, str) else dict(given)
    name = str(params.pop("name", ""))
    if name not in NAMED:
        hint = suggest(name, NAMED)
        raise ParameterError(f"there is no estimator {name!r}", where="estimator", hint=hint)
    try:
        return _named(name, task, params)
    except TypeError as error:
        raise ParameterError(f"{name}: {error}", where="estimator") from None


def _with_seed(estimator: Any, seed: int) -> Any:
    params = estimator.get_params()
    own = [key for key in params if key.rpartition("__")[2] == "random_state"]
    unset = {key: seed for key in own if params[key] is None}
    return estimator.set_params(**unset) if unset else estimator


def validate_estimator(estimator: Any) -> None:
    """Raise `ParameterError` if an estimator would refuse its own parameters."""
    from graticule.learn.forest._base import Forest
    from graticule.learn.forest._growth import growth_plan

    last, _ = _final_step(estimator)
    if isinstance(last, Forest):
        growth_plan(last, 1, random=False)
    elif hasattr(last, "_parameter_constraints"):
        try:
            last._validate_params()
        except ValueError as error:
            raise ParameterError(str(error), where="estimator") from None


def fit_estimator(estimator: Any, rows: Array, target: Array, weight: Array | None) -> Any:
    """Fit an estimator, with weights where it takes them.

    One that takes no weights but ``priors`` (discriminant analyses) gets the classes' sums of
    weights for these, unless it has its own.

    Raises
    ------
    ParameterError
        If the estimator refuses the data, with what it says.
    """
    given = {} if weight is None else _weighted(estimator, weight)
    if weight is not None and not given:
        last, _ = _final_step(estimator)
        if last.get_params().get("priors", 0) is None:
            sums = np.bincount(target, weight)
            last.set_params(priors=sums[sums > 0] / sums.sum())
    if not hasattr(estimator, "max_depth"):  # trees see float32 anyway
        rows = rows.astype(np.float64)
    least = _final_step(estimator)[0].get_params().get("n_neighbors", 1)
    if isinstance(least, int) and least > len(rows):
        raise ParameterError(
            f"asks {least} neighbours, and there are {len(rows)} to learn from",
            where="estimator",
            hint="label more, or take fewer: {name: neighbours, n_neighbors: 1}",
        )
    try:
        return estimator.fit(rows, target, **given)
    except ValueError as error:
        name = type(estimator).__name__
        raise ParameterError(f"{name} refuses the samples: {error}", where="estimator") from error


def set_class_weights(
    estimator: Any, classes: Classes, names: Mapping[int, str] | None = None
) -> None:
    """Let the weights that an estimator has for classes be by number, as it sees them.

    They are given by the value or the name of a class; one that is in ``names`` and not among the
    classes has no sample to be weighed.

    Raises
    ------
    ParameterError
        If a weight is of no class.
    """
    last, _ = _final_step(estimator)
    given = last.get_params().get("class_weight")
    if not isinstance(given, Mapping):
        return
    number = {key: n for n, c in enumerate(classes) for key in (c.name, str(c.value))}
    absent = {str(key) for pair in (names or {}).items() for key in pair} - set(number)
    for key in given:
        if str(key) not in number and str(key) not in absent:
            listed = ", ".join(dict.fromkeys(f"{c.value} ({c.name})" for c in classes))
            raise ParameterError(
                f"class_weight: {key!r} is no class; there are {listed}", where="estimator"
            )
    last.set_params(
        class_weight={number[str(key)]: float(w) for key, w in given.items() if str(key) in number}
    )


def _final_step(estimator: Any) -> tuple[Any, str]:
    """Return what a pipeline ends with, and what its parameters begin with."""
    steps = getattr(estimator, "steps", None)
    return (estimator, "") if steps is None else (steps[-1][1], f"{steps[-1][0]}__")


def _weighted(estimator: Any, weight: Array) -> dict[str, Array]:
    """Return the argument of ``fit`` that hands weights over; none where there is no way."""
    from sklearn.utils.validation import has_fit_parameter

    last, prefix = _final_step(estimator)
    taken = has_fit_parameter(last, "sample_weight")
    return {f"{prefix}sample_weight": weight} if taken else {}


def uses_sample_weight(estimator: Any) -> bool:
    """Whether weights make its probabilities those of other shares of classes.

    Trees that grow until their leaves are pure say what is densest, whatever it weighs.
    """
    last, _ = _final_step(estimator)
    params = last.get_params()
    endless = params.get("max_depth") is None and params.get("max_leaf_nodes") is None
    pure = params.get("min_samples_leaf") == 1 and endless
    return bool(_weighted(estimator, np.ones(1))) and not pure
