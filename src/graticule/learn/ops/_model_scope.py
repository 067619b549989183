"""What ops that apply a model share: parameters, docstrings, scope, and what it must give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from graticule.core import Image, Neighbourhood, Region
from graticule.core.errors import GraticuleError, ParameterError
from graticule.learn.data.input_spec import CHANNEL
from graticule.learn.model_file import ModelFile
from graticule.learn.models.model import ImageModel
from graticule.learn.models.rescale import RescaledModel, Spacing, at_spacing

DOC = {
    "image": """\
image : Image
    As those the model was trained on: dims, channels and spacing.""",
    "model": """\
model : ModelFile
    A fitted model that gives probabilities, or the path of its file.""",
    "spacing": """\
spacing : {"refuse", "ignore", "rescale"}
    What to do with an image whose spacing is not that of the training images, where both are
    known and the model has lengths in pixels: an error, take it sample for sample, or
    resample it to the model's spacing and the answer back.""",
    "image_error": """\
ImageError
    If the image is of another kind than those the model was trained on.""",
    "probability_error": """\
RequestError
    If its estimator gives no probabilities.""",
}
"""What the docstrings of ops that apply a model say."""


def _halo(image: Image, params: Mapping[str, Any]) -> Mapping[str, int]:
    model = params["model"].model
    try:
        there = at_spacing(model, image, params["spacing"]) if hasattr(model, "halo") else None
        return {} if there is None else dict(there.halo(image))
    except GraticuleError:
        return {}  # the op itself says what is wrong with the image


def _align(image: Image, params: Mapping[str, Any]) -> Mapping[str, int]:
    model = params["model"].model
    try:
        there = at_spacing(model, image, params["spacing"]) if hasattr(model, "align") else None
        return {} if there is None else dict(there.align(image))
    except GraticuleError:
        return {}


def model_scope(part: Callable[..., Image]) -> Neighbourhood:
    """Return the scope of an op whose result depends on what the model looks at around it.

    Parameters
    ----------
    part : callable
        ``part(image, region=region, **params)``: the op's result in a region alone.
    """
    return Neighbourhood(_halo, align=_align, compute_region=part)


def _require_classifier(model_file: ModelFile) -> ModelFile:
    """Return a model file if its model tells classes apart in images; raise otherwise."""
    return _require_images(model_file, "tells classes apart", classes=True)


def _require_regressor(model_file: ModelFile) -> ModelFile:
    """Return a model file if its model gives values in images; raise otherwise."""
    return _require_images(model_file, "gives continuous values", classes=False)


def _require_images(model_file: ModelFile, wanted: str, *, classes: bool) -> ModelFile:
    model = model_file.model
    if not hasattr(model, "halo") or bool(getattr(model, "classes", ())) != classes:
        raise ParameterError(f"must be a model that {wanted} in images, not a {model.kind}")
    return model_file


ClassifierFile = Annotated[ModelFile, AfterValidator(_require_classifier), Field(title="Model")]
RegressorFile = Annotated[ModelFile, AfterValidator(_require_regressor), Field(title="Model")]
OtherSpacing = Annotated[Spacing, Field(title="Other spacing")]


def predict(
    image: Image, *, model: ModelFile, spacing: Spacing, region: Region | None = None
) -> Image:
    """Return what a model predicts for an image, or for a region of it."""
    return model_for(model, "predict", image, spacing).predict(
        image, region=without_channels(region)
    )


def without_channels(region: Region | None) -> Region | None:
    """Return the region without channels, of which an answer has none."""
    if region is None:
        return None
    return Region({dim: span for dim, span in region.bounds.items() if dim != CHANNEL})


def model_for(
    model_file: ModelFile, method: str, image: Image, spacing: Spacing
) -> ImageModel | RescaledModel:
    """Return the model for an image's spacing, if it has a method.

    Raises
    ------
    ParameterError
        If it has not.
    ImageError
        If the image's spacing is too far from the model's to be rescaled.
    """
    model = model_file.model
    if not hasattr(model, method):
        raise ParameterError(f"a {model.kind} has no {method}", where="model")
    return at_spacing(model, image, spacing)
