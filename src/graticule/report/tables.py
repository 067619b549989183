"""The tables of a run, read no further than the report needs."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from graticule.core.errors import StoreError, UnknownNameError, suggest


class StudyTable:
    """One of the two tables of a run folder: ``images`` or ``objects``.

    Parameters
    ----------
    folder : Path
        The run folder.
    name : str
        ``images`` or ``objects``.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._parquet = folder / f"{name}.parquet"
        self._csv = folder / f"{name}.csv"

    @property
    def exists(self) -> bool:
        """Whether the run wrote this table."""
        return self._parquet.is_file() or self._csv.is_file()

    @cached_property
    def rows(self) -> int:
        """Number of rows."""
        if self._parquet.is_file():
            return int(self._file().metadata.num_rows)
        return len(self._from_csv)

    @cached_property
    def columns(self) -> list[str]:
        """Names of the columns, in order."""
        if self._parquet.is_file():
            return [str(name) for name in self._file().schema_arrow.names if name[:2] != "__"]
        return [str(name) for name in self._from_csv.columns]

    def head(self, limit: int, columns: list[str] | None = None) -> pd.DataFrame:
        """Return the first rows, of some columns or of all.

        Raises
        ------
        UnknownNameError
            If the table has no such column.
        StoreError
            If the table is absent or damaged.
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
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(self._parquet, filters=[("image", "in", names)])
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(error) from None
        rows: pd.DataFrame = table.to_pandas(ignore_metadata=True)
        return rows

    def _first_batches(self, limit: int, columns: list[str]) -> pd.DataFrame:
        import pyarrow as pa

        file = self._file()
        parts, count = [], 0
        try:
            for batch in file.iter_batches(batch_size=max(1, min(limit, 65536)), columns=columns):
                parts.append(batch)
                count += batch.num_rows
                if count >= limit:
                    break
            table = pa.Table.from_batches(
                parts, pa.schema([file.schema_arrow.field(c) for c in columns])
            )
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(error) from None
        frame: pd.DataFrame = table.slice(0, limit).to_pandas(ignore_metadata=True)
        return frame

    def _file(self) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(self._parquet)
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> StoreError:
        return StoreError(
            f"the table cannot be read: {error}",
            where=self._parquet.name,
            hint="run the same command again",
        )

    @cached_property
    def _from_csv(self) -> pd.DataFrame:
        try:
            return pd.read_csv(self._csv)
        except FileNotFoundError:
            raise StoreError(
                f"the run has no table {self.name}", hint="no step of it measures that"
            ) from None
        except (OSError, ValueError) as error:
            raise StoreError(f"the table cannot be read: {error}", where=self._csv.name) from None
