"""Kinds of figures, one file each; a new kind is a new file.

Further kinds come from the packages that entry points of the group ``graticule.figures`` name.
The module ``<kind>`` holds a function of the same name. It takes a `View`, and by keyword what
an entry of the pipeline's ``report:`` list names; it returns a `Drawing`. A figure ``PER =
"study"`` is drawn once for all images, every other one for each image that is shown.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import pandas as pd

from graticule.core.errors import GraticuleError, ParameterError, UnknownNameError, suggest
from graticule.core.registry import Registry
from graticule.report.preview import Picture, Preview
from graticule.report.record import RunRecord
from graticule.report.style import Drawing
from graticule.report.tables import StudyTable


@dataclass(frozen=True)
class View:
    """What a figure may look at.

    Attributes
    ----------
    record : RunRecord
        What ``run.json`` says.
    tables : mapping
        The tables of the study by name.
    image : str
        The image it is drawn for; empty for a figure of the study.
    preview : Preview or None
        The pictures of that image.
    row : Series or None
        The row of that image.
    """

    record: RunRecord
    tables: Mapping[str, StudyTable]
    image: str = ""
    preview: Preview | None = None
    row: pd.Series[Any] | None = None

    def picture(self, step: str) -> Picture:
        """Return the picture of a step of this image; raise `UnknownNameError` without one."""
        if self.preview is None:
            raise UnknownNameError("no pictures were kept of this image")
        return self.preview.picture(step).flat()

    def value(self, step: str, column: str) -> tuple[float, str]:
        """Return a number of a step's record from the image's row, with its unit.

        Raises
        ------
        UnknownNameError
            If the row holds no such number.
        """
        for name in (f"{step}_{column}", f"{step}.{column}", column):
            if self.row is not None and name in self.row.index and pd.notna(self.row[name]):
                return float(self.row[name]), self.record.unit("images", name)
        raise UnknownNameError(
            f"the row of the image holds no {column!r} of {step!r}",
            hint=f"name {step} among the outputs of the pipeline",
        )

    def table(self, name: str) -> StudyTable:
        """Return a table of the study, by its file or by the step that made it.

        Raises
        ------
        UnknownNameError
            If the run has none such.
        """
        by_step = f"objects_{name.replace('.', '_')}"
        if name not in self.tables and by_step in self.tables:
            return self.tables[by_step]
        if name not in self.tables:
            raise UnknownNameError(
                f"the run has no table {name!r}", hint=suggest(name, list(self.tables))
            )
        return self.tables[name]


@dataclass(frozen=True)
class Missing:
    """A figure that could not be made, and why."""

    title: str
    why: str


_FIGURES: Registry[ModuleType] = Registry(
    "figure", "graticule.figures", load=lambda module: module, packages={"builtin": __name__}
)


def kinds() -> list[str]:
    """Return the kinds of figures there are.

    Examples
    --------
    >>> "histogram" in kinds()
    True
    """
    return _FIGURES.names()


def is_of_study(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of ``report:`` is drawn once for all images."""
    kind = _text(entry.get("figure"))
    return kind in _FIGURES and getattr(_FIGURES.get(kind), "PER", "image") == "study"


def draw(entry: Mapping[str, Any], view: View) -> Drawing | Missing:
    """Draw what an entry of ``report:`` asks for, or say in a line why it cannot be drawn."""
    kind = _text(entry.get("figure"))
    title = str(entry.get("title") or "")
    try:
        drawing = _drawn(kind, entry, view)
    except GraticuleError as error:
        return Missing(title or kind, str(error))
    except (ValueError, TypeError, KeyError, IndexError, ArithmeticError) as error:
        # A run folder may hold anything; one odd array must not cost the whole report.
        return Missing(title or kind, f"this data cannot be drawn: {error}")
    shown = title or drawing.title or kind
    return replace(drawing, title=shown)


def _drawn(kind: str, entry: Mapping[str, Any], view: View) -> Drawing:
    function: Callable[..., Drawing] = getattr(_FIGURES.get(kind), kind)
    given = {str(k): _plain(v) for k, v in entry.items() if k not in ("figure", "title")}
    known = [name for name in inspect.signature(function).parameters if name != "view"]
    for name in given:
        if name not in known:
            raise ParameterError(f"the figure {kind} takes no {name!r}", hint=suggest(name, known))
    for name, parameter in inspect.signature(function).parameters.items():
        if name in known and name not in given and parameter.default is parameter.empty:
            raise ParameterError(f"the figure {kind} needs {name!r}")
    return function(view, **given)


def _text(value: object) -> str:
    return "null" if value is None else str(value)


def _plain(value: object) -> object:
    """Return a value of an entry; YAML reads the bare word ``null`` as nothing."""
    return "null" if value is None else value
