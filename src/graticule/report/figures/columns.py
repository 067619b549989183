"""Columns of a table: the distribution of one, and one against another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from graticule.core.errors import ImageError
from graticule.core.palette import BLUE, GREEN, GREY, ORANGE, RED
from graticule.core.typing import Array
from graticule.report import wording
from graticule.report.figures._figure import FigureContext, figure
from graticule.report.style import Drawing, as_drawing, legend, new_figure
from graticule.report.svg import Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_VALUES, MOST_POINTS = 1_000_000, 20_000
_STYLES = ((GREY, "o"), (RED, "D"), (BLUE, "s"), (GREEN, "^"))


@figure(per="study")
def histogram(context: FigureContext, *, column: str, table: str = "objects") -> Drawing:
    """Draw the distribution of a column, with its median.

    Parameters
    ----------
    column : str
        A column of numbers.
    table : {"objects", "images"}
        The table it is in.
    """
    source = context.table(table)
    frame = source.head(MOST_VALUES, [column])
    values = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    if values.size == 0:
        raise ImageError(f"the column {column} of {table} holds no number")
    unit = wording.unit(context.record.unit(table, column))
    median = float(np.median(values))
    low, high = np.quantile(values, [0.25, 0.75])
    shown = _without_tails(values)
    heights, edges = np.histogram(shown, bins=_bins(shown))
    plot = Plot(_with_room(edges), (0.0, 1.08 * float(heights.max())), 460, 280)
    plot.bars(edges, heights, BLUE)
    plot.line([median, median], plot.y, ORANGE)
    plot.key(f"median {wording.number(median)} {unit}".strip(), ORANGE)
    middle, first, last = (wording.number(float(value)) for value in (median, low, high))
    words = f"{values.size:,} values, median {middle}, half between {first} and {last}"
    words = f"{words} {unit}".strip()
    part = _first_of(MOST_VALUES, source.rows)
    part += _left_out(values, shown)
    alt = f"Histogram of {column} over the {table}: {words}."
    labels = (f"{column} / {unit}" if unit else column, table)
    called = column.replace("_", " ")
    taught = f" Each bar counts the {table} within a range of {called}; the line is the median."
    caption = f"{words}.{part}{taught}"
    return plot.drawing(alt, f"Distribution of {called}", caption, labels=labels, whole=True)


def _without_tails(values: Array) -> Array:
    """Return the values without a few that would press all others into one bar.

    The range is cut to the quantiles .005 and .995, each with a fifth of what is between as room,
    where that leaves out what takes more than half of the whole range.
    """
    low, high = (float(v) for v in np.quantile(values, [0.005, 0.995]))
    room = 0.2 * (high - low)
    low, high = low - room, high + room
    if high <= low or np.ptp(values) < 2 * (high - low):
        return values
    return values[(values >= low) & (values <= high)]


def _left_out(values: Array, shown: Array) -> str:
    """Return how many values lie beyond the ends of a histogram, and how far they reach."""
    if len(shown) == len(values):
        return ""
    first, last = (wording.number(float(end)) for end in (values.min(), values.max()))
    many = len(values) - len(shown)
    lie = "lies" if many == 1 else "lie"
    return f" {many:,} more {lie} beyond what is drawn, between {first} and {last}."


def _with_room(edges: Array) -> tuple[float, float]:
    """Return the ends of a range with a little room on both sides."""
    room = 0.03 * float(edges[-1] - edges[0])
    return float(edges[0]) - room, float(edges[-1]) + room


def _bins(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> int:
    """Return the number of bins by Freedman and Diaconis, between 8 and 60."""
    low, high = np.quantile(values, [0.25, 0.75])
    width = 2 * (high - low) / np.cbrt(values.size)
    count = np.ptp(values) / width if width > 0 else 8
    return int(np.clip(count, 8, 60))


@figure(per="study")
def scatter(
    context: FigureContext, *, x: str, y: str, colour: str | None = None, table: str = "images"
) -> Drawing:
    """Draw one column against another, coloured by a third.

    Parameters
    ----------
    x, y : str
        Columns of numbers.
    colour : str, optional
        A column: groups get a colour and a shape each, numbers a scale.
    table : {"images", "objects"}
        The table they are in.
    """
    source = context.table(table)
    wanted = list(dict.fromkeys([x, y, *([colour] if colour else [])]))
    frame = source.head(MOST_POINTS, wanted)
    points = frame[[x, y]].apply(pd.to_numeric, errors="coerce")
    kept = np.isfinite(points).all(axis=1)
    frame, points = frame[kept], points[kept]
    if points.empty:
        raise ImageError(f"no row of {table} has both {x} and {y}")
    figure, ax = new_figure()
    _points(ax, points[x], points[y], frame[colour] if colour else None)
    for column, label in ((x, ax.set_xlabel), (y, ax.set_ylabel)):
        unit = context.record.unit(table, column)
        label(f"{column} / {unit}" if unit else column)
    part = _first_of(MOST_POINTS, source.rows)
    words = f"{len(points):,} {table}"
    alt = f"{y} against {x} of {words}" + (f", coloured by {colour}." if colour else ".")
    taught = f" Each point is one of the {table}, where its {x} and its {y} put it."
    return as_drawing(figure, alt, f"{y} against {x}", f"{words}.{part}{taught}")


def _points(ax: Axes, x: pd.Series[Any], y: pd.Series[Any], colour: pd.Series[Any] | None) -> None:
    size = 26 if len(x) < 300 else 8
    if colour is None:
        ax.scatter(x, y, s=size, color=BLUE, alpha=0.75, lw=0)
        return
    groups = sorted(colour.dropna().unique(), key=str)
    if len(groups) > len(_STYLES):
        scale = pd.to_numeric(colour, errors="coerce")
        points = ax.scatter(x, y, c=scale, s=size, cmap="viridis", lw=0)
        ax.figure.colorbar(points, ax=ax, label=str(colour.name))
        return
    for group, (paint, marker) in zip(groups, _STYLES, strict=False):
        members = colour == group
        name = {"True": "yes", "False": "no"}.get(str(group), str(group))
        label = f"{colour.name}: {name} ({int(members.sum()):,})"
        ax.scatter(
            x[members], y[members], s=size, color=paint, marker=marker, alpha=0.8, lw=0, label=label
        )
    legend(ax, loc="best")


def _first_of(most: int, rows: int) -> str:
    return f" The first {most:,} of {rows:,} rows." if rows > most else ""
