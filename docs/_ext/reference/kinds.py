"""A page for every check, figure, format, recipe, kind of method and clustering step."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from graticule.core.registry import check_names, get_check
from graticule.io.format import Format, formats
from graticule.learn.clustering import STEPS
from graticule.learn.methods.items import ITEM_KINDS
from graticule.learn.methods.kind import METHOD_KINDS
from graticule.recipes import examples, question_of
from graticule.report import figures as drawn
from reference.documents import keys, model_table, sections_of
from reference.page import (
    Page,
    code,
    directive,
    heading,
    joined,
    literal,
    numpydoc,
    plain,
    summary,
    table,
    toctree,
)
from reference.parameters import parameter_table


def pages() -> Iterator[Page]:
    """Give the pages of all of them."""
    yield from _checks()
    yield from _figures()
    yield from _formats()
    yield from _recipes()
    yield from _methods()
    yield from _clustering_steps()


def _index(folder: str, title: str, about: str, entries: Iterable[tuple[str, str]]) -> Page:
    """Return the page that lists pages by name, each with what it is."""
    listed = list(entries)
    rows = [(f":doc:`{name}`", what) for name, what in listed]
    body = (heading(title), about, table(("name", "what it is"), rows, widths="25 75"))
    return Page(f"{folder}/index", joined(*body, toctree(dict(listed), hidden=True)))


def _checks() -> Iterator[Page]:
    checks = {name: get_check(name) for name in check_names()}
    about = (
        "A check says how far an answer can be trusted. It stands in a pipeline under ``checks:`` "
        "and its columns stand beside the number."
    )
    yield _index("checks", "Checks", about, ((n, c.summary) for n, c in checks.items()))
    for name, check in checks.items():
        docstring = check.__doc__ or ""
        figure = check.figure
        drawn = f"``report: [{{figure: {figure.name}, of: {name}}}]`` draws it." if figure else ""
        signature = f"py:function:: graticule.evaluate.checks.{name}(subject, **parameters)"
        yield Page(
            f"checks/{name}",
            joined(
                heading(name),
                directive(signature, numpydoc(docstring)),
                heading("Parameters in a pipeline", 1),
                parameter_table(check.parameters.schema(), docstring),
                heading("What its columns mean", 1),
                plain(check.meaning(check.parameters.defaults)),
                drawn,
            ),
        )


def _figures() -> Iterator[Page]:
    figures = {name: figure for name in drawn.kinds() if (figure := drawn.find(name))}
    about = (
        "A figure is an entry of a pipeline's ``report:``, as ``report: [{figure: NAME, ...}]``."
    )

    def what(figure: Any) -> str:
        return summary(figure.function.__doc__ or "")

    yield _index("figures", "Figures", about, ((n, what(f)) for n, f in figures.items()))
    for name, figure in figures.items():
        options = list(inspect.signature(figure.function).parameters.values())[1:]
        keys = ", ".join(f"{o.name}: ..." for o in options if o.default is o.empty)
        said = numpydoc(figure.function.__doc__ or "")
        per = "once for all images" if figure.per == "study" else "for each image that is shown"
        entry = f"report:\n- {{figure: {name}{', ' if keys else ''}{keys}}}"
        yield Page(
            f"figures/{name}", joined(heading(name), said, f"It is drawn {per}.", code(entry))
        )


def _formats() -> Iterator[Page]:
    known = {format.name: format for format in formats()}
    about = (
        "What is read and written. :doc:`/formats` says for each what is kept of axes, sizes and "
        "units, what is lost, and what is refused and why."
    )
    entries = ((_file_name(name), _module_line(f)) for name, f in known.items())
    yield _index("formats", "File formats", about, entries)
    for name, format in known.items():
        yield Page(f"formats/{_file_name(name)}", page_of_format(format))


def _file_name(name: str) -> str:
    return name.lower().replace(" ", "-").replace("/", "-")


def _module_doc(format: Format) -> str:
    return inspect.getdoc(sys.modules[format.open.__module__]) or ""


def _module_line(format: Format) -> str:
    return f"{format.name}: {_module_doc(format).partition(chr(10))[0]}"


def page_of_format(format: Format) -> str:
    """Return the page of a format."""
    can = {
        "is read": "yes",
        "is written": "yes" if format.write else "no",
        "known by the endings": ", ".join(map(literal, format.suffixes)) or "its content",
        "written for the endings": ", ".join(map(literal, format.write_suffixes or format.suffixes))
        if format.write
        else "",
        "an image is": "a folder" if format.is_folder else "a file",
        "pyramid levels are read": "yes" if format.levels else "no",
        "may hold several images": "yes, by name" if format.names else "no",
        "palettes are read as labels": "yes" if format.open_labels else "",
    }
    prose, mark, example = _module_doc(format).partition(">>> ")
    return joined(
        heading(format.name),
        prose,
        table(("what", "how"), ((key, value) for key, value in can.items() if value)),
        heading("An example", 1),
        code(f"{mark}{example}", "pycon"),
        "What is kept and what is lost, row by row: :doc:`/formats`.",
    )


def _recipes() -> Iterator[Page]:
    about = (
        "A recipe is a way to the answer of a real problem, with its example, its checks, its "
        "expected numbers and its limits. ``graticule demo NAME`` runs it on its example."
    )
    folders = examples()
    yield _index("recipes", "Recipes", about, ((name, question_of(name)[1]) for name in folders))
    for name, folder in folders.items():
        yield Page(f"recipes/{name}", _recipe(name, folder), ".md")


def _recipe(name: str, folder: Path) -> str:
    """Return the README of a recipe with its documents and numbers, as Markdown."""
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    blocks = [("Run it", "console", f"graticule demo {name}")]
    blocks += [
        (f"Its {file.stem}", "yaml", file.read_text("utf-8"))
        for file in sorted(folder.glob("*.yaml"))
    ]
    blocks.append(("What its example must give", "json", json.dumps(expected, indent=1)))
    readme = (folder / "README.md").read_text("utf-8")
    parts = [re.sub(r"\]\([./]+/docs/", "](/", readme)]
    parts += [f"## {title}\n\n```{kind}\n{text.strip()}\n```\n" for title, kind, text in blocks]
    return "\n".join(parts)


def _methods() -> Iterator[Page]:
    about = (
        "What ``graticule evaluate`` compares and ``graticule train`` fits: the sections under "
        "``methods:`` of a :doc:`training document <../documents/training>`."
    )
    kinds = {kind.name: kind for kind in (*METHOD_KINDS.values(), *ITEM_KINDS.values())}
    yield _index("methods", "Methods that learn", about, ((n, k.label) for n, k in kinds.items()))
    for name, kind in kinds.items():
        learns = "Its model can be saved." if kind.fits_model else "It learns no model."
        body = [heading(f"{name}: {kind.label}"), learns]
        for path, section in sections_of(kind.spec):
            body += [heading(f"Keys of ``{path}``", 1) if path else "", keys(section)]
        yield Page(f"methods/{name}", joined(*body))


def _clustering_steps() -> Iterator[Page]:
    about = (
        "The steps of a chain under ``methods:`` of a "
        ":doc:`clustering document <../documents/clustering>`."
    )
    steps = {step.name: step for step in STEPS.values()}
    yield _index("clustering", "Clustering steps", about, ((n, s.label) for n, s in steps.items()))
    for name, step in steps.items():
        gives = {"space": "It moves rows to another space.", "groups": "It tells groups."}
        body = (heading(name), f"{step.label}. {gives[step.gives]}", model_table(step.parameters))
        yield Page(f"clustering/{name}", joined(*body))
