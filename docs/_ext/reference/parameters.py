"""Parameters as a table: of an op, a check or a figure, from their schema and their docstring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reference.page import literal, named, sections, table

_LIMITS = {
    "minimum": ">=", "ge": ">=", "exclusiveMinimum": ">", "gt": ">",
    "maximum": "<=", "le": "<=", "exclusiveMaximum": "<", "lt": "<",
}  # fmt: skip
_WORDS = {"integer": "whole number", "string": "text", "boolean": "true or false",
          "object": "mapping", "null": "nothing"}  # fmt: skip
_QUANTITIES = {
    "length": "number of samples, or a length as ``0.5 um``",
    "duration": "number of samples, or a duration as ``45 s``",
    "area": "number of samples, or an area as ``20 um2``",
}


def parameter_table(schema: Mapping[str, Any], docstring: str) -> str:
    """Return the table of the properties of a schema, with what the docstring says of each."""
    said = named(sections(docstring)["Parameters"])
    rows = [
        (literal(name), what, _type(found), _default(found), said.get(name, ""))
        for name, found in schema.get("properties", {}).items()
        for what in [str(found.get("title", ""))]
    ]
    return table(("name", "title", "may be", "default", "what it is"), rows)


def _default(found: Mapping[str, Any]) -> str:
    return literal(found["default"]) if "default" in found else "must be given"


def _type(found: Mapping[str, Any]) -> str:
    limits = " ".join(f"{sign} {found[key]:g}" for key, sign in _LIMITS.items() if key in found)
    return f"{_kind(found)} {limits}".strip()


def _kind(found: Mapping[str, Any]) -> str:
    if "enum" in found or "const" in found:
        return ", ".join(literal(value) for value in found.get("enum", [found.get("const")]))
    if found.get("format") in _QUANTITIES:
        return _QUANTITIES[found["format"]]
    if "anyOf" in found:
        return " or ".join(dict.fromkeys(_type(each) for each in found["anyOf"]))
    kind = str(found.get("type", "any value"))
    if kind == "array":
        parts = found.get("prefixItems") or list(filter(None, [found.get("items")]))
        kinds = ", ".join(dict.fromkeys(_kind(each) for each in parts))
        return f"list of {kinds}" if kinds else "list"
    return _WORDS.get(kind, kind)
