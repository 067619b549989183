"""The strip: every step's picture beside its distribution, in the order of the pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from markupsafe import Markup

from graticule.core.errors import GraticuleError
from graticule.core.image import Kind
from graticule.report.colour_maps import colour_map
from graticule.report.draw import (
    ColourScale,
    bar_length,
    colour_scale_of,
    downsample,
    is_upward,
    paint,
)
from graticule.report.preview import Axis, Picture, Preview
from graticule.report.record import RunRecord
from graticule.report.style import label_colours
from graticule.report.wording import count, number, parameters, unit

_CLASSES = "learn.classify"
_MOST_NAMED = 12
"""Classes that a key can hold."""

SIDE = 300


@dataclass(frozen=True)
class Panel:
    """One step of the strip."""

    name: str
    op: str = ""
    params: str = ""
    seconds: float | None = None
    source: str = ""
    alt: str = ""
    aspect: float = 1.0
    coarse: bool = False
    across: str = ""
    up: str = ""
    bar: tuple[float, str] | None = None
    chart: Markup | None = None
    low: str = ""
    high: str = ""
    note: str = ""
    key: tuple[tuple[str, str], ...] = ()


def strip(record: RunRecord, preview: Preview, prefix: str) -> list[Panel]:
    """Return a panel for every input and step that has a picture, in order.

    ``prefix`` makes the names inside the page unique.
    """
    panels = []
    pictured = {name.partition(".")[0] for name in preview.steps}
    made = [name for name, facts in record.steps.items() if not facts.left_out]
    others = [name for name in made if name not in pictured]
    for index, name in enumerate(_ordered(record, [*preview.steps, *others])):
        try:
            panels.append(_panel(record, preview, name, f"{prefix}-{index}"))
        except (GraticuleError, ValueError, TypeError, IndexError) as error:
            panels.append(Panel(name, note=f"This picture cannot be drawn: {error}"))
    return panels


def _ordered(record: RunRecord, names: list[str]) -> Iterable[str]:
    known = [*(record.pipeline.get("inputs") or {}), *(record.pipeline.get("steps") or {})]
    position = {str(name): index for index, name in enumerate(known)}
    return sorted(names, key=lambda name: position.get(name.partition(".")[0], len(known)))


def _panel(record: RunRecord, preview: Preview, name: str, key: str) -> Panel:
    facts = record.steps.get(name.partition(".")[0])
    about: dict[str, Any] = {"name": name}
    if facts is not None:
        about |= {"op": facts.op, "seconds": facts.seconds, "params": parameters(facts.shown)}
    if name not in preview.steps:
        return Panel(**about, note="No picture: it gives a table or numbers.")
    picture = preview.picture(name).flat()
    under = _ground(record, preview, picture) if picture.kind == Kind.MASK else None
    files = facts.about.values() if facts is not None and facts.op == _CLASSES else ()
    named = {value: label for file in files for value, label in file.named.items()}
    return panel_of(picture, key, under, classes=named or None, **about)


def panel_of(
    picture: Picture,
    key: str,
    under: Picture | None = None,
    *,
    classes: Mapping[int, str] | None = None,
    **about: Any,
) -> Panel:
    """Return the panel of a flat picture; a mask is outlined on the picture ``under`` it.

    ``key`` makes the names inside the page unique; ``classes`` names labels that are classes, by
    their value; ``about`` is what the panel is called, and what else there is to say of the step.
    """
    name = str(about["name"])
    if classes is None and about.get("op") == _CLASSES:
        classes = {}
    if picture.values.size == 0:
        return Panel(**about, note="The image is empty.")
    if len(picture.axes) < 2:
        return Panel(**about, **_line(picture, name))
    small = downsample(picture, SIDE)
    scale = colour_scale_of(picture)
    ground = downsample(under, SIDE) if under is not None else None
    down, along = small.axes[:2]
    upward = is_upward(small)
    spatial = down.is_spatial and along.is_spatial
    ratio = abs(along.step) * along.size / (abs(down.step) * down.size) if spatial else 4 / 3
    return Panel(
        **about,
        source=paint(small, scale, ground).uri(upward=upward),
        alt=f"Picture of {name}",
        aspect=min(4.0, max(0.25, ratio)),
        coarse=max(small.values.shape[:2]) < SIDE,
        across=f"{_reach(along)} →",
        up=f"{_reach(down)} {'↑' if upward else '↓'}",
        bar=_bar(along) if spatial and along.units else None,
        **_distribution(picture, scale, key, classes),
    )


def _ground(record: RunRecord, preview: Preview, mask: Picture) -> Picture | None:
    """Return the first picture of the run on which a mask can be outlined."""
    for name in _ordered(record, preview.steps):
        picture = preview.picture(name).flat()
        if picture.kind == Kind.IMAGE and len(picture.axes) >= 2:
            return picture if picture.values.shape[:2] == mask.values.shape else None
    return None


def _reach(axis: Axis) -> str:
    low, high = axis.edges if not axis.units else (axis.positions[0], axis.positions[-1])
    if not axis.units:
        return f"{axis.name} {axis.size * axis.window:,} {'px' if axis.is_spatial else 'samples'}"
    return f"{axis.name} {number(float(low))} to {number(float(high))} {unit(axis.units)}"


def _bar(axis: Axis) -> tuple[float, str]:
    length = bar_length(axis)
    return 100 * length / (abs(axis.step) * axis.size), f"{number(length)} {unit(axis.units)}"


def key_of(labels: np.ndarray[Any, Any], names: Mapping[int, str]) -> dict[str, Any]:
    """Return how many classes labels show, and the colour and name of each."""
    values = np.unique(labels)
    note = "1 class" if values.size == 1 else f"{values.size:,} classes"
    if values.size > _MOST_NAMED:
        return {"note": note}
    colours = ("#{:02x}{:02x}{:02x}".format(*colour) for colour in label_colours(values))
    said = (names.get(value, str(value)) for value in values.tolist())
    return {"note": note, "key": tuple(zip(colours, said, strict=True))}


def _distribution(
    picture: Picture, scale: ColourScale, key: str, classes: Mapping[int, str] | None
) -> dict[str, Any]:
    """Return the histogram, whose foot is the colour scale, and what else there is to say."""
    values = picture.values
    if picture.kind == Kind.LABELS:
        if classes is not None:
            return key_of(values, classes)
        return {"note": count(np.unique(values[values != 0]).size, "object")}
    if picture.kind == Kind.MASK:
        return {"note": f"{np.mean(values != 0):.1%} inside"}
    numbers = values.astype(float).ravel()
    finite = numbers[np.isfinite(numbers)]
    notes = [picture.note] if picture.note else []
    if finite.size < numbers.size:
        notes.append(f"{1 - finite.size / numbers.size:.1%} without a value (sand)")
    if finite.size == 0:
        return {"note": ", ".join(notes)}
    if picture.is_colour:
        low, high = float(finite.min()), float(finite.max())
        scale = ColourScale("gray", low, high)
    units = f" {unit(picture.units)}" if picture.units else ""
    return {
        "chart": _histogram(finite, scale, key),
        "low": number(scale.low),
        "high": f"{number(scale.high)}{units}",
        "note": ", ".join(notes),
    }


def _histogram(values: np.ndarray[Any, Any], scale: ColourScale, key: str) -> Markup:
    low, high = scale.low, scale.high if scale.high > scale.low else scale.low + 1
    counts, _ = np.histogram(np.clip(values, low, high), bins=60, range=(low, high))
    # The square root keeps rare values in sight beside a background.
    heights = np.sqrt(counts / max(1, counts.max())) * 34
    bars = "".join(f"M{2 * i} 36v-{h:.1f}h2v{h:.1f}z" for i, h in enumerate(heights) if h > 0)
    ends = colour_map(scale.map)[np.linspace(0, 255, 9).astype(int)].tolist()
    stops = "".join(
        '<stop offset="{:.3f}" stop-color="#{:02x}{:02x}{:02x}"/>'.format(i / 8, *end)
        for i, end in enumerate(ends)
    )
    name = escape(key, quote=True)
    return Markup(
        '<svg class="chart" viewBox="0 0 120 44" preserveAspectRatio="none" role="img" '
        f'aria-label="Distribution of the values"><defs><linearGradient id="{name}">{stops}'
        f'</linearGradient></defs><path d="{bars}" fill="currentColor" opacity=".55"/>'
        f'<rect y="37" width="120" height="7" fill="url(#{name})"/></svg>'
    )


def _line(picture: Picture, name: str) -> dict[str, Any]:
    if not picture.axes:
        return {"note": f"{name} = {number(float(picture.values))} {picture.units}".strip()}
    values = picture.values.astype(float)
    axis = picture.axes[0]
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return {"note": "nowhere a value"}
    low, high = float(finite.min()), float(finite.max())
    x = np.linspace(0, 120, values.size)
    y = 86 - 82 * (values - low) / ((high - low) or 1)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True) if np.isfinite(b))
    chart = Markup(
        '<svg class="line" viewBox="0 0 120 90" preserveAspectRatio="none" role="img" '
        f'aria-label="Profile"><polyline points="{points}"/></svg>'
    )
    units = f" {unit(picture.units)}" if picture.units else ""
    note = f"from {number(low)} to {number(high)}{units}"
    return {"chart": chart, "across": f"{_reach(axis)} →", "note": note}
