"""Every key of the documents that people write, from the models that validate them."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from graticule.clustering.document import ClusteringDocument
from graticule.learn.document.document import TrainingDocument
from graticule.pipeline.parse import PipelineDocument
from reference.page import (
    Page,
    code,
    heading,
    joined,
    literal,
    named,
    numpydoc,
    sections,
    table,
    toctree,
)

EXAMPLES = Path(__file__).parent / "examples"
"""For each document files in which every key is used; tests hold them to it."""

DOCUMENTS: dict[str, tuple[type[BaseModel], str]] = {
    "pipeline": (PipelineDocument, "Every step by its name, what is checked, and what is written."),
    "training": (
        TrainingDocument,
        "What labels mean, what is held out, and what learns from them.",
    ),
    "clustering": (
        ClusteringDocument,
        "What is grouped, by which numbers, and against which null.",
    ),
}
_GUIDES = {"pipeline": "/studies", "training": "/training", "clustering": "/clustering"}


def pages() -> Iterator[Page]:
    """Give the page of every document, and the one that lists them."""
    rows = [(f":doc:`{name}`", about) for name, (_, about) in DOCUMENTS.items()]
    about = "The YAML files that people write. ``graticule check FILE`` shows every fault at once."
    listed = table(("document", "what it says"), rows)
    yield Page(
        "documents/index",
        joined(heading("Documents"), about, listed, toctree(DOCUMENTS, hidden=True)),
    )
    for name, (model, about) in DOCUMENTS.items():
        yield Page(f"documents/{name}", _document(name, model, about))


def _document(name: str, model: type[BaseModel], about: str) -> str:
    parts = [heading(f"The {name} document"), about, f"The guide: :doc:`{_GUIDES[name]}`."]
    for path, section in sections_of(model):
        title = f"Keys of ``{path}``" if path else "Keys at the top"
        parts += [heading(title, 1), keys(section)]
    parts.append(heading("An example of every key", 1))
    parts += [code(file.read_text("utf-8")) for file in sorted(EXAMPLES.glob(f"{name}*.yaml"))]
    return joined(*parts)


def keys(model: type[BaseModel]) -> str:
    """Return what a model says of itself, and the table of its keys."""
    docstring = inspect.cleandoc(model.__doc__ or "")
    return joined(numpydoc(docstring.partition("\n\nAttributes\n")[0]), model_table(model))


def sections_of(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Give a model and those of its keys, each with where it stands, as ``steps.NAME``."""
    yield path, model
    for key, field in model.model_fields.items():
        for inner, by_name in _models(field.annotation):
            place = f"{path}.{key}".lstrip(".") + (".NAME" if by_name else "")
            yield from sections_of(inner, place)


def _models(annotation: Any, by_name: bool = False) -> Iterator[tuple[type[BaseModel], bool]]:
    """Give the models that a value may be, and whether it is a mapping of names to them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, by_name
    origin = typing.get_origin(annotation)
    named_values = isinstance(origin, type) and issubclass(origin, dict)
    for part in typing.get_args(annotation):
        yield from _models(part, by_name or named_values)


def model_table(model: type[BaseModel]) -> str:
    """Return the keys of a model: what may be, the default, and what it is."""
    rows = [
        (literal(key), _type(field.annotation), _default(field), described(model).get(key, ""))
        for key, field in model.model_fields.items()
    ]
    return table(("key", "may be", "default", "what it is"), rows) or "It has no keys."


def described(model: type[BaseModel]) -> dict[str, str]:
    """Return what the docstrings of a model and of those it is made from say of its keys."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, BaseModel) and each is not BaseModel:
            found |= named(sections(each.__doc__ or "")["Attributes"])
    return found


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be given"
    default = field.get_default(call_default_factory=True)
    if default is PydanticUndefined or default in (None, "", {}, [], ()):
        return ""
    if isinstance(default, BaseModel):
        return "as below"
    return literal(", ".join(map(str, default)) if isinstance(default, tuple) else default)


_WORDS: dict[Any, str] = {
    str: "text", int: "whole number", float: "number", bool: "true or false", Any: "any value",
    type(None): "",
}  # fmt: skip


def _type(annotation: Any) -> str:
    """Return what a value may be, in words."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type(parts[0])
    if origin is typing.Literal:
        return ", ".join(literal(part) for part in parts)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(filter(None, map(_type, parts))))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "mapping, see below"
    if isinstance(origin, type):
        words = dict.fromkeys(filter(None, (_type(p) for p in parts if p is not ...)))
        if origin in (tuple, list):
            return f"list of {', '.join(words)}"
        return "mapping of names" + (", see below" if any("below" in w for w in words) else "")
    return {"Op": "name of an operation", "Check": "name of a check"}.get(
        getattr(annotation, "__name__", ""), str(annotation)
    )
