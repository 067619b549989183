"""What a pipeline is, once its grammar has been checked, and the keys of its results.

A key says what a result is made from, and nothing else: ``key = H(op, version, validated
parameters, keys of inputs)``; the key of a file is the hash of its content. Equal keys mean
equal results, on any machine.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from graticule.core.check import Check
from graticule.core.document import Section, array_name, is_list_of_texts
from graticule.core.errors import Fault, ParameterError, PipelineError, UnitsError
from graticule.core.image import Image, Kind, as_image, is_image, with_spacing
from graticule.core.op import Op
from graticule.core.units import split_quantity, unit_scale
from graticule.io.format import Links, within
from graticule.io.patterns import FilePattern, fields_of


@dataclass(frozen=True)
class Reference:
    """A value of a pipeline: a step or input, or a part of one.

    Attributes
    ----------
    name : str
        The step or input.
    part : str
        One of several outputs, or a column of a record or table; empty for the value itself.

    Examples
    --------
    >>> str(Reference("parts", "area"))
    'parts.area'
    """

    name: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.name}.{self.part}" if self.part else self.name


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
            "has {stem} or {name}, and fields of its own",
            hint="{stem} and {name} are of the first image; a pattern has fields, as {well}",
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


OF_IMAGE = ("stem", "name")
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
        fields, as ``{well}-{site}_dna.tif``: a pattern, relative to the folder of the study, of
        files that are brought together by what their names say (`graticule.io.patterns`).
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
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95
    n: Annotated[int, Field(ge=100, le=1_000_000)] = 2000
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _require_enough(self) -> GroupsSpec:
        faults = []
        if not self.by and not self.dose and self.controls is None:
            faults.append(Fault("by", "says what is compared", hint="as by: [dose]"))
        if not self.of:
            faults.append(
                Fault("of", "must name a measured column", hint="as of: table.intensity_mean")
            )
        if self.reference is not None and not self.by:
            faults.append(Fault("reference", "is one of the groups, so there must be by"))
        if faults:
            raise PipelineError(faults)
        return self

    @property
    def plain(self) -> dict[str, Any]:
        """Every key, as JSON values."""
        lists = {name: list(getattr(self, name)) for name in ("by", "over", "of")}
        return {**dict(self), **lists, "controls": self.controls and dict(self.controls)}

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the design that it asks for."""
        more = [self.dose] if self.dose else []
        more += [self.controls.column] if self.controls else []
        return tuple(dict.fromkeys((*self.by, *self.over, *more)))


