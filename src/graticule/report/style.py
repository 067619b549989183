"""One look for all figures: colours everybody can tell apart, thin axes, no global state."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.core.palette import FAINT, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAPER = "#ffffff"
NO_VALUE = (216, 207, 174)
DPI = 144


@dataclass(frozen=True)
class Drawing:
    """A figure that is ready for the page.

    Attributes
    ----------
    source : str
        A data URI.
    alt : str
        What the figure shows, in words.
    title : str
        Shown above it.
    caption : str
        Shown below it.
    width, height : int
        In pixels of the page.
    wide : bool
        Whether it takes the whole width of the page.
    """

    source: str
    alt: str
    title: str = ""
    caption: str = ""
    width: int = 0
    height: int = 0
    wide: bool = False


def new_figure(
    width: float = 5.6, height: float = 3.6, columns: int = 1, *, own: bool = False
) -> tuple[Figure, Any]:
    """Return a figure and its axes (an array of them for more than one column).

    They share their scales, unless each has its ``own``.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, columns, sharex=not own, sharey=not own)
    for ax in np.atleast_1d(axes):
        _quiet(ax)
    figure.subplots_adjust(
        left=0.6 / width, right=1 - 0.15 / width, bottom=0.5 / height, top=1 - 0.15 / height
    )
    return figure, axes


def _quiet(ax: Axes) -> None:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for spine in ax.spines.values():
        spine.set_color(FAINT)
        spine.set_linewidth(0.8)
    ax.tick_params(colors=INK, labelsize=8, width=0.8, length=3, color=FAINT)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_fontsize(9)
        axis.label.set_color(INK)


def as_drawing(
    figure: Figure, alt: str, title: str = "", caption: str = "", *, wide: bool = False
) -> Drawing:
    """Return a figure as a PNG, the same bytes for the same figure, with its words."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    width, height = (round(96 * inches) for inches in figure.get_size_inches())
    return Drawing(png_uri(stream.getvalue()), alt, title, caption, width, height, wide)


def png_uri(content: bytes) -> str:
    """Return the bytes of a PNG as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def label_colours(labels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a colour (r, g, b from 0 to 255) for each label; the same label, the same colour.

    Hues are a golden section apart, so that neighbours in number are far apart in colour; the
    lightness alternates for those who see fewer hues. Background is near black.

    Examples
    --------
    >>> label_colours(np.array([0, 1, 2]))[0].tolist()
    [24, 27, 31]
    """
    most = int(labels.max(initial=0))
    if labels.dtype.kind in "iu" and int(labels.min(initial=0)) >= 0 and most <= labels.size:
        number, places = np.arange(most + 1), labels
    else:
        numbers, places = np.unique(labels, return_inverse=True)
        number = numbers.astype(np.int64)
    hue = (number * 0.61803398875 + 0.05) % 1
    value = np.array([0.95, 0.72, 0.85])[number % 3]
    saturation = np.array([0.62, 0.75, 0.45])[number % 3]
    # each channel is a trapezium over the hue, a third of the circle from the next one
    turns = (hue[:, None] * 6 + np.array([5, 3, 1])) % 6
    falls = np.clip(np.minimum(turns, 4 - turns), 0, 1)
    colours = np.rint(255 * value[:, None] * (1 - saturation[:, None] * falls)).astype(np.uint8)
    colours[number == 0] = (24, 27, 31)
    return np.asarray(colours[places.reshape(labels.shape)])


def legend(ax: Axes, **options: Any) -> None:
    """Add a small legend without a frame."""
    ax.legend(frameon=False, fontsize=8, labelcolor=INK, **options)
