"""What each method said of an image, right and wrong, beside the image and its labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from graticule.core import filtered_dims
from graticule.core.image import Kind
from graticule.core.palette import FAINT, INK
from graticule.core.typing import Array
from graticule.evaluate.pixels import hit_map
from graticule.learn.crossval.crossval import Comparison
from graticule.learn.crossval.units import display_window
from graticule.learn.data.labelled_items import LabelledItems
from graticule.report.draw import as_rgb, colour_scale_of
from graticule.report.figures.hits import hit_legend, hits_as_rgb
from graticule.report.methods.words import NAMES
from graticule.report.preview import Axis, Picture
from graticule.report.style import Drawing, as_drawing, label_colours

WRONG = (213, 94, 0)
_FEW = ((0, 114, 178), (240, 228, 66), (0, 158, 115), (204, 121, 167), (86, 180, 233),
        (91, 64, 153))  # fmt: skip
_NONE = (120, 126, 133)
_MOST_NAMED = 10


def hit_maps(comparison: Comparison, index: int) -> Drawing | None:
    """Draw what each method got right and wrong in an image, the best first, beside the image.

    Of several classes the labels are drawn too; where they are strokes, what was said of the rest
    is drawn paler over the image.
    """
    data = comparison.data
    if isinstance(data, LabelledItems):  # a class for the whole of an image is in no place of it
        return None
    name = data.names[index]
    shown = [m for m in comparison.ranked if name in comparison.results[m].pictures][:11]
    if not shown or not data.classes:
        return None
    known = data.known(index)
    window = display_window(known)
    truth, known = data.truth(index)[window], known[window]
    ground = _ground(data.images[index], window)
    several = len(data.scored_classes) > 1
    colours = class_colours(len(data.classes))
    panels: list[tuple[str, Array]] = [("image", ground)]
    if several:
        drawn_labels = np.where(known[..., None], colours[np.where(known, truth, 0)], ground // 2)
        panels.append(("labels", drawn_labels.astype(np.uint8)))
    for method in shown:
        said = comparison.results[method].pictures[name]
        picture = (
            several_hits(said, truth, known, colours, ground)
            if several
            else _object_hits(said, truth, known, data.scored_classes[0])
        )
        panels.append((f"{method}   {_score(comparison, method, index)}", picture))
    key = hit_legend()
    words = "What is right and wrong, sample by sample"
    if several:
        names = [own.name for own in data.classes][:_MOST_NAMED]
        key = [*zip(names, map(_hex, colours.tolist()), strict=False), ("wrong", _hex(WRONG))]
        words = "Classes in their colours where right, orange where wrong"
        words += "" if known.all() else "; paler, over the image, where nothing is labelled"
    caption = (
        f"{name}{_plane(data.images[index], window)}. {words}; each sample as said by a model that "
        f"had not seen it. The numbers are {NAMES[comparison.main]} of this image."
    )
    return _grid(panels, name, key, caption)


def class_colours(count: int) -> Array:
    """Return a colour for each class, uint8 (count, 3); none of a few is like that of faults."""
    if count <= len(_FEW):
        return np.array(_FEW[:count], np.uint8)
    return np.asarray(label_colours(np.arange(1, count + 1)[None])[0])


def several_hits(said: Array, truth: Array, known: Array, colours: Array, ground: Array) -> Array:
    """Return what was said of several classes: full where right, paler where nothing is labelled.

    ``said`` (-1 where nothing was) and ``truth`` are class codes, ``known`` is where there is a
    label, all (y, x); ``colours`` (classes, 3) and ``ground`` (y, x, 3), the image, are uint8.
    """
    own = colours[np.maximum(said, 0)]
    paler = (own.astype(np.uint16) * 2 + ground.astype(np.uint16) * 3) // 5
    picture = np.where(known[..., None], own, paler).astype(np.uint8)
    picture[known & (said != truth)] = WRONG
    picture[said < 0] = _NONE
    return np.asarray(picture)


def _object_hits(said: Array, truth: Array, known: Array, judged: int) -> Array:
    colours = np.asarray(hits_as_rgb(hit_map(said == judged, truth == judged)))
    colours[~(known & (said >= 0))] = _NONE
    return colours


def _score(comparison: Comparison, method: str, index: int) -> str:
    own = comparison.results[method].scores.by_image.get(index, {}).get(comparison.main, math.nan)
    return "" if math.isnan(own) else f"{own:.3f}"


def _plane(image: xr.DataArray, window: tuple[Any, ...]) -> str:
    """Return which plane of a volume is shown, in words."""
    dims = filtered_dims(image)
    return "".join(
        f", {dim} {at + 1} of {image.sizes[dim]}"
        for dim, at in zip(dims, window[:-2], strict=False)
    )


def _hex(colour: Sequence[int]) -> str:
    return f"#{bytes(colour).hex()}"


def _ground(image: xr.DataArray, window: tuple[Any, ...]) -> Array:
    dims = filtered_dims(image)
    values = image.transpose(*dims, ...).values[window]
    if values.ndim > 2:
        values = values[..., :3] if values.shape[2] in (3, 4) else values[..., 0]
    axes = [Axis(dim, size) for dim, size in zip((*dims[-2:], "c"), values.shape, strict=False)]
    picture = Picture(values, tuple(axes), Kind.IMAGE)
    return as_rgb(picture, None if values.ndim == 3 else colour_scale_of(picture))


def _grid(
    panels: Sequence[tuple[str, Array]], name: str, key: Sequence[tuple[str, str]], caption: str
) -> Drawing:
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    from graticule.report.style import DPI, PAPER

    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    ratio = panels[0][1].shape[0] / panels[0][1].shape[1]
    wide = 9.2
    each = min(wide / columns * ratio, 4.2)
    lines = -(-len(key) // 6)
    foot = 0.2 + 0.2 * lines
    tall = rows * (each + 0.28) + 0.05 + foot
    figure = Figure(figsize=(wide, tall), dpi=DPI, facecolor=PAPER)
    axes = np.ravel(figure.subplots(rows, columns, squeeze=False))
    for ax in axes:
        ax.set_axis_off()
    for ax, (title, colours) in zip(axes, panels, strict=False):
        ax.imshow(colours, interpolation="nearest")
        ax.set_title(title, fontsize=8.5, color=INK, pad=3)
    figure.subplots_adjust(left=0.005, right=0.995, bottom=foot / tall, top=1 - 0.25 / tall,
                           wspace=0.03, hspace=0.28 / each)  # fmt: skip
    patches = [Patch(facecolor=c, edgecolor=FAINT, lw=0.6, label=t) for t, c in key]
    figure.legend(handles=patches, loc="lower center", ncols=min(6, len(key)), fontsize=8,
                  frameon=False, labelcolor=INK)  # fmt: skip
    listed = ", ".join(title for title, _ in panels[1:])
    return as_drawing(figure, f"Hit maps of {name}: {listed}.", name, caption, wide=True)
