"""Tables of one image, set down between the work on it and the tables of the study."""

from __future__ import annotations

import json
from pathlib import Path

from graticule.core.image import Table
from graticule.io.escaping import printable
from graticule.pipeline.seals import SealedFile

_ATTRS = b"graticule"


def part_name(table: str) -> str:
    """Return the name of the file in which a table of an image is set down."""
    return f"{table}.arrow"


def write_part(path: Path, table: Table) -> str:
    """Write a table with its attributes, which JSON must be able to hold; return its seal."""
    import pyarrow as pa

    bare = table.copy(deep=False)
    bare.attrs = {}  # pandas would copy them with every column
    try:
        arrow = pa.Table.from_pandas(bare, preserve_index=False)
    except UnicodeEncodeError:
        arrow = pa.Table.from_pandas(_as_text(bare), preserve_index=False)
    attrs = json.dumps(table.attrs).encode()
    arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), _ATTRS: attrs})
    with SealedFile(path) as file, pa.ipc.new_file(file, arrow.schema) as writer:
        writer.write_table(arrow)
    return file.seal


def _as_text(table: Table) -> Table:
    """Return a table whose cells can be written: bytes of a file that are no text are escaped."""
    shown = table.rename(columns=lambda name: printable(str(name)))
    for column in shown.select_dtypes(["object", "string", "category"]).columns:
        shown[column] = [printable(v) if isinstance(v, str) else v for v in shown[column]]
    return shown


def read_part(path: Path) -> Table:
    """Return a table as it was written."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        arrow = pa.ipc.open_file(source).read_all()
        table: Table = arrow.to_pandas()
    table.attrs = json.loads(arrow.schema.metadata[_ATTRS])
    return table
