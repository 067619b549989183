"""What became of the images of a study, on the disk, so that memory does not grow with them."""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import weakref
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, overload

from graticule.pipeline.result import ImageResult

_IN_MEMORY = 16_000_000
"""Bytes that are no file yet."""


class Results(Sequence[ImageResult]):
    """What became of images, in order, in a file without a name that ends with this process.

    Each is read when it is asked for; a change of it is kept where it is put back.

    Parameters
    ----------
    folder : Path
        The disk it is on.

    Examples
    --------
    >>> results = Results(Path(tempfile.mkdtemp()))
    >>> results.append(ImageResult("a", "a.tif", "a"))
    >>> [result.image for result in results], results[-1].image
    (['a'], 'a')
    """

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(folder))  # noqa: SIM115
        self._places = array("q")
        weakref.finalize(self, self._file.close)

    def append(self, result: ImageResult) -> None:
        """Set down a result."""
        self._places.append(self._write(result))

    def replace(self, index: int, result: ImageResult) -> None:
        """Put a result in the place of another."""
        self._places[index] = self._write(result)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> ImageResult: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ImageResult]: ...
    def __getitem__(self, index: int | slice) -> ImageResult | Sequence[ImageResult]:
        """Return one result, or a list of some."""
        if isinstance(index, slice):
            return [self._read(place) for place in self._places[index]]
        return self._read(self._places[index])

    def __iter__(self) -> Iterator[ImageResult]:
        return map(self._read, self._places)

    def _write(self, result: ImageResult) -> int:
        self._file.seek(0, os.SEEK_END)
        place = self._file.tell()
        pickle.dump(result, self._file, protocol=pickle.HIGHEST_PROTOCOL)
        return place

    def _read(self, place: int) -> ImageResult:
        """Return a result; names in it that are equal to those of others are one object."""
        self._file.seek(place)
        result: ImageResult = pickle.load(self._file)  # noqa: S301 (written above)
        for name, value in vars(result).items():
            if isinstance(value, dict):
                setattr(result, name, _with_shared_names(value))
        return result


def _with_shared_names(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {
        sys.intern(name): _with_shared_names(value) if isinstance(value, dict) else value
        for name, value in mapping.items()
    }
