"""The page: what a run folder holds, told to a reader."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from graticule.core.errors import GraticuleError
from graticule.core.settings import settings
from graticule.io.studies import FOLDER, HIDDEN, NO_PATTERN
from graticule.report import experiment, wording
from graticule.report.answers import answers_of
from graticule.report.doubts import sentence, troubled
from graticule.report.expected import beside
from graticule.report.figures import FigureContext, Missing, draw, is_of_study
from graticule.report.grid import Grid, grid_of, plain
from graticule.report.html import render, save
from graticule.report.markdown import to_html
from graticule.report.preview import Preview, preview_of
from graticule.report.record import CheckFacts, RunRecord, image_records, read_record
from graticule.report.strip import Panel, strip
from graticule.report.style import Drawing
from graticule.report.summary import doubtful, meaning, summarise
from graticule.report.tables import StudyTable

ROWS, SHOWN, LISTED = 200, 12, 50
_CALLED = {
    "images": ("Images", "One row for each image: what was measured of it as a whole"),
    "answers": ("Answers", "One row for each answer, with its interval"),
    "groups": ("Groups", "One row for each group: the mean over its units, with its interval"),
    "places": ("Map", "One row for each place, the mean of the units that lie there"),
    "units": ("Units", "One row for each unit, the mean of what was measured within it"),
}
"""What tables are called, and what a row of each is."""


@dataclass(frozen=True)
class ImageView:
    """One image with its figures and steps."""

    name: str
    facts: list[tuple[str, str]]
    figures: list[Drawing | Missing]
    panels: list[Panel]
    trouble: str = ""


def write(folder: Path | str) -> Path:
    """Write ``report.html`` into a run folder, from nothing but what the folder holds.

    Parameters
    ----------
    folder : path
        A run folder, as `graticule.Pipeline.run` and ``graticule run`` make it.

    Returns
    -------
    Path
        The report: one file that needs nothing else. The same folder gives the same bytes.

    Raises
    ------
    StoreError
        If the folder holds no run, or the report cannot be written into it.

    Examples
    --------
    >>> import json, tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "run.json").write_text(json.dumps({"pipeline": {"name": "coins"}}))
    >>> write(folder).name
    'report.html'
    """
    folder = Path(folder)
    content = _content(folder, read_record(folder / "run.json"))
    return save(render("template.html", content), folder / "report.html")


def _content(folder: Path, record: RunRecord) -> dict[str, Any]:
    names = sorted(
        path.name.removesuffix(".parquet").removesuffix(".csv")
        for path in folder.glob("objects*")
        if path.suffix in (".parquet", ".csv")
    )
    tables = {name: StudyTable(folder, name) for name in ["images", *dict.fromkeys(names)]}
    compared = {name: StudyTable(folder, name) for name in experiment.TABLES}
    troubles = [str(told) for told in record.troubles.values()]
    listed = (*compared.values(), *tables.values())
    grids = [grid for table in listed if (grid := _grid(record, table, troubles))]
    wanted = [item for item in record.pipeline.get("report") or [] if isinstance(item, dict)]
    context = FigureContext(record, tables)
    doubts = troubled(record, list(tables.values()), troubles)
    asked = {name for doubt in doubts for name, _ in doubt.images}
    shown, kept = _shown(folder, record, tables["images"], asked)
    rows = _rows(tables["images"], shown)
    entries = [entry for entry in wanted if not is_of_study(entry)]
    return {
        "title": record.title,
        "version": record.version,
        "record": record,
        "summary": [
            *experiment.sentences(compared),
            *_summarise(record, tables, troubles),
            *filter(None, [wording.changes(record.changed)]),
        ],
        "explained": to_html(str(record.explained.get("readme") or "")),
        "expected": _expected(record, {**tables, **compared}, troubles),
        "changed": bool(record.explained.get("changed")),
        "called": {name: _called(record, table) for name, table in {**tables, **compared}.items()},
        "doubts": _doubts(record, tables["images"], troubles),
        "questions": [sentence(doubt, record.done) for doubt in doubts],
        "failed": image_records(record.failed[:LISTED]),
        "skipped": _passed_over(record, alarm=True),
        "beside": _passed_over(record, alarm=False),
        "notes": _notes(record),
        "grids": grids,
        "figures": [
            *experiment.figures(record, compared),
            *(draw(entry, context) for entry in wanted if is_of_study(entry)),
        ],
        "images": [
            _image(context, name, rows.get(name), entries, opened)
            for name, opened in zip(shown, _open_images(folder, record, shown), strict=True)
        ],
        "kept": kept,
        "hashes": image_records(record.images[:ROWS]),
        "checks": _checks(record),
        "detects": any(
            column.name.endswith("detected")
            for grid in grids
            if grid.name == "images"
            for column in grid.columns
        ),
        "slowest": max((s.seconds or 0 for s in record.steps.values()), default=0) or 1,
        "command": shlex.join(record.command),
        "troubles": list(dict.fromkeys(troubles)),
    }


def _expected(
    record: RunRecord, tables: Mapping[str, StudyTable], troubles: list[str]
) -> Grid | None:
    """Return numbers expected of a recipe's example beside those found; None of other images."""
    try:
        rows = beside(record, tables)
    except GraticuleError as error:
        troubles.append(str(error))
        return None
    return grid_of(rows, {}, name="expected", total=len(rows)) if len(rows) else None


