"""The Python API: a page for every package that says by ``__all__`` what is public."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import graticule
from reference.page import Page, directive, heading, joined, table, toctree


def pages() -> Iterator[Page]:
    """Give the page of every public package, and the one that lists them."""
    modules = public_modules()
    rows = [(f":doc:`{m.__name__}`", (m.__doc__ or "").strip().partition("\n")[0]) for m in modules]
    yield Page(
        "api/index",
        joined(
            heading("Python"),
            "``import graticule as gt``; operations are ``gt.family.name`` and have "
            ":doc:`pages of their own <../ops/index>`.",
            table(("package", "what it knows"), rows, widths="30 70"),
            toctree((m.__name__ for m in modules), hidden=True),
        ),
    )
    told: dict[int, str] = {}
    for module in modules:
        yield Page(f"api/{module.__name__}", _module(module, told))


def public_modules() -> list[ModuleType]:
    """Return the packages and modules with a list of what is public, none in a private one.

    No other is imported: some need packages that are not installed everywhere.
    """
    folder = Path(graticule.__path__[0])
    names = []
    for file in sorted(folder.rglob("*.py")):
        parts = ("graticule", *file.relative_to(folder).with_suffix("").parts)
        is_private = any(part.startswith("_") and part != "__init__" for part in parts)
        if not is_private and re.search(r"^__all__ = ", file.read_text("utf-8"), re.MULTILINE):
            names.append(".".join(part for part in parts if part != "__init__"))
    return [importlib.import_module(name) for name in sorted(names)]


def _module(module: ModuleType, told: dict[int, str]) -> str:
    """Return the page of a module; what another page tells of is no more than a link to it."""
    name = module.__name__
    parts = [heading(name), directive(f"py:module:: {name}"), inspect.getdoc(module) or ""]
    for member in sorted(module.__all__):
        value, full = getattr(module, member), f"{name}.{member}"
        if not inspect.isclass(value) and not inspect.isfunction(value):
            continue
        first = told.setdefault(id(value), full)
        if first != full:
            parts.append(f"``{member}`` is :py:obj:`{first}`.")
        elif inspect.isfunction(value):
            parts.append(directive(f"autofunction:: {full}"))
        else:
            parts.append(_class(full, value))
    return joined(*parts)


def _class(full: str, value: type) -> str:
    """Return the directive of a class, without what another package put there."""
    foreign = [
        name
        for name, member in vars(value).items()
        if not str(getattr(member, "__module__", "graticule")).startswith("graticule")
    ]
    return directive(
        f"autoclass:: {full}",
        members="",
        show_inheritance="",
        exclude_members=", ".join(sorted(foreign)),
    )
