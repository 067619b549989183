"""The answer of an experiment for a reader: a sentence, curves, groups and the map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from graticule.core.palette import BLUE, GREEN, GREY, INK, ORANGE, RED
from graticule.core.typing import Array
from graticule.report.places import labelled, maps
from graticule.report.record import RunRecord
from graticule.report.style import Drawing, as_drawing, new_figure
from graticule.report.tables import StudyTable

_ANSWERED = ("EC50", "Z'", "SSMD")
_PARAMETERS = ("EC50", "Hill slope", "bottom", "top")
TABLES = ("answers", "groups", "places", "units")
_COLOURS = (BLUE, ORANGE, GREEN, RED, "#cc79a7", "#56b4e9", GREY)
_NONE = "–"
_SHOWN = 4
"""Measures that are drawn."""


def sentences(tables: Mapping[str, StudyTable]) -> list[str]:
    """Return the answers in one sentence for each measure and group; none without groups."""
    answers = _frame(tables, "answers")
    if not len(answers):
        return []
    by = ["measure", *_apart(answers)]
    found = []
    for (measure, *levels), own in answers.groupby(by, sort=False, dropna=False):
        by_name = dict(zip(own["answer"], own["sentence"], strict=True))
        told = "; ".join(str(by_name[name]) for name in _ANSWERED if name in by_name)
        found.append(f"{', '.join([str(measure), *_places(by[1:], levels)])}: {told}.")
    return found


def _apart(answers: pd.DataFrame) -> list[str]:
    """Return the columns of groups that have an answer each: they stand before the measure."""
    return [str(name) for name in answers.columns[: answers.columns.get_loc("measure")]]


def _places(by: Sequence[str], levels: Sequence[Any]) -> list[str]:
    return [
        f"{name} {_level(value)}" for name, value in zip(by, levels, strict=True)
        if _level(value) != _NONE
    ]  # fmt: skip


def answers_of(folder: Path) -> list[str]:
    """Return the answers of a run folder in sentences; none without groups."""
    return sentences({name: StudyTable(folder, name) for name in TABLES})


def figures(record: RunRecord, tables: Mapping[str, StudyTable]) -> list[Drawing]:
    """Return the figures of an experiment: curve or groups of each measure, and its map."""
    spec = record.pipeline.get("groups")
    units = _frame(tables, "units")
    if not isinstance(spec, dict) or not len(units):
        return []
    measures = [str(m) for m in spec.get("of") or () if m in units][:_SHOWN]
    places = _frame(tables, "places")
    found: list[Drawing] = []
    for measure in measures:
        curve = _curve(spec, measure, units, _frame(tables, "answers"))
        groups = None if curve else _groups(spec, measure, units, _frame(tables, "groups"))
        found += [drawing for drawing in (curve, groups) if drawing]
        found += maps(measure, places, _over(spec), is_plate=not spec.get("map"))
    return found


def _frame(tables: Mapping[str, StudyTable], name: str) -> pd.DataFrame:
    table = tables.get(name)
    if table is None or not table.exists:
        return pd.DataFrame()
    frame = table.head(table.rows)
    frame.attrs["units"] = table.units
    return frame


def _curve(
    spec: Mapping[str, Any], measure: str, units: pd.DataFrame, answers: pd.DataFrame
) -> Drawing | None:  # fmt: skip
    """Draw units over their dose, with each fitted curve and the interval of its middle."""
    dose = spec.get("dose")
    if not dose or dose not in units or not len(answers):
        return None
    by = _apart(answers)
    own = answers[(answers["measure"] == measure) & answers["answer"].isin(_PARAMETERS)]
    doses = pd.to_numeric(units[dose], errors="coerce").to_numpy(float)
    known = np.isfinite(doses) & np.isfinite(units[measure].to_numpy(float))
    positive = np.unique(doses[known & (doses > 0)])
    if not len(own) or len(positive) < 2:
        return None
    zero = positive[0] / 10 ** max(0.5, np.log10(positive[1] / positive[0]))
    figure, ax = new_figure(5.6, 3.8)
    ax.set_xscale("log")
    ax.set_xlim(zero / 1.6, positive[-1] * 1.8)
    curves = list(own.groupby(by, sort=False, dropna=False)) if by else [((), own)]
    told = []
    for number, (levels, fitted) in enumerate(curves):
        same = known & _are(units, dict(zip(by, levels, strict=True)))
        parameters = fitted.set_index("answer")
        places = " ".join(_places(by, levels))
        colours = (BLUE, INK, ORANGE) if not by else (_COLOURS[number % len(_COLOURS)],) * 3
        _draw_curve(ax, np.where(doses > 0, doses, zero)[same],
                    units[measure].to_numpy(float)[same], parameters, colours, places)  # fmt: skip
        if not math.isfinite(float(parameters["value"]["EC50"])):
            sentence = parameters["sentence"]["EC50"]
            told.append(f"{places}: {sentence}." if places else f"{sentence}.")
    if (doses[known] == 0).any():
        ax.axvline(zero * (positive[0] / zero) ** 0.5, color=INK, lw=0.6, ls=":")
        ax.text(zero, ax.get_ylim()[0], " 0", fontsize=8, va="bottom", ha="center", color=INK)
    if by:
        ax.legend(frameon=False, fontsize=8, labelcolor=INK)
    ax.set_xlabel(labelled(units, str(dose)))
    ax.set_ylabel(labelled(units, measure))
    if len(told) < len(curves):
        confidence = f"{spec.get('confidence', 0.95):.0%}"
        told.insert(0, f"The curve has four parameters; the band is the {confidence} interval of "
                    "the dose of half the effect.")  # fmt: skip
    caption = " ".join([f"Each point is one {_over(spec)}.", *told])
    return as_drawing(figure, f"{measure} over {dose}", f"{measure} by {dose}", caption)


def _are(units: pd.DataFrame, levels: Mapping[str, Any]) -> Array:
    """Return which units are of a group."""
    same = np.ones(len(units), bool)
    for name, level in levels.items():
        own = units[name].isna() if pd.isna(level) else units[name] == level
        same &= own.to_numpy(bool)
    return same


def _draw_curve(
    ax: Any, x: Array, y: Array, parameters: pd.DataFrame, colours: Sequence[str], label: str
) -> None:
    """Draw units over doses, and the curve that was fitted to them where there is one."""
    points, curve, band = colours
    spread = np.exp(np.random.default_rng(0).uniform(-0.06, 0.06, len(x)))
    ax.plot(x * spread, y, "o", ms=3.2, alpha=0.55, mew=0, color=points, label=label)
    values = parameters["value"]
    ec50 = float(values["EC50"])
    if not math.isfinite(ec50):
        return
    line = np.geomspace(x.min(), x.max() * 1.5, 200)
    bottom, top, hill = (float(values[name]) for name in ("bottom", "top", "Hill slope"))
    ax.plot(line, bottom + (top - bottom) / (1 + (ec50 / line) ** hill), color=curve, lw=1.6)
    low, high = float(parameters["low"]["EC50"]), float(parameters["high"]["EC50"])
    left, right = ax.get_xlim()
    if low < right and high > left:
        ax.axvspan(max(low, left), min(high, right), color=band, alpha=0.25, lw=0)
    if left < ec50 < right:
        ax.axvline(ec50, color=band, lw=1.2)


def _groups(
    spec: Mapping[str, Any], measure: str, units: pd.DataFrame, groups: pd.DataFrame
) -> Drawing | None:  # fmt: skip
    """Draw units of each group with the interval of their mean; a course along a number."""
    by = [str(name) for name in spec.get("by") or ()]
    if not by or not len(groups):
        return None
    own = groups[groups["measure"] == measure]
    along = by[-1]
    if len(by) > 1 and pd.api.types.is_numeric_dtype(own[along]):
        return _course(spec, measure, by, units, own)
    names = [" ".join(_level(value) for value in row) for row in own[by].to_numpy(object)]
    figure, ax = new_figure(max(4.2, min(9.0, 1.6 + 0.55 * len(names))), 3.8)
    rng = np.random.default_rng(0)
    for place, (_, group) in enumerate(own.iterrows()):
        values = units[measure].to_numpy(float)[_are(units, {name: group[name] for name in by})]
        ax.plot(place + rng.uniform(-0.18, 0.18, len(values)), values, "o", ms=3, alpha=0.45,
                mew=0, color=_COLOURS[place % len(_COLOURS)])  # fmt: skip
        ax.errorbar(place, group["mean"], _reach(group), fmt="_", ms=14, capsize=3, lw=1.4,
                    color=INK)  # fmt: skip
    ax.set_xticks(range(len(names)), names, rotation=40 if len(names) > 6 else 0, fontsize=8)
    ax.set_xlabel(", ".join(labelled(groups, name) for name in by))
    ax.set_ylabel(labelled(units, measure))
    figure.subplots_adjust(bottom=0.2 if len(names) > 6 else 0.14, left=0.14)
    return as_drawing(figure, f"{measure} by {', '.join(by)}", f"{measure} by {', '.join(by)}",
                      _of_means(spec))  # fmt: skip


def _course(
    spec: Mapping[str, Any],
    measure: str,
    by: Sequence[str],
    units: pd.DataFrame,
    own: pd.DataFrame,
) -> Drawing:
    """Draw the mean of each group along a number, as a time, with its interval."""
    along = by[-1]
    figure, ax = new_figure(5.6, 3.8)
    for number, (key, line) in enumerate(own.groupby(list(by[:-1]), sort=False, dropna=False)):
        line = line.sort_values(along)
        x, mean = line[along].to_numpy(float), line["mean"].to_numpy(float)
        label = " ".join(_level(value) for value in (key if isinstance(key, tuple) else (key,)))
        colour = _COLOURS[number % len(_COLOURS)]
        ax.plot(x, mean, "-o", ms=3, color=colour, label=label)
        ax.fill_between(x, line["low"], line["high"], color=colour, alpha=0.18, lw=0)
    ax.legend(frameon=False, fontsize=8, labelcolor=INK)
    ax.set_xlabel(labelled(units, along))
    ax.set_ylabel(labelled(units, measure))
    return as_drawing(figure, f"{measure} along {along}", f"{measure} along {along}",
                      _of_means(spec))  # fmt: skip


def _over(spec: Mapping[str, Any]) -> str:
    """Return what a unit is."""
    return " x ".join(str(name) for name in spec.get("over") or ["image"])


def _of_means(spec: Mapping[str, Any]) -> str:
    return (
        f"Each point is one {_over(spec)}; bars and bands are {spec.get('confidence', 0.95):.0%} "
        "intervals of the mean over them, and not over objects, which know of each other."
    )


def _reach(group: Any) -> Array | None:
    ends = np.array([[group["mean"] - group["low"]], [group["high"] - group["mean"]]], float)
    return ends if np.isfinite(ends).all() else None


def _level(value: Any) -> str:
    if value is None or value != value or value == "":
        return _NONE
    return f"{value:g}" if isinstance(value, (int, float, np.number)) else str(value)
