"""The grammar: from YAML text to a pipeline, or to every fault in it with line and path."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graticule.core.document import (
    document_of,
    is_template,
    is_texts,
    line_of,
    plain,
    read_text,
    text_of,
)
from graticule.core.errors import (
    Fault,
    GraticuleError,
    PipelineError,
    UnitsError,
    UnknownNameError,
    suggest,
)
from graticule.core.kinds import Kind
from graticule.core.op import Op
from graticule.core.parameters import Parameters
from graticule.core.registry import get_check, get_op
from graticule.core.units import split_quantity, unit_scale
from graticule.pipeline.graph import cycle, fits, ordered
from graticule.pipeline.spec import CheckStep, InputSpec, Reference, Spec, Step

_TOP = ("graticule", "name", "description", "inputs", "steps", "checks", "outputs", "report")


def load(path: Path) -> Spec:
    """Read a pipeline from a file; see `Pipeline.load`."""
    return parse(read_text(path), source=str(path))


def parse(text: str, *, source: str = "<text>") -> Spec:
    """Return the pipeline a text describes.

    Raises
    ------
    PipelineError
        With all faults, each with its line and its path in the document.
    """
    return _Reader(source, text).read(document_of(text, source))


@dataclass
class _Reader:
    """Reads one document, collecting faults instead of stopping at the first."""

    source: str
    text: str
    faults: list[Fault] = field(default_factory=list)

    def read(self, document: Any) -> Spec:
        self._known(document, _TOP, "", document)
        if document.get("graticule") != 1:
            self._fault("graticule", "must be 1, the version of the grammar", document, "graticule")
        inputs = self._inputs(document)
        steps = self._steps(document, inputs)
        checks = self._checks(document, inputs, steps)
        outputs = self._outputs(document, inputs, steps)
        figures = self._figures(document)
        name = document.get("name", Path(self.source).stem)
        if not isinstance(name, str):
            self._fault("name", f"must be text, not {name!r}", document, "name")
        if self.faults:
            raise PipelineError(self.faults, source=self.source)
        return Spec(
            name=str(name),
            description=str(document.get("description", "")),
            inputs=inputs,
            steps=ordered(steps),
            checks=checks,
            outputs=outputs,
            figures=figures,
            text=self.text,
            source=self.source,
        )

    def _fault(self, path: str, what: str, parent: Any, key: Any, hint: str = "") -> None:
        self.faults.append(Fault(path, what, line_of(parent, key), hint))

    def _known(self, mapping: Any, known: Sequence[str], path: str, parent: Any) -> None:
        for key in mapping:
            if key not in known:
                where = f"{path}.{key}" if path else str(key)
                self._fault(where, "is not known here", mapping, key, suggest(str(key), known))

    def _section(self, document: Any, name: str) -> dict[str, Any]:
        section = document.get(name)
        if section is None:
            return {}
        if not isinstance(section, dict):
            self._fault(name, "must be a mapping of names", document, name)
            return {}
        good: dict[str, Any] = {}
        for key, body in section.items():
            label = text_of(key)
            if not isinstance(label, str) or not label.isidentifier():
                what = "must be a name of letters, digits and _"
                self._fault(f"{name}.{label}", what, section, key)
            elif not isinstance(body, dict):
                self._fault(f"{name}.{label}", "must be a mapping", section, key)
            else:
                good[label] = body
        return good

    def _inputs(self, document: Any) -> dict[str, InputSpec]:
        inputs: dict[str, InputSpec] = {}
        for name, body in self._section(document, "inputs").items():
            path = f"inputs.{name}"
            self._known(body, ("dims", "spacing", "default_spacing", "path"), path, body)
            dims = body.get("dims")
            if dims is not None and not is_texts(dims):
                self._fault(f"{path}.dims", "must be a list of names", body, "dims")
                dims = None
            elif dims and len(set(dims)) < len(dims):
                self._fault(f"{path}.dims", "must be different names", body, "dims")
            if not is_template(body.get("path", "")):
                what = "must be a path with no other fields than {stem} and {name}"
                self._fault(f"{path}.path", what, body, "path")
            if inputs and not body.get("path"):
                what = "a further input needs a path"
                self._fault(path, what, document["inputs"], name, 'as path: "{stem}_mask.png"')
            inputs[name] = InputSpec(
                tuple(map(str, dims)) if dims else None,
                self._spacing(body, "spacing", path),
                self._spacing(body, "default_spacing", path),
                str(body.get("path", "")),
            )
        return inputs or {"image": InputSpec()}

    def _spacing(self, body: Any, key: str, path: str) -> dict[str, float | str]:
        """Return spacings by dim, each of which must be a positive amount."""
        given = body.get(key) or {}
        if not isinstance(given, dict):
            self._fault(f"{path}.{key}", "must be a mapping of dims", body, key)
            return {}
        for dim, step in given.items():
            try:
                value, unit = split_quantity(plain(step))
                if unit:
                    unit_scale(unit)
                if not 0 < value < math.inf:
                    raise UnitsError(f"must be positive and finite, not {step!r}")
            except UnitsError as error:
                self._fault(f"{path}.{key}.{dim}", error.what, given, dim, error.hint)
        return {str(dim): plain(step) for dim, step in given.items()}

    def _steps(self, document: Any, inputs: Mapping[str, InputSpec]) -> dict[str, Step]:
        section = self._section(document, "steps")
        if not section:
            self._fault("steps", "there must be at least one", document, "steps")
        known = {name: self._op(name, body) for name, body in section.items()}
        steps: dict[str, Step] = {}
        previous = next(iter(inputs))
        for name, body in section.items():
            if name in inputs:
                self._fault(f"steps.{name}", "is also the name of an input", section, name)
            found = known[name]
            if found is not None:
                params = self._params(found.parameters, body, f"steps.{name}", _data_keys(found))
                wires = self._wires(name, body, found, previous, inputs, known)
                steps[name] = Step(name, found, params, wires)
            previous = name
        self._acyclic(steps, section)
        return steps

    def _op(self, name: str, body: Any) -> Op | None:
        wanted = body.get("op")
        try:
            if not isinstance(wanted, str):
                raise UnknownNameError("must name an op, as op: filters.gaussian")
            return get_op(wanted)
        except GraticuleError as error:
            self._fault(f"steps.{name}.op", error.what, body, "op", error.hint)
            return None

    def _params(
        self, parameters: Parameters, body: Any, path: str, reserved: Sequence[str]
    ) -> dict[str, Any]:
        given = {key: plain(value) for key, value in body.items() if key not in reserved}
        folder = Path(self.source).parent
        faults = parameters.faults(given, folder=folder)
        for key, what in faults.items():
            hint = "" if key in parameters.names else f"data are named by {', '.join(reserved[1:])}"
            self._fault(f"{path}.{key}", what, body, key, hint)
        return {} if faults else parameters.validate(given, folder=folder)

    def _wires(
        self,
        name: str,
        body: Any,
        found: Op,
        previous: str,
        inputs: Mapping[str, InputSpec],
        known: Mapping[str, Op | None],
    ) -> tuple[Reference | None, ...]:
        wires: list[Reference | None] = []
        for position, given in enumerate(found.inputs):
            key = "input" if position == 0 else given.name
            text = body.get(key, previous if position == 0 else None)
            if text is None:
                if not given.optional:
                    what = f"the {given.kind} {given.name!r} must name a step or input"
                    self._fault(f"steps.{name}.{key}", what, body, key)
                wires.append(None)
                continue
            reference = self._reference(text, f"steps.{name}.{key}", body, key, inputs, known)
            if reference is not None:
                self._require_kind(reference, given.kind, f"steps.{name}.{key}", body, key, known)
            wires.append(reference)
        return tuple(wires)

    def _reference(
        self,
        text: Any,
        path: str,
        parent: Any,
        key: Any,
        inputs: Mapping[str, InputSpec],
        known: Mapping[str, Op | None],
    ) -> Reference | None:
        name, _, part = str(text).partition(".")
        if name not in inputs and name not in known:
            hint = suggest(name, [*inputs, *known])
            self._fault(path, f"{text!r} is no step or input", parent, key, hint)
            return None
        found = known.get(name)
        if found is not None:
            names = [output.name for output in found.outputs if output.name]
            if names and part not in names:
                what = f"{found.name} gives {', '.join(names)}; say which"
                self._fault(path, what, parent, key, f"as {name}.{names[0]}")
                return None
            if part and not names and found.outputs[0].kind.is_array:
                self._fault(path, f"{name} is one image and has no part {part!r}", parent, key)
                return None
        return Reference(name, part)

    def _require_kind(
        self,
        reference: Reference,
        wanted: Kind,
        path: str,
        parent: Any,
        key: Any,
        known: Mapping[str, Op | None],
    ) -> None:
        found = known.get(reference.name)
        if found is None:
            return
        given = next((o.kind for o in found.outputs if o.name in ("", reference.part)), wanted)
        if not fits(given, wanted):
            what = f"must be {wanted.with_article}; {reference} is {given.with_article}"
            self._fault(path, what, parent, key)

    def _acyclic(self, steps: Mapping[str, Step], section: Any) -> None:
        waiting = cycle(steps)
        if waiting:
            what = f"the steps {', '.join(waiting)} wait for each other"
            self._fault(f"steps.{waiting[0]}", what, section, waiting[0])

    def _checks(
        self, document: Any, inputs: Mapping[str, InputSpec], steps: Mapping[str, Step]
    ) -> dict[str, CheckStep]:
        checks: dict[str, CheckStep] = {}
        ops = {name: step.op for name, step in steps.items()}
        for name, body in self._section(document, "checks").items():
            path = f"checks.{name}"
            try:
                found = get_check(str(body.get("check")))
            except GraticuleError as error:
                self._fault(f"{path}.check", error.what, body, "check", error.hint)
                continue
            reserved = ("check", "of", "at", "against")
            params = self._params(found.parameters, body, path, reserved)
            places = {"of": body.get("of", next(reversed(list(ops)), "")), "at": body.get("at")}
            places["at"] = places["at"] or next(iter(inputs))
            places["against"] = body.get("against")
            references = {
                key: self._reference(text, f"{path}.{key}", body, key, inputs, ops)
                for key, text in places.items()
                if text is not None
            }
            of, at = references["of"], references["at"]
            if of is not None and at is not None:
                against = references.get("against")
                checks[name] = CheckStep(name, found, params, of, at, against)
        return checks

    def _outputs(
        self, document: Any, inputs: Mapping[str, InputSpec], steps: Mapping[str, Step]
    ) -> tuple[Reference, ...]:
        ops = {name: step.op for name, step in steps.items()}
        wanted = document.get("outputs")
        if wanted is None:
            return tuple(_default_outputs(ops))
        if not isinstance(wanted, list):
            self._fault("outputs", "must be a list of steps", document, "outputs")
            return ()
        found = [
            self._reference(text, f"outputs[{i}]", wanted, i, inputs, ops)
            for i, text in enumerate(wanted)
        ]
        for i, reference in enumerate(found):
            if reference is not None and reference.part and self._is_table(reference, ops):
                what = f"{reference.name} is a table, which is written whole"
                self._fault(f"outputs[{i}]", what, wanted, i, f"as {reference.name}")
        return tuple(reference for reference in found if reference is not None)

    @staticmethod
    def _is_table(reference: Reference, ops: Mapping[str, Op]) -> bool:
        found = ops.get(reference.name)
        return found is not None and [o.kind for o in found.outputs] == [Kind.TABLE]

    def _figures(self, document: Any) -> tuple[Mapping[str, Any], ...]:
        wanted = document.get("report") or []
        if not isinstance(wanted, list):
            self._fault("report", "must be a list of figures", document, "report")
            return ()
        for i, body in enumerate(wanted):
            if not isinstance(body, dict) or not isinstance(body.get("figure"), str):
                what = "must be a mapping that names its figure"
                self._fault(f"report[{i}]", what, wanted, i, "as {figure: overlay, ...}")
        figures = [plain(body) for body in wanted if isinstance(body, dict)]
        return tuple({k: text_of(v) for k, v in figure.items()} for figure in figures)


def _default_outputs(ops: Mapping[str, Op]) -> list[Reference]:
    """Return the last step's result, whole or part by part."""
    if not ops:
        return []
    name = list(ops)[-1]
    return [Reference(name, output.name) for output in ops[name].outputs]


def _data_keys(found: Op) -> tuple[str, ...]:
    return ("op", "input", *(given.name for given in found.inputs[1:]))
