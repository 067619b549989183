"""Kinds of figures: those of images and tables, here, and those of checks, beside each check.

An entry of a pipeline's ``report:`` names a kind and its options. Every module of this package
(or of one that an entry point of the group ``graticule.figures`` names) may declare kinds with
`figure`; the figure of a check draws the evidence of the checks that
``of`` names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import ModuleType
from typing import Any

from graticule.core.check import Check, CheckFigure
from graticule.core.errors import GraticuleError, UnknownNameError, suggest
from graticule.core.registry import Registry, check_names, get_check
from graticule.core.typing import Array
from graticule.report.figures._figure import Figure
from graticule.report.figures._figure import FigureContext as FigureContext
from graticule.report.record import null_as_text
from graticule.report.style import Drawing, as_drawing, legend, new_figure


@dataclass(frozen=True)
class Missing:
    """A figure that could not be made, and why."""

    title: str
    why: str


def _declared(module: ModuleType) -> list[Figure]:
    return [value for value in vars(module).values() if isinstance(value, Figure)]


_MODULES: Registry[list[Figure]] = Registry(
    "module of figures", "graticule.figures", load=_declared
)


@cache
def _of_modules() -> dict[str, Figure]:
    return {figure.name: figure for declared in _MODULES.values() for figure in declared}


@cache
def _of_checks() -> dict[str, Figure]:
    figures = [_of_check(get_check(name)) for name in check_names()]
    return {figure.name: figure for figure in figures if figure is not None}


def find(kind: str) -> Figure | None:
    """Return a kind of figure or None; checks are imported only where no other is meant."""
    return _of_modules().get(kind) or _of_checks().get(kind)


def kinds() -> list[str]:
    """Return the kinds of figures there are.

    Examples
    --------
    >>> {"histogram", "null_distribution"} <= set(kinds())
    True
    """
    return sorted({*_of_modules(), *_of_checks()})


def is_of_study(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of ``report:`` is drawn once for all images."""
    figure = find(str(null_as_text(entry.get("figure"))))
    return figure is not None and figure.per == "study"


def draw(entry: Mapping[str, Any], context: FigureContext) -> Drawing | Missing:
    """Draw what an entry of ``report:`` asks for, or say in a line why it cannot be drawn."""
    kind = str(null_as_text(entry.get("figure")))
    title = str(entry.get("title") or "")
    options = {str(k): null_as_text(v) for k, v in entry.items() if k not in ("figure", "title")}
    try:
        figure = find(kind)
        if figure is None:
            raise UnknownNameError(f"there is no figure {kind!r}", hint=suggest(kind, kinds()))
        drawing = figure(context, **options)
    except GraticuleError as error:
        return Missing(title or kind, str(error))
    except (ValueError, TypeError, KeyError, IndexError, ArithmeticError) as error:
        # A run folder may hold anything; one odd array must not cost the whole report.
        return Missing(title or kind, f"this data cannot be drawn: {error}")
    return replace(drawing, title=title or drawing.title or kind)


def _of_check(check: Check) -> Figure | None:
    """Return the kind of figure that draws the evidence of a kind of check."""
    figure = check.figure
    if figure is None:
        return None

    def evidence(context: FigureContext, *, of: str | list[str] = check.name) -> Drawing:
        """Draw what a check of a pipeline found, or several checks of one kind.

        Parameters
        ----------
        of : str or list of str
            The names that the checks have in the pipeline; by default that of its kind.
        """
        names = [of] if isinstance(of, str) else [str(name) for name in of]
        arrays = {name: context.pictures.evidence(name) for name in names}
        return draw_evidence(figure, arrays, context.image)

    return Figure(figure.name, evidence)


def draw_evidence(
    figure: CheckFigure, evidence: Mapping[str, Mapping[str, Array]], image: str
) -> Drawing:
    """Return the figure of a check, drawn from arrays by check and name, of an image."""
    canvas, axes = new_figure(*figure.size)
    caption = figure.draw(axes, evidence)
    if axes.get_legend_handles_labels()[1]:
        legend(axes, loc=figure.legend)
    return as_drawing(canvas, f"{figure.title} of {image}. {caption}", figure.title, caption)
