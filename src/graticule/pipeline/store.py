"""The step store: results by key, complete or absent, checked when read, bounded in size.

An entry is a folder that is written beside its place and renamed into it, so that any number
of processes may share a store and a kill at any moment leaves only complete entries.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.errors import StoreError
from graticule.core.image import Image
from graticule.io import content_hash

_FORMAT = 1
_MIN_ABANDONED = 3600.0


class StepStore:
    """Results of steps on disk.

    Parameters
    ----------
    folder : Path
        Made when the first entry is written.
    max_bytes : int
        The entries used longest ago are removed beyond this size.

    Examples
    --------
    >>> store = StepStore(Path(tempfile.mkdtemp()), max_bytes=10**6)
    >>> import xarray as xr
    >>> store.put("ab" * 32, (xr.DataArray(np.arange(3), dims="x"),))
    True
    >>> store.get("ab" * 32)[0].values
    array([0, 1, 2])
    """

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._written = 0

    def _entry_path(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def get(self, key: str) -> tuple[Any, ...] | None:
        """Return the outputs stored under a key, or None; a damaged entry is removed."""
        entry = self._entry_path(key)
        if not entry.exists():
            return None
        try:
            outputs = _read(entry)
        except (OSError, ValueError, KeyError, TypeError):
            _discard(entry)
            return None
        with contextlib.suppress(OSError):
            os.utime(entry)
        return outputs

    def put(self, key: str, outputs: tuple[Any, ...]) -> bool:
        """Store outputs under a key; return whether they are there now.

        Outputs that are neither images nor tables, or would not come back equal, are not stored.

        Raises
        ------
        StoreError
            If the folder cannot be written to.
        """
        import pandas as pd
        import xarray as xr

        if not all(isinstance(item, (xr.DataArray, pd.DataFrame)) for item in outputs):
            return False
        entry = self._entry_path(key)
        if entry.exists():
            return True
        try:
            self._written += self._write_entry(entry, outputs)
        except OSError as error:
            raise StoreError(
                f"the step store cannot be written: {error.strerror}",
                where=str(self.folder),
                hint="set GRATICULE_CACHE_DIR to a folder with room",
            ) from None
        if self._written > self.max_bytes // 20:
            self._written = 0
            self.shrink()
        return entry.exists()

    def _write_entry(self, entry: Path, outputs: tuple[Any, ...]) -> int:
        """Write an entry and return its size; 0 where it cannot be stored."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=self.folder))
        try:
            size = _write(draft, outputs)
            if size > self.max_bytes:
                return 0
            entry.parent.mkdir(exist_ok=True)
            with contextlib.suppress(OSError):  # another process was there first
                os.rename(draft, entry)
            return size
        except (TypeError, ValueError):
            return 0
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def shrink(self) -> None:
        """Remove abandoned drafts, and the entries used longest ago beyond the size limit."""
        now = time.time()
        for draft in self.folder.glob(".draft-*"):
            with contextlib.suppress(OSError):
                if now - draft.stat().st_mtime > _MIN_ABANDONED:
                    shutil.rmtree(draft, ignore_errors=True)
        entries = []
        for entry in self.folder.glob("??/*"):
            with contextlib.suppress(OSError):
                size = sum(file.stat().st_size for file in entry.iterdir())
                entries.append((entry.stat().st_mtime, size, entry))
        total = sum(size for _, size, _ in entries)
        for _, size, entry in sorted(entries):
            if total <= self.max_bytes:
                break
            _discard(entry)
            total -= size


def _discard(entry: Path) -> None:
    """Take an entry out of sight in one move, then remove it."""
    trash = entry.parent.parent / f".draft-{uuid.uuid4().hex}"
    with contextlib.suppress(OSError):
        os.rename(entry, trash)
        shutil.rmtree(trash, ignore_errors=True)


def _write(folder: Path, outputs: tuple[Any, ...]) -> int:
    import pandas as pd

    described = []
    total = 0
    for number, item in enumerate(outputs):
        file = folder / f"{number}.{'parquet' if isinstance(item, pd.DataFrame) else 'npy'}"
        if isinstance(item, pd.DataFrame):
            item.to_parquet(file)
            about = {"kind": "table", "attrs": _equal_attrs(item.attrs)}
        else:
            about = _write_array(file, item)
        total += file.stat().st_size
        described.append({**about, "file": file.name, "sha256": content_hash(file)})
    meta = json.dumps({"format": _FORMAT, "outputs": described})
    (folder / "meta.json").write_text(meta, encoding="utf-8")
    return total + len(meta)


def _write_array(file: Path, image: Image) -> dict[str, Any]:
    import pandas as pd

    names = (*image.coords, "" if image.name is None else image.name)
    if not all(isinstance(name, str) for name in names):
        raise TypeError("a name that is no text would not come back equal")
    if any(isinstance(index, pd.MultiIndex) for index in image.indexes.values()):
        raise TypeError("an index of several levels would not come back equal")
    np.save(file, np.ascontiguousarray(image.values), allow_pickle=False)
    coords = {
        str(name): {
            "dims": list(coordinate.dims),
            "values": _listed(coordinate.values),
            "dtype": str(coordinate.dtype),
            "attrs": _equal_attrs(coordinate.attrs),
        }
        for name, coordinate in image.coords.items()
    }
    return {
        "kind": "array",
        "dims": list(image.dims),
        "name": image.name,
        "coords": coords,
        "attrs": _equal_attrs(image.attrs),
    }


def _listed(positions: np.ndarray[Any, Any]) -> Any:
    """Return positions as JSON can hold them; dates as counts of their unit."""
    return (positions.astype(np.int64) if positions.dtype.kind in "mM" else positions).tolist()


def _equal_attrs(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return attributes as JSON can hold them; raise `TypeError` if one would not come back."""
    plain = plain_attrs(attrs)
    if plain != dict(attrs):
        raise TypeError("an attribute would not come back equal")
    return plain


def plain_attrs(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return attributes as JSON can hold them.

    Raises
    ------
    TypeError
        If one cannot be.
    """
    return dict(json.loads(json.dumps({str(key): value for key, value in attrs.items()})))


def _read(folder: Path) -> tuple[Any, ...]:
    import pandas as pd

    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    if meta["format"] != _FORMAT:
        raise ValueError("another format")
    outputs: list[Any] = []
    for about in meta["outputs"]:
        file = folder / about["file"]
        if content_hash(file) != about["sha256"]:
            raise ValueError("damaged")
        if about["kind"] == "table":
            table = pd.read_parquet(file)
            table.attrs = about["attrs"]
            outputs.append(table)
        else:
            outputs.append(_read_array(file, about))
    return tuple(outputs)


def _read_array(file: Path, about: Mapping[str, Any]) -> Image:
    import xarray as xr

    coords = {
        name: (given["dims"], np.array(given["values"], dtype=given["dtype"]), given["attrs"])
        for name, given in about["coords"].items()
    }
    return xr.DataArray(
        np.load(file, allow_pickle=False),
        dims=about["dims"],
        coords=coords,
        attrs=about["attrs"],
        name=about["name"],
    )
