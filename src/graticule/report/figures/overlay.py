"""Objects outlined on the image they were found in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.core.errors import ImageError
from graticule.report.draw import edges_of, new_frame, painted, show
from graticule.report.figures import View
from graticule.report.style import Drawing, drawn, label_colours
from graticule.report.wording import count

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
    measured = _is_measured(view, labels)
    words = count(int(numbers.size), "object" if measured else "label")
    # of a volume one plane is shown, so that not all objects are there to be counted
    words += f" in the plane {found.note}" if found.note else ""
    told = numbers.size <= NUMBERED and measured
    note = " The numbers are those of the object table." if told else ""
    alt = f"{labels} drawn on {image} of {view.image}: {words}."
    return drawn(figure, alt, _title(view, labels), f"{words}.{note}", wide=True)


def _title(view: View, labels: str) -> str:
    """Return the name of the labels where several are drawn, so that they are told apart."""
    entries = view.record.pipeline.get("report") or []
    several = sum(isinstance(e, dict) and e.get("figure") == "overlay" for e in entries) > 1
    return labels if several else "Objects"


def _is_measured(view: View, labels: str) -> bool:
    """Whether a table of the run has a row for each of these labels."""
    steps = view.record.pipeline.get("steps") or {}
    return any(
        str(step.get("op", "")).startswith("measure.")
        and labels.partition(".")[0]
        in [str(name).partition(".")[0] for name in (step.get("inputs") or {}).values()]
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
        where = _inmost(marks == number)
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


def _inmost(mask: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return the place deepest inside, which the mean of a bent or scattered object is not."""
    from scipy import ndimage

    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    depth = ndimage.distance_transform_edt(np.pad(box, 1))[1:-1, 1:-1]
    # of several places as deep, as in a bar, the one in their middle
    deepest = np.argwhere(depth >= depth.max() - 1e-9)
    middle = deepest[np.argmin(np.square(deepest - deepest.mean(axis=0)).sum(axis=1))]
    return float(middle[0] + rows[0]), float(middle[1] + columns[0])
