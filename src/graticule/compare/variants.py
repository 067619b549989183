"""The variants of a pipeline in one step: other ops of its kind, and grids of parameters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graticule.core.errors import GraticuleError, RequestError, UnknownNameError, suggest
from graticule.core.op import Op
from graticule.core.registry import get_op, op_names
from graticule.pipeline.change import with_op, with_values
from graticule.pipeline.spec import Spec

MOST = 100


@dataclass(frozen=True)
class Variant:
    """One way to do a step: the pipeline that does it so, or why there can be none.

    Its name is shown: the op, and the parameters that are varied.
    """

    name: str
    pipeline: Spec | None
    fault: str = ""


def find_step(pipeline: Spec, name: str) -> str:
    """Return the step a name means: its own, or the family of ops it alone is of.

    Raise `UnknownNameError` if no step is meant, or several are.
    """
    if name in pipeline.steps:
        return name
    family = [s for s, step in pipeline.steps.items() if _family(step.op.name) == name]
    if len(family) == 1:
        return family[0]
    if family:
        raise UnknownNameError(
            f"{len(family)} steps are of the family {name}", hint=f"say which: {', '.join(family)}"
        )
    raise UnknownNameError(
        f"the pipeline {pipeline.name} has no step {name!r}", hint=suggest(name, [*pipeline.steps])
    )


def alternatives(op: Op) -> list[str]:
    """Return the ops that could stand in the place of one: same data in, same kind out.

    An op that cannot do without a parameter of its own has to be named to be tried.

    Examples
    --------
    >>> "threshold.triangle" in alternatives(get_op("threshold.otsu"))
    True
    """
    same_family = [name for name in op_names() if _family(name) == _family(op.name)]
    return [name for name in same_family if _fits(get_op(name), op)]


def _fits(other: Op, op: Op) -> bool:
    def needed(some: Op) -> list[Any]:
        return [each.kind for each in some.inputs if not each.optional]

    one_output = [out.kind for out in other.outputs] == [out.kind for out in op.outputs]
    return one_output and needed(other) == needed(op) and not other.parameters.faults({})


def _family(name: str) -> str:
    return name.partition(".")[0]


def make_variants(
    pipeline: Spec,
    step: str,
    *,
    ops: Sequence[str] = (),
    grid: Mapping[str, Sequence[Any]] | None = None,
) -> list[Variant]:
    """Return all variants to be compared, the pipeline as it is among them.

    Parameters
    ----------
    pipeline : Spec
        As it is.
    step : str
        The step that other ops are tried for.
    ops : sequence of str
        Names of ops, or of families (as ``threshold`` or ``thresholds``): all of their ops that
        fit.
    grid : mapping
        Values to try by ``step.parameter``; every combination is tried, with every op.

    Raises
    ------
    RequestError, UnknownNameError
        If there is nothing to compare, too much of it, or a name is not known.
    """
    current = pipeline.steps[step].op
    names = list(dict.fromkeys([current.name, *_resolve_ops(ops, current)]))
    grid = grid or {}
    for name, values in grid.items():
        _require_parameter(pipeline, name, step, names)
        if not values:
            raise RequestError(f"--over {name} names no value")
    count = len(names) * math.prod(len(values) for values in grid.values())
    if not 2 <= count <= MOST:
        what = "there is nothing to compare" if count < 2 else f"{count} ways are too many"
        hint = (
            f"--try {_family(current.name)}, or --over step.parameter=value,value"
            if count < 2
            else f"at most {MOST}; try fewer values"
        )
        raise RequestError(what, hint=hint)
    points = [dict(zip(grid, point, strict=True)) for point in itertools.product(*grid.values())]
    variants: dict[str, Variant] = {}
    for name in names:
        for point in points:
            # An op that does not have a parameter is tried once, not for each of its values.
            own_values = {key: v for key, v in point.items() if _has(pipeline, key, step, name)}
            variant = _variant(pipeline, step, name, own_values, len(names) > 1)
            variants.setdefault(variant.name, variant)
    return list(variants.values())


def _resolve_ops(requested: Sequence[str], current: Op) -> list[str]:
    ops: list[str] = []
    families = sorted({_family(name) for name in op_names()})
    for name in requested:
        if name in op_names():
            ops.append(name)
            continue
        family = name if name in families else name.removesuffix("s")
        if family not in families:
            raise UnknownNameError(
                f"{name!r} is neither an op nor a family of ops",
                hint=suggest(name, [*families, *op_names()]),
            )
        fitting = [other for other in alternatives(current) if _family(other) == family]
        if not fitting:
            raise RequestError(
                f"no op of the family {family} can stand for {current.name}", hint="name the ops"
            )
        ops += fitting
    return ops


def _require_parameter(pipeline: Spec, name: str, step: str, ops: Sequence[str]) -> None:
    owner, _, parameter = name.partition(".")
    if owner not in pipeline.steps:
        raise UnknownNameError(
            f"--over {name}: there is no step {owner!r}", hint=suggest(owner, [*pipeline.steps])
        )
    known = {p for op in ops for p in get_op(op).parameters.names} if owner == step else set()
    known |= set(pipeline.steps[owner].op.parameters.names)
    if parameter not in known:
        raise UnknownNameError(
            f"--over {name}: {owner} has no parameter {parameter!r}",
            hint=suggest(parameter, sorted(known)),
        )


def _variant(
    pipeline: Spec, step: str, op: str, values: Mapping[str, Any], several: bool
) -> Variant:
    words = [op] if several else []
    for name, value in values.items():
        words.append(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}")
    name = " ".join(words)
    try:
        as_it_is = op == pipeline.steps[step].op.name
        made = pipeline if as_it_is else with_op(pipeline, step, get_op(op))
        return Variant(name, with_values(made, values) if values else made)
    except GraticuleError as error:
        return Variant(name, None, str(error))


def _has(pipeline: Spec, name: str, step: str, op: str) -> bool:
    owner, _, parameter = name.partition(".")
    target = get_op(op) if owner == step else pipeline.steps[owner].op
    return parameter in target.parameters.names
