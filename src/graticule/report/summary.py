"""What came out of a run, in sentences, the first thing a reader sees; what its checks mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from graticule.core.check import Measure
from graticule.core.errors import GraticuleError, ParameterError
from graticule.core.registry import get_check
from graticule.report.record import CheckFacts, RunRecord
from graticule.report.tables import StudyTable
from graticule.report.wording import count, number

if TYPE_CHECKING:
    import pandas as pd

NAMED = 8


def summarise(record: RunRecord, images: StudyTable, objects: list[StudyTable]) -> list[str]:
    """Return what came out, in sentences."""
    done, failed = record.done, len(record.failed)
    sentences = [f"{count(done, 'image')} {'was' if done == 1 else 'were'} analysed; "]
    sentences[0] += f"{failed:,} failed." if failed else "none failed."
    if images.exists:
        sentences += _of_checks(record, images)
    for table in objects:
        if table.exists and "label" not in table.columns:
            sentences.append(f"The table {table.name} has {count(table.rows, 'row')}.")
            continue
        kind = table.name.removeprefix("objects").lstrip("_")
        share = f", {table.rows / done:,.4g} to an image" if done > 1 else ""
        sentences.append(
            f"{count(table.rows, 'object')}{f' ({kind})' if kind else ''} measured{share}."
        )
    return sentences


def meaning(facts: CheckFacts) -> str:
    """Return in words what a check says; of one that is not installed, nothing."""
    try:
        check = get_check(facts.check)
    except (GraticuleError, ImportError):
        return ""
    try:
        return check.meaning(facts.params)
    except ParameterError:  # the run is of a version with other parameters
        return check.summary


def _measures(facts: CheckFacts) -> list[Measure]:
    try:
        return get_check(facts.check).measures(facts.params)
    except (GraticuleError, ImportError):
        return []


def _of_checks(record: RunRecord, images: StudyTable) -> list[str]:
    sentences = []
    for name, check in record.checks.items():
        if record.column(name, "doubtful", images.columns):
            sentences.append(_doubts(record, name, images))
        elif record.column(name, "detected", images.columns):
            sentences.append(_detections(record, name, images))
        else:
            sentences += _scores(record, name, images, _measures(check))
    return sentences


def _scores(
    record: RunRecord, name: str, images: StudyTable, measures: Sequence[Measure]
) -> list[str]:
    """Return the measures of a check: means over the study, or the numbers of its one image."""
    check = record.checks[name]
    single = images.rows == 1
    parts = []
    for measure in measures:
        wanted = measure.column if single else f"{measure.column}_mean"
        column = record.column(name, wanted, images.columns)
        if column:
            ends = [end for end in (f"{column}_low", f"{column}_high") if end in images.columns]
            values = images.head(1, [column, *ends]).iloc[0]
            unit = _unit(record, name, images, measure)
            parts.append(f"{measure.title} {_interval(values.to_list())}{unit}")
    over = "" if single else f", means over {count(images.rows, 'image')}"
    of = f" ({check.of})" if check.of else ""
    against = " against the truth" if check.against else ""
    return [f"{name}{of}{against}{over}: {', '.join(parts)}."] if parts else []


def _unit(record: RunRecord, name: str, images: StudyTable, measure: Measure) -> str:
    """Return the unit of a measure, where it is the same in all images."""
    if not measure.unit_column:
        return ""
    column = record.column(name, measure.unit_column, images.columns)
    if column is None:
        return ""
    units = images.head(images.rows, [column])[column].dropna().unique()
    return f" {units[0]}" if len(units) == 1 else ""


def _interval(values: Sequence[Any]) -> str:
    """Return a number, with its interval where it has one."""
    numbers = [float(value) if value is not None else math.nan for value in values]
    text = _three_digits(numbers[0])
    if len(numbers) < 3 or not all(map(math.isfinite, numbers[1:])):
        return text
    return f"{text} ({_three_digits(numbers[1])} to {_three_digits(numbers[2])})"


def _three_digits(value: float) -> str:
    """Return a measure with three digits: more are not known."""
    if not math.isfinite(value) or value == round(value) or abs(value) >= 1000:
        return number(value)
    return f"{value:#.3g}".rstrip(".")


def _detections(record: RunRecord, name: str, images: StudyTable) -> str:
    wanted = ("detected", "p", "p_smallest", "surrogates")
    columns = {record.column(name, column, images.columns): column for column in wanted}
    held = [column for column in columns if column is not None]
    rows = images.head(images.rows, ["image", *held]).rename(columns={c: columns[c] for c in held})
    detected = rows[rows["detected"].fillna(False).astype(bool)]
    rate = record.checks[name].params.get("fdr")
    level = f" at a false discovery rate of {number(rate)}" if rate is not None else ""
    verb = "holds" if len(detected) == 1 else "hold"
    several = sum(check.check == record.checks[name].check for check in record.checks.values()) > 1
    text = f"{name}: " if several else ""
    text += f"{len(detected):,} of {count(len(rows), 'image')} {verb} a detection{level}"
    if detected.empty:
        return f"{text}."
    named = [
        f"{row['image']} (p = {number(float(row['p']))})" if "p" in row else str(row["image"])
        for _, row in detected.head(NAMED).iterrows()
    ]
    more = f" and {len(detected) - NAMED:,} more" if len(detected) > NAMED else ""
    return f"{text}: {', '.join(named)}{more}.{_limit(detected)}"


def doubtful(record: RunRecord, images: StudyTable) -> dict[str, str]:
    """Return why answers are doubtful, by image, as the checks say."""
    doubts: dict[str, list[str]] = {}
    for name in record.checks if images.exists else ():
        column = record.column(name, "doubt", images.columns)
        if column is None or record.column(name, "doubtful", images.columns) is None:
            continue
        rows = images.head(images.rows, ["image", column])
        for image, why in zip(rows["image"], rows[column].fillna("").astype(str), strict=True):
            if why:
                doubts.setdefault(str(image), []).append(why)
    return {image: "; ".join(dict.fromkeys(why)) for image, why in doubts.items()}


def _doubts(record: RunRecord, name: str, images: StudyTable) -> str:
    column = str(record.column(name, "doubtful", images.columns))
    many = int(images.head(images.rows, [column])[column].fillna(False).astype(bool).sum())
    if many == 0:
        return f"{name}: no answer looks wrong; that it is right only a truth can tell."
    verb = "is" if many == 1 else "are"
    return f"{name}: {many:,} of {count(images.rows, 'answer')} {verb} doubtful."


def _limit(detected: pd.DataFrame) -> str:
    """Say so where a p-value is as small as the surrogates allow: more could make it smaller."""
    if not {"p", "p_smallest", "surrogates"} <= set(detected.columns):
        return ""
    least = detected[detected["p"] <= detected["p_smallest"]]
    if least.empty:
        return ""
    many, smallest = int(least["surrogates"].max()), float(least["p_smallest"].min())
    return f" {number(smallest)} is the smallest p that {many:,} surrogates can support."
