"""What the ops that apply a model share: its reach, its lattice, and what it must be able to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xarray as xr

from graticule.core import Neighbourhood
from graticule.core.errors import GraticuleError, ParameterError
from graticule.learn.model import ImageModel
from graticule.learn.model_file import ModelFile


def _halo(image: xr.DataArray, params: Mapping[str, Any]) -> Mapping[str, int]:
    model = params["model"].model
    try:
        return dict(model.halo(image)) if hasattr(model, "halo") else {}
    except GraticuleError:
        return {}  # the op itself says what is wrong with the image


def _align(image: xr.DataArray, params: Mapping[str, Any]) -> Mapping[str, int]:
    model = params["model"].model
    try:
        return dict(model.align(image)) if hasattr(model, "align") else {}
    except GraticuleError:
        return {}


NEARBY = Neighbourhood(_halo, align=_align)
"""The result at a place depends on as much around it as the model looks at."""


def able(given: ModelFile, method: str, *, classes: bool) -> ImageModel:
    """Return the model, if it has a method, and classes or none.

    Raises
    ------
    ParameterError
        If it is another kind of model.
    """
    model = given.model
    wanted = "tells classes apart" if classes else "gives continuous values"
    of_images = hasattr(model, "halo") and hasattr(model, method)
    if not of_images or bool(getattr(model, "classes", ())) != classes:
        raise ParameterError(
            f"must be a model that {wanted} in images, not a {model.kind}", where="model"
        )
    found: ImageModel = model
    return found
