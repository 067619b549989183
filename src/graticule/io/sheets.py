"""Sheets of facts about the images of a study: doses, temperatures, controls."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from graticule.core.errors import FormatError, RequestError, UnitsError, suggest
from graticule.core.image import Table
from graticule.io.safety import guard
from graticule.io.studies import stem

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".csv", ".tsv", ".parquet", ".xlsx")
_HEAD = re.compile(r"^\s*(.*?)\s*[\[(]\s*([^\])]*?)\s*[\])]\s*$")
_QUANTITY = re.compile(r"^([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?:\s+|(?=[%°]))(\S.*)$")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_CODE = re.compile(r"\d+[eE]\d+", re.ASCII)
"""What may be a number, and the name of a well as well."""
_NAMES = 10**15
"""From here on whole numbers are names, which a float does not hold."""
_MOLAR = re.compile(r"([pnum]?)M")
_UNSCALED = ("%", "°C", "degC")
_EMPTY = ("", "na", "n/a", "nan", "none", "null")
_NAMED = 3
IMAGE = "image"
Key: TypeAlias = tuple[Any, ...]
"""What a row is joined by."""


def read_sheet(path: Path) -> Table:
    r"""Return a sheet with numbers where a column holds nothing else, and units in ``attrs``.

    Whole numbers of more than 15 digits are names, and so is ``12E5`` in a column that has no unit
    and no cell with a point or a signed exponent.

    A unit stands in the head of a column, as ``dose [uM]`` or ``load (N)``, or in each cell, as
    ``10 uM``; cells in several units of one kind are brought to the first.

    Parameters
    ----------
    path : Path
        CSV (separated by commas or semicolons), TSV, Parquet or XLSX; of the last the first sheet.

    Returns
    -------
    DataFrame
        With the line of each row in the file as its index.

    Raises
    ------
    FormatError
        If there is no such file, it is no sheet, a line has more or fewer cells than the first,
        a column has no name, or two have the same.
    UnitsError
        If the cells of a column have units of several kinds.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "plate.csv"
    ...     _ = path.write_text("well,dose [uM]\nA01,0.5\nA02,2\n")
    ...     sheet = read_sheet(path)
    >>> sheet["dose"].tolist(), sheet.attrs["units"]
    ([0.5, 2.0], {'dose': 'uM'})
    """
    raw = _raw(path)
    names: list[str] = []
    units: dict[str, str] = {}
    for head in map(str, raw.columns):
        split = _HEAD.match(head)
        name, unit = (split[1], split[2]) if split else (head.strip(), "")
        if not name:
            raise FormatError(f"column {len(names) + 1} has no name", where=str(path))
        if name in names:
            raise FormatError(f"two columns are {name!r}", where=str(path), hint="rename one")
        names.append(name)
        if unit:
            units[name] = unit
    table = raw.set_axis(names, axis="columns")
    for name in names:
        values, unit = _typed(table[name], units.get(name, ""), name, path)
        table[name] = values
        if unit:
            units[name] = unit
    table.attrs["units"] = units
    return table


def _raw(path: Path) -> Table:
    """Return the cells as texts, or as the file holds them."""
    import pandas as pd

    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise FormatError(
            f"is no sheet: {ending or 'no ending'}", where=str(path), hint=", ".join(ENDINGS)
        )
    if not path.is_file():
        raise FormatError("there is no such sheet", where=str(path))
    with guard(path):
        if ending == ".parquet":
            table = pd.read_parquet(path)
            table = table.set_axis(range(2, len(table) + 2), axis="index")
        else:
            table = _table(_excel(path) if ending == ".xlsx" else _text(path), path)
    texts = table.map(lambda value: value.strip() if isinstance(value, str) else value)
    empty = texts.map(_is_empty).all(axis=1)
    kept: Table = texts[~empty]
    if kept.empty:
        raise FormatError("has no row", where=str(path))
    return kept


def _excel(path: Path) -> dict[int, list[Any]]:
    """Return the cells of each line of the first sheet."""
    if find_spec("openpyxl") is None:
        raise FormatError("needs openpyxl", hint="pip install openpyxl, or save the sheet as CSV")
    import pandas as pd

    held = pd.read_excel(path, dtype=object, engine="openpyxl", header=None)
    cells = held.astype(object).where(held.notna(), "").to_numpy().tolist()
    return dict(enumerate(cells, start=1))


def _text(path: Path) -> dict[int, list[Any]]:
    """Return the cells of each line; of a row over several lines, by the first."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise FormatError("is no text in UTF-8", hint="save it as CSV in UTF-8") from None
    head = text.partition("\n")[0]
    tabs = path.suffix.lower() == ".tsv"
    mark = "\t" if tabs else (";" if head.count(";") > head.count(",") else ",")
    reader = csv.reader(StringIO(text, newline=""), delimiter=mark, strict=True)
    found: dict[int, list[Any]] = {}
    line = 1
    try:
        for row in reader:
            found[line] = row
            line = reader.line_num + 1
    except csv.Error as error:
        raise FormatError(
            f"line {line} cannot be read: {error}",
            where=str(path),
            hint='a cell with " has all of them doubled, and is within "',
        ) from None
    return found


