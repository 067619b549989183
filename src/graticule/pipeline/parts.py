"""Tables of one image, set down between the work on it and the tables of the study."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from graticule.core.image import Table
from graticule.io.escaping import printable
from graticule.pipeline.seals import SealedFile

Part: TypeAlias = Any
"""A table of Arrow, before it is put together with others alike."""

_ABOUT = b"graticule"
_TOGETHER = 256
_PLAIN = "biuf"
"""Kinds of dtype that Arrow takes as they are."""


def part_name(table: str) -> str:
    """Return the name of the file in which a table of an image is set down."""
    return f"{table}.arrow"


def write_part(path: Path, image: str, table: Table) -> str:
    """Write a table with its attributes and, before its columns, the name of the image.

    Returns
    -------
    str
        The seal of the file.

    Raises
    ------
    TypeError
        If JSON cannot hold an attribute.
    ValueError
        If the table has a column ``image`` already.
    """
    import pyarrow as pa

    if "image" in table:
        raise ValueError("a table has a column image, where the name of the image goes")
    try:
        part = _part(image, table)
    except UnicodeEncodeError:
        part = _part(printable(image), _as_text(table))
    with SealedFile(path) as file, pa.ipc.new_file(file, part.schema) as writer:
        writer.write_table(part)
    return file.seal


def _part(image: str, table: Table) -> Part:
    import pyarrow as pa

    bare = table.copy(deep=False)
    bare.attrs = {}  # pandas would copy them with every column
    columns = {str(name): column for name, column in bare.items()}
    about = {
        "attrs": {str(key): value for key, value in table.attrs.items()},
        "dtypes": {name: str(column.dtype) for name, column in columns.items()},
    }
    arrays = {name: _as_arrow(column) for name, column in columns.items()}
    names = {"image": pa.repeat(image, len(table))}
    return pa.table({**names, **arrays}, metadata={_ABOUT: json.dumps(about)})


def _as_arrow(column: Any) -> Any:
    import pyarrow as pa

    plain = isinstance(column.dtype, np.dtype) and column.dtype.kind in _PLAIN
    return pa.array(column.to_numpy() if plain else column)


def _as_text(table: Table) -> Table:
    """Return a table whose cells can be written: bytes of a file that are no text are escaped."""
    shown = table.rename(columns=lambda name: printable(str(name)))
    for column in shown.select_dtypes(["object", "string", "category"]).columns:
        shown[column] = [printable(v) if isinstance(v, str) else v for v in shown[column]]
    return shown


def read_part(path: Path) -> Part:
    """Return a table as it was written."""
    import pyarrow as pa

    return pa.ipc.open_file(path.read_bytes()).read_all()


class Parts:
    """Parts in their order; alike ones are put together as they come.

    A part of few rows takes a hundred times the memory of its numbers.
    """

    def __init__(self) -> None:
        self._alike: list[tuple[list[Part], list[Part]]] = []

    def append(self, part: Part) -> None:
        """Add a part."""
        if not self._alike or not _are_alike(self._last(), part):
            self._alike.append(([], []))
        joined, single = self._alike[-1]
        single.append(part)
        if len(single) == _TOGETHER:
            joined.append(_concatenated(single).unify_dictionaries().combine_chunks())
            single.clear()

    def _last(self) -> Part:
        joined, single = self._alike[-1]
        return (single or joined)[-1]

    def tables(self) -> list[Table]:
        """Return the rows of all parts in order; those of alike parts that follow are one table."""
        return [_table(_concatenated([*joined, *single])) for joined, single in self._alike]


def _are_alike(one: Part, other: Part) -> bool:
    return bool(one.schema.equals(other.schema, check_metadata=True))


def _concatenated(parts: Sequence[Part]) -> Part:
    import pyarrow as pa

    return pa.concat_tables(parts)


def _table(part: Part) -> Table:
    about = json.loads(part.schema.metadata[_ABOUT])
    table: Table = part.to_pandas()
    dtypes = table.dtypes.astype(str)
    turned = {name: dtype for name, dtype in about["dtypes"].items() if dtypes[name] != dtype}
    table = table.astype(turned) if turned else table
    table.attrs = about["attrs"]
    return table
