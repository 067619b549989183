"""A measure where its units lie: on a plate, in an array, in a field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from graticule.core.palette import FAINT, INK
from graticule.core.typing import Array
from graticule.io.paths import natural
from graticule.report import wording
from graticule.report.style import Drawing, as_drawing, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MAPS = 6
"""Maps of a measure that are drawn, one for each value of the column before the places."""
_CELLS = 60
"""Whole numbers from the first to the last that are rows or columns of a grid."""
_WIDEST = 7.0
_BAR = 0.75
"""Inches: of a row of squares, and of the scale."""


@dataclass(frozen=True)
class _Side:
    """One direction of a map.

    Attributes
    ----------
    label, unit : str
        Its name with the unit, and that.
    at : ndarray
        Where each place is.
    levels : list of str
        Names of the rows or columns, where it has such; else it is measured.
    """

    label: str
    unit: str
    at: Array
    levels: list[str]

    @property
    def ends(self) -> tuple[float, float]:
        """Where the map begins and ends."""
        if self.levels:
            return -0.5, len(self.levels) - 0.5
        low, high = float(self.at.min()), float(self.at.max())
        room = 0.06 * (high - low) or 0.5
        return low - room, high + room


@dataclass(frozen=True)
class _Map:
    """Values, the ends of their scale, and where they are, down and along."""

    values: Array
    ends: tuple[float, float]
    down: _Side
    along: _Side

    @property
    def sides(self) -> tuple[_Side, _Side]:
        """Down and along."""
        return self.down, self.along

    @property
    def is_grid(self) -> bool:
        """Whether it has rows and columns."""
        return bool(self.down.levels and self.along.levels)

    @property
    def height_of_width(self) -> float | None:
        """Height by width where both are lengths in one unit; None where they are not."""
        down, along = self.sides
        if down.levels or along.levels or down.unit != along.unit:
            return None
        return float(np.ptp(down.ends) / np.ptp(along.ends))


def maps(measure: str, places: pd.DataFrame, over: str, *, is_plate: bool) -> list[Drawing]:
    """Return a map of a measure for each value of the column before the places, or the only one.

    Parameters
    ----------
    measure : str
        Its column.
    places : DataFrame
        As `graticule.experiment` writes them: what has a map each, down, along, ``units``,
        measures. All maps have one scale.
    over : str
        What a unit is.
    is_plate : bool
        Whether they are the wells of a plate, whose columns are numbered from 1.
    """
    if not len(places) or not np.isfinite(values := places[measure].to_numpy(float)).any():
        return []
    *apart, down, along = (str(name) for name in places.columns[: _counted(places)])
    ends = (float(np.nanmin(values)), float(np.nanmax(values)))
    sides = (_side(places, down, first=None), _side(places, along, first=1 if is_plate else None))
    caption = _caption(places, over, sides, is_plate=is_plate)
    groups: list[tuple[Any, pd.DataFrame]] = [("", places)]
    if apart:
        groups = list(places.groupby(apart[0], sort=False))
    found = []
    for name, own in groups[:_MAPS]:
        rows = places.index.get_indexer(own.index)
        title = f"{measure} on the {'plate' if is_plate else 'map'}"
        if apart:
            title += f", {name}" if isinstance(name, str) else f", {apart[0]} {name:g}"
        drawn = _Map(values[rows], ends, *(replace(side, at=side.at[rows]) for side in sides))
        figure = _drawn(drawn, labelled(places, measure))
        found.append(as_drawing(figure, f"Map of {title}", title, caption))
    if len(groups) > _MAPS:
        more = f" These are the first {_MAPS} of {len(groups)} maps; the table has all."
        found[-1] = replace(found[-1], caption=caption + more)
    return found


def labelled(table: pd.DataFrame, column: str) -> str:
    """Return a column with its unit."""
    unit = unit_of(table, column)
    return f"{column} [{unit}]" if unit else column


def unit_of(table: pd.DataFrame, column: str) -> str:
    """Return the unit of a column in print; empty where it has none."""
    return wording.unit(str(table.attrs.get("units", {}).get(column, "")))


def _counted(places: pd.DataFrame) -> int:
    """Return how many columns say where a place is: those before the number of units."""
    return list(places.columns).index("units")


def _side(places: pd.DataFrame, name: str, *, first: int | None) -> _Side:
    """Return rows or columns where there are names or few whole numbers, else what is measured."""
    column, told = places[name], (labelled(places, name), unit_of(places, name))
    if not pd.api.types.is_numeric_dtype(column):
        texts = [str(value) for value in column]
        levels = sorted(set(texts), key=lambda text: natural(Path(text)))
        return _Side(*told, np.array([levels.index(text) for text in texts], float), levels)
    values = column.to_numpy(float)
    start = int(values.min()) if first is None else min(first, int(values.min()))
    if not np.array_equal(values, np.trunc(values)) or values.max() - start >= _CELLS:
        return _Side(*told, values, [])
    levels = [str(number) for number in range(start, int(values.max()) + 1)]
    return _Side(*told, values - start, levels)


def _caption(places: pd.DataFrame, over: str, sides: tuple[_Side, _Side], *, is_plate: bool) -> str:
    if is_plate:
        return (
            "Each square is a well where it lies on the plate; rows or edges that stand out are of "
            "the plate and not of the treatment."
        )
    mark = "square" if all(side.levels for side in sides) else "mark"
    most = int(places["units"].max())
    many = f", the mean of those that lie there (up to {most})" if most > 1 else ""
    many += " (white: no value)" if mark == "square" else ""
    return (
        f"Each {mark} is one {over} where it lies{many}; what changes along the map may be of the "
        "place and not of what was done."
    )


def _drawn(drawn: _Map, label: str) -> Figure:
    """Draw a grid of squares where both sides have names, else marks at what is measured."""
    down, along = drawn.sides
    figure, ax = _new_map(drawn)
    low, high = drawn.ends
    if drawn.is_grid:
        grid = np.full((len(down.levels), len(along.levels)), np.nan)
        grid[down.at.astype(int), along.at.astype(int)] = drawn.values
        shown = ax.imshow(grid, cmap="viridis", vmin=low, vmax=high, aspect="equal")
        ax.xaxis.tick_top()
        ax.xaxis.set_label_position("top")
    else:
        known = np.isfinite(drawn.values)
        ax.scatter(along.at[~known], down.at[~known], s=70, color="none", edgecolor=FAINT)
        shown = ax.scatter(
            along.at[known], down.at[known], c=drawn.values[known], s=70, cmap="viridis",
            vmin=low, vmax=high, edgecolor=INK, lw=0.3,
        )  # fmt: skip
        ax.set_xlim(along.ends)
        ax.set_ylim(down.ends[::-1] if down.levels else down.ends)
        ax.set_aspect("auto" if drawn.height_of_width is None else "equal")
    for axis, side in ((ax.xaxis, along), (ax.yaxis, down)):
        if side.levels:
            step = -(-len(side.levels) // 24)
            axis.set_ticks(range(0, len(side.levels), step), side.levels[::step], fontsize=8)
            axis.set_tick_params(length=0)
        axis.set_label_text(side.label)
    for edge in ax.spines.values():
        edge.set_visible(not drawn.is_grid)
    wide = figure.get_figwidth() * (ax.get_position().width)
    bar = figure.colorbar(shown, ax=ax, fraction=(_BAR - 0.1) / wide, pad=0.1 / wide, aspect=25)
    bar.ax.tick_params(labelsize=7.5)
    bar.set_label(label, fontsize=8.5, color=INK)
    bar.outline.set_visible(False)
    return figure


def _new_map(drawn: _Map) -> tuple[Figure, Any]:
    """Return a figure with room for the names of rows, and for the label of the scale."""
    width, height = _size(drawn)
    longest = max((len(name) for name in drawn.down.levels), default=5)
    left, right = 0.4 + 0.075 * min(longest, 30), 0.35
    above, below = (0.55, 0.15) if drawn.is_grid else (0.15, 0.5)
    wide, tall = left + width + right, above + height + below
    figure, ax = new_figure(wide, tall)
    figure.subplots_adjust(
        left=left / wide, right=1 - right / wide, bottom=below / tall, top=1 - above / tall
    )
    return figure, ax


def _size(drawn: _Map) -> tuple[float, float]:
    """Return width and height in inches: squares of one size, and equal lengths equal."""
    down, along = drawn.sides
    if drawn.is_grid:
        square = min(0.42, _WIDEST / len(along.levels))
        return _BAR + max(2.6, square * len(along.levels)), max(1.3, square * len(down.levels))
    if down.levels:
        return _BAR + 4.6, max(1.4, 0.42 * len(down.levels))
    return _BAR + 4.6, 4.6 * min(1.6, max(0.35, drawn.height_of_width or 0.85))
