"""Decision trees and forests: fitted on histograms, walked by compiled loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graticule.learn.forest.compiled import CompiledForest

if TYPE_CHECKING:
    from graticule.learn.forest.estimators import (
        ExtraTrees,
        ExtraTreesRegressor,
        RandomForest,
        RandomForestRegressor,
    )

__all__ = [
    "CompiledForest",
    "ExtraTrees",
    "ExtraTreesRegressor",
    "RandomForest",
    "RandomForestRegressor",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from graticule.learn.forest import estimators  # scikit-learn comes with them

        return getattr(estimators, name)
    raise AttributeError(f"module 'graticule.learn.forest' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
