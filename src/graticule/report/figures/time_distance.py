"""Images of time and distance: with the arc of an arrival, and after moveout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graticule.core.errors import ImageError, UnknownNameError
from graticule.core.palette import ORANGE
from graticule.core.typing import Array
from graticule.core.units import scale_to, split_quantity, unit_scale
from graticule.report.draw import as_rgb, show
from graticule.report.figures._figure import FigureContext, figure
from graticule.report.preview import Axis, Picture
from graticule.report.style import Drawing, as_drawing, new_figure


@figure()
def arc(context: FigureContext, *, image: str, curve: str) -> Drawing:
    """Draw an image twice: as it is, and with the arc ``t = t0 + travel time`` of a record.

    Parameters
    ----------
    image : str
        A step whose picture has the dims of time and distance.
    curve : str
        A step that gives the record of the fit, with the columns ``t0``, ``a`` and ``d0``.
    """
    picture = context.picture(image)
    if len(picture.axes) != 2:
        raise ImageError(f"the arc is drawn on an image of two dims; {image} has another number")
    time, distance = _oriented(picture)
    start, arrival = _arc(context, curve, time.axes[0], distance)
    figure, (left, right) = new_figure(9.2, 3.9, columns=2)
    colours = as_rgb(time)
    for ax in (left, right):
        show(ax, time, colours)
    right.set_ylabel("")
    # Two thin lines beside the arrival leave the ripple between them to be seen.
    offset = 4 * abs(time.axes[0].step)
    used = _used(context, curve, start, distance)
    for line in (arrival - offset, arrival + offset):
        right.plot(start, line, color="white", lw=3, alpha=0.7)
        right.plot(start, line, color="black", lw=1, ls=(0, (2, 3)))
        right.plot(start[used], line[used], color="black", lw=1.6)
    right.set_xlim(*distance.edges)
    right.set_ylim(*time.axes[0].edges)
    figure.subplots_adjust(left=0.07, right=0.985, bottom=0.13, wspace=0.06)
    t0, unit = context.value(curve, "t0")
    words = f"The arc starts at t0 = {t0:.4g} {unit}".strip()
    caption = (
        f"{words}. Left as it is; right with the fit, which runs midway between the two lines; "
        "they are full where the fit looked."
    )
    alt = f"{image} of {context.image}, plain and with the fitted arc. {words}."
    return as_drawing(figure, alt, "Fitted arc", caption, wide=True)


@figure()
def aligned(context: FigureContext, *, image: str, at: str) -> Drawing:
    """Draw an aligned image with a mark where the record says the arrival is.

    Parameters
    ----------
    image : str
        A step whose picture has been moved out.
    at : str
        A step that gives a record with the time of arrival: a column named as the dim of time,
        or ``t0``.
    """
    picture = context.picture(image)
    if len(picture.axes) != 2:
        raise ImageError(f"takes an image of two dims; {image} has another number")
    time = picture.axes[0]
    try:
        arrival, unit = context.value(at, time.name)
    except UnknownNameError:
        arrival, unit = context.value(at, "t0")
    where = arrival * (time.factor(unit) if unit else time.sample)
    figure, ax = new_figure()
    show(ax, picture)
    # Marks at the edges alone: a line across would hide the very thing it points to.
    left, right = picture.axes[1].edges
    reach = 0.06 * (right - left)
    for start, stop in ((left, left + reach), (right - reach, right)):
        ax.plot([start, stop], [where, where], color="black", lw=3.6)
        ax.plot([start, stop], [where, where], color=ORANGE, lw=2)
    ax.set_xlim(left, right)
    ax.set_ylim(*time.edges)
    words = f"arrival at {arrival:.4g} {unit or 'samples'}"
    alt = f"{image} of {context.image} after moveout; {words}."
    caption = f"After moveout a ripple lies level; the marks at the edges show the {words}."
    return as_drawing(figure, alt, "Aligned image", caption)


def _oriented(picture: Picture) -> tuple[Picture, Axis]:
    """Return the picture with time upward, and its axis of distance."""
    if picture.axes[1].name in ("time", "t"):
        turned = Picture(picture.values.T, picture.axes[::-1], picture.kind, picture.units)
        return turned, turned.axes[1]
    return picture, picture.axes[1]


def _arc(context: FigureContext, curve: str, time: Axis, distance: Axis) -> tuple[Array, Array]:
    """Return distances and arrival times along the arc, in the units of the axes."""
    t0, unit_t = context.value(curve, "t0")
    a, unit_a = context.value(curve, "a")
    try:
        d0, unit_d = context.value(curve, "d0")
    except UnknownNameError:
        d0, unit_d = 0.0, distance.units
    begin = d0 * (distance.factor(unit_d) if unit_d else distance.sample)
    at = np.linspace(max(begin, min(distance.edges)), max(distance.edges), 400)
    law = str(_fit(context, curve)["curve"])
    travel = _travel_time(law, a, unit_a, at - begin, time, distance)
    onset = t0 * (time.factor(unit_t) if unit_t else time.sample)
    return at, onset + travel


def _used(context: FigureContext, curve: str, at: Array, distance: Axis) -> Array:
    """Return which distances the fit looked at."""
    between = _fit(context, curve).get("between")
    if not isinstance(between, (list, tuple)) or not between:
        return np.ones(at.shape, dtype=bool)
    bounds = []
    for bound in np.ravel(np.asarray(between, dtype=object)):
        value, unit = split_quantity(bound)
        bounds.append(value * (distance.factor(unit) if unit else distance.sample))
    return np.asarray((at >= min(bounds)) & (at <= max(bounds)))


def _fit(context: FigureContext, curve: str) -> Mapping[str, Any]:
    """Return the parameters of the nearest step before the record that has a curve."""
    steps: Mapping[str, Any] = context.record.pipeline.get("steps") or {}
    waiting, seen = [curve], set()
    while waiting:
        name = waiting.pop(0)
        step = steps.get(name)
        if name in seen or not isinstance(step, Mapping):
            continue
        seen.add(name)
        if "curve" in (step.get("params") or {}):
            return dict(step["params"])
        inputs = step.get("inputs") or {}
        waiting += [str(reference).partition(".")[0] for reference in inputs.values()]
    raise UnknownNameError(f"no step before {curve!r} has a curve")


def _travel_time(law: str, a: float, unit: str, x: Array, time: Axis, distance: Axis) -> Array:
    """Return the travel time over ``x``, as `graticule.detect.moveout` defines the law."""
    if law == "sqrt" and "/" in unit and time.units and distance.units:
        metres, seconds = unit_scale(distance.units)[0], unit_scale(time.units)[0]
        return np.asarray(a * scale_to(unit, "s/m^(1/2)") * np.sqrt(x * metres) / seconds)
    if law == "sqrt":
        return np.asarray(time.sample * a * np.sqrt(x / distance.sample))
    if law == "polytrope" and time.units and distance.units:
        metres, seconds = unit_scale(distance.units)[0], unit_scale(time.units)[0]
        return np.asarray(2 * np.sqrt(np.pi * x * metres / a) / seconds)
    raise ImageError(f"an arc of the law {law!r} cannot be drawn from the run folder")
