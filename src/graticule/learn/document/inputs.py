"""What a training document says of the files of images and labels."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from graticule.core.document import Section, array_name, is_list_of_texts, or_empty
from graticule.core.errors import ParameterError, UnitsError
from graticule.core.units import split_quantity


def _dims(value: Any) -> tuple[str, ...] | None:
    if value is not None and (not is_list_of_texts(value) or len(set(value)) < len(value)):
        raise ParameterError("must be a list of different names")
    return tuple(value) if value else None


def _step(value: Any) -> float | str:
    try:
        split_quantity(value)
    except UnitsError as error:
        raise ParameterError(error.what) from None
    step: float | str = value
    return step


def _template(value: Any) -> str:
    fields = re.findall(r"\{[^}]*\}?|\}", value) if isinstance(value, str) else []
    if len(fields) == 1 and fields[0] in ("{path}", "{stem}", "{name}"):
        return str(value)
    raise ParameterError(
        f"must be a path with one of {{stem}}, {{name}} and {{path}} of the image, not {value!r}",
        hint='as "labels/{stem}.tif"',
    )


class ArrayInput(Section):
    """The name of the array within each file, where it holds several.

    Attributes
    ----------
    dataset : str
        The array, as ``entry/data``.
    """

    dataset: Annotated[str, PlainValidator(array_name)] = ""


class LabelInput(ArrayInput):
    """Where the labels of an image are: beside it by a template, or where the command says.

    Attributes
    ----------
    path : str
        Of the labels of an image, with its ``{stem}``, ``{name}`` or ``{path}``.
    """

    path: Annotated[str, PlainValidator(_template)] = ""


class ImageInput(ArrayInput):
    """What the files of the images do not say.

    Attributes
    ----------
    channels : {"as read", "grey"}
        ``grey`` brings all images to one grey, those with channels and those without.
    dims : tuple of str or None
        Names of the axes.
    spacing : dict
        Distance between samples by dim, in place of what the file says.
    """

    channels: Literal["as read", "grey"] = "as read"
    dims: Annotated[tuple[str, ...] | None, PlainValidator(_dims)] = None
    spacing: Annotated[
        dict[Annotated[str, BeforeValidator(str)], Annotated[float | str, PlainValidator(_step)]],
        or_empty,
    ] = Field(default={})


class Inputs(Section):
    """The images a document is applied to.

    Attributes
    ----------
    image : ImageInput
        The files of the images.
    labels : LabelInput
        The files of the labels.
    """

    image: Annotated[ImageInput, or_empty] = ImageInput()
    labels: Annotated[LabelInput, or_empty] = LabelInput()
