"""How an array becomes colours: grey, viridis, diverging, labels, or an outline."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from graticule.core.errors import ImageError
from graticule.core.image import Kind
from graticule.core.order import percentile
from graticule.core.typing import Array
from graticule.evaluate.superpixels import boundaries
from graticule.report.colour_maps import colour_map
from graticule.report.preview import Axis, Picture
from graticule.report.style import NO_VALUE, Drawing, label_colours, png_uri
from graticule.report.svg import Plot
from graticule.report.wording import number, unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OUTLINE = (255, 140, 0)
_PALETTE = 256


@dataclass(frozen=True)
class Paint:
    """The colours of a picture.

    Attributes
    ----------
    index : array
        ``y x c`` of r, g, b from 0 to 255; with a table, ``y x``: rows of the table.
    table : array, optional
        At most 256 colours.
    """

    index: Array
    table: Array | None = None

    @property
    def colours(self) -> Array:
        """The array of r, g, b from 0 to 255."""
        return np.asarray(self.index if self.table is None else self.table[self.index])

    def uri(self, *, upward: bool = False) -> str:
        """Return it as the data URI of a PNG; ``upward`` puts the first row at the bottom."""
        from PIL import Image

        rows = np.ascontiguousarray(self.index[::-1] if upward else self.index)
        image = Image.fromarray(rows)
        if self.table is not None:
            image.putpalette(self.table.tobytes())
        stream = io.BytesIO()
        image.save(stream, format="PNG", compress_level=1)
        return png_uri(stream.getvalue())


@dataclass(frozen=True)
class ColourScale:
    """A colour scale: its map and the values at its ends."""

    map: str
    low: float
    high: float

    def paint(self, values: Array) -> Paint:
        """Return the colours of values; where there is none, sand."""
        table = colour_map(self.map)
        span = self.high - self.low or 1.0
        if values.dtype.kind in "bui":
            return Paint(np.clip((values - self.low) / span * 255, 0, 255).astype(np.uint8), table)
        finite = np.isfinite(values)
        index = np.clip((np.where(finite, values, self.low) - self.low) / span * 255, 0, 255)
        index = index.astype(np.uint8)
        if finite.all():
            return Paint(index, table)
        colours = table[index]
        colours[~finite] = NO_VALUE
        return Paint(colours)

    def colours(self, values: Array) -> Array:
        """Return r, g, b from 0 to 255; where there is no value, sand."""
        return self.paint(values).colours


def colour_scale_of(picture: Picture) -> ColourScale:
    """Choose a colour scale: diverging for signed values, grey for photographs, viridis else."""
    values = picture.values if picture.values.dtype.kind in "iuf" else picture.values.astype(float)
    finite = values[np.isfinite(values)]
    if picture.kind in (Kind.PROBABILITY, Kind.MASK):
        return ColourScale("viridis" if picture.kind == Kind.PROBABILITY else "gray", 0.0, 1.0)
    if finite.size == 0:
        return ColourScale("gray", 0.0, 1.0)
    low, high = percentile(finite, 0.5), percentile(finite, 99.5)
    if low == high:
        low, high = float(finite.min()), float(finite.max())
    spatial = sum(axis.is_spatial for axis in picture.axes) >= 2
    # A photograph with its background taken away stays a photograph.
    balance = min(-low, high) / max(-low, high) if low < 0 < high else 0.0
    if balance > (0.6 if spatial else 0.25):
        reach = max(-low, high)
        return ColourScale("RdBu_r", -reach, reach)
    return ColourScale("gray" if spatial else "viridis", low, high)


def downsample(picture: Picture, side: int) -> Picture:
    """Return a flat picture of at most ``side`` samples a side: means, or samples of labels."""
    values, axes = picture.values, list(picture.axes)
    for index in range(min(2, len(axes))):
        count = math.ceil(axes[index].size / side)
        if count < 2:
            continue
        size = axes[index].size // count
        cut = values.take(range(size * count), axis=index)
        blocks = cut.reshape(*cut.shape[:index], size, count, *cut.shape[index + 1 :])
        means = picture.kind in (Kind.IMAGE, Kind.PROBABILITY) and values.dtype != bool
        values = blocks.mean(axis=index + 1) if means else blocks.take(0, axis=index + 1)
        old = axes[index]
        first = old.first + (old.step * (count - 1) / 2 if means else 0)
        axes[index] = replace(
            old, size=size, first=first, step=old.step * count, window=old.window * count
        )
    return replace(picture, values=values, axes=tuple(axes))


def paint(
    picture: Picture, scale: ColourScale | None = None, under: Picture | None = None
) -> Paint:
    """Return the colours of a flat picture of two dims.

    A mask is drawn as an outline on ``under`` where that has the same shape.
    """
    values = picture.values
    if picture.is_colour:
        return Paint(_as_colour(values[..., :3]))
    if values.ndim != 2:
        raise ImageError(f"a picture has two dims, not {values.ndim}")
    if picture.kind == Kind.LABELS:
        if 0 <= int(values.min(initial=0)) <= int(values.max(initial=0)) < _PALETTE:
            return Paint(values.astype(np.uint8), label_colours(np.arange(_PALETTE)))
        return Paint(label_colours(values))
    if picture.kind == Kind.MASK:
        return _mask(values.astype(bool), under)
    return (scale or colour_scale_of(picture)).paint(values)


def as_rgb(
    picture: Picture, scale: ColourScale | None = None, under: Picture | None = None
) -> Array:
    """Return what `paint` gives as an array of r, g, b from 0 to 255."""
    return paint(picture, scale, under).colours


def _as_colour(values: Array) -> Array:
    if values.dtype == np.uint8:
        return values
    known = values[np.isfinite(values)]
    low, high = np.percentile(known, [0.5, 99.5]) if known.size else (0.0, 0.0)
    near = np.clip(np.nan_to_num(values.astype(float), nan=low), low, high)
    colours = ((near - low) / ((high - low) or 1.0) * 255).astype(np.uint8)
    colours[np.isnan(values).all(axis=-1)] = NO_VALUE
    return np.asarray(colours)


def _mask(mask: Array, under: Picture | None) -> Paint:
    if under is None or under.values.shape[:2] != mask.shape:
        return Paint(mask.astype(np.uint8), np.array([[32] * 3, [235] * 3], np.uint8))
    ground = as_rgb(under)
    colours = np.where(mask[..., None], ground, ground // 2 + 10).astype(np.uint8)
    colours[edges_of(mask)] = OUTLINE
    return Paint(colours)


def edges_of(labels: Array) -> Array:
    """Return the samples of objects that touch another label or the background."""
    return np.asarray(boundaries(labels) & (labels != 0))


def is_upward(picture: Picture) -> bool:
    """Whether the first row belongs at the bottom: for every axis that is not of space."""
    return not picture.axes[0].is_spatial


def new_plot(picture: Picture, width: float = 724) -> Plot:
    """Return a plot in the proportions of a flat picture; ``width`` is in pixels of the page."""
    vertical, horizontal = picture.axes[:2]
    tall_by_wide = 0.55
    if vertical.is_spatial:
        tall_by_wide = abs(vertical.step / horizontal.step) * vertical.size / horizontal.size
    height = min(860.0, max(190.0, width * tall_by_wide))
    bottom_up = vertical.edges if is_upward(picture) else vertical.edges[::-1]
    return Plot(horizontal.edges, bottom_up, min(width, height / tall_by_wide), height)


def plotted(plot: Plot, picture: Picture, alt: str, title: str, caption: str) -> Drawing:
    """Return the plot of a picture with its units, or with a scale bar."""
    vertical, horizontal = picture.axes[:2]
    if vertical.is_spatial and horizontal.is_spatial and horizontal.units:
        start, stop, words = _bar_of(horizontal)
        low, high = plot.y
        for colour, width in (("black", 6.7), ("white", 4.0)):
            plot.line([start, stop], [low + 0.06 * (high - low)] * 2, colour, width=width)
        plot.text((start + stop) / 2, low + 0.11 * (high - low), words)
    labels = (horizontal.label, vertical.label)
    return plot.drawing(alt, title, caption, labels=labels, wide=True)


def _bar_of(axis: Axis) -> tuple[float, float, str]:
    """Return the ends of a scale bar, and its words."""
    length = bar_length(axis)
    left, right = sorted(axis.edges)
    start = right - 0.05 * (right - left) - length
    return start, start + length, f"{number(length)} {unit(axis.units)}"


def show(ax: Axes, picture: Picture, colours: Array | None = None) -> None:
    """Draw a flat picture of two dims on axes with its units, or with a scale bar."""
    vertical, horizontal = picture.axes[0], picture.axes[1]
    upward = is_upward(picture)
    extent = (*horizontal.edges, *(vertical.edges if upward else vertical.edges[::-1]))
    spatial = vertical.is_spatial and horizontal.is_spatial
    ax.imshow(
        as_rgb(picture) if colours is None else colours,
        extent=extent,
        origin="lower" if upward else "upper",
        aspect="equal" if spatial and vertical.units == horizontal.units else "auto",
        interpolation="nearest",
    )
    ax.set_xlabel(horizontal.label)
    ax.set_ylabel(vertical.label)
    if spatial and horizontal.units:
        _add_bar(ax, horizontal)


def _add_bar(ax: Axes, axis: Axis) -> None:
    start, stop, words = _bar_of(axis)
    transform = ax.get_xaxis_transform()
    for colour, width in (("black", 5.0), ("white", 3.0)):
        ax.plot([start, stop], [0.06] * 2, color=colour, lw=width, transform=transform)
    box = {"facecolor": "black", "alpha": 0.55, "edgecolor": "none", "pad": 1.5}
    middle = (start + stop) / 2
    ax.text(
        middle, 0.09, words, transform=transform, color="white", fontsize=8, ha="center", bbox=box
    )


def bar_length(axis: Axis) -> float:
    """Return a round length of about a fifth of an axis.

    Examples
    --------
    >>> bar_length(Axis("x", 300, 0, 0.5, "um"))
    20.0
    """
    fifth = abs(axis.step) * axis.size / 5
    power = 10.0 ** math.floor(math.log10(fifth))
    # the logarithm of a little less than a power may be rounded to that of the power
    return max(power * digit for digit in (0.5, 1, 2, 5) if power * digit <= fifth)
