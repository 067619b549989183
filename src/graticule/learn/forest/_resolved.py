"""Parameters of a forest as counts."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from graticule.core.errors import ParameterError
from graticule.learn.forest._fit import Plan

_DEEPEST = 2**31 - 1


def resolved(estimator: Any, features: int, random: bool) -> Plan:
    """Return the parameters of an estimator as counts, for a table of so many features.

    Raises
    ------
    ParameterError
        If one is out of range.
    """
    from sklearn.utils import check_random_state

    depth = estimator.max_depth
    if estimator.oob_score and not estimator.bootstrap:
        raise ParameterError(
            "needs rows that a tree did not see", where="oob_score", hint="set bootstrap"
        )
    return Plan(
        trees=_count(estimator.n_estimators, "n_estimators", 1),
        max_features=_features(estimator.max_features, features),
        max_depth=_DEEPEST if depth is None else _count(depth, "max_depth", 1),
        min_split=_count(estimator.min_samples_split, "min_samples_split", 2),
        min_leaf=_count(estimator.min_samples_leaf, "min_samples_leaf", 1),
        bootstrap=bool(estimator.bootstrap),
        random=random,
        oob=bool(estimator.oob_score),
        seed=int(check_random_state(estimator.random_state).randint(2**31 - 1)),
    )


def _count(value: Any, name: str, least: int) -> int:
    if not _is(value, Integral) or value < least:
        raise ParameterError(f"must be a whole number from {least}, not {value!r}", where=name)
    return int(value)


def _features(wanted: Any, features: int) -> int:
    if wanted is None:
        return features
    if wanted in ("sqrt", "log2"):
        return max(1, int(math.sqrt(features) if wanted == "sqrt" else math.log2(features)))
    if _is(wanted, Integral) and wanted >= 1:
        return min(int(wanted), features)
    if _is(wanted, Real) and not _is(wanted, Integral) and 0 < wanted <= 1:
        return max(1, int(float(wanted) * features))
    raise ParameterError(
        f"must be sqrt, log2, None, a count or a share up to 1.0, not {wanted!r}",
        where="max_features",
    )


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
