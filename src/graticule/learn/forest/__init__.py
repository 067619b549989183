"""Decision trees and forests: fitted on histograms, walked by compiled loops."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graticule.learn.forest.compiled import CompiledForest
    from graticule.learn.forest.estimators import (
        ExtraTrees,
        ExtraTreesRegressor,
        RandomForest,
        RandomForestRegressor,
    )

_LAZY = {
    "CompiledForest": "compiled",
    "ExtraTrees": "estimators",
    "ExtraTreesRegressor": "estimators",
    "RandomForest": "estimators",
    "RandomForestRegressor": "estimators",
}

__all__ = [
    "CompiledForest",
    "ExtraTrees",
    "ExtraTreesRegressor",
    "RandomForest",
    "RandomForestRegressor",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f"graticule.learn.forest.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'graticule.learn.forest' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
