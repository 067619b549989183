"""Two columns of a table against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from graticule.core.errors import ImageError
from graticule.report.figures import View
from graticule.report.style import BLUE, GREEN, GREY, RED, Drawing, drawn, legend, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PER = "study"
MOST = 20_000
_STYLES = ((GREY, "o"), (RED, "D"), (BLUE, "s"), (GREEN, "^"))


def scatter(
    view: View, *, x: str, y: str, colour: str | None = None, table: str = "images"
) -> Drawing:
    """Draw one column against another, coloured by a third.

    Parameters
    ----------
    view : View
        The study.
    x, y : str
        Columns of numbers.
    colour : str, optional
        A column: groups get a colour and a shape each, numbers a scale.
    table : {"images", "objects"}
        The table they are in.
    """
    source = view.table(table)
    wanted = list(dict.fromkeys([x, y, *([colour] if colour else [])]))
    frame = source.head(MOST, wanted)
    points = frame[[x, y]].apply(pd.to_numeric, errors="coerce")
    kept = np.isfinite(points).all(axis=1)
    frame, points = frame[kept], points[kept]
    if points.empty:
        raise ImageError(f"no row of {table} has both {x} and {y}")
    figure, ax = new_figure()
    _points(ax, points[x], points[y], frame[colour] if colour else None)
    for column, label in ((x, ax.set_xlabel), (y, ax.set_ylabel)):
        unit = view.record.unit(table, column)
        label(f"{column} / {unit}" if unit else column)
    part = f" The first {MOST:,} of {source.rows:,} rows." if source.rows > MOST else ""
    words = f"{len(points):,} {table}"
    alt = f"{y} against {x} of {words}" + (f", coloured by {colour}." if colour else ".")
    return drawn(figure, alt, f"{y} against {x}", f"{words}.{part}")


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
        own = colour == group
        name = {"True": "yes", "False": "no"}.get(str(group), str(group))
        label = f"{colour.name}: {name} ({int(own.sum()):,})"
        ax.scatter(x[own], y[own], s=size, color=paint, marker=marker, alpha=0.8, lw=0, label=label)
    legend(ax, loc="best")