def _called(record: RunRecord, table: StudyTable) -> tuple[str, str]:
    """Return what a table is called by what it shows, and what a row of it is."""
    if table.name in _CALLED:
        return _CALLED[table.name]
    kind = table.name.removeprefix("objects").strip("_").replace("_", " ")
    if not kind:  # the only table, or the one of that name
        outputs = [str(name) for name in record.pipeline.get("outputs") or ()]
        kind = outputs[0].replace(".", " ") if len(outputs) == 1 else "objects"
    columns: list[str] = []
    with suppress(GraticuleError):  # which the page tells where it would show the table
        columns = table.columns if table.exists else []
    row = "object" if "label" in columns else "phase" if "phase" in columns else ""
    return kind.capitalize(), f"One row for each {row} of each image" if row else "One row a part"


def _passed_over(record: RunRecord, *, alarm: bool) -> list[tuple[str, list[str]]]:
    """Return why files were passed over with the files: those that may be missed, or others."""
    told = (
        (str(item.get("path", "")), [str(item.get("why", ""))])
        for item in record.skipped
        if _is_no_alarm(item) != alarm
    )
    return list(wording.by_note(told).items())


def _is_no_alarm(skipped: Mapping[str, Any]) -> bool:
    """Whether what was passed over is hidden, a folder, or not asked for by any pattern."""
    return skipped.get("why") in (FOLDER, HIDDEN, NO_PATTERN)


def _notes(record: RunRecord) -> list[tuple[str, list[str]]]:
    """Return what of the files was not understood, with the names of the images."""
    told = [
        (str(image.get("image")), [str(note) for note in image.get("notes") or ()])
        for image in record.images
    ]
    return list(wording.by_note(told).items())


def _checks(record: RunRecord) -> list[tuple[str, CheckFacts, str]]:
    """Return the checks with their meaning, said once where it is the same."""
    meanings = {name: meaning(check) for name, check in record.checks.items()}
    first = {words: name for name, words in reversed(meanings.items())}
    return [
        (name, check, meanings[name] if first[meanings[name]] == name else "")
        for name, check in record.checks.items()
    ]


def _summarise(
    record: RunRecord, tables: Mapping[str, StudyTable], troubles: list[str]
) -> list[str]:
    objects = [table for name, table in tables.items() if name != "images"]
    try:
        answers, others = answers_of(record, tables["images"], objects)
        analysed, *said = summarise(record, tables["images"], [] if answers else others)
        return [*answers, *said, analysed]
    except GraticuleError as error:
        troubles.append(str(error))
        return [f"{record.done:,} images done, {len(record.failed):,} failed."]


