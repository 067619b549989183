"""Numbers and findings in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from graticule.core.errors import GraticuleError
from graticule.report.record import CheckFacts, RunRecord
from graticule.report.tables import StudyTable

if TYPE_CHECKING:
    import pandas as pd

NAMED = 8


def number(value: object) -> str:
    """Return a number with the digits that matter.

    Examples
    --------
    >>> number(0.0123456), number(12345.6), number(1234567), number(True), number(None)
    ('0.01235', '12,346', '1,234,567', 'yes', '–')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if 10_000 <= abs(value) < 1e9 else f"{value:.4g}"
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
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value:.0f} bytes"


def parameters(params: Mapping[str, Any]) -> str:
    """Return parameters as ``name = value``, those that are not set left out.

    Examples
    --------
    >>> parameters({"sigma": 2.0, "mask": None, "by": ["phase", "flip_time"]})
    'sigma = 2, by = phase flip_time'
    """
    set_ones = {key: value for key, value in params.items() if value not in (None, "", [], {})}
    return ", ".join(f"{key} = {_said(value)}" for key, value in set_ones.items())


def _said(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(_said(item) for item in value)
    if isinstance(value, Mapping):
        return "{" + parameters({str(k): v for k, v in value.items()}) + "}"
    return number(value)


def count(many: int, noun: str) -> str:
    """Return ``1 image`` or ``1,200 images``."""
    return f"{many:,} {noun}{'' if many == 1 else 's'}"


def answer(record: RunRecord, images: StudyTable, objects: list[StudyTable]) -> list[str]:
    """Return what came out, in sentences; the first thing a reader sees."""
    done, failed = record.done, len(record.failed)
    said = [f"{count(done, 'image')} {'was' if done == 1 else 'were'} analysed; "]
    said[0] += f"{failed:,} failed." if failed else "none failed."
    if images.exists and "detected" in images.columns:
        said.append(_detections(record, images))
    for table in objects:
        kind = table.name.removeprefix("objects").lstrip("_")
        share = f", {table.rows / done:,.4g} to an image" if done > 1 else ""
        said.append(f"{count(table.rows, 'object')}{f' ({kind})' if kind else ''} measured{share}.")
    return said


def _detections(record: RunRecord, images: StudyTable) -> str:
    known = ("image", "detected", "p", "p_smallest", "surrogates")
    wanted = [str(name) for name in known if name in images.columns]
    rows = images.head(images.rows, wanted)
    found = rows[rows["detected"].fillna(False).astype(bool)]
    rates = {c.params["fdr"] for c in record.checks.values() if c.params.get("fdr") is not None}
    level = f" at a false discovery rate of {number(rates.pop())}" if len(rates) == 1 else ""
    verb = "holds" if len(found) == 1 else "hold"
    text = f"{len(found):,} of {count(len(rows), 'image')} {verb} a detection{level}"
    if found.empty:
        return f"{text}."
    named = [
        f"{row['image']} (p = {number(float(row['p']))})" if "p" in row else str(row["image"])
        for _, row in found.head(NAMED).iterrows()
    ]
    more = f" and {len(found) - NAMED:,} more" if len(found) > NAMED else ""
    return f"{text}: {', '.join(named)}{more}.{_limit(found)}"


def _limit(found: pd.DataFrame) -> str:
    """Say so where a p-value is as small as the surrogates allow: more could make it smaller."""
    if not {"p", "p_smallest", "surrogates"} <= set(found.columns):
        return ""
    least = found[found["p"] <= found["p_smallest"]]
    if least.empty:
        return ""
    many, smallest = int(least["surrogates"].max()), float(least["p_smallest"].min())
    return f" {number(smallest)} is the smallest p that {many:,} surrogates can support."


_MEANING = {
    "surrogate": (
        "The whole analysis is repeated on surrogates of the image, which keep its noise and "
        "hold no signal. p is the part of them, counted with the image itself, that reaches the "
        "statistic of the image: (1 + k) / (1 + m). q is p corrected for the number of images; "
        "an image counts as detected where q is at most {fdr}."
    ),
    "injection": (
        "Signals of known strength are put into quiet versions of the image, and those that the "
        "analysis finds are counted: how weak a signal could have been seen here at all."
    ),
}


def meaning(check: CheckFacts) -> str:
    """Return in words what a check says, from its own documentation where no words are here."""
    if check.check in _MEANING:
        return _MEANING[check.check].format(fdr=number(check.params.get("fdr")))
    from graticule.core.registry import get_check

    try:
        return (get_check(check.check).__doc__ or "").strip().partition("\n")[0]
    except (GraticuleError, ImportError):
        return ""
