"""Figures of how far what was measured is from what was wanted."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_REACHED, _MISSED, _OPEN = "#1f6f9f", "#b3261e", "#6b6b6b"


def wanted_ratio(bar: str) -> float | None:
    """Return how many times faster a bar asks for; None where it asks for something else.

    Examples
    --------
    >>> wanted_ratio(">= 2.5 times, equal"), wanted_ratio("<= 1/20 of the time, < 250 MB")
    (2.5, 20.0)
    >>> wanted_ratio(">= 0.9") is None
    True
    """
    if found := re.match(r">= ([\d.]+) times", bar):
        return float(found[1])
    if found := re.match(r"<= (?:([\d.]+)|1/(\d+)) of (?:its|the) time", bar):
        return 1 / float(found[1]) if found[1] else float(found[2])
    return None


def limit(row: Mapping[str, Any]) -> float | None:
    """Return the largest a time, a size or a memory may be, in the unit of the row.

    Examples
    --------
    >>> limit({"unit": "ms", "bar": "median <= 60, 95th percentile <= 120 ms"})
    60.0
    >>> limit({"unit": "s", "bar": "<= 0.25 of its time"}) is None
    True
    """
    if row["unit"] not in ("s", "ms", "MB", "clicks") or wanted_ratio(row["bar"]) is not None:
        return None
    found = re.match(r"(?:median )?<=? ([\d.]+)", row["bar"])
    return float(found[1]) if found else None


def ratios_figure(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the ratios to the peers on a logarithmic axis, with what was wanted, as SVG."""
    shown = [row for row in rows if row["ratio"] and _is_time(row)]
    shown.sort(key=lambda row: -row["ratio"])
    return _drawn(
        shown,
        lambda row: float(row["ratio"]),
        lambda row: wanted_ratio(row["bar"]),
        "times faster than the peer",
    )


def _is_time(row: Mapping[str, Any]) -> bool:
    return row["unit"] in ("s", "ms", "us") or row["unit"].endswith("/s")


def limits_figure(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return figures as parts of their limits on a logarithmic axis, as SVG."""
    shown = [row for row in rows if row["value"] and limit(row)]
    shown.sort(key=lambda row: row["value"] / (limit(row) or 1))
    return _drawn(
        shown,
        lambda row: float(row["value"]) / (limit(row) or 1),
        lambda row: 1.0,
        "part of the limit",
    )


def _drawn(
    rows: Sequence[Mapping[str, Any]],
    place: Callable[[Mapping[str, Any]], float],
    wanted: Callable[[Mapping[str, Any]], float | None],
    label: str,
) -> str:
    """Return dots by row, filled where they reach what is wanted and open where not."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # the same text each time, so that a page is not built anew for nothing
    with mpl.rc_context({"svg.hashsalt": "graticule", "svg.fonttype": "path", "font.size": 9}):
        figure = Figure(figsize=(9, 0.6 + 0.23 * len(rows)), layout="constrained")
        axes = figure.subplots()
        axes.set_xscale("log")
        axes.axvline(1, color="0.6", linewidth=1)
        for number, row in enumerate(rows):
            reached, bar = row["reached"], wanted(row)
            color = {True: _REACHED, False: _MISSED, None: _OPEN}[reached]
            at = place(row)
            if bar is not None:
                axes.plot([bar, at], [number, number], color=color, linewidth=0.8)
                axes.plot(bar, number, "|", color="0.1", markersize=11, markeredgewidth=1.6)
            filled = color if reached else "white"
            axes.plot(at, number, "o", color=color, markerfacecolor=filled, markeredgewidth=1.5)
        axes.set_yticks(range(len(rows)), [_short(row) for row in rows], fontsize=7.5)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlabel(f"{label}; | wanted, filled: reached, open red: not reached")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.grid(axis="x", color="0.9", linewidth=0.6)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(axis="y", length=0)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def _short(row: Mapping[str, Any]) -> str:
    said = textwrap.shorten(re.sub(r"[\u200b]", "", row["what"]), 62, placeholder=" ...")
    return f"{said}  {row['id']}"
