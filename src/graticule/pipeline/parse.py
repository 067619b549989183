"""The grammar: from YAML text to a pipeline, or to every fault in it with line and path."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

from graticule.core.check import Check
from graticule.core.document import (
    Document,
    Location,
    Section,
    as_written,
    fault_at,
    parse_document,
    plain,
    section_names,
    validate,
)
from graticule.core.errors import Fault, GraticuleError, ParameterError, PipelineError, suggest
from graticule.core.image import Kind
from graticule.core.op import Op
from graticule.core.parameters import Parameters, column_of
from graticule.core.registry import get_check, get_op
from graticule.pipeline.spec import CheckStep, Reference, Spec, Step
from graticule.pipeline.study_spec import GroupsSpec, PipelineInput, SheetSpec

_HINTS = 100
"""Faults to which the name that was meant is looked for."""


def parse(text: str, *, source: str = "<text>") -> Spec:
    """Return the pipeline a text describes.

    Raises
    ------
    PipelineError
        With all faults, each with its line and its path in the document.
    """
    document = parse_document(text, source)
    sound, faults = validate(PipelineDocument, document, context={"folder": Path(source).parent})
    if sound is None:  # every key has a default, so there are too many faults to go on
        raise PipelineError(faults, source=source)
    inputs = sound.inputs or {"image": PipelineInput()}
    names = section_names(document, "inputs") or list(inputs)
    ops = {name: sound.steps[name].op if name in sound.steps else None
           for name in section_names(document, "steps")}  # fmt: skip
    wiring = _Wiring(document, names, ops, faults)
    steps, checks = wiring.steps(sound.steps), wiring.checks(sound.checks)
    outputs = wiring.outputs(sound.outputs)
    wiring.groups(sound.groups, outputs)
    if faults:
        raise PipelineError(faults, source=source)
    return Spec(
        name=sound.name if "name" in document else Path(source).stem,
        description=sound.description,
        inputs=inputs,
        steps=_ordered(steps),
        checks=checks,
        outputs=outputs,
        figures=tuple(sound.report),
        sheet=sound.sheet,
        groups=sound.groups,
        text=text,
        source=source,
    )


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.isidentifier():
        raise ParameterError("must be a name of letters, digits and _")
    return value


def _by_name(value: Any) -> Any:
    if value is not None and not isinstance(value, dict):
        raise ParameterError("must be a mapping of names")
    return value or {}


def _input(value: Any) -> Any:
    """Return the section of an input; a bare text is its path."""
    return {"path": value} if isinstance(value, str) else value


def _with_paths(inputs: dict[str, PipelineInput]) -> dict[str, PipelineInput]:
    what, hint = "a further input needs a path", 'as path: "{stem}_mask.png"'
    first, *further = inputs
    faults = [Fault(name, what, hint=hint) for name in further if not inputs[name].path]
    pattern = inputs[first].pattern
    if "{" in inputs[first].path and pattern is None:
        what = "the path of the first input is a pattern for the files of the study"
        faults.append(Fault(f"{first}.path", what, hint='as path: "*.h5", or "{well}_dna.tif"'))
    for name in further:
        own = inputs[name].pattern
        if own is not None and pattern is None:
            what = f"has fields, and the path of the first input ({first}) has none"
            faults.append(Fault(f"{name}.path", what, hint="the first pattern says what is paired"))
    if faults:
        raise PipelineError(faults)
    return inputs


def _sheet(value: Any) -> Any:
    """Return the section of a sheet; a bare text is its file."""
    if isinstance(value, str) and value:
        return {"file": value}
    if isinstance(value, dict) and isinstance(value.get("file"), str) and value["file"]:
        return value
    raise ParameterError("must be a file, or a mapping with file", hint="as sheet: plate.csv")


def _op(value: Any) -> Op:
    try:
        if isinstance(value, str):
            return get_op(value)
    except GraticuleError as error:
        raise ParameterError(error.what, hint=error.hint) from None
    raise ParameterError("must name an op, as op: filters.gaussian")


def _check(value: Any) -> Check:
    try:
        return get_check(str(value))
    except GraticuleError as error:
        raise ParameterError(error.what, hint=error.hint) from None


def _list_or_none(value: Any) -> list[Any] | None:
    if value is not None and not isinstance(value, list):
        raise ParameterError("must be a list of steps")
    return value


def _figures(value: Any) -> Any:
    if value and not isinstance(value, list):
        raise ParameterError("must be a list of figures")
    return value or []


def _figure(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("figure"), str):
        what = "must be a mapping that names its figure"
        raise ParameterError(what, hint="as {figure: overlay, ...}")
    return {key: as_written(item) for key, item in plain(value).items()}


class _Call(Section):
    """A call of an op or check: its keys are parameters, but for those that name data."""

    model_config = ConfigDict(extra="allow")
    _params: dict[str, Any] = PrivateAttr(default_factory=dict)
    _columns: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def keys(self) -> dict[str, Any]:
        """The keys beside the one that names the op or check."""
        return self.model_extra or {}

    @property
    def params(self) -> Mapping[str, Any]:
        """The validated parameters."""
        return self._params

    @property
    def columns(self) -> Mapping[str, str]:
        """Parameters whose value is that of a column, with the column."""
        return self._columns

    def _set_params(
        self, parameters: Parameters, data_keys: Sequence[str], info: ValidationInfo
    ) -> Self:
        names = set(parameters.names)
        given = {key: plain(value) for key, value in self.keys.items() if key not in data_keys}
        self._columns = {
            key: column
            for key, value in given.items()
            if key in names and (column := column_of(value)) is not None
        }
        parameters = parameters.without(self._columns)
        values = {key: value for key, value in given.items() if key not in self._columns}
        folder = (info.context or {}).get("folder")
        faults = parameters.faults(values, folder=folder)
        if faults:
            way_out = f"data are named by {', '.join(data_keys)}"
            raise PipelineError([
                Fault(key, what, hint="" if key in parameters.names else way_out)
                for key, what in faults.items()
            ])  # fmt: skip
        self._params = parameters.validate(values, folder=folder)
        return self


class _Step(_Call):
    """A step; its further keys are parameters of the op, and the data that it takes.

    Attributes
    ----------
    op : str
        The name of the op, as ``filters.gaussian``.
    """

    op: Annotated[Op, PlainValidator(_op)] = Field(None, validate_default=True)

    @model_validator(mode="after")
    def _validated(self, info: ValidationInfo) -> Self:
        data_keys = ("input", *(data.name for data in self.op.inputs[1:]))
        return self._set_params(self.op.parameters, data_keys, info)


class _Check(_Call):
    """A check; its further keys are its parameters, and ``of``, ``at`` and ``against``.

    Attributes
    ----------
    check : str
        The name of the check, as ``surrogate``.
    """

    check: Annotated[Check, PlainValidator(_check)] = Field(None, validate_default=True)

    @model_validator(mode="after")
    def _validated(self, info: ValidationInfo) -> Self:
        self._set_params(self.check.parameters, ("of", "at", "against"), info)
        faults = [
            Fault(name, "is the same for all images of a study, and from no column")
            for name in self.columns
            if name in self.check.of_study
        ]
        if faults:
            raise PipelineError(faults)
        return self


_Name = Annotated[str, BeforeValidator(_name)]
_Figure = Annotated[dict[str, Any], PlainValidator(_figure)]


class PipelineDocument(Document):
    """A pipeline document; what its references lead to is not yet known.

    Attributes
    ----------
    name : str
        For people; by default the name of the file.
    description : str
        For people.
    inputs : dict of PipelineInput
        The images by name, the first of them the one that the study is of; by default ``image``.
        A bare text is a path.
    sheet : SheetSpec or None
        A table of facts about the images; a bare text is its file.
    groups : GroupsSpec or None
        What is compared over the study.
    steps : dict
        Ops by the name of the step. Keys that are no parameter name data: ``input`` (by default
        the step before), and the further data of the op, as steps or inputs; ``step.part`` is one
        result of several, or a column of a table. A parameter may be ``{column: NAME}`` of the
        sheet.
    checks : dict
        Checks by their name: ``of`` is the value that is looked at (by default the last step),
        ``at`` the step that surrogates are made of (by default the first input), ``against`` the
        truth; all else are parameters.
    outputs : list
        The steps that are written; by default the last.
    report : list
        The figures of the report, as ``{figure: overlay, ...}``.
    """

    name: str = ""
    description: Annotated[str, BeforeValidator(str)] = ""
    inputs: Annotated[
        dict[_Name, Annotated[PipelineInput, BeforeValidator(_input)]],
        BeforeValidator(_by_name),
        AfterValidator(_with_paths),
    ] = Field(default_factory=dict)
    sheet: Annotated[SheetSpec, BeforeValidator(_sheet)] | None = None
    groups: GroupsSpec | None = None
    steps: Annotated[dict[_Name, _Step], BeforeValidator(_by_name)] = Field(default_factory=dict)
    checks: Annotated[dict[_Name, _Check], BeforeValidator(_by_name)] = Field(default_factory=dict)
    outputs: Annotated[list[Any] | None, PlainValidator(_list_or_none)] = None
    report: Annotated[list[_Figure], BeforeValidator(_figures)] = Field(default_factory=list)


@dataclass
class _Wiring:
    """Follows the references of a document from step to step, noting those that lead nowhere.

    ``ops`` holds None for steps that are themselves at fault.
    """

    document: Any
    inputs: Sequence[str]
    ops: dict[str, Op | None]
    faults: list[Fault]

    def _fault(self, location: Location, what: str, hint: str = "") -> None:
        self.faults.append(fault_at(self.document, location, what, hint))

    def steps(self, bodies: Mapping[str, _Step]) -> dict[str, Step]:
        """Return the steps, each with where its data comes from."""
        if not self.document.get("steps"):
            self._fault(("steps",), "there must be at least one")
        steps = {}
        previous = self.inputs[0]
        for name in self.ops:
            if name in self.inputs:
                self._fault(("steps", name), "is also the name of an input")
            if name in bodies:
                body = bodies[name]
                wires = self._wires(name, body, previous)
                steps[name] = Step(name, body.op, body.params, wires, body.columns)
            previous = name
        waiting = [name for name in steps if name in _upstream(name, steps)]
        if waiting:
            what = f"the steps {', '.join(waiting)} wait for each other"
            self._fault(("steps", waiting[0]), what)
        return steps

    def _wires(self, name: str, body: _Step, previous: str) -> tuple[Reference | None, ...]:
        wires: list[Reference | None] = []
        for position, data in enumerate(body.op.inputs):
            key = "input" if position == 0 else data.name
            location = ("steps", name, key)
            text = body.keys.get(key, previous if position == 0 else None)
            reference = None if text is None else self._reference(text, location)
            if reference is not None:
                self._require_kind(reference, data.kind, location)
            elif text is None and not data.optional:
                self._fault(location, f"the {data.kind} {data.name!r} must name a step or input")
            wires.append(reference)
        return tuple(wires)

    def _reference(self, text: Any, location: Location) -> Reference | None:
        name, _, part = str(text).partition(".")
        if name not in self.inputs and name not in self.ops:
            hint = suggest(name, [*self.inputs, *self.ops]) if len(self.faults) < _HINTS else ""
            self._fault(location, f"{text!r} is no step or input", hint)
            return None
        op = self.ops.get(name)
        if op is not None:
            names = [output.name for output in op.outputs if output.name]
            if names and part not in names:
                what = f"{op.name} gives {', '.join(names)}; say which"
                self._fault(location, what, f"as {name}.{names[0]}")
                return None
            if part and not names and op.outputs[0].kind.is_array:
                self._fault(location, f"{name} is one image and has no part {part!r}")
                return None
        return Reference(name, part)

    def _require_kind(self, reference: Reference, wanted: Kind, location: Location) -> None:
        op = self.ops.get(reference.name)
        outputs = op.outputs if op is not None else ()
        kind = next((out.kind for out in outputs if out.name in ("", reference.part)), wanted)
        if not _fits(kind, wanted):
            what = f"must be {wanted.with_article}; {reference} is {kind.with_article}"
            self._fault(location, what)

    def checks(self, bodies: Mapping[str, _Check]) -> dict[str, CheckStep]:
        """Return the checks, each with what it looks at."""
        checks = {}
        for name, body in bodies.items():
            texts = {key: body.keys.get(key) for key in ("of", "at", "against")}
            texts["of"] = texts["of"] or next(reversed(self.ops), self.inputs[0])
            texts["at"] = texts["at"] or self.inputs[0]
            of, at, against = (
                None if text is None else self._reference(text, ("checks", name, key))
                for key, text in texts.items()
            )
            if of is not None and at is not None:
                checks[name] = CheckStep(
                    name, body.check, body.params, of, at, against, body.columns
                )
        return checks

    def outputs(self, texts: Sequence[Any] | None) -> tuple[Reference, ...]:
        """Return what is written; by default the last step's result, whole or part by part."""
        if texts is None:
            name, op = next(reversed(self.ops.items()), ("", None))
            return tuple(Reference(name, output.name) for output in op.outputs) if op else ()
        references = []
        for position, text in enumerate(texts):
            location = ("outputs", position)
            reference = self._reference(text, location)
            if reference is not None:
                references.append(reference)
                op = self.ops.get(reference.name)
                if reference.part and op and [out.kind for out in op.outputs] == [Kind.TABLE]:
                    what = f"{reference.name} is a table, which is written whole"
                    self._fault(location, what, f"as {reference.name}")
        return tuple(references)

    def groups(self, groups: GroupsSpec | None, outputs: Sequence[Reference]) -> None:
        """Note what is compared over the study and comes of no output."""
        names = {str(reference) for reference in outputs} | {r.name for r in outputs}
        for text in groups.of if groups else ():
            table = text.rpartition(".")[0]
            if table and table != "images" and table not in names:
                hint = suggest(table, sorted(names)) or f"outputs are {', '.join(sorted(names))}"
                self._fault(("groups", "of"), f"{table} of {text} is no output", hint)


