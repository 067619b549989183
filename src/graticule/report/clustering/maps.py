"""Maps of a collection: where each row lies in two dims, as points and as thumbnails."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from graticule.clustering.analysis import Analysis, MethodResult
from graticule.clustering.plane import Plane
from graticule.core.palette import INK
from graticule.core.typing import Array
from graticule.learn.clustering.som import SelfOrganisingMap
from graticule.learn.clustering.steps.som import map_of
from graticule.report.clustering.sheets import group_colour
from graticule.report.clustering.thumbnails import Thumbnails, enlarged, jpeg_uri
from graticule.report.colour_maps import colour_map
from graticule.report.style import Drawing, as_drawing, new_figure

_POINTS = 20_000
_WIDE, _HIGH, _TILE = 1120, 840, 56
_KEYS, _PLANES = 16, 12
_SOM_SIDE = 1080


def maps(analysis: Analysis, pictures: Thumbnails) -> list[Drawing]:
    """Return the maps: points by group, thumbnails where they lie, and a self-organising map."""
    plane = analysis.plane
    found = [points(analysis, plane)]
    found += [drawing for drawing in (mosaic(analysis, plane, pictures),) if drawing]
    further = (organised(analysis, pictures), component_planes(analysis))
    return found + [drawing for drawing in further if drawing]


def points(analysis: Analysis, plane: Plane) -> Drawing:
    """Draw each row as a point in the colour of its group; what is in none is grey."""
    labels = analysis.main.labels
    rows = np.arange(len(labels))
    if len(rows) > _POINTS:
        rng = np.random.default_rng(analysis.document.seed)
        rows = np.sort(rng.choice(len(rows), _POINTS, replace=False))
    figure, ax = new_figure(8.6, 5.6)
    size = float(np.clip(9000 / max(len(rows), 1), 3, 26))
    own = plane.places[rows]
    for group in range(-1, analysis.main.groups):
        mine = own[labels[rows] == group]
        if len(mine):
            ax.scatter(
                mine[:, 0], mine[:, 1], s=size, lw=0, alpha=0.75,
                color=group_colour(group), zorder=1 if group < 0 else 2,
                label=("in none" if group < 0 else f"{group}") if group < _KEYS else None,
            )  # fmt: skip
    for group in range(min(analysis.main.groups, _KEYS)):
        mine = plane.places[labels == group]
        ax.annotate(
            str(group), np.median(mine, axis=0), color=INK, fontsize=10, weight="bold",
            ha="center", va="center", zorder=4,
            bbox={"boxstyle": "round,pad=.2", "fc": "white", "ec": group_colour(group), "lw": 1.4},
        )  # fmt: skip
    ax.set_xlabel(plane.axes[0])
    ax.set_ylabel(plane.axes[1])
    noise = " Grey points belong to no group." if analysis.main.noise else ""
    drawn = f" {len(rows):,} of {len(labels):,} rows are drawn." if len(rows) < len(labels) else ""
    alt = f"Map of {len(labels):,} rows in {analysis.main.groups} groups."
    return as_drawing(figure, alt, plane.title, f"{plane.caption}{noise}{drawn}".strip(), wide=True)


def mosaic(analysis: Analysis, plane: Plane, pictures: Thumbnails) -> Drawing | None:
    """Draw images where they lie on a map: in each cell the one nearest to its middle."""
    collection = analysis.features.collection
    if all(path is None for path in collection.original):
        return None
    canvas = np.full((_HIGH, _WIDE, 3), 255, np.uint8)
    low, high = (np.percentile(plane.places, q, axis=0) for q in (0.5, 99.5))
    within = (plane.places >= low) & (plane.places <= high)
    inside = within[:, 0] & within[:, 1]
    across, up = _WIDE // _TILE, _HIGH // _TILE
    at = (plane.places - low) / np.where(high > low, high - low, 1) * (across, up)
    cells = np.clip(at.astype(int), 0, (across - 1, up - 1))
    off = np.abs(at - cells - 0.5).max(axis=1)
    shown = 0
    order = np.lexsort((np.arange(len(at)), off))
    taken: set[tuple[int, int]] = set()
    for row in order[inside[order]]:
        place = (int(cells[row, 0]), int(cells[row, 1]))
        if place in taken:
            continue
        taken.add(place)
        own = collection.prepared[row] or collection.original[row]
        top, left = _HIGH - (place[1] + 1) * _TILE, place[0] * _TILE
        colour = group_colour(int(analysis.main.labels[row]))
        shown += _paste(
            canvas, pictures.pixels(own, collection.box(int(row))), top, left, _TILE, colour
        )
    if not shown:
        return None
    caption = (
        f"{shown:,} of {len(at):,} where they lie on the map above, framed in the colour of their "
        "group: in each cell the one nearest to its middle."
    )
    alt = f"{shown} thumbnails on the map"
    source = jpeg_uri(canvas, 82)
    return Drawing(source, alt, "The map in pictures", caption, _WIDE, _HIGH, wide=True)


def _paste(
    canvas: Array, values: Array | None, top: int, left: int, side: int, colour: str, frame: int = 3
) -> bool:
    """Put a picture into a square of a canvas, within a frame; return whether there was one."""
    if values is None:
        return False
    inner = enlarged(values, side - 2 * frame - 2)
    square = canvas[top + 1 : top + side - 1, left + 1 : left + side - 1]
    square[:] = rgb(colour)
    square[frame:-frame, frame:-frame] = 255
    start = [(side - 2 - n) // 2 for n in inner.shape[:2]]
    square[start[0] : start[0] + inner.shape[0], start[1] : start[1] + inner.shape[1]] = inner
    return True


def rgb(colour: str) -> tuple[int, int, int]:
    """Return r, g, b from 0 to 255 of a colour of CSS.

    Examples
    --------
    >>> rgb("#ff8000")
    (255, 128, 0)
    """
    red, green, blue = (int(part, 16) for part in re.findall("..", colour.lstrip("#")))
    return red, green, blue


def _with_map(analysis: Analysis) -> tuple[MethodResult, int] | None:
    """Return the main method, or the first, that has a self-organising map, and its step."""
    order = [analysis.main, *(r for r in analysis.methods.values() if r is not analysis.main)]
    for result in order:
        for at, each in enumerate(result.clustering.steps):
            if each.step.name.startswith("som"):
                return result, at
    return None


def organised(analysis: Analysis, pictures: Thumbnails) -> Drawing | None:
    """Draw the self-organising map of the main method, or of the first that has one."""
    held = _with_map(analysis)
    if held is None:
        return None
    result, at = held
    steps = result.clustering.steps
    rows = analysis.features.table[list(result.clustering.columns)].to_numpy(np.float64)
    for each in steps[:at]:
        rows = np.ascontiguousarray(each.apply(rows), np.float64)
    found = map_of(steps[at].content, steps[at].parameters)
    facts = steps[at].facts
    return _som_map(analysis, result.name, found, rows, result.labels, facts, pictures)


def component_planes(analysis: Analysis) -> Drawing | None:
    """Draw what each feature is over a self-organising map, those that vary most."""
    held = _with_map(analysis)
    if held is None:
        return None
    result, at = held
    steps = result.clustering.steps
    weights = map_of(steps[at].content, steps[at].parameters).weights
    reduced = any(each.step.name == "pca" for each in steps[:at])
    made = analysis.features.image_rows
    if not reduced and made is not None and made.name == "values":
        return None  # samples of an image have no name that says anything
    names = list(result.clustering.columns)
    if reduced:
        names = [f"component {number + 1}" for number in range(weights.shape[-1])]
    varied = weights.reshape(-1, weights.shape[-1]).std(axis=0)
    order = np.argsort(-varied, kind="stable")[:_PLANES]
    across = min(4, len(order))
    down = -(-len(order) // across)
    figure, _ = new_figure(8.6, 2.2 * down)
    figure.clear()
    axes = np.atleast_1d(figure.subplots(down, across, squeeze=False)).ravel()
    for ax, number in zip(axes, order, strict=False):
        ax.imshow(weights[..., number].T, origin="lower", cmap="viridis", aspect="auto")
        ax.set_title(names[number], fontsize=8, color=INK)
    for ax in axes:
        ax.set_axis_off()
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=1 - 0.25 / (2.2 * down),
                           wspace=0.06, hspace=0.16)  # fmt: skip
    caption = (
        f"The same map, {result.name}: bright where a feature is large, dark where it is small. "
        "Features whose planes look alike say the same."
    )
    return as_drawing(figure, "Component planes", "What changes over the map", caption, wide=True)


def _som_map(
    analysis: Analysis,
    name: str,
    found: SelfOrganisingMap,
    rows: Array,
    labels: Array,
    facts: object,
    pictures: Thumbnails,
) -> Drawing:
    """Draw for each unit the row nearest to it, over the distance to its neighbours."""
    grid = found.grid
    places = grid.positions
    if grid.topology == "hexagonal":  # squares, of which none lies over another
        places[:, 1] = np.unique(places[:, 1], return_inverse=True)[1]
    spans = np.ptp(places, axis=0) + 1
    side = int(min(_SOM_SIDE // spans.max(), 96))
    size = (np.ceil(spans * side)).astype(int)
    corner = ((places - places.min(axis=0)) * side).astype(int)
    canvas = np.full((size[1], size[0], 3), 255, np.uint8)
    distance = found.distance_map.ravel()
    low, high = float(distance.min()), float(distance.max())
    shades = (255 - 200 * (distance - low) / ((high - low) or 1)).astype(int)
    winners = found.winners(rows)
    away = np.linalg.norm(rows - found.units[winners], axis=1)
    order = np.lexsort((away, winners))
    first = order[np.r_[True, np.diff(winners[order]) > 0]] if len(order) else order
    nearest = dict(zip(winners[first].tolist(), first.tolist(), strict=True))
    collection = analysis.features.collection
    for unit in range(grid.size):
        left, top = corner[unit, 0], size[1] - corner[unit, 1] - side
        canvas[top : top + side, left : left + side] = colour_map("gray")[shades[unit]]
        row = nearest.get(unit)
        if row is None:
            continue
        path = collection.prepared[row] or collection.original[row]
        pad = max(2, side // 8)
        colour = group_colour(int(labels[row]))
        inner = side - 2 * pad
        shown = pictures.pixels(path, collection.box(row))
        if not _paste(canvas, shown, top + pad, left + pad, inner, colour, 2):
            canvas[top + pad : top + pad + inner, left + pad : left + pad + inner] = rgb(colour)
    caption = (
        f"Of the method {name}: {grid.x} x {grid.y} units, {len(nearest):,} of them with a row; "
        "each shows the one nearest to it, in the colour of its group. The darker the "
        "ground, the farther a unit is from its neighbours: dark ridges part what is unlike."
    )
    if isinstance(facts, dict) and "quantisation_error" in facts:
        caption += (
            f" Quantisation error {facts['quantisation_error']:.3g}, topographic error "
            f"{facts['topographic_error']:.1%}."
        )
    return Drawing(
        jpeg_uri(canvas, 85), f"Self-organising map of {grid.x} by {grid.y} units",
        "The self-organising map", caption, int(size[0]), int(size[1]), wide=True,
    )  # fmt: skip


def colours(labels: Sequence[int]) -> list[str]:
    """Return the colour of each label."""
    return [group_colour(int(label)) for label in labels]
