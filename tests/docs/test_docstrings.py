"""Every public name says in numpydoc's form what it takes, gives and raises, with an example."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from enum import Enum
from itertools import pairwise
from types import ModuleType
from typing import Any, TypeAlias

import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import ERROR_MSGS, Validator, validate
from reference.api import public_modules

from graticule.core.registry import Family, check_names, get_check, get_op, op_names

LEFT_OUT = {
    "ES01": "a first line that says all needs no second paragraph",
    "SA01": "not every name has another that its reader should see",
    "SA03": "what is said of another name goes on after its colon",
    "SA04": "a name may say by itself why it is there",
}
"""Rules of numpydoc that are not asked for, each with the reason."""

Said: TypeAlias = tuple[str, list[str]]


def _public() -> dict[str, Any]:
    """Return every public value by its name; one that has several, by the first."""
    ops_and_checks = [*map(get_op, op_names()), *map(get_check, check_names())]
    found = {each.name: each.function for each in ops_and_checks}
    for module in public_modules():
        for name in module.__all__:
            value = getattr(module, name)
            if not isinstance(value, (ModuleType, Family)):  # what they hold is here itself
                found[f"{module.__name__}.{name}"] = inspect.unwrap(
                    getattr(value, "function", value)
                )
    firsts = {id(value): name for name, value in reversed(found.items())}
    return {name: value for name, value in found.items() if firsts[id(value)] == name}


PUBLIC = _public()
CLASSES = [name for name, value in PUBLIC.items() if inspect.isclass(value)]
CALLED = [name for name, value in PUBLIC.items() if inspect.isfunction(value)] + CLASSES
CONSTANTS = [name for name in PUBLIC if name not in CALLED]


class Docstring(Validator):
    """A docstring whose fields of a class are its parameters.

    Dataclasses, named tuples and pydantic models say under Attributes what they are made of, each
    class what it adds to those it is made from.
    """

    def __init__(self, obj_name: Any) -> None:
        super().__init__(get_doc_object(obj_name, config={"show_class_members": False}))

    @property
    def signature_parameters(self) -> tuple[str, ...]:
        """What a caller gives; members of an enum and protocols are made by none."""
        if inspect.isclass(self.obj) and (
            issubclass(self.obj, Enum) or getattr(self.obj, "_is_protocol", False)
        ):
            return ()
        taken: tuple[str, ...] = super().signature_parameters
        return taken

    @property
    def doc_all_parameters(self) -> dict[str, Said]:
        """What is said of parameters and fields; of those of a class it is made from, by that."""
        own = self._said(self.obj, "Parameters", "Other Parameters", "Attributes")
        stated = self._said(self.obj, "Parameters", "Other Parameters")
        taken = self.signature_parameters
        said = {name: about for name, about in own.items() if name in taken or name in stated}
        inherited: dict[str, Said] = {}
        for each in reversed(_ours(self.obj)[1:]):
            inherited |= self._said(each, "Parameters", "Attributes")
        return {n: about for n, about in inherited.items() if n in taken and n not in own} | said

    @property
    def returns(self) -> list[Any]:
        """What is said of what is given back."""
        return [each._replace(desc=_with_literal_dtype(each.desc)) for each in super().returns]

    def _said(self, value: Any, *sections: str) -> dict[str, Said]:
        written = self if value is self.obj else Docstring(value)
        said: dict[str, Said] = written._doc_parameters(sections)
        return {name: (kind, _with_literal_dtype(about)) for name, (kind, about) in said.items()}


def _with_literal_dtype(about: list[str]) -> list[str]:
    """Return a description with the dtype it may begin with as code: it has no capital."""
    first = re.sub(r"\A(bool|u?int\d+|float\d+|complex\d+)\b", r"``\1``", "".join(about[:1]))
    return [first, *about[1:]]


def _ours(value: Any) -> list[Any]:
    """Return a function, or a class and those of Graticule that it is made from."""
    if not inspect.isclass(value):
        return [value]
    return [each for each in value.__mro__ if each.__module__.startswith("graticule")]


@pytest.mark.parametrize("name", CALLED)
def test_numpydoc_accepts_the_docstring(name: str) -> None:
    faults = validate(PUBLIC[name], Docstring)["errors"]
    assert [fault for fault in faults if fault[0] not in LEFT_OUT] == []


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_the_attributes_it_tells_of(name: str) -> None:
    value = PUBLIC[name]
    ours = _ours(value)
    source = "\n".join(inspect.getsource(each) for each in ours)
    there = {*dir(value), *re.findall(r"\bself\.(\w+)(?=[^\n]* = )", source)}
    there |= {field for each in ours for field in inspect.get_annotations(each)}
    told = Docstring(value)._doc_parameters(["Attributes"])
    assert [each for each in told if each not in there] == []


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_is_followed_by_what_it_is(name: str) -> None:
    module, _, constant = name.rpartition(".")
    assert _said_after(module, constant).endswith(".")


def _said_after(module: str, name: str) -> str:
    """Return the string after the line that a constant is made in, wherever that is."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    for statement, after in pairwise(tree.body):
        if isinstance(statement, ast.ImportFrom) and name in [
            each.name for each in statement.names
        ]:
            return _said_after(str(statement.module), name)
        made = [statement.target] if isinstance(statement, ast.AnnAssign) else []
        made = statement.targets if isinstance(statement, ast.Assign) else made
        if name in [getattr(each, "id", "") for each in made]:
            value = getattr(getattr(after, "value", None), "value", None)
            return value if isinstance(after, ast.Expr) and isinstance(value, str) else ""
    raise LookupError(f"{module} makes no {name}")


def test_a_rule_that_is_left_out_is_one() -> None:
    assert {*LEFT_OUT} <= {*ERROR_MSGS}
