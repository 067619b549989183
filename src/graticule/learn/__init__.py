"""Learning from labels: features, pixel and object classifiers, U-Nets, and honest scores.

What is learned is kept in a model file and applied by the ops of the family ``learn``, which are
attributes of this module too.

>>> import graticule as gt
>>> gt.learn.classify.name
'learn.classify'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graticule._families.learn import (
        assign,
        assign_image,
        classify,
        classify_image,
        classify_objects,
        embed,
        probability,
        regress,
        regress_image,
        uncertainty,
    )
    from graticule.learn.features import Features
    from graticule.learn.forest import ExtraTrees, RandomForest
    from graticule.learn.model_file import open_model, save_model
    from graticule.learn.models.images import ImageClassifier, ImageRegressor
    from graticule.learn.models.objects import ObjectClassifier
    from graticule.learn.models.pixels import PixelClassifier, PixelRegressor
    from graticule.learn.unet import UNet

_LAZY = {
    "features": ("Features",),
    "forest": ("ExtraTrees", "RandomForest"),
    "model_file": ("open_model", "save_model"),
    "models.images": ("ImageClassifier", "ImageRegressor"),
    "models.objects": ("ObjectClassifier",),
    "models.pixels": ("PixelClassifier", "PixelRegressor"),
    "unet": ("UNet",),
}

__all__ = [
    "ExtraTrees",
    "Features",
    "ImageClassifier",
    "ImageRegressor",
    "ObjectClassifier",
    "PixelClassifier",
    "PixelRegressor",
    "RandomForest",
    "UNet",
    "assign",
    "assign_image",
    "classify",
    "classify_image",
    "classify_objects",
    "embed",
    "open_model",
    "probability",
    "regress",
    "regress_image",
    "save_model",
    "uncertainty",
]


def __getattr__(name: str) -> Any:
    from graticule.core.registry import families, get_op

    for module, names in _LAZY.items():
        if name in names:
            return getattr(importlib.import_module(f"graticule.learn.{module}"), name)
    if name in families().get("learn", {}):
        return get_op(f"learn.{name}")
    raise AttributeError(f"module 'graticule.learn' has no attribute {name!r}")


def __dir__() -> list[str]:
    from graticule.core.registry import families

    return sorted({*globals(), *__all__, *families().get("learn", {})})
