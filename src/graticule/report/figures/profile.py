"""A profile, as a stack over distance, with its peak."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from graticule.core.errors import UnknownNameError
from graticule.core.palette import BLUE, ORANGE
from graticule.report.figures._figure import FigureContext, figure
from graticule.report.preview import Axis, Picture
from graticule.report.style import Drawing, as_drawing, legend, new_figure


@figure()
def profile(
    context: FigureContext, *, of: str, mark: str | None = None, along: str = "time"
) -> Drawing:
    """Draw a step along one dim, with the peak a record found in it.

    Parameters
    ----------
    of : str
        A step. Of further dims, as those of a scan, the largest value is drawn.
    mark : str, optional
        A step that gives a record: ``statistic``, the position, and ``<dim>_width``.
    along : str
        The dim; the last one where there is none of this name.
    """
    picture = context.pictures.picture(of)
    axis, values, others = _line(picture, along)
    figure, ax = new_figure()
    ax.plot(axis.positions, values, color=BLUE, lw=1.3, solid_joinstyle="round")
    ax.margins(x=0)
    ax.set_xlabel(axis.label)
    ax.set_ylabel(f"{of} / {picture.units}" if picture.units else of)
    words = ""
    if mark:
        position, unit = context.value(mark, axis.name)
        height, _ = context.value(mark, "statistic")
        scale = axis.factor(unit) if unit else axis.sample
        with suppress(UnknownNameError):
            half = context.value(mark, f"{axis.name}_width")[0] * scale / 2
            ax.axvspan(position * scale - half, position * scale + half, color=ORANGE, alpha=0.18)
        words = f"statistic {height:.4g} at {position:.4g} {unit}".strip()
        here = float(np.interp(position * scale, axis.positions, np.nan_to_num(values)))
        # The record may be of another step; its height then means nothing on this axis.
        if abs(height - here) < 0.15 * np.nanmax(np.abs(values)):
            here = height
        ax.plot([position * scale], [here], "o", color=ORANGE, ms=6, mec="black", label=words)
        legend(ax, loc="upper right")
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.14 * (high - low))
    over = f" Of {' and '.join(others)} the largest is drawn." if others else ""
    alt = f"Profile {of} of {context.image} along {axis.name}. {words}".strip()
    return as_drawing(figure, alt, "Profile", f"{words.capitalize()}.{over}".lstrip("."))


def _line(
    picture: Picture, along: str
) -> tuple[Axis, np.ndarray[tuple[int], np.dtype[np.float64]], list[str]]:
    names = [axis.name for axis in picture.axes]
    index = names.index(along) if along in names else len(names) - 1
    values = np.moveaxis(np.asarray(picture.values, dtype=float), index, -1)
    rows = values.reshape(-1, values.shape[-1])
    filled = np.where(np.isfinite(rows), rows, -np.inf).max(axis=0)
    line = np.where(np.isfinite(filled), filled, np.nan)
    return picture.axes[index], line, [name for name in names if name != names[index]]
