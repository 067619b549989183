"""What a page may ask over its websocket."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graticule.core.errors import RequestError

_Place = Annotated[int, Field(ge=-(2**40), le=2**40)]


class ViewRequest(BaseModel):
    """A region of a step of a pipeline on an image.

    Attributes
    ----------
    type : str
        Samples to be drawn, rows of a table, or a histogram.
    pane, id : int
        Of which pane it is, and its number.
    path, text : str
        The image, and the pipeline as YAML.
    of : str
        A step or input.
    level : int
        Pyramid level.
    region, at : mapping
        Start and stop by dim in samples of the level, and an index for each further dim.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["view", "table", "histogram"]
    pane: Annotated[int, Field(ge=0, le=63)]
    id: int
    path: str
    text: Annotated[str, Field(max_length=2**20)]
    of: str = ""
    level: Annotated[int, Field(ge=0, le=40)] = 0
    region: dict[str, tuple[_Place, _Place]] = Field(default_factory=dict)
    at: dict[str, _Place] = Field(default_factory=dict)


def read_request(text: str) -> ViewRequest:
    """Return the request that a text is.

    Raises
    ------
    RequestError
        If it is none.
    """
    try:
        return ViewRequest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RequestError(f"is no request: {first['msg']}", where=where) from None