@dataclass(frozen=True)
class Step:
    """One named step: an op, its validated parameters, and where its data comes from.

    Parameters of which the value is that of a column, for each image another, are named by
    ``columns`` and not among ``params``; ``given`` has the others as they were written.
    """

    name: str
    op: Op
    params: Mapping[str, Any]
    inputs: tuple[Reference | None, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def canonical(self) -> dict[str, Any]:
        """The parameters as JSON values, equal for equal meaning."""
        known = self.op.parameters.without(self.columns).canonical(self.params)
        return known | {name: {"column": column} for name, column in self.columns.items()}

    def bound(self, facts: Mapping[str, Any]) -> Step:
        """Return it with the values of its columns.

        Raises
        ------
        ParameterError
            If a value is missing, or the parameter cannot have it.
        """
        if not self.columns:
            return self
        values = dict(self.given)
        for name, column in self.columns.items():
            value = facts.get(column)
            if value is None or value != value or value == "":
                raise ParameterError(f"the column {column} is empty", where=f"{self.name}.{name}")
            values[name] = value
        try:
            params = self.op.parameters.validate(values)
        except ParameterError as error:
            where = error.where.replace(self.op.name, self.name, 1)
            raise ParameterError(error.what, where=where, hint=error.hint) from None
        return replace(self, params=params, columns={}, given={})


@dataclass(frozen=True)
class CheckStep:
    """One named check: of which value, with surrogates made at which step."""

    name: str
    check: Check
    params: Mapping[str, Any]
    of: Reference
    at: Reference
    against: Reference | None = None


@dataclass(frozen=True)
class Spec:
    """Named steps wired into a graph, with their checks.

    Attributes
    ----------
    name : str
        Shown in reports.
    inputs : mapping
        What is read; the first is the image of the study.
    steps : mapping
        By name, each after the steps it depends on.
    checks : mapping
        By name.
    outputs : tuple of Reference
        What is written.
    figures : tuple of mapping
        What the report shows beyond every step's picture.
    sheet : SheetSpec or None
        Facts about the images.
    groups : GroupsSpec or None
        What is compared over the study.
    text : str
        The document it was read from, comments included.
    source : str
        The file, or ``"<text>"``.
    """

    name: str
    inputs: Mapping[str, PipelineInput]
    steps: Mapping[str, Step]
    checks: Mapping[str, CheckStep]
    outputs: tuple[Reference, ...]
    figures: tuple[Mapping[str, Any], ...] = ()
    sheet: SheetSpec | None = None
    groups: GroupsSpec | None = None
    description: str = ""
    text: str = ""
    source: str = "<text>"

    @property
    def first_input(self) -> str:
        """Name of the input that is the image of the study."""
        return next(iter(self.inputs))

    @property
    def is_paired(self) -> bool:
        """Whether the files of an image are found by what their names say."""
        return self.inputs[self.first_input].pattern is not None

    def normalised(self) -> dict[str, Any]:
        """Return the pipeline as plain JSON values, every default written out."""
        return {
            "graticule": 1,
            "name": self.name,
            "description": self.description,
            "inputs": {name: dict(expected) for name, expected in self.inputs.items()},
            "steps": {name: _plain_step(step) for name, step in self.steps.items()},
            "checks": {name: _plain_check(check) for name, check in self.checks.items()},
            "outputs": [str(reference) for reference in self.outputs],
            "report": [dict(figure) for figure in self.figures],
            **({"sheet": dict(self.sheet)} if self.sheet else {}),
            **({"groups": self.groups.plain} if self.groups else {}),
        }

    @cached_property
    def key(self) -> str:
        """The key of the pipeline: everything that decides its numbers."""
        plain = self.normalised()
        parts = ("inputs", "steps", "checks", "outputs")
        return digest("pipeline", *(plain[part] for part in parts))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the sheet, or fields, that steps take a parameter from."""
        return tuple(
            dict.fromkeys(c for step in self.steps.values() for c in step.columns.values())
        )

    def bound(self, facts: Mapping[str, Any]) -> Spec:
        """Return the pipeline for an image of which some facts are known.

        Raises
        ------
        ParameterError
            If a value is missing, or a parameter cannot have it.
        """
        if not self.columns:
            return self
        return replace(self, steps={n: step.bound(facts) for n, step in self.steps.items()})

    def kind_of(self, reference: Reference) -> Kind | None:
        """Return what a step's output, or the one of which it is a column, is; None of an input."""
        step = self.steps.get(reference.name)
        outputs = step.op.outputs if step else ()
        return next((out.kind for out in outputs if out.name in ("", reference.part)), None)

    def holds_labels(self, name: str) -> bool:
        """Whether an input is used as labels, a mask or the truth: its values are names."""
        used = Reference(name)
        kinds = {
            data.kind
            for step in self.steps.values()
            for data, wire in zip(step.op.inputs, step.inputs, strict=True)
            if wire == used
        }
        truths = {check.against for check in self.checks.values()}
        return not kinds.isdisjoint((Kind.LABELS, Kind.MASK)) or used in truths

    @cached_property
    def unused(self) -> frozenset[str]:
        """Names of the steps that feed no output, check or figure; a run leaves them out."""
        needed = {reference.name for reference in self.references()}
        needed |= {name for figure in self.figures for name in _names_in(figure)}
        for name, step in reversed(list(self.steps.items())):
            if name in needed:
                needed |= {wire.name for wire in step.inputs if wire is not None}
        return frozenset(self.steps) - needed

    def without_unused(self) -> Spec:
        """Return the pipeline without its `unused` steps."""
        if not self.unused:
            return self
        kept = {name: step for name, step in self.steps.items() if name not in self.unused}
        return replace(self, steps=kept)

    def references(self) -> Iterator[Reference]:
        """Give every reference to a step or input that is made outside the steps."""
        yield from self.outputs
        for check in self.checks.values():
            yield from (check.of, check.at, *([check.against] if check.against else []))


def _names_in(value: Any) -> Iterator[str]:
    """Give every text within an entry of ``report:`` as the name of a step it may be."""
    if isinstance(value, str):
        yield value.partition(".")[0]
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _names_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _names_in(item)


def _plain_step(step: Step) -> dict[str, Any]:
    return {
        "op": step.op.name,
        "version": step.op.version,
        "inputs": {
            data.name: str(reference)
            for data, reference in zip(step.op.inputs, step.inputs, strict=True)
            if reference is not None
        },
        "params": dict(step.canonical),
    }


def _plain_check(step: CheckStep) -> dict[str, Any]:
    return {
        "check": step.check.name,
        "version": step.check.version,
        "of": str(step.of),
        "at": str(step.at),
        "against": str(step.against) if step.against else None,
        "params": step.check.parameters.canonical(step.params),
    }


def digest(*parts: Any) -> str:
    """Return the SHA-256 of JSON values.

    Examples
    --------
    >>> digest({"b": 1, "a": 2.0}) == digest({"a": 2.0, "b": 1})
    True
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def step_keys(pipeline: Spec, inputs: Mapping[str, str]) -> dict[str, str]:
    """Return the key of every input and step, given the keys of the inputs."""
    keys = dict(inputs)
    for name, step in pipeline.steps.items():
        keys[name] = digest(
            "step",
            step.op.name,
            step.op.version,
            step.canonical,
            [None if wire is None else [keys[wire.name], wire.part] for wire in step.inputs],
        )
    return keys
