"""Pipelines with other values of their parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.document import as_written, dump, parse_document, plain
from graticule.core.errors import Fault, PipelineError, suggest
from graticule.core.op import Op
from graticule.core.quantity import Amount
from graticule.pipeline.parse import parse
from graticule.pipeline.spec import Spec


def with_values(pipeline: Spec, values: Mapping[str, Any]) -> Spec:
    """Return a pipeline with ``step.parameter`` (or ``check.parameter``) values changed.

    The text is changed with it, so that comments stay and a run can be repeated from it.
    """
    document = parse_document(pipeline.text, pipeline.source)
    sections = [document.get(section) or {} for section in ("checks", "steps")]
    bodies = {as_written(name): body for section in sections for name, body in section.items()}
    faults = []
    for key, value in values.items():
        name = str(key)
        owner, _, parameter = name.partition(".")
        if owner not in bodies or not parameter:
            hint = suggest(owner, [*pipeline.steps, *pipeline.checks])
            faults.append(Fault(name, "is no parameter of a step or check", hint=hint))
            continue
        try:
            bodies[owner][parameter] = _writable(value)
        except TypeError as error:
            faults.append(Fault(name, str(error)))
    if faults:
        raise PipelineError(faults, source="--set")
    found = parse(dump(document), source=pipeline.source)
    written = {name: pipeline.parameter(name) for name in map(str, values)} | dict(pipeline.changed)
    return replace(
        found, changed={n: was for n, was in written.items() if was != found.parameter(n)}
    )


def with_op(pipeline: Spec, step: str, op: Op) -> Spec:
    """Return a pipeline in which a step is done by another op; the text is changed with it.

    Data is handed over in the same order, and parameters that both ops have keep their values.

    Raises
    ------
    PipelineError
        If the other steps cannot go on with what the op gives.
    """
    document = parse_document(pipeline.text, pipeline.source)
    old = pipeline.steps[step].op
    body = next(b for key, b in document["steps"].items() if as_written(key) == step)
    body["op"] = op.name
    wires = [body.pop(data.name, None) for data in old.inputs[1:]]
    for name in old.parameters.names:
        if name in body and op.parameters.faults({name: plain(body[name])}).get(name):
            del body[name]
    for data, wire in zip(op.inputs[1:], wires, strict=False):
        if wire is not None:
            body[data.name] = wire
    return parse(dump(document), source=pipeline.source)


def _writable(value: Any) -> Any:
    """Return a parameter's value as a document can hold it.

    Raises
    ------
    TypeError
        If there is no such form.
    """
    if isinstance(value, Amount):
        return value.canonical()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(key): _writable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_writable(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, (str, int, float, date)):
        return value
    if isinstance(value, Real):
        return float(value)
    raise TypeError(f"must be a number, a text, or a list or mapping of these, not {value!r}")
