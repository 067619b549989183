"""The answer of a run in its first sentence: fractions with their intervals, sizes of objects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from graticule.core.errors import GraticuleError
from graticule.core.registry import get_check
from graticule.report import wording
from graticule.report.record import RunRecord, read_record
from graticule.report.tables import StudyTable

_SHARES = ("fraction", "porosity", "share", "covered")
"""Ends of the names of columns that are parts of a whole."""
_CHANCES = ("p", "q")
_SIZES = ("equivalent_diameter", "area", "volume", "length")
_MOST, _MOST_ROWS = 8, 2_000_000


def answers_in(folder: Path) -> list[str]:
    """Return the answers of a run folder in sentences.

    Raises
    ------
    StoreError
        If the folder holds no run, or a table cannot be read.
    """
    record = read_record(folder / "run.json")
    names = sorted({path.stem for path in folder.glob("objects*.parquet")})
    tables = [StudyTable(folder, name) for name in names]
    return answers_of(record, StudyTable(folder, "images"), tables)[0]


def answers_of(
    record: RunRecord, images: StudyTable, tables: Sequence[StudyTable]
) -> tuple[list[str], list[StudyTable]]:
    """Return the answers in sentences, and the tables that none of them is of."""
    found = _of_images(record, images) if images.exists else []
    found += _of_summaries(record, images, tables) if images.exists else []
    left = []
    for table in tables:
        told = _of_table(record, table) if table.exists else ""
        if told:
            found.append(told)
        else:
            left.append(table)
    return found, left


def _of_table(record: RunRecord, table: StudyTable) -> str:
    columns = table.columns
    if "image" not in columns:
        return ""
    has_size = any(name in columns for name in _SIZES)
    estimated = _estimated(columns) or ("fraction" if "fraction" in columns else None)
    name = next((c for c in ("name", "group", "phase", "class") if c in columns), None)
    if estimated and name and not has_size:
        return _of_parts(record, table, name, estimated)
    if "label" not in columns:
        return ""
    if not has_size and table.rows <= _MOST_ROWS:
        named = table.head(table.rows, ["image", "label"])
        if named.duplicated().any():  # rows are of what objects have, as a value for each band
            return ""
    return _of_objects(record, table)


def _of_parts(record: RunRecord, table: StudyTable, name: str, estimated: str) -> str:
    """Return how much there is of each part, as of each phase, that has a name."""
    if table.rows > _MOST * max(record.done, 1):
        return ""
    ends = [
        f"{estimated}_{end}" for end in ("low", "high") if f"{estimated}_{end}" in table.columns
    ]
    frame = table.head(table.rows, ["image", name, estimated, *ends])
    levels = list(dict.fromkeys(frame[name]))
    if len(levels) > _MOST or frame.duplicated(["image", name]).any():
        return ""
    unit = record.unit(table.name, estimated)
    word = f"{name} " if name == "phase" else ""
    parts = [
        f"{word}{level} {_over(frame[frame[name] == level], estimated, unit, record.done)}"
        for level in levels
    ]
    told = ", ".join(parts)
    return f"{told[0].upper()}{told[1:]}{_meaning(record.done) if ends else ''}."


def _of_images(record: RunRecord, images: StudyTable) -> list[str]:
    """Return what was estimated with an interval for each image as a whole, not by a check."""
    columns = images.columns
    judged = {
        column
        for name in record.checks
        for measure in _measured(record, name)
        if (column := record.column(name, measure, columns))
    }
    parts: list[str] = []
    for estimated in columns:
        is_own = estimated not in judged and estimated.removesuffix("_mean") not in judged
        ends = [f"{estimated}_low", f"{estimated}_high"]
        if is_own and set(ends) <= set(columns) and len(parts) < _MOST:
            frame = images.head(images.rows, ["image", estimated, *ends])
            if not all(pd.api.types.is_numeric_dtype(frame[name]) for name in (estimated, *ends)):
                continue
            unit = record.unit("images", estimated)
            words = estimated.replace("_", " ").replace(".", " ")
            parts.append(f"{words} {_over(frame, estimated, unit, record.done)}")
    if not parts:
        return []
    told = ", ".join(parts)
    return [f"{told[0].upper()}{told[1:]}{_meaning(record.done)}."]


def _of_summaries(record: RunRecord, images: StudyTable, tables: Sequence[StudyTable]) -> list[str]:
    """Return the middle of each column that a step brought together, and the share of what holds.

    Of one image a number, of several the median over them and their range.
    """
    told: list[str] = []
    for step in record.steps.values():
        given = step.params.get("columns") if step.op == "measure.summarise" else None
        for column in given if isinstance(given, list) else ():
            is_part = _holds_bools(str(column), tables)
            kinds = ("mean",) if is_part else ("median", "mean")
            kind = next((k for k in kinds if f"{column}_{k}" in images.columns), None)
            if kind is None or len(told) == _MOST:
                continue
            name = f"{column}_{kind}"
            middle, *ends = _middle_and_ends(images.head(images.rows, [name])[name])
            ends = ends if record.done > 1 else [math.nan, math.nan]
            words = str(column).replace("_", " ").replace(".", " ")
            unit = record.unit("images", name)
            value = estimate(middle, *ends, unit=unit, share=is_part)
            told.append(f"{words} {value}" if is_part else f"{words} {kind} {value}")
    if not told:
        return []
    text = ", ".join(told)
    return [f"{text[0].upper()}{text[1:]}{_meaning(record.done) if record.done > 1 else ''}."]


def _holds_bools(column: str, tables: Sequence[StudyTable]) -> bool:
    """Whether what a table says in a column is yes or no."""
    holders = (table for table in tables if table.exists and column in table.columns)
    return any(table.head(_MOST, [column])[column].dtype == bool for table in holders)


def _measured(record: RunRecord, name: str) -> list[str]:
    """Return what a check says of an image: its measures, and how likely that is by chance.

    The p-values of several images have no median that means anything.
    """
    facts = record.checks[name]
    with suppress(GraticuleError, ImportError):
        measures = get_check(facts.check).measures(facts.params)
        return [*(measure.column for measure in measures), *_CHANCES]
    return list(_CHANCES)


def _estimated(columns: Sequence[str]) -> str | None:
    """Return the first column that has an interval beside it."""
    return next((c for c in columns if {f"{c}_low", f"{c}_high"} <= set(columns)), None)


def _meaning(images: int) -> str:
    if images == 1:
        return " (in brackets the interval of each)"
    return f" (medians of {images:,} images, in brackets the lowest and highest)"


def _over(frame: pd.DataFrame, column: str, unit: str, images: int) -> str:
    """Return a value with its interval, of one image; of several their median and range."""
    middle, *ends = _middle_and_ends(frame[column])
    if f"{column}_low" not in frame:
        ends = [math.nan, math.nan]
    elif images == 1:
        ends = [float(frame[f"{column}_{end}"].iloc[0]) for end in ("low", "high")]
    return estimate(middle, *ends, unit=unit, share=is_share(column, unit))


def _middle_and_ends(column: pd.Series[Any]) -> tuple[float, float, float]:
    """Return the median, the lowest and the highest of what is known; NaN where nothing is."""
    known = column.to_numpy(float)
    known = known[np.isfinite(known)]
    if not known.size:
        return math.nan, math.nan, math.nan
    return float(np.median(known)), float(known.min()), float(known.max())


def is_share(column: str, unit: str) -> bool:
    """Whether a column holds parts of a whole, which are told in percent."""
    return not unit and column.endswith(_SHARES)


def estimate(value: float, low: float, high: float, *, unit: str = "", share: bool = False) -> str:
    """Return a value with its interval, with the digits that the interval supports.

    Examples
    --------
    >>> estimate(0.5789, 0.4806, 0.6713, share=True)
    '58 % [48, 67]'
    >>> estimate(12.3456, 11.9, 12.8, unit="um"), estimate(2.0, float("nan"), float("nan"))
    ('12.35 µm [11.90, 12.80]', '2')
    """
    value, low, high = ((100 * each if share else each) for each in (value, low, high))
    unit = "%" if share else wording.unit(unit)
    if not (math.isfinite(low) and math.isfinite(high)):
        text = wording.number(float(f"{value:.3g}"))
        return f"{text} {unit}".strip()
    width = high - low
    digits = max(0, min(6, 1 - math.floor(math.log10(width)))) if width > 0 else 2
    texts = [f"{each:,.{digits}f}" for each in (value, low, high)]
    return f"{f'{texts[0]} {unit}'.strip()} [{texts[1]}, {texts[2]}]"


def _of_objects(record: RunRecord, table: StudyTable) -> str:
    """Return how many objects there are and how large.

    Without an interval, which would take them for independent.
    """
    kind = table.name.removeprefix("objects").lstrip("_").replace("_", " ")
    share = f", {table.rows / record.done:,.4g} to an image" if record.done > 1 else ""
    told = f"{wording.count(table.rows, 'object')}{f' ({kind})' if kind else ''} measured{share}"
    size = next((name for name in _SIZES if name in table.columns), None)
    if size is None or not 3 <= table.rows <= _MOST_ROWS:
        return f"{told}."
    values = pd.to_numeric(table.head(table.rows, [size])[size], errors="coerce").dropna()
    if len(values) < 3:
        return f"{told}."
    unit = wording.unit(record.unit(table.name, size))
    low, middle, high = (_three(float(v)) for v in np.quantile(values, [0.25, 0.5, 0.75]))
    words = size.replace("_", " ")
    between = f"half of them between {low} and {high}"
    return f"{told}; median {words} {f'{middle} {unit}'.strip()}, {between}."


def _three(value: float) -> str:
    return wording.number(float(f"{value:.3g}"))
