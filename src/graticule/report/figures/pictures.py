"""An image large, and with objects outlined on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core.errors import ImageError
from graticule.core.image import Kind
from graticule.core.registry import get_op
from graticule.report.draw import Paint, as_rgb, edges_of, is_upward, new_plot, paint, plotted
from graticule.report.figures._figure import FigureContext, figure
from graticule.report.preview import Axis
from graticule.report.style import Drawing, label_colours
from graticule.report.svg import Plot
from graticule.report.wording import count

NUMBERED = 60


@figure()
def image(context: FigureContext, *, of: str, under: str | None = None) -> Drawing:
    """Draw one step.

    Parameters
    ----------
    of : str
        The step or input.
    under : str, optional
        For a mask: the step it is outlined on.
    """
    picture = context.picture(of)
    if len(picture.axes) < 2:
        raise ImageError(f"{of} has one dim only", hint="draw it as a profile")
    below = context.picture(under) if under else None
    plot = new_plot(picture)
    plot.picture(paint(picture, under=below).uri(upward=is_upward(picture)))
    share = f"{np.mean(picture.values != 0):.1%} inside" if picture.kind == Kind.MASK else ""
    caption = ", ".join(words for words in (share, picture.note) if words)
    return plotted(plot, picture, f"{of} of {context.image}.", of, caption)


@figure()
def overlay(context: FigureContext, *, image: str, labels: str) -> Drawing:
    """Draw an image with its objects tinted, outlined and numbered.

    Parameters
    ----------
    image : str
        The step or input below.
    labels : str
        A step that gives labels or a mask.
    """
    below, objects = context.picture(image), context.picture(labels)
    ground = np.asarray(as_rgb(below), dtype=float)
    marks = objects.values.astype(np.int64)
    if marks.shape != ground.shape[:2]:
        raise ImageError(f"{labels} and {image} differ in shape: {marks.shape}, {ground.shape[:2]}")
    colours = label_colours(marks).astype(float)
    inside, edge = marks != 0, edges_of(marks)
    ground[inside] = 0.72 * ground[inside] + 0.28 * colours[inside]
    ground[edge] = colours[edge]
    plot = new_plot(below)
    plot.picture(Paint(ground.astype(np.uint8)).uri(upward=is_upward(below)))
    numbers = np.unique(marks[inside])
    if numbers.size <= NUMBERED:
        _number(plot, marks, below.axes)
    measured = _is_measured(context, labels)
    words = count(int(numbers.size), "object" if measured else "label")
    # of a volume one plane is shown, so that not all objects are there to be counted
    words += f" in the plane {objects.note}" if objects.note else ""
    numbered = numbers.size <= NUMBERED and measured
    note = " The numbers are those of the object table." if numbered else ""
    alt = f"{labels} drawn on {image} of {context.image}: {words}."
    return plotted(
        plot,
        below,
        alt,
        _title(context, labels),
        f"{words}. Each is tinted and outlined on {image}.{note}",
    )


def _title(context: FigureContext, labels: str) -> str:
    """Return the name of the labels where several are drawn, so that they are told apart."""
    entries = context.record.pipeline.get("report") or []
    several = sum(isinstance(e, dict) and e.get("figure") == "overlay" for e in entries) > 1
    return labels if several else "Objects"


def _is_measured(context: FigureContext, labels: str) -> bool:
    """Whether a table of the run has a row for each of these labels."""
    steps = context.record.pipeline.get("steps") or {}
    return any(
        str(step.get("op", "")).startswith("measure.")
        and labels.partition(".")[0]
        in [str(name).partition(".")[0] for name in (step.get("inputs") or {}).values()]
        for step in steps.values()
        if isinstance(step, dict)
    )


def _number(plot: Plot, marks: np.ndarray[Any, Any], axes: tuple[Axis, ...]) -> None:
    for number, where in _inmost(marks).items():
        y, x = (axis.first + axis.step * at for axis, at in zip(axes[:2], where, strict=True))
        plot.text(x, y, str(number))


def _inmost(labels: np.ndarray[Any, Any]) -> dict[int, tuple[int, int]]:
    """Return the place deepest inside each label, which the mean of a bent object is not."""
    padded = np.pad(labels, 1)
    inner = (padded != 0) & ~edges_of(padded)
    depths = np.asarray(get_op("segment.distance")(inner))[1:-1, 1:-1]
    places = np.argwhere(labels)
    order = np.argsort(labels[labels != 0], kind="stable")
    numbers, starts = np.unique(labels[labels != 0][order], return_index=True)
    found = {}
    parts = np.split(places[order], starts[1:]) if places.size else []
    for number, own in zip(numbers, parts, strict=True):
        depth = depths[tuple(own.T)]
        # of several places as deep, as in a bar, the one in their middle
        deepest = own[depth >= depth.max() - 1e-6]
        middle = deepest[np.argmin(np.square(deepest - deepest.mean(axis=0)).sum(axis=1))]
        found[int(number)] = (int(middle[0]), int(middle[1]))
    return found
