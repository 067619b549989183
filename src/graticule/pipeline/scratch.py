"""Arrays on disk for results that must be complete but need not fit into memory."""

from __future__ import annotations

import contextlib
import os
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


class ScratchArray:
    """An array in a file of its own, mapped only while a part of it is read or written.

    The pages of a mapping that stays open count as memory of the process; those of a short
    one are the system's to keep or drop. The file goes when the array does.

    Parameters
    ----------
    folder : Path
        Where the file is made.
    shape : sequence of int
        As of an array.
    dtype : dtype
        As of an array.

    Examples
    --------
    >>> array = ScratchArray(Path(tempfile.mkdtemp()), (4, 6), np.int32)
    >>> array[1:3, 2:4] = 7
    >>> array[2, 1:4]
    array([0, 7, 7], dtype=int32)
    """

    def __init__(self, folder: Path, shape: Sequence[int], dtype: Any) -> None:
        self.shape = tuple(int(size) for size in shape)
        self.dtype = np.dtype(dtype)
        self.ndim = len(self.shape)
        folder.mkdir(parents=True, exist_ok=True)
        handle, self.path = tempfile.mkstemp(dir=folder, prefix="scratch-", suffix=".bin")
        with os.fdopen(handle, "wb") as file:
            file.truncate(max(1, int(np.prod(self.shape)) * self.dtype.itemsize))
        weakref.finalize(self, _remove, self.path, os.getpid())

    def _mapped(self, mode: Any) -> np.memmap[Any, Any]:
        return np.memmap(self.path, dtype=self.dtype, mode=mode, shape=self.shape)

    def __getitem__(self, index: Any) -> np.ndarray[Any, Any]:
        return np.array(self._mapped("r")[index])

    def __setitem__(self, index: Any, values: Any) -> None:
        self._mapped("r+")[index] = values


def _remove(path: str, owner: int) -> None:
    """Remove the file, in the process that made it and in no copy of the array elsewhere."""
    if os.getpid() == owner:
        with contextlib.suppress(OSError):
            os.unlink(path)
