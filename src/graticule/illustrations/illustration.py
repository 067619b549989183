"""What an op is shown on, and which of its parameters is varied."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from graticule.core.document import dump, parse_document, plain
from graticule.core.image import Kind
from graticule.core.op import Op
from graticule.core.registry import get_op
from graticule.illustrations.samples import sample

WITHOUT = {
    "learn.assign": "applies the groups that a clustering found to a table",
    "learn.assign_image": "applies the groups that a clustering found to whole images",
    "learn.classify_image": "gives a class of a whole image",
    "learn.classify_objects": "gives a class of each row of a table",
    "learn.onnx": "applies a network trained elsewhere",
    "learn.regress": "applies a model that was fitted to a continuous target",
    "learn.regress_image": "gives a number of a whole image",
}
"""Ops that have no picture, and why a picture would say nothing."""

_MASKED = {
    "even": {"op": "filters.background", "width": 30},
    "bright": {"op": "threshold.otsu"},
    "whole": {"op": "segment.opening", "radius": 2},
}
_LABELLED = {**_MASKED, "labels": {"op": "segment.label"}}
_MEASURED = {**_LABELLED, "objects": {"op": "measure.regions", "intensity": "image"}}
_BEFORE: Mapping[Kind, Mapping[str, Any]] = {
    Kind.MASK: _MASKED,
    Kind.LABELS: _LABELLED,
    Kind.TABLE: _MEASURED,
    Kind.RECORD: _MEASURED,
}
"""The steps that make data of a kind of the sample of coins."""


@dataclass(frozen=True)
class Illustration:
    """How an op is shown.

    Attributes
    ----------
    op : Op
        The op.
    on : str
        The sample.
    steps : mapping
        The steps before, as in a pipeline.
    step : mapping
        What its own step says beside the op: its data and parameters.
    vary : mapping
        A parameter and its values; without one there is one result.
    part : str
        Of several outputs the one that is shown; by default the first.
    plot : tuple of str
        Of a table the columns that are drawn, the first one across.
    by : str
        Of a table the column that tells one line from another.
    places : tuple of str
        Of a table the columns of places that are drawn on the image: ``y``, ``x`` and a radius.
    before : str
        The step or input that is shown before; by default what the op takes.
    model : str
        What the model learns that the step applies: ``truth``, the classes of the sample.

    Examples
    --------
    >>> Illustration(get_op("filters.gaussian"), on="noisy", vary={"sigma": [1, 4]}).vary
    {'sigma': [1, 4]}
    """

    op: Op
    on: str
    steps: Mapping[str, Any] = field(default_factory=dict)
    step: Mapping[str, Any] = field(default_factory=dict)
    vary: Mapping[str, Any] = field(default_factory=dict)
    part: str = ""
    plot: tuple[str, ...] = ()
    by: str = ""
    places: tuple[str, ...] = ()
    before: str = ""
    model: str = ""

    @property
    def variants(self) -> dict[str, dict[str, Any]]:
        """What the step says in each result, by the name of the step."""
        said = {"op": self.op.name, **self.step}
        if self.model:
            said["model"] = f"{self.on}.model"
        if not self.vary:
            return {"result": said}
        ((name, values),) = self.vary.items()
        return {f"result_{n}": {**said, name: value} for n, value in enumerate(values, 1)}


def illustration_of(name: str) -> Illustration | None:
    """Return how an op is shown; None for one that has no picture.

    Parameters
    ----------
    name : str
        Of an op, as ``filters.gaussian``.

    Returns
    -------
    Illustration or None
        As said in a file of its family, or else what suits the kinds of its data.

    Raises
    ------
    UnknownNameError
        If there is no such op.

    Examples
    --------
    >>> illustration_of("filters.gaussian").on
    'noisy'
    """
    op = get_op(name)
    if name in WITHOUT:
        return None
    family, _, short = name.partition(".")
    said = _family(family)
    shown = {**said.get("every", {}), **said.get(short, {})}
    if not shown:
        return _by_kind(op)
    lists = {key: tuple(shown[key]) for key in ("plot", "places") if key in shown}
    return Illustration(op, **{**shown, **lists})


@cache
def _family(family: str) -> dict[str, Any]:
    """Return what is said of the ops of a family."""
    file = files("graticule.illustrations") / f"{family}.yaml"
    if not file.is_file():
        return {}
    document = parse_document(file.read_text("utf-8"), str(file))
    return dict(plain(document))


def _by_kind(op: Op) -> Illustration:
    """Return an illustration of an op that nothing is said of, from the kinds of its data."""
    steps = _BEFORE.get(op.inputs[0].kind, {})
    return Illustration(op, "coins", steps, vary=_varied(op))


def _varied(op: Op) -> dict[str, list[Any]]:
    """Return a parameter that is worth being varied: a choice, or a number and three times it."""
    for name, schema in op.parameters.schema().get("properties", {}).items():
        default = schema.get("default")
        if "enum" in schema:
            return {name: schema["enum"][:3]}
        is_number = isinstance(default, int | float) and not isinstance(default, bool)
        if is_number and default > 0 and not op.parameters.faults({name: 3 * default}):
            return {name: [default, 3 * default]}
    return {}


def document_of(illustration: Illustration) -> str:
    """Return the pipeline of an illustration as text, with the first value of what is varied.

    Parameters
    ----------
    illustration : Illustration
        Of any op.

    Returns
    -------
    str
        YAML that `Pipeline.loads` reads.

    Examples
    --------
    >>> print(document_of(illustration_of("threshold.otsu")))
    graticule: 1
    name: otsu
    steps:
      otsu: {op: threshold.otsu}
    <BLANKLINE>
    """
    short = illustration.op.name.partition(".")[2]
    first = next(iter(illustration.variants.values()))
    inputs = sample(illustration.on)
    further = [name for name in inputs if name != "image"]
    last = "result" if short in {*illustration.steps, *inputs} else short
    used = [name for name in further if name in _references(illustration)]
    lines = ["graticule: 1", f"name: {short}"]
    if used:
        lines += ["inputs:", "  image: {}"]
        lines += [f'  {name}: "{{stem}}_{name}.tif"' for name in used]
    lines.append("steps:")
    steps = {**illustration.steps, last: first}
    return "\n".join([*lines, *(f"  {name}: {_flow(step)}" for name, step in steps.items())]) + "\n"


def _references(illustration: Illustration) -> set[str]:
    """Return every text of the steps, among which are the names of inputs."""
    steps = [*illustration.steps.values(), *illustration.variants.values()]
    return {value for step in steps for value in step.values() if isinstance(value, str)}


def _flow(step: Mapping[str, Any]) -> str:
    """Return a step in one line of YAML."""
    from ruamel.yaml.comments import CommentedMap

    line = CommentedMap(step)
    line.fa.set_flow_style()
    return " ".join(io.StringIO(dump(line)).read().split())
