"""A page as reStructuredText, and the parts that pages are made of."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

_UNDERLINES = "=-~^"


@dataclass(frozen=True)
class Page:
    """A page by its name below the folder of the reference, as ``ops/filters.gaussian``."""

    name: str
    text: str
    suffix: str = ".rst"


def heading(text: str, level: int = 0) -> str:
    """Return a heading."""
    return f"{text}\n{_UNDERLINES[level] * max(4, len(text))}\n"


def joined(*parts: str) -> str:
    """Return parts with an empty line between them; empty ones are left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def indented(text: str) -> str:
    """Return a text as the body of a directive."""
    return textwrap.indent(text.strip("\n"), "   ")


def directive(name: str, body: str = "", **options: str) -> str:
    """Return a directive; ``name`` may hold its arguments, as ``code-block:: yaml``."""
    name = name if "::" in name else f"{name}::"
    lines = [
        f".. {name}",
        *(f"   :{k.replace('_', '-')}: {v}".rstrip() for k, v in options.items()),
    ]
    return "\n".join(lines) + (f"\n\n{indented(body)}\n" if body.strip() else "\n")


def code(text: str, language: str = "yaml") -> str:
    """Return a block of code."""
    return directive(f"code-block:: {language}", text)


def toctree(names: Iterable[str], *, hidden: bool = False, depth: int = 1) -> str:
    """Return a table of contents."""
    options = {"maxdepth": str(depth)} | ({"hidden": ""} if hidden else {})
    return directive("toctree", "\n".join(names), **options)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], widths: str = "auto") -> str:
    """Return a table whose cells are reStructuredText; empty where there are no rows."""
    listed = [head, *rows]
    if len(listed) == 1:
        return ""
    body = []
    for row in listed:
        for number, cell in enumerate(row):
            mark = "* - " if number == 0 else "  - "
            body.append(textwrap.indent(cell or "\\ ", "    ").replace("    ", mark, 1))
    return directive("list-table", "\n".join(body), header_rows="1", widths=widths)


def plain(text: str) -> str:
    r"""Return a text for people in which nothing is markup, as reStructuredText.

    Examples
    --------
    >>> print(plain('files as "td/*.fits"'))
    files as "td/\*.fits"
    """
    marked = re.sub(r"([*`|\\]|_(?=\W|$))", r"\\\1", text)
    return marked.replace("tcp://", r"\tcp://")  # or it would be a link


def literal(value: Any) -> str:
    """Return a value as it is written, in type of one width."""
    text = str(value)
    return f"``{text}``" if text.strip() and "`" not in text else plain(text)


def numpydoc(docstring: str) -> str:
    """Return a docstring of numpydoc as reStructuredText."""
    from numpydoc.docscrape_sphinx import SphinxDocString

    text = str(SphinxDocString(inspect.cleandoc(docstring), config=_CONFIG))
    # for LaTeX it names every footnote once more, which leaves links to nowhere in the pages
    return re.sub(r"^\.\. only:: latex\n\n(?:   .*\n)+", "", text, flags=re.MULTILINE)


_CONFIG = {"show_class_members": False, "use_plots": False, "attributes_as_param_list": True}


def sections(docstring: str) -> Any:
    """Return the parsed sections of a docstring."""
    from numpydoc.docscrape import NumpyDocString

    return NumpyDocString(inspect.cleandoc(docstring))


def summary(docstring: str) -> str:
    """Return the first line of a docstring without marks of papers."""
    return re.sub(r"\s*\[\w+\]_", "", inspect.cleandoc(docstring).partition("\n")[0])


def named(entries: Iterable[Any]) -> dict[str, str]:
    """Return what a section of a docstring says of each name; ``a, b : int`` is of both."""
    return {
        name.strip().lstrip("*"): " ".join(entry.desc)
        for entry in entries
        for name in (entry.name or entry.type).split(",")
    }
