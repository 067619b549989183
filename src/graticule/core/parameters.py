"""Parameters declared once, as keyword-only arguments: validation, schema and canonical form."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Collection, Mapping
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from graticule.core.errors import ParameterError, suggest


def column_of(value: Any) -> str | None:
    """Return the column that a parameter has its value from, ``{column: NAME}``; else None."""
    if (
        isinstance(value, Mapping)
        and list(value) == ["column"]
        and isinstance(value["column"], str)
    ):
        return str(value["column"])
    return None


class Parameters:
    """The parameters of a function, from the annotations of its keyword-only arguments.

    Parameters
    ----------
    function : callable
        Its keyword-only arguments are the parameters; each needs an annotation.
    owner : str
        Shown in errors, as ``filters.gaussian``.
    """

    def __init__(self, function: Callable[..., Any], owner: str) -> None:
        self.owner = owner
        self._function = function
        for name, parameter in self._declared().items():
            if parameter.annotation is inspect.Parameter.empty:
                raise TypeError(f"{owner}: the parameter {name} has no annotation")

    def _declared(self) -> dict[str, inspect.Parameter]:
        declared = inspect.signature(self._function).parameters.items()
        return {name: each for name, each in declared if each.kind is each.KEYWORD_ONLY}

    @cached_property
    def _fields(self) -> dict[str, Any]:
        """Annotation and default by name; ``...`` where there is none."""
        hints = typing.get_type_hints(self._function, include_extras=True)
        return {
            name: (hints[name], ... if each.default is each.empty else each.default)
            for name, each in self._declared().items()
        }

    @cached_property
    def _leaves(self) -> dict[str, frozenset[Any]]:
        return {name: _leaves(annotation) for name, (annotation, _) in self._fields.items()}

    @cached_property
    def model(self) -> type[BaseModel]:
        """Model that validates them."""
        rules = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)
        return create_model(self.owner.replace(".", "_"), __config__=rules, **self._fields)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the order of declaration."""
        return tuple(self._fields)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The defaults as JSON values, of parameters that have one."""
        required = [name for name, (_, default) in self._fields.items() if default is ...]
        known = self.without(required)
        return known.canonical(known.validate({}))

    def validate(self, values: Mapping[str, Any], *, folder: Path | None = None) -> dict[str, Any]:
        """Return all parameters, validated, with defaults filled in.

        Parameters that name a file take its path as relative to ``folder``, by default the
        working folder.

        Raises
        ------
        ParameterError
            Naming every parameter at fault, what it must be and what came.
        """
        validated, faults = self._validated(values, folder)
        if validated is not None and not faults:
            return {name: getattr(validated, name) for name in self.names}
        if len(faults) == 1:
            (name, what), *_ = faults.items()
            raise ParameterError(what, where=f"{self.owner}.{name}")
        text = "; ".join(f"{name}: {what}" for name, what in faults.items())
        raise ParameterError(text, where=self.owner)

    def takes_text(self, name: str) -> bool:
        """Whether a parameter is a text, and no number can be meant."""
        return self._leaves[name] - {type(None)} == {str}

    def without(self, names: Collection[str]) -> Parameters:
        """Return all parameters but some, whose values are known elsewhere or not yet."""
        if not names:
            return self
        found = copy(self)
        for name in ("model", "defaults", "_leaves"):
            found.__dict__.pop(name, None)
        found._fields = {name: field for name, field in self._fields.items() if name not in names}
        return found

    def faults(self, values: Mapping[str, Any], *, folder: Path | None = None) -> dict[str, str]:
        """Return what is wrong with each parameter at fault, by name."""
        return self._validated(values, folder)[1]

    def _validated(
        self, values: Mapping[str, Any], folder: Path | None
    ) -> tuple[BaseModel | None, dict[str, str]]:
        """Return what the model makes of parameters, and what is wrong with those at fault."""
        faults = {
            name: f"must be {self._wanted(name)}, not {value!r}"
            for name, value in values.items()
            if name in self._leaves and _is_disguised(value, self._leaves[name])
        }
        try:
            return self.model.model_validate(dict(values), context={"folder": folder}), faults
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                name = str(detail["loc"][0])
                faults.setdefault(name, self._fault(name, detail))
        return None, faults

    def _fault(self, name: str, detail: Any) -> str:
        if detail["type"] == "extra_forbidden":
            hint = suggest(name, self.names)
            return f"there is no such parameter{f' ({hint})' if hint else ''}"
        if detail["type"] == "missing":
            return "must be given"
        path = ".".join(str(part) for part in detail["loc"][1:] if not str(part).isidentifier())
        return f"{f'[{path}] ' if path else ''}{message_of(detail)}"

    def _wanted(self, name: str) -> str:
        leaves = self._leaves[name]
        return " or ".join(sorted(getattr(leaf, "__name__", str(leaf)) for leaf in leaves))

    def canonical(self, validated: Mapping[str, Any]) -> dict[str, Any]:
        """Return validated parameters as JSON values, equal for equal meaning."""
        dumped = self.model.model_construct(**validated).model_dump(mode="json")
        return {name: dumped[name] for name in self.names}

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema."""
        return self.model.model_json_schema()


def message_of(detail: Any) -> str:
    """Return what pydantic says of a value, with the value, as our errors say it."""
    text = str(detail["msg"]).removeprefix("Value error, ")
    shown = "" if repr(detail["input"]) in text else f", not {detail['input']!r}"
    return f"{text[0].lower()}{text[1:]}{shown}"


def _leaves(annotation: Any) -> frozenset[Any]:
    """Return the plain types an annotation admits at its top."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _leaves(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return frozenset().union(*(_leaves(arg) for arg in typing.get_args(annotation)))
    if origin is typing.Literal:
        return frozenset(type(arg) for arg in typing.get_args(annotation))
    return frozenset({origin or annotation})


def _is_disguised(value: Any, leaves: frozenset[Any]) -> bool:
    """Whether pydantic would quietly read a bool as a number, or a text as one."""
    if isinstance(value, bool):
        return bool(leaves & {int, float}) and bool not in leaves
    return isinstance(value, str) and leaves <= {int, float, bool, type(None)}
