"""What a pipeline says of its study: the files of an image, the sheet, and what is compared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from graticule.core.document import Section, array_name, is_list_of_texts
from graticule.core.errors import Fault, ParameterError, PipelineError, UnitsError
from graticule.core.image import Image, as_image, is_image, with_spacing
from graticule.core.units import split_quantity, unit_scale
from graticule.io.format import Links, within
from graticule.io.patterns import FilePattern, fields_of


def _dims(value: Any) -> tuple[str, ...] | None:
    if value is not None and not is_list_of_texts(value):
        raise ParameterError("must be a list of names")
    if value and len(set(value)) < len(value):
        raise ParameterError("must be different names")
    return tuple(value) if value else None


def _by_dim(value: Any) -> dict[str, Any]:
    if value and not isinstance(value, dict):
        raise ParameterError("must be a mapping of dims")
    return {str(dim): step for dim, step in value.items()} if value else {}


def _spacing(step: Any) -> float | str:
    value, unit = split_quantity(step)
    if unit:
        unit_scale(unit)
    if not 0 < value < math.inf:
        raise UnitsError(f"must be positive and finite, not {step!r}")
    return step  # type: ignore[no-any-return]  # a number or a text, or it could not be split


def _template(value: Any) -> str:
    """Return a path with ``{stem}`` and ``{name}``, or a pattern with fields of its own."""
    if not isinstance(value, str):
        raise ParameterError("must be a path, as {stem}_mask.png")
    fields = set(fields_of(value))
    if fields - set(OF_IMAGE):
        FilePattern(value)
    if not fields.isdisjoint(OF_IMAGE) and fields - set(OF_IMAGE):
        raise ParameterError(
            "has {stem}, {name} or {path}, and fields of its own",
            hint="these are of the first image; a pattern has fields, as {well}",
        )
    return value


def _as_list(value: Any) -> Any:
    """Return one text or a tuple as a list; all else as it is."""
    if isinstance(value, str):
        return [value]
    return list(value) if isinstance(value, tuple) else value


def _columns(value: Any) -> tuple[str, ...]:
    values = _as_list(value)
    if not is_list_of_texts(values) or not all(values):
        raise ParameterError("must be the name of a column, or a list of names")
    return tuple(values)


def _links(value: Any) -> Links:
    if value not in ("never", "beside"):
        raise ParameterError(f"must be never or beside, not {value!r}")
    return value  # type: ignore[no-any-return]


OF_IMAGE = ("stem", "name", "path")
"""Fields of a further input's path that stand for the image's own name."""

_Spacings = Annotated[
    Mapping[str, Annotated[float | str, PlainValidator(_spacing)]], BeforeValidator(_by_dim)
]


class PipelineInput(Section):
    """What an input must look like, and where a further one is found.

    Attributes
    ----------
    dims : tuple of str or None
        Names of the axes.
    spacing : mapping
        Distance between samples by dim, in place of what the file says.
    default_spacing : mapping
        The same, for dims of which the file does not say it.
    path : str
        Of the first input: a pattern, as ``*.h5``, of the names of the files that are taken of
        the study; by default all. Of a further one: a file, relative to the image's folder;
        ``{stem}`` and ``{name}`` stand for the image's name without and with its suffix. With
        ``{path}``, as ``labels/{path}.tif``, it is relative to the nearest folder above the image
        that holds ``labels``, and this its path from there, without its suffix. With fields, as
        ``{well}-{site}_dna.tif``: a pattern, relative to the folder of the study, of files that
        are brought together by what their names say (`graticule.io.patterns`).
    dataset : str
        The name of the array within each file, as ``entry/data``: a data set, variable, member
        or extension. A path that names one itself needs none.
    links : str
        Whether links of an HDF5 file to other files are followed: ``never``, or ``beside`` to
        files in its folder and below it.
    """

    dims: Annotated[tuple[str, ...] | None, PlainValidator(_dims)] = None
    spacing: _Spacings = Field(default_factory=dict)
    default_spacing: _Spacings = Field(default_factory=dict)
    path: Annotated[str, PlainValidator(_template)] = ""
    dataset: Annotated[str, PlainValidator(array_name)] = ""
    links: Annotated[Links, PlainValidator(_links)] = "never"

    @property
    def pattern(self) -> FilePattern | None:
        """The pattern, where the path has fields of its own."""
        return FilePattern(self.path) if set(fields_of(self.path)) - set(OF_IMAGE) else None

    def within(self, path: Path) -> Path:
        """Return the path of the array within a file."""
        return within(path, self.dataset)

    def prepare(self, value: Any) -> Image:
        """Return an image or array with the axes that the pipeline says it has."""
        dims = None if is_image(value) else self.dims
        return self.with_default_spacing(as_image(value, dims=dims, spacing=self.spacing or None))

    def with_default_spacing(self, image: Image) -> Image:
        """Return the image with a spacing along the dims of which its file does not say it."""
        missing = {
            dim: step
            for dim, step in self.default_spacing.items()
            if dim not in image.coords or "units" not in image.coords[dim].attrs
        }
        return with_spacing(image, missing)


class SheetSpec(Section):
    """A sheet of facts about the images.

    Attributes
    ----------
    file : str
        CSV, TSV, Parquet or XLSX; relative to the folder of the study, or to the pipeline.
    on : tuple of str
        The columns that are joined by: ``image``, and fields of the patterns of inputs; by
        default all that both have.
    """

    file: str = ""
    on: Annotated[tuple[str, ...], PlainValidator(_columns)] = ()


def _measured(value: Any) -> tuple[str, ...]:
    values = _as_list(value)
    if not is_list_of_texts(values) or not values:
        raise ParameterError("must be a measured column, or a list of them", hint="as table.area")
    return tuple(values)


def _level(value: Any) -> Any:
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return value
    raise ParameterError(f"must be a value of a column, not {value!r}")


_Level = Annotated[Any, PlainValidator(_level)]


class ControlsSpec(Section):
    """Which units are controls.

    Attributes
    ----------
    column : str
        The column that says it.
    negative, positive : str or number
        Its values for the two.
    """

    column: str = "control"
    negative: _Level = "negative"
    positive: _Level = "positive"


_COUNTS = ("images", "objects")
"""Columns of units and groups that count, alone or before _ and the name of a step."""
_TOLD = (
    "measure", "units", "mean", "sd", "low", "high", "interval", "difference", "difference_low",
    "difference_high", "effect", "effect_low", "effect_high", "p", "p_holm", "answer", "value",
    "unit", "sentence",
)  # fmt: skip
"""Columns of groups and answers, of which no column that makes groups has the name."""


def _counts(name: str) -> bool:
    return name in _COUNTS or name.startswith("objects_")


def _places(value: Any) -> tuple[str, ...]:
    columns = _columns(value)
    if len(columns) not in (0, 2, 3) or len(set(columns)) < len(columns):
        raise ParameterError(
            f"must be two columns of places, not {', '.join(columns)}",
            hint="down and along, as map: [row, col]; before them may stand what has a map each, "
            "as map: [slide, y, x]",
        )
    return columns


class GroupsSpec(Section):
    """Which images are compared, and over what is averaged.

    Attributes
    ----------
    by : tuple of str
        Columns (of the sheet, or fields of patterns) whose values make the groups.
    over : tuple of str
        Columns that tell one independent unit from another, as the well or the sample; by default
        each image is one.
    of : tuple of str
        What is compared: a column of ``images``, or ``table.column`` of a table of objects.
    within : {"mean", "median"}
        How the objects of an image, and the images of a unit, are brought together.
    reference : value, optional
        The group that all others are compared with, by its value in the first column.
    controls : ControlsSpec or None
        For Z' and SSMD.
    dose : str
        The column of doses, along which a dose-response curve is fitted.
    map : tuple of str
        Columns of the place of a unit, down and along, as ``y`` and ``x``; before them may stand
        one of which every value has a map of its own, as the slide.
    confidence : float
        Of all intervals.
    n, seed : int
        How often units are drawn again, and of the drawing.
    """

    by: Annotated[tuple[str, ...], PlainValidator(_columns)] = ()
    over: Annotated[tuple[str, ...], PlainValidator(_columns)] = ()
    of: Annotated[tuple[str, ...], PlainValidator(_measured)] = ()
    within: Literal["mean", "median"] = "mean"
    reference: _Level | None = None
    controls: ControlsSpec | None = None
    dose: str = ""
    map: Annotated[tuple[str, ...], PlainValidator(_places)] = ()
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    n: Annotated[int, Field(ge=100, le=1_000_000)] = 2000
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _require_enough(self) -> GroupsSpec:
        faults = []
        if not self.by and not self.dose and not self.map and self.controls is None:
            faults.append(Fault("by", "says what is compared", hint="as by: [dose]"))
        if not self.of:
            faults.append(
                Fault("of", "must name a measured column", hint="as of: table.intensity_mean")
            )
        if self.reference is not None and not self.by:
            faults.append(Fault("reference", "is one of the groups, so there must be by"))
        faults += self._clashes()
        if faults:
            raise PipelineError(faults)
        return self

    def _clashes(self) -> list[Fault]:
        """Return names that a table of the answer has for something else."""
        controls = (self.controls.column,) if self.controls else ()
        design = {
            "by": self.by,
            "over": self.over,
            "controls": controls,
            "dose": (self.dose,),
            "map": self.map,
        }
        faults = [
            Fault(key, f"{name!r} is a column of the answer", hint="rename the column")
            for key, names in design.items()
            for name in names
            if _counts(name) or (key == "by" and name in _TOLD) or (key, name) == ("map", "units")
        ]
        taken = {name for names in design.values() for name in names}
        return faults + [
            Fault("of", f"{name!r} is another column of the answer", hint=f"as images.{name}")
            for name in self.of
            if _counts(name) or name in taken
        ]

    @property
    def plain(self) -> dict[str, Any]:
        """Every key, as JSON values."""
        lists = {name: list(getattr(self, name)) for name in ("by", "over", "of", "map")}
        return {**dict(self), **lists, "controls": self.controls and dict(self.controls)}

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the design that it asks for."""
        more = [self.dose] if self.dose else []
        more += [self.controls.column] if self.controls else []
        return tuple(dict.fromkeys((*self.by, *self.over, *more, *self.map)))
