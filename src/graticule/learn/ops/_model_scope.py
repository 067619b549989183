"""What ops that apply a model share: parameters, docstrings, scope, and what it must give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from graticule.core import Image, Neighbourhood, Region
from graticule.core.errors import GraticuleError, ParameterError
from graticule.learn.data.input_spec import CHANNEL
from graticule.learn.model_file import ModelFile
from graticule.learn.models.rescale import Spacing, at_spacing

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
    "class_error": """\
ParameterError
    If the model gives no classes.""",
    "image_error": """\
ImageError
    If the image is of another kind than those the model was trained on.""",
    "probability_error": """\
RequestError
    If its estimator gives no probabilities.""",
}
"""What the docstrings of ops that apply a model say."""


def _of_model(image: Image, params: Mapping[str, Any], *, name: str) -> Mapping[str, int]:
    """Return what a model says of an image: its halo, or the lattice it is aligned to."""
    model = params["model"].model
    try:
        there = at_spacing(model, image, params["spacing"]) if hasattr(model, name) else None
        return {} if there is None else dict(getattr(there, name)(image))
    except GraticuleError:
        return {}  # the op itself says what is wrong with the image


def model_scope(part: Callable[..., Image]) -> Neighbourhood:
    """Return the scope of an op whose result depends on what the model looks at around it.

    Parameters
    ----------
    part : callable
        ``part(image, region=region, **params)``: the op's result in a region alone.
    """
    halo, align = (partial(_of_model, name=name) for name in ("halo", "align"))
    return Neighbourhood(halo, align=align, compute_region=part, memory=8)


def _for_images(wanted: str, *, classes: bool) -> AfterValidator:
    """Return a validator of model files whose models work on images."""

    def validated(model_file: ModelFile) -> ModelFile:
        model = model_file.model
        if not hasattr(model, "halo") or bool(getattr(model, "classes", ())) != classes:
            raise ParameterError(f"must be a model that {wanted} in images, not a {model.kind}")
        return model_file

    return AfterValidator(validated)


ClassifierFile = Annotated[
    ModelFile, _for_images("tells classes apart", classes=True), Field(title="Model")
]
RegressorFile = Annotated[
    ModelFile, _for_images("gives continuous values", classes=False), Field(title="Model")
]
OtherSpacing = Annotated[Spacing, Field(title="Other spacing")]


def apply_model(
    image: Image,
    *,
    model: ModelFile,
    spacing: Spacing,
    method: str = "predict",
    region: Region | None = None,
) -> Image:
    """Return what a method of a model gives for an image, or for a region of it.

    Raises
    ------
    ParameterError
        If the model has no such method.
    ImageError
        If the image's spacing is too far from the model's to be rescaled.
    """
    if not hasattr(model.model, method):
        raise ParameterError(f"a {model.model.kind} has no {method}", where="model")
    if region is not None:  # an answer has no channels
        region = Region({dim: span for dim, span in region.bounds.items() if dim != CHANNEL})
    answer: Image = getattr(at_spacing(model.model, image, spacing), method)(image, region=region)
    return answer
