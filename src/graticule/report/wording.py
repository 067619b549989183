"""Numbers in words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from graticule.core.settings import format_bytes
from graticule.core.units import shown_quantity


def number(value: object) -> str:
    """Return a number with the digits that matter.

    Examples
    --------
    >>> number(0.0123456), number(1234.5), number(1234567), number(True), number(None)
    ('0.01235', '1,234', '1,234,567', 'yes', '–')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if 1_000 <= abs(value) < 1e9 else f"{value:.4g}"
    return str(value)


def numbers(values: Sequence[object]) -> list[str]:
    """Return a column's numbers with the same decimals, where they are of like size.

    Examples
    --------
    >>> numbers([53.18, 124.4, None]), numbers([0.001, 812.0])
    (['53.2', '124.4', '–'], ['0.001', '812'])
    """
    sizes = [abs(v) for v in values if isinstance(v, float) and math.isfinite(v) and v]
    alike = sizes and max(sizes) < 10_000 and min(sizes) > max(max(sizes) / 1000, 0.01)
    if not alike or any(isinstance(value, str) for value in values):
        return [number(value) for value in values]
    digits = max(0, 3 - math.floor(math.log10(max(sizes))))
    digits = max(digits - 1, 0) if all(v == round(v, digits - 1) for v in sizes) else digits
    digits = 0 if all(v == round(v) for v in sizes) else digits
    return [f"{v:,.{digits}f}" if isinstance(v, float) and v == v else number(v) for v in values]


def by_note(notes: Iterable[tuple[str, Sequence[str]]]) -> dict[str, list[str]]:
    """Return the images of each note, from the notes of each image.

    Examples
    --------
    >>> by_note([("a", ["is turned upright"]), ("b", []), ("c", ["is turned upright"])])
    {'is turned upright': ['a', 'c']}
    """
    images: dict[str, list[str]] = {}
    for image, told in notes:
        for note in dict.fromkeys(told):
            images.setdefault(note, []).append(image)
    return images


def some(names: Sequence[str], most: int = 3) -> str:
    """Return some names and how many there are more.

    Examples
    --------
    >>> some(["a", "b"]), some(["a", "b", "c", "d", "e"])
    ('a, b', 'a, b, c and 2 more')
    """
    more = len(names) - most
    return f"{', '.join(names[:most])} and {more:,} more" if more > 0 else ", ".join(names)


def coded(text: str | None) -> Markup:
    """Return text with what stands between double backticks as code, and all else escaped.

    Examples
    --------
    >>> coded("between ``start`` and <stop>")
    Markup('between <code>start</code> and &lt;stop&gt;')
    """
    parts = (text or "").split("``")
    if len(parts) % 2 == 0:
        return escape(text)
    pieces = (
        Markup("<code>{}</code>").format(p) if i % 2 else escape(p) for i, p in enumerate(parts)
    )
    return Markup("").join(pieces)


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def unit(text: str) -> str:
    """Return a unit as it is set in print; tables keep the plain one.

    Examples
    --------
    >>> unit("um2"), unit("px3"), unit("m / s"), unit("1 / um")
    ('µm²', 'px³', 'm / s', '1 / µm')
    """
    micro = re.sub(r"\bum(?=\d|\b)", "µm", text)
    return re.sub(r"(?<=[A-Za-z])-?\d+\b", lambda match: match[0].translate(_RAISED), micro)


def seconds(value: float | None) -> str:
    """Return a span of time as one reads it.

    Examples
    --------
    >>> seconds(0.0123), seconds(3.21), seconds(75), seconds(7322), seconds(None)
    ('12 ms', '3.2 s', '1 min 15 s', '2 h 2 min', '')
    """
    if value is None or not math.isfinite(value):
        return ""
    if value < 1:
        return f"{1000 * value:.0f} ms" if value >= 0.0005 else "< 1 ms"
    if value < 60:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(value: object) -> str:
    """Return bytes as one reads them.

    Examples
    --------
    >>> size(1_500_000), size(2 * 10**9)
    ('1.5 MB', '2 GB')
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return format_bytes(value)


def parameters(params: Mapping[str, Any]) -> str:
    """Return parameters as ``name = value``, those that are not set left out.

    Examples
    --------
    >>> parameters({"sigma": "5e-07 m", "mask": None, "by": ["phase", "flip_time"]})
    'sigma = 0.5 um, by = phase flip_time'
    """
    set_ones = {key: value for key, value in params.items() if value not in (None, "", [], {})}
    return ", ".join(f"{key} = {_format_value(value)}" for key, value in set_ones.items())


def changes(changed: Mapping[str, Mapping[str, Any]]) -> str:
    """Return which parameters have other values than in the pipeline's file, as a sentence.

    Examples
    --------
    >>> changes({"kept.min_size": {"from": 300.0, "to": 40.0}})
    'Changed for this run: kept.min_size from 300 to 40.'
    """
    told = [
        f"{name} from {_format_value(values.get('from'))} to {_format_value(values.get('to'))}"
        for name, values in changed.items()
    ]
    return f"Changed for this run: {', '.join(told)}." if told else ""


def _format_value(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(_format_value(item) for item in value)
    if isinstance(value, Mapping):
        return "{" + parameters({str(k): v for k, v in value.items()}) + "}"
    return shown_quantity(value) if isinstance(value, str) else number(value)


def file_of(file: str, kind: str, sha256: str) -> str:
    """Return the name of a file, or its kind where it has none, and the start of its hash.

    Examples
    --------
    >>> file_of("models/cells.model", "unet", "fe2869b0c68dcbc4")
    'cells.model (fe2869b0c68d)'
    """
    return f"{Path(file).name or kind} ({sha256[:12]})"


_SCORES = ("dice", "r2", "precision", "recall", "auc", "average_precision", "calibration_error")


def scores(held: Mapping[str, Any]) -> str:
    """Return scores as ``name value``, with their interval where they have one.

    Examples
    --------
    >>> scores({"dice": {"value": 0.8123, "low": 0.78, "high": 0.84}, "auc": 0.9, "n": {"a": 1}})
    'dice 0.8123 (0.78 to 0.84), auc 0.9'
    >>> scores({"average_precision": 0.8, "dice": 0.7})
    'dice 0.7, average precision 0.8'
    """
    texts = []
    ranks = {name: rank for rank, name in enumerate(_SCORES)}
    for key in sorted(held, key=lambda each: ranks.get(each, len(ranks))):
        name, score = key.replace("_", " "), held[key]
        if isinstance(score, Mapping) and "value" in score:
            ends = [score.get("low"), score.get("high")]
            interval = f" ({number(ends[0])} to {number(ends[1])})" if None not in ends else ""
            texts.append(f"{name} {number(score['value'])}{interval}")
        elif isinstance(score, (int, float, str)):
            texts.append(f"{name} {number(score)}")
    return ", ".join(texts)


def model(about: Any) -> str:
    """Return what a model says of itself in a line: kind, classes, held-out scores."""
    classes = f" of {', '.join(about.classes)}" if about.classes else ""
    learned = f", trained on {count(len(about.data), 'file')}" if about.data else ""
    held = scores(about.scores)
    score_text = f"; held out: {held}" if held else "; no held-out scores"
    return f"{about.name}: {about.kind.replace('-', ' ')}{classes}{learned}{score_text}"


def count(many: int, noun: str) -> str:
    """Return ``1 image`` or ``1,200 images``."""
    return f"{many:,} {noun}{'' if many == 1 else 's'}"