def _table(cells: Mapping[int, Sequence[Any]], path: Path) -> Table:
    """Return lines as a table under the first of them; all have as many cells as that.

    Columns at the end that have neither a name nor a cell, as marks at the end of lines make them,
    are none.
    """
    import pandas as pd

    rows = {line: list(row) for line, row in cells.items() if not all(map(_is_blank, row))}
    if not rows:
        raise FormatError("has no row", where=str(path))
    first, *lines = rows
    head = rows.pop(first)
    while head and _is_blank(head[-1]) and all(_is_blank(cell) for row in rows.values()
                                               for cell in row[len(head) - 1 :]):  # fmt: skip
        head.pop()
    widths = {len(row) for row in rows.values()}
    for line, row in rows.items():
        spare = row[len(head) :]
        if len(row) < len(head) or (spare and (len(widths) > 1 or not all(map(_is_blank, spare)))):
            raise FormatError(
                f"line {line} has {len(row)} cell{'s' * (len(row) != 1)}, and the head has "
                f"{len(head)}",
                where=str(path),
                hint="a cell that holds the mark between cells is written within quotes",
            )
    columns = [row[: len(head)] for row in rows.values()]
    return pd.DataFrame(columns, index=lines, columns=head, dtype=object)


def _is_blank(cell: Any) -> bool:
    return isinstance(cell, str) and not cell.strip()


def _is_empty(value: Any) -> bool:
    return value is None or value != value or (
        isinstance(value, str) and value.lower() in _EMPTY
    )  # fmt: skip


def _typed(column: pd.Series[Any], unit: str, name: str, path: Path) -> tuple[Any, str]:
    """Return the values of a column, as numbers if all are, and their unit."""
    values = [None if _is_empty(value) else value for value in column]
    known = [value for value in values if value is not None]
    numbers = _numbers(known, unit)
    if numbers is not None:
        whole = len(numbers) == len(values) and all(
            number == number // 1 and abs(number) < _NAMES for number in numbers
        )
        given = iter(numbers)
        found = [np.nan if value is None else next(given) for value in values]
        return np.array(found, np.int64 if whole else np.float64), unit
    quantities = [_QUANTITY.match(str(value)) for value in known]
    if all(quantities) and _are_units([each[2] for each in quantities if each]):
        first = unit or next(each[2] for each in quantities if each).strip()
        scaled = [
            np.nan if value is None else _in_unit(str(value), first, name, path) for value in values
        ]
        return np.array(scaled), first
    return np.array(["" if value is None else str(value) for value in values], object), unit


