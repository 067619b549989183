"""Objects outlined on the image they were found in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.core.errors import ImageError
from graticule.report.draw import edges_of, new_frame, painted, show
from graticule.report.figures import View
from graticule.report.style import Drawing, drawn, label_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from graticule.report.preview import Axis

NUMBERED = 60


def overlay(view: View, *, image: str, labels: str) -> Drawing:
    """Draw an image with its objects tinted, outlined and numbered.

    Parameters
    ----------
    view : View
        An image of the study.
    image : str
        The step or input below.
    labels : str
        A step that gives labels or a mask.
    """
    below, found = view.picture(image), view.picture(labels)
    ground = np.asarray(painted(below), dtype=float)
    marks = found.values.astype(np.int64)
    if marks.shape != ground.shape[:2]:
        raise ImageError(f"{labels} and {image} differ in shape: {marks.shape}, {ground.shape[:2]}")
    colours = label_colours(marks).astype(float)
    inside, edge = marks != 0, edges_of(marks)
    ground[inside] = 0.72 * ground[inside] + 0.28 * colours[inside]
    ground[edge] = colours[edge]
    figure, ax = new_frame(below)
    show(ax, below, ground.astype(np.uint8))
    numbers = np.unique(marks[inside])
    if numbers.size <= NUMBERED:
        _number(ax, marks, numbers, below.axes)
    words = f"{numbers.size} object{'' if numbers.size == 1 else 's'}"
    told = numbers.size <= NUMBERED and _is_measured(view, labels)
    note = " The numbers are those of the object table." if told else ""
    alt = f"{labels} drawn on {image} of {view.image}: {words}."
    return drawn(figure, alt, "Objects", f"{words}.{note}", wide=True)


def _is_measured(view: View, labels: str) -> bool:
    """Whether a table of the run has a row for each of these labels."""
    steps = view.record.pipeline.get("steps") or {}
    return any(
        str(step.get("op", "")).startswith("measure.")
        and labels in (step.get("inputs") or {}).values()
        for step in steps.values()
        if isinstance(step, dict)
    )


def _number(
    ax: Axes,
    marks: np.ndarray[Any, Any],
    numbers: np.ndarray[Any, Any],
    axes: tuple[Axis, ...],
) -> None:
    for number in numbers:
        where = [np.mean(index) for index in np.nonzero(marks == number)]
        y, x = (axis.first + axis.step * at for axis, at in zip(axes[:2], where, strict=True))
        box = {"facecolor": "black", "alpha": 0.6, "edgecolor": "none", "pad": 0.8}
        ax.text(
            float(x),
            float(y),
            str(number),
            color="white",
            fontsize=8,
            ha="center",
            va="center",
            bbox=box,
        )
