"""What the ops that apply a model of whole images share."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from graticule.core.errors import ParameterError
from graticule.learn.model_file import ModelFile

DOC = {
    "image": """\
image : Image
    As those the model was trained on: dims and channels, and the size too where it looks at
    values themselves.""",
    "image_error": """\
ImageError
    If the image is of another kind or size than those the model was trained on.""",
}
"""Paragraphs of docstrings."""


def _of_images(wanted: str, document: str, *, classes: bool) -> AfterValidator:
    """Return a validator of model files whose models tell something of an image as a whole."""

    def validated(given: ModelFile) -> ModelFile:
        model = given.model
        if not hasattr(model, "record") or bool(model.classes) != classes:
            raise ParameterError(
                f"must be a model of {wanted} whole images, not a {model.kind}",
                hint=f"graticule train writes one by a {document}",
            )
        return given

    return AfterValidator(validated)


ImageClassifierFile = Annotated[
    ModelFile,
    _of_images("the classes of", "training document with task: images", classes=True),
    Field(title="Model"),
]
ImageRegressorFile = Annotated[
    ModelFile,
    _of_images("a value for", "document with task: images and predict: values", classes=False),
    Field(title="Model"),
]
