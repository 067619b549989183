"""The section ``split:`` of a training document."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import PlainValidator, model_validator

from graticule.core.document import Section, whole_number
from graticule.core.errors import Fault, ParameterError, PipelineError


def _buffer(value: Any) -> Any:
    if value == "auto" or (type(value) is int and value >= 0):
        return value
    raise ParameterError(f"must be a whole number of 0 or more or auto, not {value!r}")


class SplitSpec(Section):
    """How images are split.

    Attributes
    ----------
    by : {"auto", "image", "group", "blocks"}
        ``auto``: blocks where there is one image, else images.
    folds : int
        How many parts.
    size : int or None
        Least side of a block; None: as many compact parts as folds.
    buffer : int or "auto"
        In samples; ``auto``: as far as the features of any method reach.
    naive : {"none", "halves", "samples"}
        A flattering split that is shown beside.
    seed : int
        Of the order of what is alike.
    group : str
        Regular expression; what its first group finds in the name of an image is its group.
    """

    by: Literal["auto", "image", "group", "blocks"] = "auto"
    folds: Annotated[int, whole_number(2)] = 4
    size: Annotated[int | None, whole_number(1)] = None
    buffer: Annotated[int | Literal["auto"], PlainValidator(_buffer)] = "auto"
    naive: Literal["none", "halves", "samples"] = "none"
    seed: Annotated[int, whole_number(0)] = 0
    group: str = ""

    @model_validator(mode="after")
    def _require_group(self) -> Self:
        if (self.by == "group") != bool(self.group):
            needed = self.by == "group"
            what = "is needed with by: group" if needed else "goes with by: group only"
            hint = r"a regular expression whose first group is found in the names, as '^([a-z]+)_'"
            raise PipelineError([Fault("group", what, hint=hint)])
        try:
            groups = re.compile(self.group).groups
        except re.error as error:
            raise PipelineError([Fault("group", f"is no regular expression: {error}")]) from None
        if self.group and groups < 1:
            raise PipelineError([Fault("group", "must hold a group in parentheses")])
        return self