def _numbers(known: Sequence[Any], unit: str) -> list[float] | None:
    """Return the cells of a column as numbers; None where one is none, or they are names.

    ``12E5`` is a number where the column has a unit, or a cell that can be nothing else.
    """
    found = [number_of(value) for value in known]
    if unit or any(isinstance(number, float) for number in found):
        found = [
            float(value) if isinstance(value, str) and _CODE.fullmatch(value) else number
            for value, number in zip(known, found, strict=True)
        ]
    numbers = [number for number in found if number is not None]
    names = any(isinstance(number, int) and abs(number) >= _NAMES for number in numbers)
    return None if names or len(numbers) < len(found) else numbers


def number_of(value: Any) -> float | None:
    """Return a cell as a number, a whole one as an int; None where it is a name.

    Examples
    --------
    >>> [number_of(cell) for cell in ("01", "-2.50", "1e-3", "1_1", "12E5", "3T3")]
    [1, -2.5, 0.001, None, None, None]
    """
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value) or _CODE.fullmatch(value):
            return None
        return int(value) if value.lstrip("-+").isdecimal() else float(value)
    if isinstance(value, bool | np.bool_):
        return None
    if isinstance(value, int | np.integer):
        return int(value)
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _are_units(units: Sequence[str]) -> bool:
    """Whether texts after numbers are units, and not names that start with digits."""
    return all(unit in _UNSCALED or _known(unit) is not None for unit in set(units))


@lru_cache(maxsize=256)
def _known(unit: str) -> Any:
    """Return a unit as astropy has it; None if it has none."""
    import astropy.units

    plain = unit.strip().replace("µ", "u").replace("μ", "u")
    molar = _MOLAR.fullmatch(plain)
    try:
        return astropy.units.Unit(f"{molar[1]}mol / L" if molar else plain)
    except ValueError:
        return None


def _in_unit(text: str, unit: str, name: str, path: Path) -> float:
    found = _QUANTITY.match(text)
    assert found is not None
    own = found[2].strip()
    if own == unit:
        return float(found[1])
    one, other = _known(own), _known(unit)
    if one is None or other is None or not one.is_equivalent(other):
        raise UnitsError(
            f"the column {name} has {unit} and {own}, of different kinds", where=str(path)
        )
    return float(f"{float(found[1]) * one.to(other):.12g}")


@dataclass(frozen=True)
class Joined:
    """The facts of a sheet, by image.

    Attributes
    ----------
    facts : list of mapping
        For each image the columns of the sheet but those joined by; NaN or empty where it has no
        row.
    columns : tuple of str
        Those columns.
    units : mapping
        Of them, and of the columns joined by.
    without_row : tuple of int
        Positions of the images that have no row.
    without_image : tuple of str
        Rows that have no image, in words.
    """

    facts: list[dict[str, Any]]
    columns: tuple[str, ...]
    units: Mapping[str, str]
    without_row: tuple[int, ...]
    without_image: tuple[str, ...]


def join_sheet(
    sheet: Table,
    images: Sequence[Mapping[str, Any]],
    on: Sequence[str] | None = None,
    *,
    where: str = "",
) -> Joined:
    """Return the facts of each image, by the columns that both have.

    Parameters
    ----------
    sheet : DataFrame
        As `read_sheet` gives it.
    images : sequence of mapping
        What is known of each image: ``image``, its name, and the fields of the names of its files.
    on : sequence of str, optional
        The columns that are joined by; by default all that both have.
    where : str
        The sheet, for messages.

    Raises
    ------
    RequestError
        If there is no such column, two rows are of the same, or no row has an image.
    """
    fields = list(dict.fromkeys(name for each in images for name in each))
    by = list(on) if on else [str(name) for name in sheet.columns if name in fields]
    _require_columns(by, sheet, fields, where)
    keys = [_key(sheet.iloc[n][by].tolist()) for n in range(len(sheet))]
    rows: dict[tuple[Any, ...], list[int]] = {}
    for number, key in enumerate(keys):
        rows.setdefault(key, []).append(number)
    own = [_key([each.get(name) for name in by]) for each in images]
    if IMAGE in by:
        rows = _without_endings(rows, own, by.index(IMAGE))
    _require_one_each(rows, by, sheet, where)
    columns = [str(name) for name in sheet.columns if name not in by]
    values = {name: sheet[name].tolist() for name in columns}
    blank = {name: _blank(sheet[name]) for name in columns}
    found = [rows[key][0] if key in rows else None for key in own]
    if all(number is None for number in found):
        theirs, ours = _told(by, keys[0]), _told(by, own[0])
        raise RequestError(
            f"no row is of an image of the study: {theirs} in the sheet, {ours} of the images",
            where=where,
            hint=f"joined by {', '.join(by)}; name the columns to join by: on",
        )
    facts = [
        dict(blank) if number is None else {name: values[name][number] for name in columns}
        for number in found
    ]
    used = set(found)
    units = dict(sheet.attrs.get("units", {}))
    return Joined(
        facts,
        tuple(columns),
        units,
        tuple(place for place, number in enumerate(found) if number is None),
        tuple(_told(by, key) for number, key in enumerate(keys) if number not in used),
    )


