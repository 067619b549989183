"""What the ops that apply a model share: its reach, its lattice, and what it must be able to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graticule.core import Image, Neighbourhood, Region
from graticule.core.errors import GraticuleError, ParameterError
from graticule.learn.data.input_spec import CHANNEL
from graticule.learn.model_file import ModelFile
from graticule.learn.models.model import ImageModel
from graticule.learn.models.rescale import Respaced, Spacing, fitted


def _halo(image: Image, params: Mapping[str, Any]) -> Mapping[str, int]:
    model = params["model"].model
    try:
        there = fitted(model, image, params["spacing"]) if hasattr(model, "halo") else None
        return {} if there is None else dict(there.halo(image))
    except GraticuleError:
        return {}  # the op itself says what is wrong with the image


def _align(image: Image, params: Mapping[str, Any]) -> Mapping[str, int]:
    model = params["model"].model
    try:
        there = fitted(model, image, params["spacing"]) if hasattr(model, "align") else None
        return {} if there is None else dict(there.align(image))
    except GraticuleError:
        return {}


def nearby(part: Callable[..., Image]) -> Neighbourhood:
    """Return the scope of an op whose result depends on what the model looks at around it.

    Parameters
    ----------
    part : callable
        ``part(image, region=region, **params)``: the op's result in a region alone.
    """
    return Neighbourhood(_halo, align=_align, part=part)


def of_classes(given: ModelFile) -> ModelFile:
    """Return a model file if its model tells classes apart in images; raise otherwise."""
    return _of_images(given, "tells classes apart", classes=True)


def of_values(given: ModelFile) -> ModelFile:
    """Return a model file if its model gives values in images; raise otherwise."""
    return _of_images(given, "gives continuous values", classes=False)


def _of_images(given: ModelFile, wanted: str, *, classes: bool) -> ModelFile:
    model = given.model
    if not hasattr(model, "halo") or bool(getattr(model, "classes", ())) != classes:
        raise ParameterError(f"must be a model that {wanted} in images, not a {model.kind}")
    return given


def spatial(region: Region | None) -> Region | None:
    """Return the region without channels, of which an answer has none."""
    if region is None:
        return None
    return Region({dim: span for dim, span in region.bounds.items() if dim != CHANNEL})


def able(given: ModelFile, method: str, image: Image, spacing: Spacing) -> ImageModel | Respaced:
    """Return the model for an image's spacing, if it has a method.

    Raises
    ------
    ParameterError
        If it has not.
    ImageError
        If the image's spacing is too far from the model's to be rescaled.
    """
    model = given.model
    if not hasattr(model, method):
        raise ParameterError(f"a {model.kind} has no {method}", where="model")
    return fitted(model, image, spacing)
