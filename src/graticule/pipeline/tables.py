"""The tables of a run: those of its images put together, with the unit of every value."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from graticule.core.atomic import atomic_path
from graticule.core.csv import GUARD_NOTE, columns_of, read_csv, write_csv
from graticule.core.errors import UnitsError
from graticule.core.image import Table
from graticule.core.units import unit_scale
from graticule.io.studies import Study
from graticule.pipeline.columns import Columns
from graticule.pipeline.folder import write_json
from graticule.pipeline.parts import Parts, part_name, read_part
from graticule.pipeline.result import ImageResult
from graticule.pipeline.results import Results
from graticule.pipeline.spec import Spec

_TOLD = {"unit": "units", "fact": "facts"}
"""What files tell of a column, and where ``attrs`` has it by column."""


def study_tables(pipeline: Spec, results: Results, work: Path) -> tuple[Table, dict[str, Table]]:
    """Put the rows of all images together, and let each check conclude over the study.

    An image whose tables cannot be read again has failed. The columns of a check have its name in
    front where another is of the same kind, so that no one has to know which of the two came
    first.
    """
    parts: dict[str, Parts] = {}
    by_units: list[tuple[Mapping[str, str], Columns]] = []
    evidence = {name: Columns() for name in pipeline.checks}
    for result in _done(results, parts, work):
        if not by_units or by_units[-1][0] != result.units:
            by_units.append((result.units, Columns()))
        by_units[-1][1].append({"image": result.image, **result.row})
        for name, columns in evidence.items():
            columns.append(result.evidence[name])
    rows = _rows(by_units)
    kinds = Counter(step.check.name for step in pipeline.checks.values())
    for name, step in pipeline.checks.items():
        alone = kinds[step.check.name] == 1
        found = evidence.pop(name).table()
        if len(rows):
            found = step.check.conclude(found, step.params)
        for column in found.columns:
            label = str(column) if alone and column not in rows else f"{name}_{column}"
            rows[label] = found[column].to_numpy()
    called = table_names(parts)
    tables = {called[name]: concatenate_tables(parts.pop(name).tables()) for name in sorted(parts)}
    return rows, tables


def with_facts(
    sources: Study, rows: Table, tables: Mapping[str, Table]
) -> tuple[Table, dict[str, Table]]:
    """Return the tables with what is known of each image beside its name.

    A fact whose name is that of a measured column has ``sheet_`` in front. ``attrs["facts"]`` has
    the name of each fact by its column, which tells what is known from what was measured.
    """
    import pandas as pd

    known = list(dict.fromkeys(name for source in sources for name in source.facts))
    if not known:
        return rows, dict(tables)
    index = pd.Index([source.name for source in sources])
    facts = {c: pd.Series([s.facts.get(c) for s in sources], index) for c in known}

    def beside(table: Table) -> Table:
        own = table["image"]
        columns = _free(known, table.columns)
        found = {columns[name]: own.map(held).to_numpy() for name, held in facts.items()}
        units = {columns[name]: unit for name, unit in sources.units.items() if name in columns}
        joined = pd.concat(
            [own, pd.DataFrame(found, index=table.index), table.drop(columns="image")], axis=1
        )
        joined.attrs = {
            **table.attrs,
            "units": {**table.attrs.get("units", {}), **units},
            "facts": {column: name for name, column in columns.items()},
        }
        return joined

    return beside(rows), {name: beside(table) for name, table in tables.items()}


def _free(known: Sequence[str], measured: Collection[str]) -> dict[str, str]:
    """Return the column of each fact: its name, or with ``sheet_`` before as often as it needs."""
    columns = {name: name for name in known if name not in measured}
    for name in known:
        column = name
        while column in measured or (column != name and column in columns.values()):
            column = f"sheet_{column}"
        columns.setdefault(name, column)
    return {name: columns[name] for name in known}


def _done(results: Results, parts: dict[str, Parts], work: Path) -> Iterator[ImageResult]:
    """Give the images that were done, and add the tables of each to those of its name."""
    import pyarrow as pa

    for index, result in enumerate(results):
        if result.status != "done":
            continue
        folder = result.folder(work)
        try:
            read = {name: read_part(folder / part_name(name)) for name in result.tables}
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            what = f"its tables cannot be read again: {error}"
            result.fail(type(error).__name__, what, str(folder), "run the same command again")
            results.replace(index, result)
            continue
        for name, part in read.items():
            parts.setdefault(name, Parts()).append(part)
        yield result


def table_names(outputs: Collection[str]) -> dict[str, str]:
    """Return what the tables of outputs are called: the only one, or ``objects``, is plain.

    Examples
    --------
    >>> table_names(["grains"]), table_names(["grains", "objects"])
    ({'grains': 'objects'}, {'grains': 'objects_grains', 'objects': 'objects'})
    """
    names: dict[str, str] = {}
    for output in sorted(outputs):
        plain = output.replace(".", "_")
        found = "objects" if len(outputs) == 1 or plain == "objects" else f"objects_{plain}"
        while found in names.values():
            found += "_"
        names[output] = found
    return names


def _rows(by_units: list[tuple[Mapping[str, str], Columns]]) -> Table:
    """Return one row for each image, before the checks conclude."""
    import pandas as pd

    tables = []
    while by_units:
        units, columns = by_units.pop(0)
        tables.append(columns.table())
        tables[-1].attrs["units"] = units
    return concatenate_tables(tables or [pd.DataFrame({"image": pd.Series([], dtype=str)})])


def concatenate_tables(parts: Sequence[Table]) -> Table:
    """Return the rows of all tables in order, with the unit of each column in ``attrs``.

    Where the tables do not agree on the unit of a column, its values are brought to the first
    one. Where that cannot be done (``um2`` and ``px2``), they stay as they are, the unit names
    all of them, and a column ``<column>_unit`` says which one a row is in.

    Examples
    --------
    >>> import pandas as pd
    >>> near, far = pd.DataFrame({"area": [2.0]}), pd.DataFrame({"area": [3.0]})
    >>> near.attrs["units"], far.attrs["units"] = {"area": "um2"}, {"area": "mm2"}
    >>> concatenate_tables([near, far])["area"].tolist()
    [2.0, 3000000.0]
    >>> far.attrs["units"] = {"area": "px2"}
    >>> table = concatenate_tables([near, far])
    >>> table["area_unit"].tolist(), table.attrs["units"]["area"]
    (['um2', 'px2'], 'um2 | px2')
    """
    import pandas as pd

    groups = _by_units([part for part in parts if len(part)] or list(parts[:1]))
    units: dict[str, str] = {}
    for column in dict.fromkeys(str(name) for group in groups for name in group.columns):
        holders = [group for group in groups if column in group]
        said = [group for group in holders if group[column].notna().any()] or holders
        distinct = list(dict.fromkeys(_unit(group, column) for group in said))
        if len(distinct) == 1:
            units[column] = distinct[0]
            continue
        factors = _factors(distinct)
        if factors is None:
            units[column] = " | ".join(unit or "no unit" for unit in distinct)
            for group in said:
                place = list(group.columns).index(column) + 1
                group.insert(place, f"{column}_unit", _unit(group, column))
        else:
            units[column] = distinct[0]
            for group in said:
                factor = factors[_unit(group, column)]
                group[column] = group[column] * factor if factor != 1 else group[column]
    attrs = next((group.attrs for group in groups if group.attrs), {})
    table = pd.concat(groups).sort_index() if len(groups) > 1 else groups[0]
    table.attrs = {**attrs, "units": {name: unit for name, unit in units.items() if unit}}
    return table


def _by_units(parts: Sequence[Table]) -> list[Table]:
    """Return one table for each set of units, the rows numbered over all."""
    import pandas as pd

    alike: dict[tuple[tuple[str, str], ...], list[Table]] = {}
    first = 0
    for part in parts:
        numbered = part.set_axis(range(first, first + len(part)), axis="index")
        first += len(part)
        alike.setdefault(tuple(sorted(_units(part).items())), []).append(numbered)
    groups = []
    for same in alike.values():
        group = pd.concat(same)
        group.attrs = next((dict(part.attrs) for part in same if part.attrs), {})
        groups.append(group)
    return groups


def _units(part: Table) -> Mapping[str, Any]:
    return part.attrs.get("units") or {}


def _unit(part: Table, column: str) -> str:
    return str(_units(part).get(column, ""))


def _factors(units: Sequence[str]) -> dict[str, float] | None:
    """Return the factor from each unit to the first, or None if they are of several kinds."""
    try:
        scales = [unit_scale(unit) for unit in units]
    except UnitsError:
        return None
    if len({base for _, base in scales}) > 1:
        return None
    first = scales[0][0]
    # 12 digits, so that 1 mm is 1000 um and not 1000.0000000000001
    return {
        unit: float(f"{scale / first:.12g}") for unit, (scale, _) in zip(units, scales, strict=True)
    }


def write_table(folder: Path, name: str, table: Table) -> None:
    """Write a table as Parquet and CSV, with units in the files, and which columns are facts.

    In Parquet they are in each column's metadata; beside the CSV stands
    ``<name>.csv-metadata.json`` (W3C tabular metadata) with them and types.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    told = {
        str(name): {
            key: str(held[name])
            for key, among in _TOLD.items()
            if (held := table.attrs.get(among, {})).get(name)
        }
        for name in table.columns
    }
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    fields = [
        field.with_metadata(told[field.name]) if told[field.name] else field
        for field in arrow.schema
    ]
    arrow = arrow.cast(pa.schema(fields, metadata=arrow.schema.metadata))
    with atomic_path(folder / f"{name}.parquet") as draft:
        pq.write_table(arrow, draft)
    with atomic_path(folder / f"{name}.csv") as draft:
        write_csv(table, draft)
    columns = [{**about, **told[about["name"]]} for about in columns_of(table)]
    about = {
        "@context": "http://www.w3.org/ns/csvw",
        "url": f"{name}.csv",
        "rdfs:comment": GUARD_NOTE,
        "tableSchema": {"columns": columns},
    }
    write_json(folder / f"{name}.csv-metadata.json", about)


def told_of(schema: Any) -> list[dict[str, Any]]:
    """Return what the schema of a Parquet file of a run tells of each column: name, unit, fact."""
    return [
        {**{key.decode(): value.decode() for key, value in (field.metadata or {}).items()},
         "name": field.name}
        for field in schema
    ]  # fmt: skip


def read_table(path: Path) -> Table:
    """Return the table of a Parquet or CSV file of a run, by what is told of its columns.

    Raises
    ------
    OSError, ValueError
        If it cannot be read.
    """
    columns: list[dict[str, Any]] = []
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet as pq

        arrow = pq.read_table(path)
        table: Table = arrow.to_pandas(ignore_metadata=True)
        columns = told_of(arrow.schema)
    else:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            about = json.loads(path.with_name(f"{path.name}-metadata.json").read_bytes())
            columns = [dict(each, name=each["name"]) for each in about["tableSchema"]["columns"]]
        table = read_csv(path, columns)
    for key, among in _TOLD.items():
        table.attrs[among] = {each["name"]: each[key] for each in columns if each.get(key)}
    return table