def _without_endings(
    rows: Mapping[Key, list[int]], own: Sequence[Key], at: int
) -> dict[Key, list[int]]:
    """Return the rows by images: one that names none is that of the name without its ending.

    Where the study has endings in its names, a row without one is that of the only image it can be.
    """
    named = set(own)
    waiting = named - set(rows)
    longer: dict[Key, list[Key]] = {}
    for key in waiting:
        longer.setdefault(_short(key, at), []).append(key)
    found: dict[Key, list[int]] = {}
    for key, numbers in rows.items():
        image = key
        if key not in named:
            short, possible = _short(key, at), longer.get(key, [])
            image = short if short in waiting else possible[0] if len(possible) == 1 else key
        found.setdefault(image, []).extend(numbers)
    return found


def _short(key: Key, at: int) -> Key:
    """Return a key with the name of its image without an ending."""
    folder, slash, name = str(key[at]).rpartition("/")
    return (*key[:at], _plain(f"{folder}{slash}{stem(name)}"), *key[at + 1 :])


def _require_one_each(
    rows: Mapping[Key, list[int]], by: Sequence[str], sheet: Table, where: str
) -> None:
    doubled = [
        f"{_told(by, key)} in lines {sheet.index[numbers[0]]} and {sheet.index[number]}"
        for key, numbers in rows.items()
        for number in numbers[1:]
    ]
    if doubled:
        more = f", and {len(doubled) - _NAMED} more" if len(doubled) > _NAMED else ""
        raise RequestError(
            f"two rows are of the same: {'; '.join(doubled[:_NAMED])}{more}",
            where=where,
            hint="keep one of them, or join by more columns (on)",
        )


def _require_columns(by: Sequence[str], sheet: Table, fields: Sequence[str], where: str) -> None:
    for name in by:
        if name not in sheet.columns:
            known = [str(column) for column in sheet.columns]
            raise RequestError(
                f"the sheet has no column {name!r}; it has {', '.join(known[:8])}",
                where=where,
                hint=suggest(name, known),
            )
        if name not in fields:
            raise RequestError(
                f"{name!r} is known of no image; {', '.join(fields)} are",
                where=where,
                hint=suggest(name, fields),
            )
    if not by:
        columns = ", ".join(map(str, sheet.columns[:8]))
        raise RequestError(
            f"the sheet ({columns}) has no column in common with the images ({', '.join(fields)})",
            where=where,
            hint="name a column of the sheet image, or as a field of the pattern of the input",
        )


def _blank(column: pd.Series[Any]) -> Any:
    return np.nan if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf" else ""


def _key(values: Sequence[Any]) -> Key:
    """Return what rows are joined by: ``01`` is 1."""
    return tuple(map(_plain, values))


def _plain(value: Any) -> Any:
    number = number_of(value)
    return number if number is not None and number == number else str(value).strip()


def _told(by: Sequence[str], key: Sequence[Any]) -> str:
    shown = (f"{v:g}" if isinstance(v, float) else str(v) for v in key)
    return " ".join(f"{name}={value}" for name, value in zip(by, shown, strict=True))
