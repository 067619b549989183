"""The step store: results by key, complete or absent, checked when read, bounded in size.

An entry is a file that is written beside its place and renamed into it, so that any number of
processes may share a store and a kill at any moment leaves only complete entries. A store that
cannot be used is no error: it is never needed.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.atomic import remove
from graticule.core.errors import StoreError
from graticule.pipeline.store_entry import Parts, decode, encode
from graticule.pipeline.store_quota import SUFFIX, Quota


class StepStore:
    """Results of steps on disk.

    Parameters
    ----------
    folder : Path
        Made when the first entry is written.
    max_bytes : int
        The entries used longest ago are removed beyond this size, whoever wrote them.

    Attributes
    ----------
    trouble : str
        Why the store cannot be used, from the first time that it could not; nothing is
        written from then on.

    Examples
    --------
    >>> import tempfile
    >>> store = StepStore(Path(tempfile.mkdtemp()), max_bytes=10**6)
    >>> import xarray as xr
    >>> store.put("ab" * 32, (xr.DataArray(np.arange(3), dims="x"),))
    True
    >>> store.get("ab" * 32)[0].values
    array([0, 1, 2])
    """

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self.folder = folder
        self.trouble = ""
        self._quota = Quota(folder, max_bytes=max_bytes)

    def _entry_path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}{SUFFIX}"

    def get(self, key: str) -> tuple[Any, ...] | None:
        """Return the outputs stored under a key, or None; a damaged entry is removed."""
        entry = self._entry_path(key)
        try:
            outputs = decode(key, _content(entry, self._quota.max_bytes))
        except FileNotFoundError:
            return None
        except (StoreError, ValueError, LookupError, TypeError):
            remove(entry)
            return None
        except OSError as error:
            self._give_up("read", error)
            return None
        with contextlib.suppress(OSError):
            os.utime(entry)
        return outputs

    def put(self, key: str, outputs: tuple[Any, ...]) -> bool:
        """Store outputs under a key; return whether they are there now.

        Outputs that are neither images nor tables, or would not come back equal, are not stored.
        """
        if self.trouble:
            return False
        entry = self._entry_path(key)
        try:
            if entry.is_file():
                return True
            parts = encode(key, outputs)
            return parts is not None and self._write(entry, parts)
        except FileNotFoundError:  # somebody removed the store just now
            return False
        except OSError as error:
            self._give_up("written", error)
            return False

    def _write(self, entry: Path, parts: Parts) -> bool:
        draft = self._quota.take(sum(map(len, parts)))
        if draft is None:
            return False
        try:
            with draft:
                for part in parts:
                    draft.write(part)
            entry.parent.mkdir(exist_ok=True)
            os.replace(draft.name, entry)
        finally:
            remove(Path(draft.name))
        return True

    def _give_up(self, what: str, error: OSError) -> None:
        self.trouble = self.trouble or (
            f"the step store {self.folder} cannot be {what} ({error.strerror or error}), so costly "
            "steps are computed each time (set GRATICULE_CACHE_DIR to a folder with room, or use "
            "--no-cache)"
        )


def _content(entry: Path, most: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the bytes of a file; raise `StoreError` if it is no entry by its size or kind."""
    if not stat.S_ISREG(entry.stat().st_mode):  # a pipe would never end
        raise StoreError("an entry is no file")
    with entry.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > most:
            raise StoreError("an entry is larger than the store")
        content = np.empty(size, np.uint8)
        if stream.readinto(content.data) != size:
            raise StoreError("an entry ends early")
    return content
