"""Good small files to damage: those of a format's mutator, or written with the format itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.io.format import Format
from graticule.testing.attack.mutator import Files, Mutator

_SHAPES = {"plane": (24, 20), "volume": (5, 12, 10)}
_DTYPES = ("u1", "i2", "u2", "f4", "f8")


def seed_files(known: Format, mutator: Mutator | None, folder: Path) -> dict[str, Files]:
    """Make good files of a format, and return the bytes of each by its name.

    Parameters
    ----------
    known : Format
        The format.
    mutator : Mutator or None
        That of the format, if it has one.
    folder : Path
        An empty folder for them.

    Raises
    ------
    FormatError
        If the format can neither be written nor has a mutator with good files of its own.
    """
    if mutator is not None:
        mutator.seeds(folder)
    elif known.write is not None:
        _write_images(known, folder)
    else:
        raise FormatError(
            f"{known.name} is not written, so there is no good file to damage",
            hint="add a mutator with seeds, as graticule.testing.attack says",
        )
    return {path.name: files_of(path) for path in sorted(folder.iterdir())}


def _write_images(known: Format, folder: Path) -> None:
    assert known.write is not None
    suffix = (known.write_suffixes or known.suffixes or ("",))[0]
    for name, shape in _SHAPES.items():
        for number, dtype in enumerate(_DTYPES):
            values = np.random.default_rng(number).uniform(0, 200, shape).astype(dtype)
            dims = ("z", "y", "x")[-len(shape) :]
            x = ("x", np.arange(shape[-1]) * 0.5, {"units": "um"})
            image = xr.DataArray(values, dims=dims, coords={"x": x}, attrs={"units": "DN"})
            try:
                known.write(folder / f"{name}-{dtype}{suffix}", image, False)
            except FormatError:  # it has no such values or axes
                _remove(folder / f"{name}-{dtype}{suffix}")


def files_of(path: Path) -> Files:
    """Return the bytes of a file, or of all files of a folder by their relative path."""
    if path.is_file():
        return {"": path.read_bytes()}
    found = sorted(each for each in path.rglob("*") if each.is_file())
    return {each.relative_to(path).as_posix(): each.read_bytes() for each in found}


def write_files(path: Path, files: Files) -> None:
    """Put the bytes of an image into a path, in place of what was there."""
    _remove(path)
    for name, content in files.items():
        file = path / name if name else path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _remove(path: Path) -> None:
    import shutil

    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
