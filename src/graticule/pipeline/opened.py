"""A finished run, opened again from its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from graticule.core.errors import RequestError, StoreError
from graticule.core.image import Table
from graticule.io.paths import as_path
from graticule.pipeline.execute import Run
from graticule.pipeline.names import file_names
from graticule.pipeline.result import ImageResult
from graticule.pipeline.tables import read_table

RECORD = "run.json"
_KEPT = {field.name for field in fields(ImageResult)} - {"image", "path", "place"}


def open_run(folder: str | Path) -> Run:
    """Open the folder of a finished run: its tables, and what became of each image.

    Parameters
    ----------
    folder : path
        What `run` or ``graticule run`` wrote.

    Returns
    -------
    Run
        As `run` gave it: ``images`` and ``tables`` are pandas tables with the unit of each column
        in ``attrs["units"]``. Of each result there is what ``run.json`` says of it.

    Raises
    ------
    RequestError
        If the folder holds no finished run.
    StoreError
        If it is damaged.

    Examples
    --------
    >>> import os, tempfile, skimage
    >>> from graticule.pipeline import Pipeline
    >>> text = "{graticule: 1, steps: {bright: {op: threshold.otsu}, parts: {op: segment.label}, "
    >>> count = Pipeline.loads(text + "objects: {op: measure.regions}}}")
    >>> coins = os.path.join(skimage.data_dir, "coins.png")
    >>> with tempfile.TemporaryDirectory() as out:
    ...     made = count.run(coins, out, cache=False)
    ...     again = open_run(out)
    >>> again.tables["objects"].equals(made.tables["objects"])
    True
    """
    place = as_path(folder)
    record = recorded(place)
    try:
        images = [dict(image) for image in record.get("images") or []]
        names = [str(image["image"]) for image in images]
        results = tuple(map(_result, names, file_names(names), images))
        units = {str(name): dict(held or {}) for name, held in (record.get("units") or {}).items()}
        skipped = tuple((Path(str(e["path"])), str(e["why"])) for e in record.get("skipped") or ())
        notes = tuple(map(str, record.get("notes") or ()))
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise StoreError(f"run.json is damaged: {error!r}", where=str(place / RECORD)) from None
    tables = {name: opened_table(place, name, units[name]) for name in ("images", *units)
              if name in units}  # fmt: skip
    rows = tables.pop("images", None)
    if rows is None:
        raise StoreError("run.json is damaged: it tells of no table", where=str(place / RECORD))
    return Run(place, results, rows, tables, skipped, notes)


def recorded(folder: Path) -> dict[str, Any]:
    """Return what ``run.json`` of a run folder says.

    Raises
    ------
    RequestError
        If the folder holds no finished run.
    StoreError
        If it is damaged.
    """
    path = folder / RECORD
    if not path.is_file():
        what = "is no folder of a finished run: it holds no run.json"
        hint = "name the folder that graticule run wrote (-o); a run cut off goes on by its command"
        raise RequestError(what, where=str(folder), hint=hint)
    try:
        held = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(f"run.json cannot be read: {error}", where=str(path)) from None
    if not isinstance(held, dict):
        raise StoreError("run.json is damaged: it holds no record", where=str(path))
    return held


def _result(name: str, own: str, image: Mapping[str, Any]) -> ImageResult:
    """Return a result as its record has it; what was null is as if not told."""
    known = {
        name: value for name, value in image.items()
        if name in _KEPT and (value is not None or name in ("error", "tile"))
    }  # fmt: skip
    told = {**known, "image": name, "path": str(image.get("path", "")), "place": own}
    try:
        return _of_types().validate_python(told)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        raise ValueError(f"{place} of {name}: {fault['msg']}") from None


@cache
def _of_types() -> TypeAdapter[ImageResult]:
    return TypeAdapter(ImageResult)


def opened_table(folder: Path, name: str, units: Mapping[str, str]) -> Table:
    """Return a table of a run from its Parquet file, or, where that is damaged, its CSV.

    Raises
    ------
    StoreError
        If neither can be read.
    """
    import pyarrow as pa

    try:
        table = read_table(folder / f"{name}.parquet")
    except (OSError, ValueError, pa.ArrowException) as error:
        try:
            table = read_table(folder / f"{name}.csv")
        except (OSError, ValueError) as second:
            raise StoreError(
                f"the table {name} cannot be read: {error}; {second}",
                where=str(folder),
                hint="give the command of the run again: it goes on from what is whole",
            ) from None
    table.attrs["units"] = {column: unit for column, unit in units.items() if unit}
    return table
