"""The tables of a run, read no further than the report needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from graticule.core.errors import StoreError, UnknownNameError, suggest
from graticule.pipeline.tables import read_table, told_of


class StudyTable:
    """A table of a run folder: ``images``, or one of ``objects``."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._parquet, self._csv = (folder / f"{name}.{ending}" for ending in ("parquet", "csv"))

    @property
    def exists(self) -> bool:
        """Whether the run wrote this table."""
        return self._parquet.is_file() or self._csv.is_file()

    @cached_property
    def rows(self) -> int:
        """Number of rows."""
        if not self._parquet.is_file():
            return len(self._from_csv)
        with self._open_file() as file:
            return int(file.metadata.num_rows)

    @cached_property
    def columns(self) -> list[str]:
        """Names of the columns, in order."""
        if not self._parquet.is_file():
            return [str(name) for name in self._from_csv.columns]
        with self._open_file() as file:
            return [str(name) for name in file.schema_arrow.names if name[:2] != "__"]

    @cached_property
    def units(self) -> dict[str, str]:
        """Units of the columns that have one, as the file says."""
        if not self._parquet.is_file():
            return dict(self._from_csv.attrs["units"])
        with self._open_file() as file:
            told = told_of(file.schema_arrow)
        return {each["name"]: each["unit"] for each in told if each.get("unit")}

    def head(self, limit: int, columns: list[str] | None = None) -> pd.DataFrame:
        """Return the first rows, of some columns or of all.

        Raise `UnknownNameError` for a column that is not there, `StoreError` for a damaged table.
        """
        for column in columns or ():
            if column not in self.columns:
                raise UnknownNameError(
                    f"the table {self.name} has no column {column!r}",
                    hint=suggest(column, self.columns),
                )
        if not self._parquet.is_file():
            return self._from_csv[columns or self.columns].head(limit)
        return self._first_batches(limit, columns or self.columns)

    def of_images(self, names: list[str]) -> pd.DataFrame:
        """Return the rows of some images, in the order of the table."""
        if not self._parquet.is_file():
            frame = self._from_csv
            return frame[frame["image"].astype(str).isin(names)]
        import pyarrow.parquet as pq

        with self._open_file():
            table = pq.read_table(self._parquet, filters=[("image", "in", names)])
        rows: pd.DataFrame = table.to_pandas(ignore_metadata=True)
        return rows

    def _first_batches(self, limit: int, columns: list[str]) -> pd.DataFrame:
        import pyarrow as pa

        parts, count = [], 0
        with self._open_file() as file:
            for batch in file.iter_batches(batch_size=max(1, min(limit, 65536)), columns=columns):
                parts.append(batch)
                count += batch.num_rows
                if count >= limit:
                    break
            schema = pa.schema([file.schema_arrow.field(column) for column in columns])
            table = pa.Table.from_batches(parts, schema)
        frame: pd.DataFrame = table.slice(0, limit).to_pandas(ignore_metadata=True)
        return frame

    @contextmanager
    def _open_file(self) -> Iterator[Any]:
        """Give the Parquet file; an error of reading it is a `StoreError`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self._parquet) as file:
                yield file
        except (OSError, pa.ArrowException) as error:
            raise StoreError(
                f"the table cannot be read: {error}",
                where=self._parquet.name,
                hint="run the same command again",
            ) from None

    @cached_property
    def _from_csv(self) -> pd.DataFrame:
        try:
            return read_table(self._csv)
        except FileNotFoundError:
            raise StoreError(
                f"the run has no table {self.name}", hint="no step of it measures that"
            ) from None
        except (OSError, ValueError) as error:
            raise StoreError(f"the table cannot be read: {error}", where=self._csv.name) from None
