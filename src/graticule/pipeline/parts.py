"""Tables of one image, set down between the work on it and the tables of the study."""

from __future__ import annotations

import json
from pathlib import Path

from graticule.core.image import Table

_ATTRS = b"graticule"


def part_file(folder: Path, name: str) -> Path:
    """Return where a table of an image is set down."""
    return folder / f"{name}.arrow"


def write_part(path: Path, table: Table) -> None:
    """Write a table with its attributes, which JSON must be able to hold, as an Arrow file."""
    import pyarrow as pa

    bare = table.copy(deep=False)
    bare.attrs = {}  # pandas would copy them with every column
    arrow = pa.Table.from_pandas(bare, preserve_index=False)
    attrs = json.dumps(table.attrs).encode()
    arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), _ATTRS: attrs})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, arrow.schema) as writer:
        writer.write_table(arrow)


def read_part(path: Path) -> Table:
    """Return a table as it was written."""
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        arrow = pa.ipc.open_file(source).read_all()
        table: Table = arrow.to_pandas()
    table.attrs = json.loads(arrow.schema.metadata[_ATTRS])
    return table
