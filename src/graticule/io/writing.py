"""Writing an image in the format its name asks for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from graticule.core.atomic import atomic_path
from graticule.core.errors import FormatError, GraticuleError, RequestError
from graticule.core.image import Image, as_image, require_numeric
from graticule.io.format import Format, formats, is_one_image
from graticule.io.paths import as_path, obstacle


def write(path: str | Path, image: Any, *, labels: bool | None = None) -> Path:
    """Write an image in the format its name asks for.

    It is written beside its place and renamed into it, so that a reader never meets half a
    file. A lazily computed image is computed and written block by block.

    Parameters
    ----------
    path : str or Path
        The ending chooses the format: ``.ome.tif .tif .ome.zarr .zarr .npy .fits .png``. What
        stands there is replaced.
    image : DataArray or array_like
        Dims, spacing and units are kept where the format has a place for them.
    labels : bool, optional
        Whether values are names of objects, of which a pyramid must keep one and not the
        mean. By default so for bools and for integers of more than 16 bits.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    RequestError
        If path and image are swapped, or the path is none.
    FormatError
        If no format has this ending, the format cannot hold the image, or the disk refuses.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write(Path(folder) / "small.npy", np.eye(3))
    ...     path.name, path.stat().st_size
    ('small.npy', 200)
    """
    if isinstance(image, (str, os.PathLike)) and not isinstance(path, (str, os.PathLike)):
        raise RequestError(
            "the path comes first, and then the image", hint=f'as write("{image}", image)'
        )
    target = as_path(path)
    known = _writer(target)
    image = as_image(image)
    require_numeric(image.dtype)
    averaged = image.dtype.kind in "fc" or (image.dtype.kind in "ui" and image.dtype.itemsize <= 2)
    assert known.write is not None
    try:
        _require_replaceable(target)
        with atomic_path(target) as draft:
            known.write(draft, image, not averaged if labels is None else labels)
    except GraticuleError as error:
        raise (error if error.where else error.at(str(target))) from error.__cause__
    except OSError as error:
        raise FormatError(f"cannot be written ({error})", where=str(target)) from error
    return target


def written_unit(path: Path, image: Image) -> dict[str, int]:
    """Return the size of what is written as one piece by dim; empty if samples are.

    Blocks of a lazy image that are multiples of it are written as they come. ``image`` need have
    no values.
    """
    known = _writer(path)
    sizes = known.unit(image) if known.unit else ()
    return dict(zip(map(str, image.dims), sizes, strict=False))


def _writer(target: Path) -> Format:
    name = target.name.lower()
    writers = [
        (suffix, known)
        for known in formats()
        if known.write
        for suffix in known.write_suffixes or known.suffixes
    ]
    fitting = [pair for pair in writers if name.endswith(pair[0])]
    if not fitting:
        endings = ", ".join(sorted({suffix for suffix, _ in writers}))
        raise FormatError("no format has this ending", where=str(target), hint=f"use {endings}")
    return max(fitting, key=lambda pair: len(pair[0]))[1]


def _require_replaceable(target: Path) -> None:
    in_the_way = "" if target.is_symlink() and not target.exists() else obstacle(target)
    if in_the_way:
        raise FormatError(f"{in_the_way} stands there", hint="choose another name")
    if not is_one_image(target) and any(target.iterdir()):
        raise FormatError("a folder that is no image stands there", hint="choose another name")
    if not target.parent.is_dir():
        raise FormatError("there is no such folder to write into", where=str(target.parent))