def _fits(kind: Kind, wanted: Kind) -> bool:
    """Whether data of one kind may go where another is wanted."""
    if wanted is Kind.IMAGE:
        return kind.is_array
    if wanted is Kind.TABLE:
        return kind in (Kind.TABLE, Kind.RECORD)
    return kind is wanted or (kind is Kind.IMAGE and wanted.is_array)


def _needs(step: Step, steps: Mapping[str, Step]) -> set[str]:
    return {r.name for r in step.inputs if r is not None and r.name in steps}


def _ordered(steps: Mapping[str, Step]) -> dict[str, Step]:
    """Return the steps, each after those it needs; steps of a cycle are left out.

    Steps keep the order of the document where they can.
    """
    needs = {name: _needs(step, steps) for name, step in steps.items()}
    users: dict[str, list[str]] = {name: [] for name in steps}
    for name, needed in needs.items():
        for other in needed:
            users[other].append(name)
    position = {name: number for number, name in enumerate(steps)}
    ready = [position[name] for name, needed in needs.items() if not needed]
    names = list(steps)
    done: dict[str, Step] = {}
    while ready:
        name = names[heapq.heappop(ready)]
        done[name] = steps[name]
        for user in users[name]:
            needs[user].discard(name)
            if not needs[user]:
                heapq.heappush(ready, position[user])
    return done


def _upstream(name: str, steps: Mapping[str, Step]) -> set[str]:
    """Return the steps that a step waits for; itself among them where they form a cycle."""
    reached: set[str] = set()
    frontier = _needs(steps[name], steps)
    while frontier:
        reached |= frontier
        frontier = set().union(*(_needs(steps[n], steps) for n in frontier)) - reached
    return reached
