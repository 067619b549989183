"""Results of a study on the disk while its images are worked on, so that memory stays flat."""

from __future__ import annotations

import pickle
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from graticule.pipeline.result import ImageResult


class Spool:
    """What became of images, in order, in a file without a name that ends with this process.

    Parameters
    ----------
    folder : Path
        The disk it is on.

    Examples
    --------
    >>> with Spool(Path(tempfile.mkdtemp())) as spool:
    ...     spool.append(ImageResult("a", "a.tif", "a"))
    ...     [result.image for result in spool]
    ['a']
    """

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed by the with)

    def append(self, result: ImageResult) -> None:
        """Set down a result."""
        pickle.dump(result, self._file, protocol=pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[ImageResult]:
        """Give back all results; equal names are one object in memory."""
        self._file.seek(0)
        while True:
            try:
                result: ImageResult = pickle.load(self._file)  # noqa: S301 (written above)
            except EOFError:
                return
            for name, value in vars(result).items():
                if isinstance(value, dict):
                    setattr(result, name, _with_shared_names(value))
            yield result

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _with_shared_names(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {
        sys.intern(name): _with_shared_names(value) if isinstance(value, dict) else value
        for name, value in mapping.items()
    }
