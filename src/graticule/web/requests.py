"""What a page may ask over its websocket."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from graticule.core.errors import RequestError
from graticule.web.object_edits import Kind
from graticule.web.strokes import Shape

_Place = Annotated[int, Field(ge=-(2**40), le=2**40)]
_Coordinate = Annotated[float, Field(ge=-(2.0**30), le=2.0**30, allow_inf_nan=False)]
_Stretch = Annotated[float, Field(ge=1e-4, le=1e4, allow_inf_nan=False)]


class ViewRequest(BaseModel):
    """A region of a step of a pipeline on an image.

    Attributes
    ----------
    type : str
        Samples to be drawn, rows of a table, a histogram, or what the checks find.
    pane, id : int
        Of which pane it is, and its number.
    path, text : str
        The image, and the pipeline as YAML.
    of : str
        A step or input.
    level : int
        Pyramid level.
    region : mapping
        Start and stop by dim, in samples of the level.
    at : mapping
        An index for each further dim, in samples of full resolution.
    plane : (str, str), optional
        The dims that are drawn as rows and columns; by default y and x, or the last two.
    fleeting : bool
        Whether nobody waits for the exact result behind it, as of a small picture.
    part : bool
        Whether what needs the whole image is worked out on the region, however small the image.
    channels : tuple of int
        Channels that are shown over one another, each by itself; by default one, or colours.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["view", "table", "histogram", "checks"]
    pane: Annotated[int, Field(ge=0, le=63)]
    id: int
    path: str
    text: Annotated[str, Field(max_length=2**20)]
    of: str = ""
    level: Annotated[int, Field(ge=0, le=40)] = 0
    region: dict[str, tuple[_Place, _Place]] = Field(default_factory=dict)
    at: dict[str, _Place] = Field(default_factory=dict)
    plane: tuple[str, str] | None = None
    fleeting: bool = False
    part: bool = False
    channels: Annotated[tuple[_Place, ...], Field(max_length=16)] = ()


class StrokeRequest(BaseModel):
    """A piece of a drag that paints, or that the last drag is taken back or made again.

    Attributes
    ----------
    type : str
        ``stroke``, ``unstroke`` or ``restroke``.
    path, layer : str
        The image, and the layer beside it.
    value, radius, points, at, shape, plane, stretch
        As of a `graticule.web.strokes.Stroke`.
    begins : bool
        Whether it is the first piece of a drag.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["stroke", "unstroke", "restroke"]
    pane: Annotated[int, Field(ge=0, le=63)] = 0
    id: int = 0
    path: str
    layer: str
    value: Annotated[int, Field(ge=0, le=255)] = 1
    radius: Annotated[float, Field(ge=0, le=4096)] = 3
    points: Annotated[list[tuple[_Coordinate, _Coordinate]], Field(max_length=10_000)] = []
    at: dict[str, _Place] = Field(default_factory=dict)
    shape: Shape = "line"
    plane: tuple[str, str] = ("y", "x")
    stretch: tuple[_Stretch, _Stretch] = (1.0, 1.0)
    begins: bool = True


class EditRequest(BaseModel):
    """An edit of corrected objects, or that the last is taken back or made again.

    Attributes
    ----------
    name : str
        Another for each edit: one that was made is not made again.
    kind : str
        Of the edit, ``undo`` or ``redo``.
    path : str
        The image.
    labels, points, radius, at, plane, stretch
        As of a `graticule.web.object_edits.ObjectEdit`.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["edit"]
    pane: Annotated[int, Field(ge=0, le=63)] = 0
    id: int = 0
    name: Annotated[str, Field(min_length=1, max_length=100)]
    kind: Kind | Literal["undo", "redo"]
    path: str
    labels: Annotated[list[Annotated[int, Field(ge=1, lt=2**31)]], Field(max_length=10_000)] = []
    points: Annotated[list[tuple[_Coordinate, _Coordinate]], Field(max_length=20_000)] = []
    radius: Annotated[float, Field(ge=0, le=4096)] = 3
    at: dict[str, _Place] = Field(default_factory=dict)
    plane: tuple[str, str] = ("y", "x")
    stretch: tuple[_Stretch, _Stretch] = (1.0, 1.0)


class Probe(BaseModel):
    """Where values are taken.

    Attributes
    ----------
    shape : str
        One sample, a line, or a box.
    points : list of (float, float)
        Rows and columns in samples of full resolution: a place in the sample, the ends of the
        line, or two corners.
    width : float
        Of a line, in samples.
    plane : (str, str), optional
        The dims that are rows and columns; by default y and x, or the last two.
    along : str
        The further dim along which a sample or box is followed; none where the step lacks it.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    shape: Literal["point", "line", "box"]
    points: Annotated[list[tuple[_Coordinate, _Coordinate]], Field(min_length=1, max_length=2)]
    width: Annotated[float, Field(ge=1, le=4096)] = 1
    plane: tuple[str, str] | None = None
    along: str = ""


class ProbeRequest(BaseModel):
    """The values of a step under probes.

    Attributes
    ----------
    type : str
        What is asked.
    pane, id, path, text, of, at
        As of a `ViewRequest`.
    probes : list of Probe
        Each is answered by itself.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["probe"]
    pane: Annotated[int, Field(ge=0, le=63)]
    id: int
    path: str
    text: Annotated[str, Field(max_length=2**20)]
    of: str = ""
    at: dict[str, _Place] = Field(default_factory=dict)
    probes: Annotated[list[Probe], Field(max_length=32)]


class PaneRequest(BaseModel):
    """What a pane waits for is to end or not wanted, or what was ended may be asked again.

    Attributes
    ----------
    type : str
        ``stop``, ``leave`` or ``again``.
    pane : int
        Of which pane it is.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["stop", "leave", "again"]
    pane: Annotated[int, Field(ge=0, le=63)] = 0


LookRequest: TypeAlias = ViewRequest | ProbeRequest
"""What is asked of a step."""
Request: TypeAlias = LookRequest | StrokeRequest | EditRequest | PaneRequest
_ANY: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="type")])


def read_request(text: str) -> Request:
    """Return the request that a text is.

    Raises
    ------
    RequestError
        If it is none.
    """
    try:
        return _ANY.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RequestError(f"is no request: {first['msg']}", where=where) from None
