"""What the ops that tell groups share."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from graticule.core.errors import ParameterError
from graticule.learn.model_file import ModelFile

DOC = {
    "model": """\
model : ModelFile
    A fitted clustering, as ``graticule cluster`` writes it, or the path of its file.""",
    "model_error": """\
ParameterError
    If the model is no clustering.""",
}
"""Paragraphs of docstrings."""


def _of_groups(given: ModelFile) -> ModelFile:
    if not hasattr(given.model, "assigned"):
        raise ParameterError(f"must be a clustering, not a {given.model.kind}")
    return given


ClusteringFile = Annotated[ModelFile, AfterValidator(_of_groups), Field(title="Model")]
