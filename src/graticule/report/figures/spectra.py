"""Spectra of a table in the colours of their map, and what two images tell together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from graticule.core.dims import FEATURES
from graticule.core.errors import ImageError, UnitsError, UnknownNameError
from graticule.core.image import Kind
from graticule.core.palette import GREY
from graticule.core.typing import Array
from graticule.core.units import scale_to
from graticule.report import wording
from graticule.report.draw import as_rgb, show
from graticule.report.figures._figure import FigureContext, figure
from graticule.report.preview import Axis, Picture
from graticule.report.style import Drawing, as_drawing, label_colours, legend, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMES = ("region", "group", "cluster", "label", "phase")
_ERRORS = ("error", "error_counts", "error_pixels")
_GROUPS = "learn.spectral_clusters"
"""The op whose record says whether groups are real."""
_LEGEND = 14
"""Spectra that are named in a legend."""


@figure()
def spectra(
    context: FigureContext,
    *,
    of: str,
    map: str | None = None,
    value: str = "mean",
    error: str | None = None,
    edges: str | None = None,
) -> Drawing:
    """Draw the spectra of a table, with a band of two standard errors, beside their map.

    A spectrum has the colour that its label has in the map. Boxes of places (as chosen pixels) are
    outlined in the map, in the colours of their spectra.

    Parameters
    ----------
    of : str
        A step that gives a table: a row for each spectrum and bin, with a column of names
        (``region``, ``group``, ``label``, ...), one for the bin (as ``wavelength``), and one of
        values.
    map : str, optional
        The step or input that is drawn beside: labels, or an image, as an average.
    value : str
        The column that is drawn.
    error : str, optional
        The column of its standard error. By default ``low`` and ``high``, the ends of an
        interval, or else ``error``, ``error_counts`` or ``error_pixels``, whichever is there.
    edges : str, optional
        A step that gives a table of edges of these spectra, as ``spectra.bragg_edges``: a line
        where each is, in the colour of its spectrum, as wide as its interval.
    """
    table = context.table(of).of_images([context.image])
    name, axis = _columns(of, table)
    if value not in table:
        raise UnknownNameError(f"the table {of} has no column {value!r}")
    unit = context.record.unit(context.table(of).name, axis)
    groups = list(dict.fromkeys(table[name].tolist()))
    colours = _colours(groups, _labels(table, name), _parameters(context, of).get("names"))
    picture = context.picture(map) if map else None
    canvas, axes = new_figure(11.2 if picture else 6.4, 4.0, columns=2 if picture else 1, own=True)
    ax = axes[1] if picture else axes
    for group in groups:
        rows = table[table[name] == group].sort_values(axis)
        _line(ax, rows, axis, value, error, colours[group], str(group))
    marked = 0
    if edges:
        found = context.table(edges)
        own = context.record.unit(found.name, "position") or "angstrom"
        factor = _per_axis(own, unit, axis)
        marked = _mark_edges(ax, found.of_images([context.image]), colours, factor)
    ax.margins(x=0)
    ax.set_xlabel(f"{axis} / {wording.unit(unit)}" if unit else axis)
    ax.set_ylabel(value)
    if len(groups) <= _LEGEND:
        canvas.subplots_adjust(right=0.9 if picture else 0.82)
        legend(ax, loc="center left", bbox_to_anchor=(1.0, 0.5))
    if picture is not None:
        show(axes[0], picture, _painted(picture))
        _outline(axes[0], picture, _parameters(context, of).get("boxes"), colours)
    words = f"{len(groups)} {'spectrum' if len(groups) == 1 else 'spectra'}"
    band = _band(table, value, error)
    words += f", {marked} edges" if edges else ""
    beside = (
        f", in the colours of {map}" if picture is not None and picture.kind == Kind.LABELS else ""
    )
    alt = f"Spectra {of} of {context.image}: {', '.join(str(group) for group in groups)}."
    caption = f"{words}{beside}.{band}{_verdict(context, of)}"
    return as_drawing(canvas, alt, f"Spectra of {of}", caption, wide=bool(picture))


def _verdict(context: FigureContext, of: str) -> str:
    """Say whether there is more than one material, where the step that grouped spectra tells."""
    step, found = of.split(".")[0], dict[str, float]()
    if _step(context, of).get("op") != _GROUPS:
        return ""
    for name in ("p_one_material", "stability", "groups"):
        with suppress(UnknownNameError):
            found[name] = context.value(step, name)[0]
    p = found.get("p_one_material", math.nan)
    if math.isnan(p):
        return " Too few pixels or bins say whether there is more than one material."
    level = _parameters(context, of).get("alpha")
    draws = f"one material of these thicknesses gives spectra as different with p = {p:.2g}"
    if p > (level if isinstance(level, float) else 0.05):
        return f" Not more than one material is shown: {draws}."
    groups, stability = (found.get(each, math.nan) for each in ("groups", "stability"))
    if groups == 1:
        return f" One material does not explain it, but no groups are distinct: {draws}."
    halves = (
        ""
        if math.isnan(stability)
        else f"; two halves of the pixels agree on {groups:.0f} groups by {stability:.2f}"
    )
    return f" There is more than one material: {draws}{halves}."


def _columns(of: str, table: pd.DataFrame) -> tuple[str, str]:
    name = next((each for each in _NAMES if each in table), None)
    axis = next((each for each in table if each in FEATURES and each != "class"), None)
    if name is None or axis is None or table.empty:
        raise ImageError(
            f"the table {of} holds no spectra: it has the columns {', '.join(map(str, table))}",
            hint="draw a step such as spectra.regions",
        )
    return name, str(axis)


def _step(context: FigureContext, of: str) -> Mapping[str, Any]:
    """Return the step that made a table, as the pipeline has it."""
    found: Any = context.record.pipeline
    for key in ("steps", of.split(".")[0]):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _parameters(context: FigureContext, of: str) -> Mapping[str, Any]:
    params = _step(context, of).get("params")
    return params if isinstance(params, Mapping) else {}


def _labels(table: pd.DataFrame, name: str) -> dict[str, int]:
    """Return the label of each spectrum by its name, where the table has both."""
    if name == "label" or "label" not in table:
        return {}
    pairs = table[[name, "label"]].drop_duplicates(name).to_numpy().tolist()
    return {str(called): int(label) for called, label in pairs}


def _colours(groups: Sequence[Any], labels: Mapping[str, int], names: Any) -> dict[Any, Any]:
    """Return a colour by name: that of the label it is, or is named after, else of its place."""
    by_name = dict(labels)
    for label, name in (names or {}).items() if isinstance(names, Mapping) else ():
        by_name.setdefault(str(name), int(label))
    numbers = []
    for place, group in enumerate(groups, start=1):
        own = str(group).removesuffix(".0")
        numbers.append(by_name.get(own, int(own) if own.isdecimal() else place))
    painted = label_colours(np.array(numbers)) / 255
    return {
        group: tuple(colour) if number else GREY
        for group, colour, number in zip(groups, painted.tolist(), numbers, strict=True)
    }


def _line(
    ax: Axes, rows: pd.DataFrame, axis: str, value: str, error: str | None, colour: Any, name: str
) -> None:
    x, y = rows[axis].to_numpy(float), rows[value].to_numpy(float)
    ax.plot(x, y, color=colour, lw=1.3, label=name)
    limits = _limits(rows, y, error)
    if limits is not None:
        ax.fill_between(x, *limits, color=colour, alpha=0.22, lw=0)


def _limits(rows: pd.DataFrame, y: Array, error: str | None) -> tuple[Array, Array] | None:
    if error is None and {"low", "high"} <= set(rows):
        return rows["low"].to_numpy(float), rows["high"].to_numpy(float)
    column = error or next((each for each in _ERRORS if each in rows), None)
    if column is None:
        return None
    half = 2 * rows[column].to_numpy(float)
    return y - half, y + half


def _band(table: pd.DataFrame, value: str, error: str | None) -> str:
    if error is None and {"low", "high"} <= set(table):
        return " Bands are intervals."
    column = error or next((each for each in _ERRORS if each in table), None)
    return f" Bands are two standard errors ({column}) wide to each side." if column else ""


def _painted(picture: Picture) -> Array:
    return label_colours(picture.values) if picture.kind == Kind.LABELS else as_rgb(picture)


def _per_axis(own: str, unit: str, axis: str) -> float:
    """Return the factor from the unit of edges to that of the axis that they are marked on."""
    try:
        return scale_to(own, unit or own)
    except UnitsError:
        raise ImageError(
            f"edges in {own} have no place on the axis {axis} in {unit}",
            hint="draw spectra along wavelength: spectra.to_wavelength before they are measured",
        ) from None


def _mark_edges(ax: Axes, table: pd.DataFrame, colours: Mapping[Any, Any], factor: float) -> int:
    """Draw a line at each edge that was found, and its plane; return how many there are."""
    missing = [each for each in ("region", "position") if each not in table]
    if missing:
        raise ImageError(f"the table of edges has no column {missing[0]}")
    by_name = {str(name): colour for name, colour in colours.items()}
    found = table[np.isfinite(table["position"])].sort_values("position")
    marked, last = 0, -np.inf
    apart = 0.03 * (ax.get_xlim()[1] - ax.get_xlim()[0])
    for row in found.to_dict("records"):
        colour = by_name.get(str(row["region"]))
        if colour is None:
            continue
        marked += 1
        place = factor * row["position"]
        ax.axvline(place, color=colour, lw=0.9, ls=(0, (4, 2)))
        ends = [factor * row.get(f"position_{end}", np.nan) for end in ("low", "high")]
        if np.isfinite(ends).all():
            ax.axvspan(*ends, color=colour, alpha=0.25, lw=0)
        if row.get("plane") and place - last > apart:
            last = place
            ax.annotate(str(row["plane"]), (place, 1), xycoords=("data", "axes fraction"),
                        xytext=(1, 1), textcoords="offset points", fontsize=6.5, rotation=60,
                        color=colour, annotation_clip=False)  # fmt: skip
    return marked


def _outline(ax: Axes, picture: Picture, boxes: Any, colours: Mapping[Any, Any]) -> None:
    """Outline the boxes of places that are spectra, in their colours."""
    for name, box in (boxes or {}).items() if isinstance(boxes, Mapping) else ():
        sides = [_side(axis, box) for axis in picture.axes[:2]]
        colour = colours.get(name)
        if colour is None or None in sides:
            continue
        (top, bottom), (left, right) = sides  # type: ignore[misc]
        x, y = [left, right, right, left, left], [top, top, bottom, bottom, top]
        ax.plot(x, y, color="white", lw=3.2)
        ax.plot(x, y, color=colour, lw=1.8)
        ax.annotate(str(name), (right, top), xytext=(3, 3), textcoords="offset points",
                    fontsize=8, color=colour)  # fmt: skip


def _side(axis: Axis, box: Any) -> tuple[float, float] | None:
    """Return the ends of a box along an axis, given in samples; None in a unit."""
    limits = box.get(axis.name) if isinstance(box, Mapping) else None
    if limits is None:
        return axis.edges
    if len(limits) != 2 or not all(isinstance(each, (int, float)) for each in limits):
        return None
    start = axis.first - axis.step / 2
    low, high = (start + axis.sample * float(each) for each in limits)
    # a box of a pixel or two would not be seen
    room = max(0.0, 0.012 * abs(axis.edges[1] - axis.edges[0]) - abs(high - low) / 2)
    sign = 1 if axis.step > 0 else -1
    return low - sign * room, high + sign * room


@figure()
def joint_histogram(
    context: FigureContext,
    *,
    of: str,
    map: str | None = None,
    names: list[str] | None = None,
) -> Drawing:
    """Draw the joint histogram of two images, its bins in the colours of the groups they are of.

    Bins that hold more samples are more opaque, by the logarithm of their number.

    Parameters
    ----------
    of : str
        The table of bins: ``value_image``, ``value_other``, ``count`` and ``label``, as
        ``segment.bivariate`` gives it.
    map : str, optional
        The step that gives the labels, drawn beside.
    names : list of str, optional
        What the two images are called.
    """
    table = context.table(of).of_images([context.image])
    if not {"value_image", "value_other", "count", "label"} <= set(table) or table.empty:
        raise ImageError(
            f"the table {of} is no joint histogram", hint="name that of segment.bivariate"
        )
    picture = context.picture(map) if map else None
    canvas, axes = new_figure(11.2 if picture else 5.6, 4.6, columns=2 if picture else 1, own=True)
    ax = axes[1] if picture else axes
    x, y = table["value_image"].to_numpy(float), table["value_other"].to_numpy(float)
    _bins(ax, x, y, table["count"].to_numpy(float), table["label"].to_numpy(np.int64))
    called = names or ["image", "other"]
    ax.set_xlabel(called[0])
    ax.set_ylabel(called[-1])
    if picture is not None:
        show(axes[0], picture, _painted(picture))
    groups = np.unique(table["label"])
    words = f"{int(table['count'].sum()):,} samples in {len(groups)} groups"
    alt = f"Joint histogram of {called[0]} and {called[-1]} of {context.image}: {words}."
    return as_drawing(canvas, alt, "Joint histogram", f"{words}.", wide=bool(picture))


def _bins(ax: Axes, x: Array, y: Array, count: Array, label: Array) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    width, height = _bin_width(x), _bin_width(y)
    corners = zip(x - width / 2, y - height / 2, strict=True)
    opaque = 0.15 + 0.85 * np.log1p(count) / np.log1p(count.max())
    colours = np.column_stack([label_colours(label) / 255, opaque])
    ax.add_collection(
        PatchCollection([Rectangle(at, width, height) for at in corners], facecolors=colours, lw=0)
    )
    ax.set_xlim(x.min() - width, x.max() + width)
    ax.set_ylim(y.min() - height, y.max() + height)


def _bin_width(middles: Array) -> float:
    steps = np.diff(np.unique(middles))
    return float(steps.min()) if steps.size else 1.0
