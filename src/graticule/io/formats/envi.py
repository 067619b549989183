"""ENVI: a text header beside a raw file, as cameras and satellites of many bands write them.

>>> import tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> import graticule as gt
>>> header = '''ENVI
... samples = 4
... lines = 3
... bands = 2
... data type = 4
... interleave = bsq
... byte order = 0
... wavelength units = Nanometers
... wavelength = {450.0, 650.0}'''
>>> with tempfile.TemporaryDirectory() as folder:
...     _ = (Path(folder) / "scene.hdr").write_text(header)
...     np.arange(24, dtype="<f4").tofile(Path(folder) / "scene.raw")
...     scene = gt.read(Path(folder) / "scene.hdr").load()
>>> scene.dims, scene.wavelength.values.tolist(), scene.wavelength.attrs["units"]
(('wavelength', 'y', 'x'), [450.0, 650.0], 'nm')
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.axes import build
from graticule.io.format import Address, Format
from graticule.io.formats._envi_header import MARK, Header, header_of, places, spectral_axis
from graticule.io.lazy import Box, FileArray, as_dask
from graticule.io.paths import natural
from graticule.io.raw import Raw
from graticule.io.safety import require_complete

_DATA = (".img", ".dat", ".raw", ".bsq", ".bil", ".bip", ".cube", ".envi", ".bin", "")
"""Endings of the raw file; it may have none."""
_HEADERS = (".hdr", ".HDR")
_HEAD = 16
_CLASSES = "envi classification"


def _is_header(path: Path) -> bool:
    with path.open("rb") as file:
        return MARK.match(file.read(_HEAD)) is not None


def _header_beside(path: Path) -> Path | None:
    """Return the header of a raw file: of its name, with its ending or without."""
    if path.suffix.lower() not in _DATA:
        return None
    stems = dict.fromkeys((path.name, path.stem))
    candidates = (path.with_name(stem + ending) for stem in stems for ending in _HEADERS)
    return next((each for each in candidates if each.is_file() and _is_header(each)), None)


def _data_beside(header: Path) -> Path:
    """Return the raw file of a header."""
    stem = header.stem if header.suffix else header.name
    entries = sorted(header.parent.iterdir(), key=natural)
    found = [each for each in entries if each != header and _is_called(each, stem)]
    if not found:
        raise FormatError(
            f"is a header of ENVI, and no file of values is beside it: {stem}.img, {stem}.dat, ...",
            where=str(header),
            hint="put the file of values into the same folder, by the same name",
        )
    exact = [each for each in found if each.name == stem]
    if len(exact or found) > 1:
        raise FormatError(
            f"is a header of ENVI, and beside it are {found[0].name} and {found[1].name}",
            where=str(header),
            hint="name the one to read in place of the header",
        )
    return (exact or found)[0]


def _is_called(path: Path, stem: str) -> bool:
    named = path.name == stem or (path.stem == stem and path.suffix.lower() in _DATA)
    return named and path.is_file()


def _sniff(path: Path, head: bytes) -> bool:
    return MARK.match(head) is not None or _header_beside(path) is not None


def _files(path: Path) -> tuple[Path, Path]:
    """Return the header and the raw file of an image that is named by either of them."""
    if _is_header(path):
        return path, _data_beside(path)
    header = _header_beside(path)
    if header is None:
        raise FormatError("has no header of ENVI beside it", where=str(path))
    return header, path


def _whole_of(path: Path) -> Path | None:
    """Return the header that a raw file is part of; None of a header."""
    return None if _is_header(path) else _header_beside(path)


def _neighbours(address: Address) -> list[Path]:
    return [each for each in _files(address.path) if each != address.path]


@dataclass(frozen=True)
class _Known:
    """Reads a box, and puts NaN where a value stands for none."""

    raw: Raw
    missing: float
    dtype: str

    def __call__(self, path: Path, box: Box) -> Array:
        stored = self.raw.stored(path, box)
        values = stored.astype(self.dtype)
        values[stored == self.missing] = np.nan
        return values


def _open(address: Address, level: int, *, stored: bool = False) -> xr.DataArray:
    if address.inside:
        raise FormatError("a file of ENVI is one image, and has nothing by name within")
    path, data = _files(address.path)
    header = header_of(path)
    there = data.stat().st_size - header.offset
    require_complete(there, header.nbytes)
    if there > header.nbytes:
        header.notes.append(
            f"{data.name} holds {there - header.nbytes} bytes after its values, which are not read"
        )
    dim, along = spectral_axis(header)
    dims = (dim, "y", "x") if header.bands > 1 or dim in along else ("y", "x")
    values = _values(data, header, len(dims), stored=stored)
    main = {dim: along.pop(dim)} if dim in along and along[dim][1].dtype.kind == "f" else {}
    image = build(values, dims, main | places(header), header=header.keys, notes=header.notes)
    if dim in dims:
        image = image.assign_coords(along)
    return image


def _values(data: Path, header: Header, ndim: int, *, stored: bool) -> Any:
    raw = Raw(header.offset, header.dtype.str, header.stored_shape)
    kept, fetch = header.dtype.newbyteorder("="), raw
    missing = (
        None if stored or header.keys.get("file type", "").lower() == _CLASSES else (header.missing)
    )
    if missing is not None and kept.kind in "iuf":
        kept = kept if kept.kind == "f" else np.dtype("f4" if kept.itemsize <= 2 else "f8")
        fetch = _Known(raw, missing, kept.str)  # type: ignore[assignment]
        header.notes.append(f"values stored as {missing:g} (data ignore value), are NaN")
    array = FileArray(data, header.stored_shape, kept, fetch)
    order = header.order[-ndim:]
    is_by_band = header.order[0] == 0
    unit = (1 if is_by_band else header.bands, 1, header.samples)
    return as_dask(array.view(order, kept), unit[-ndim:])


FORMAT = Format(
    "ENVI",
    _sniff,
    _open,
    suffixes=(".hdr",),
    open_labels=partial(_open, stored=True),
    neighbours=_neighbours,
    whole_of=_whole_of,
)
