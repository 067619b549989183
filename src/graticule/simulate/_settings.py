"""Parameters of simulators by their dotted names: checked, and drawn where a range is given."""

from __future__ import annotations

import dataclasses
import inspect
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, get_args, get_type_hints

import numpy as np

from graticule.core.errors import ParameterError, suggest

_RANGE = re.compile(r"\s*([-+.\deE]+?)\s*\.\.\s*([-+.\deE]+)\s*")
_NOT_SET = ("seed",)


def known(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the annotation of every parameter; those of a group are ``group.name``."""
    hints = get_type_hints(function)
    found: dict[str, Any] = {}
    for name in inspect.signature(function).parameters:
        group = _group(hints[name])
        if name in _NOT_SET:
            continue
        if group is None:
            found[name] = hints[name]
        else:
            inner = get_type_hints(group)
            found |= {f"{name}.{f.name}": inner[f.name] for f in dataclasses.fields(group)}
    return found


def _group(annotation: Any) -> type[Any] | None:
    """Return the dataclass that an annotation allows, if any."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and dataclasses.is_dataclass(part):
            return part
    return None


def drawn(values: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Return values with a number for each range ``low..high``.

    Whole numbers are drawn alike, others too, or alike on a logarithmic scale where both ends
    are above 0 and a factor of 5 or more apart.
    """
    return {name: _one(value, rng) for name, value in values.items()}


def _one(value: Any, rng: np.random.Generator) -> Any:
    match = _RANGE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    try:
        low, high = (float(end) for end in match.groups())
    except ValueError:
        return value
    if low > high:
        raise ParameterError(f"the range {value} ends below its start", hint=f"{high:g}..{low:g}")
    if all(re.fullmatch(r"[-+]?\d+", end) for end in match.groups()):
        return int(rng.integers(int(low), int(high) + 1))
    if low > 0 and high >= 5 * low:
        return float(math.exp(rng.uniform(math.log(low), math.log(high))))
    return float(rng.uniform(low, high))


def arguments(function: Callable[..., Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return keyword arguments of a function, checked against its annotations.

    Raises
    ------
    ParameterError
        If a name is unknown, or a value is not what its annotation says.
    """
    from pydantic import ConfigDict, TypeAdapter, ValidationError

    allowed, hints = known(function), get_type_hints(function)
    plain: dict[str, Any] = {}
    groups: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        if name not in allowed:
            raise ParameterError(
                f"{function.__name__} has no parameter {name!r}",
                hint=suggest(name, list(allowed)),
            )
        try:
            good = TypeAdapter(
                allowed[name], config=ConfigDict(allow_inf_nan=False)
            ).validate_python(value)
        except ValidationError as error:
            what = error.errors()[0]["msg"].removeprefix("Input should be ")
            raise ParameterError(f"must be {what}, not {value!r}", where=name) from None
        group, dot, inner = name.partition(".")
        if dot:
            groups.setdefault(group, {})[inner] = good
        else:
            plain[name] = good
    for name, inner_values in groups.items():
        kind = _group(hints[name])
        assert kind is not None
        plain[name] = kind(**inner_values)
    return plain