def _doubts(record: RunRecord, images: StudyTable, troubles: list[str]) -> list[tuple[str, str]]:
    """Return the images whose answers are doubtful, each with why."""
    try:
        return list(doubtful(record, images).items())
    except GraticuleError as error:
        troubles.append(str(error))
        return []


def _grid(record: RunRecord, table: StudyTable, troubles: list[str]) -> Grid | None:
    if not table.exists:
        return None
    try:
        frame = table.head(ROWS, _conclusions_first(record, table.columns))
        total, own = table.rows, table.units
    except GraticuleError as error:
        troubles.append(str(error))
        return None
    units = {name: record.unit(table.name, name) or own.get(name, "") for name in map(str, frame)}
    return grid_of(frame, units, name=table.name, total=total)


def _conclusions_first(record: RunRecord, columns: list[str]) -> list[str]:
    """Return the columns with what was concluded next to the name, before what led to it."""
    wanted = [
        record.column(check, name, columns)
        for check in record.checks
        for name in ("detected", "p", "q", "doubtful", "doubt")
    ]
    first = [name for name in ("image", *wanted) if name in columns]
    return [*first, *(name for name in columns if name not in first)]


def _shown(
    folder: Path, record: RunRecord, images: StudyTable, asked: Collection[str]
) -> tuple[list[str], int]:
    """Return the images to show, and how many have pictures.

    Those come first of which something is asked, then the detected ones.
    """
    names = [
        str(image.get("image"))
        for image in record.images
        if image.get("status") != "failed"
        and image.get("preview")
        and (folder / str(image["preview"])).is_file()
    ]
    strength: dict[str, float] = {}
    with suppress(GraticuleError):
        rows = images.of_images(names) if images.exists and names else pd.DataFrame()
        for check in record.checks:
            held, by = (record.column(check, name, images.columns) for name in ("detected", "p"))
            detected = rows[rows[held].fillna(False).astype(bool)] if held else rows[:0]
            for _, row in detected.iterrows():
                name, p = str(row["image"]), float(row[by]) if by else 0.0
                strength[name] = min(p, strength.get(name, p))
    is_of_all = len(asked) == len(record.images)  # what is asked of all tells none apart
    order = sorted(
        names,
        key=lambda name: (is_of_all or name not in asked, strength.get(name, float("inf"))),
    )
    return order[:SHOWN], len(names)


def _open_images(
    folder: Path, record: RunRecord, names: list[str]
) -> list[tuple[Preview, list[Panel]] | GraticuleError]:
    """Return the pictures of images and their strips, made side by side."""
    files = {str(image.get("image")): str(image.get("preview")) for image in record.images}

    def opened(number: int, name: str) -> tuple[Preview, list[Panel]] | GraticuleError:
        try:
            preview = preview_of(folder, files[name])
            return preview, strip(record, preview, f"tones-{number}")
        except GraticuleError as error:
            return error

    with ThreadPoolExecutor(settings().workers) as pool:
        return list(pool.map(opened, range(len(names)), names))


def _image(
    study: FigureContext,
    name: str,
    row: pd.Series[Any] | None,
    entries: list[dict[str, Any]],
    opened: tuple[Preview, list[Panel]] | GraticuleError,
) -> ImageView:
    if isinstance(opened, GraticuleError):
        return ImageView(name, [], [], [], str(opened))
    preview, panels = opened
    context = FigureContext(study.record, study.tables, name, preview, row)
    facts = []
    for column, held in () if row is None else row.items():
        value = plain(held)
        if column != "image" and value is not None:
            unit = wording.unit(study.record.unit("images", str(column)))
            facts.append((str(column), f"{wording.number(value)} {unit}".strip()))
    return ImageView(name, facts, [draw(entry, context) for entry in entries], panels)


def _rows(images: StudyTable, names: list[str]) -> dict[str, pd.Series[Any]]:
    """Return the rows of some images by name."""
    with suppress(GraticuleError, KeyError):
        rows = images.of_images(names).astype(object)
        return {str(row["image"]): row for _, row in rows.iterrows()}
    return {}
