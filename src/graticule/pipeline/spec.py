"""What a pipeline is, once its grammar has been checked, and the keys of its results.

A key says what a result is made from, and nothing else: ``key = H(op, version, validated
parameters, keys of inputs)``; the key of a file is the hash of its content. Equal keys mean
equal results, on any machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from graticule.core.check import Check
from graticule.core.errors import ParameterError
from graticule.core.image import Kind
from graticule.core.op import Op
from graticule.core.parameters import Parameters
from graticule.pipeline.study_spec import GroupsSpec, PipelineInput, SheetSpec


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


@dataclass(frozen=True)
class Step:
    """One named step: an op, its validated parameters, and where its data comes from.

    Parameters of which the value is that of a column, for each image another, are named by
    ``columns`` and not among ``params``.
    """

    name: str
    op: Op
    params: Mapping[str, Any]
    inputs: tuple[Reference | None, ...]
    columns: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def canonical(self) -> dict[str, Any]:
        """The parameters as JSON values, equal for equal meaning."""
        return _canonical(self.op.parameters, self.params, self.columns)

    def bound(self, facts: Mapping[str, Any], units: Mapping[str, str], folder: Path) -> Step:
        """Return it with the values of its columns, each in the unit that its column has.

        Raises
        ------
        ParameterError
            If a value is missing, or the parameter cannot have it.
        """
        return _bound(self, self.op.parameters, facts, units, folder)


@dataclass(frozen=True)
class CheckStep:
    """One named check: of which value, with surrogates made at which step.

    Its ``columns`` are those of a `Step`.
    """

    name: str
    check: Check
    params: Mapping[str, Any]
    of: Reference
    at: Reference
    against: Reference | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def canonical(self) -> dict[str, Any]:
        """The parameters as JSON values, equal for equal meaning."""
        return _canonical(self.check.parameters, self.params, self.columns)

    def bound(self, facts: Mapping[str, Any], units: Mapping[str, str], folder: Path) -> CheckStep:
        """Return it with the values of its columns, as `Step.bound`."""
        return _bound(self, self.check.parameters, facts, units, folder)


_Part = TypeVar("_Part", Step, CheckStep)


def _canonical(
    parameters: Parameters, params: Mapping[str, Any], columns: Mapping[str, str]
) -> dict[str, Any]:
    known = parameters.without(columns).canonical(params)
    return known | {name: {"column": column} for name, column in columns.items()}


def _bound(
    part: _Part,
    parameters: Parameters,
    facts: Mapping[str, Any],
    units: Mapping[str, str],
    folder: Path,
) -> _Part:
    """Return a step or check with the values of its columns."""
    if not part.columns:
        return part
    values: dict[str, Any] = {}
    for name, column in part.columns.items():
        value = facts.get(column)
        if value is None or value != value or value == "":
            raise ParameterError(f"the column {column} is empty", where=f"{part.name}.{name}")
        if column in units:
            value = f"{value} {units[column]}"
        values[name] = _as_text(value) if parameters.takes_text(name) else value
    try:
        found = parameters.without(part.params).validate(values, folder=folder)
    except ParameterError as error:
        where = error.where.replace(parameters.owner, part.name, 1)
        raise ParameterError(error.what, where=where, hint=error.hint) from None
    params = {**part.params, **found}
    return replace(part, params={n: params[n] for n in parameters.names}, columns={})


def _as_text(value: Any) -> str:
    """Return a cell as a text; numbers beside empty cells are floats, and 2.0 was written 2."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)


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
    description : str
        What it is for, in a line or two.
    text : str
        The document it was read from, comments included.
    source : str
        The file, or ``"<text>"``.
    changed : mapping
        What parameters were in the file that have other values since, by ``step.parameter``.
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
    changed: Mapping[str, Any] = field(default_factory=dict, compare=False)

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
        """Columns of the sheet, or fields, that steps and checks take a parameter from."""
        parts: list[Step | CheckStep] = [*self.steps.values(), *self.checks.values()]
        return tuple(dict.fromkeys(column for part in parts for column in part.columns.values()))

    def bound(self, facts: Mapping[str, Any], units: Mapping[str, str]) -> Spec:
        """Return the pipeline for an image of which some facts are known, with their units.

        Raises
        ------
        ParameterError
            If a value is missing, or a parameter cannot have it.
        """
        if not self.columns:
            return self
        folder = Path(self.source).parent
        steps = {name: step.bound(facts, units, folder) for name, step in self.steps.items()}
        checks = {name: check.bound(facts, units, folder) for name, check in self.checks.items()}
        return replace(self, steps=steps, checks=checks)

    def parameter(self, name: str) -> Any:
        """Return the value of ``step.parameter`` or ``check.parameter`` as a JSON value."""
        owner, _, parameter = name.partition(".")
        part = self.steps.get(owner) or self.checks[owner]
        return part.canonical.get(parameter)

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
        "params": dict(step.canonical),
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
