"""Values of HDF5 data sets: which are numbers, what they stand for, and how a box is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.image import NUMERIC
from graticule.core.typing import Array
from graticule.io.format import Links
from graticule.io.formats._hdf5_deflated import is_deflated, unpacked
from graticule.io.formats._hdf5_links import Tree
from graticule.io.formats._hdf5_proof import read_proved
from graticule.io.lazy import Box, FileArray, as_dask, box_shape
from graticule.io.safety import require_modest

_LISTED = 2**15
"""Chunks that are read at once: of each HDF5 keeps about 1 kB while it reads."""
_COMPLEX = ("r", "i"), ("re", "im"), ("real", "imag")
# registered with The HDF Group; those of the second list come with the package hdf5plugin
_FILTERS = {4: "szip", 305: "LZO", 32019: "JPEG"}
_PLUGINS = {
    307: "bzip2", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32013: "zfp", 32015: "zstd",
    32017: "sz", 32018: "fcidecomp", 32024: "sz3", 32026: "blosc2", 32028: "sperr",
}  # fmt: skip


@dataclass(frozen=True)
class Decoding:
    """What stored values stand for: ``(stored + shift) * scale + offset``, NaN for fill values.

    Attributes
    ----------
    scale, offset, shift : float
        The numbers.
    fill : tuple of float
        Values, as stored, where there is none.
    unsigned : bool
        Whether integers that are stored with a sign have none.
    """

    scale: float = 1.0
    offset: float = 0.0
    shift: float = 0.0
    fill: tuple[float, ...] = ()
    unsigned: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether values, with their sign put right, are what is stored."""
        return (self.scale, self.offset, self.shift, self.fill) == (1, 0, 0, ())

    def dtype(self, stored: np.dtype[Any]) -> np.dtype[Any]:
        """Return what values of a dtype become: integers stay so where they are not scaled."""
        if self.is_plain:
            return np.dtype(f"u{stored.itemsize}") if self.unsigned else stored
        if stored.kind == "f":
            return np.result_type(stored, np.float32)
        return np.dtype("f4" if stored.itemsize <= 2 else "f8")

    def __call__(self, stored: Array) -> Array:
        """Return the values."""
        dtype = self.dtype(stored.dtype.newbyteorder("="))
        if self.unsigned:
            stored = stored.view(f"{stored.dtype.byteorder}u{stored.dtype.itemsize}")
        if self.is_plain:
            return stored
        absent = np.isin(stored, np.asarray(self.fill, stored.dtype)) if self.fill else None
        values = stored.astype(np.result_type(dtype, np.float64))
        values += self.shift
        values *= self.scale
        values += self.offset
        if absent is not None:
            values[absent] = np.nan
        return values.astype(dtype)


PLAIN = Decoding()


@dataclass(frozen=True)
class Dataset:
    """Reads a box of a dataset.

    Attributes
    ----------
    name : str
        The full path within the file, without links.
    decoding : Decoding
        What the values stand for.
    links : str
        Whether links to other files are followed.
    folder : Path, optional
        The folder they must not leave; by default that of the file.
    in_place : bool
        Whether values are stored in one piece, and nothing has to be unpacked.
    """

    name: str
    decoding: Decoding = PLAIN
    links: Links = "never"
    folder: Path | None = None
    in_place: bool = False

    def __call__(self, path: Path, box: Box) -> Array:
        """Return the values."""
        return read_proved(self, path, box, links=self.links, folder=self.folder)

    def names(self, box: Box) -> list[str]:
        """Return the names of the datasets that a box lies in."""
        return [self.name]

    def meant(self, dataset: Any) -> np.dtype[Any]:
        """Return the dtype of the values."""
        return self.decoding.dtype(dtype_of(dataset))

    def checked(self, tree: Tree, name: str) -> Any:
        """Return the dataset, if it can be read."""
        dataset = tree.find(name)
        require_readable(tree, dataset)
        return dataset

    def read(self, path: Path, box: Box) -> Array:
        """Return the values, of a file that has been looked at."""
        with Tree(path, self.links, self.folder) as tree:
            return self.decoding(read_box(tree, self.checked(tree, self.name), box))


def dtype_of(dataset: Any) -> np.dtype[Any]:
    """Return the dtype of a dataset of numbers, in native byte order.

    Raises
    ------
    FormatError
        If it holds something else; the message says what.
    """
    kind = dataset.id.get_type()
    stored = _numpy(kind)
    names = stored.names or ()
    complex_names = tuple(name.lower() for name in names) in _COMPLEX
    if complex_names and len({stored[name] for name in names}) == 1 and stored[0].kind == "f":
        joined: np.dtype[Any] = np.result_type(stored[0].newbyteorder("="), np.complex64)
        return joined
    if stored.kind in NUMERIC:
        members = {name.lower() for name in members_of(dataset)}
        if members == {b"false", b"true"}:
            return np.dtype(bool)
        wide = {"f": "f8", "c": "c16"}.get(stored.kind, "")
        is_wide = wide and stored.itemsize > np.dtype(wide).itemsize
        return np.dtype(wide if is_wide else stored.str).newbyteorder("=")
    raise FormatError(f"{dataset.name} holds {_word(kind, stored)}, not numbers")


def _numpy(kind: Any) -> np.dtype[Any]:
    import h5py

    try:
        stored: np.dtype[Any] = np.dtype(kind.dtype)
        return stored
    except (TypeError, ValueError):  # as an integer of three bytes
        size = kind.get_size()
        if not isinstance(kind, h5py.h5t.TypeIntegerID) or size > 8:
            return np.dtype(f"V{size}")
        sign = "u" if kind.get_sign() == h5py.h5t.SGN_NONE else "i"
        return np.dtype(f"{sign}{1 << (size - 1).bit_length()}")


def _word(kind: Any, stored: np.dtype[Any]) -> str:
    import h5py

    if isinstance(kind, h5py.h5t.TypeStringID):
        return "text"
    if isinstance(kind, h5py.h5t.TypeVlenID):
        return "lists of uneven length"
    if isinstance(kind, h5py.h5t.TypeReferenceID):
        return "references"
    if isinstance(kind, h5py.h5t.TypeArrayID):
        return "arrays in its elements"
    if stored.names:
        return f"a table with the columns {', '.join(stored.names[:8])}"
    return "bytes of a kind that is not known"


def members_of(dataset: Any) -> dict[bytes, int]:
    """Return the names that an enumeration gives to numbers."""
    import h5py

    kind = dataset.id.get_type()
    if not isinstance(kind, h5py.h5t.TypeEnumID):
        return {}
    numbers = range(kind.get_nmembers())
    return {kind.get_member_name(n): int(kind.get_member_value(n)) for n in numbers}


def require_readable(tree: Tree, dataset: Any) -> None:
    """Raise unless a dataset can be read: its files may be, and its filters are there."""
    import h5py

    if not isinstance(dataset, h5py.Dataset):
        kind = "a group" if isinstance(dataset, h5py.Group) else "a type"
        raise FormatError(f"{dataset.name} is {kind}, not an array")
    dtype_of(dataset)
    if dataset.shape is None:
        raise FormatError(f"{dataset.name} is empty")
    for holder in tree.holders(dataset):
        require_filters(holder)
        # as it is stored, as it is unpacked, and as it is turned into numbers of this machine
        size = 3 * holder.id.get_type().get_size()
        require_modest(holder.chunks or (1,), size, what=f"a chunk of {holder.name}")


def require_filters(dataset: Any) -> None:
    """Raise unless every filter that a dataset was written through can be undone here."""
    import h5py

    plist = dataset.id.get_create_plist()
    for number in range(plist.get_nfilters()):
        code, _, _, name = plist.get_filter(number)
        if _can_undo(h5py, code) or (_load_plugins() and _can_undo(h5py, code)):
            continue
        known = {**_FILTERS, **_PLUGINS}.get(code) or name.decode("utf-8", "replace") or "unnamed"
        raise FormatError(
            f"{dataset.name} needs the HDF5 filter {code} ({known}), which is not installed",
            hint="pip install hdf5plugin"
            if code in _PLUGINS
            else "install it as a plugin of HDF5, in the folder that HDF5_PLUGIN_PATH names",
        )


def _can_undo(h5py: Any, code: int) -> bool:
    if not h5py.h5z.filter_avail(code):
        return False
    return bool(h5py.h5z.get_filter_info(code) & h5py.h5z.FILTER_CONFIG_DECODE_ENABLED)


def _load_plugins() -> bool:
    """Make the filters of hdf5plugin known to HDF5, where that package is installed."""
    try:
        import hdf5plugin  # noqa: F401
    except ImportError:
        return False
    return True


def read_box(tree: Tree, dataset: Any, box: Box) -> Array:
    """Return a box of a dataset of numbers as `dtype_of` has it, in any byte order."""
    import h5py

    stored, dtype = _numpy(dataset.id.get_type()), dtype_of(dataset)
    if stored.names and not dataset.external:
        values = _in_parts(dataset, box)
        real, imaginary = (values[name] for name in stored.names)
        joined = np.empty(real.shape, dtype)
        joined.real, joined.imag = real, imaginary
        return joined
    is_usual = dataset.id.get_type().get_size() == stored.itemsize
    if dataset.external:
        if stored.names or not is_usual:
            raise FormatError(f"{dataset.name} is of a kind that is not read from raw files")
        return np.asarray(_raw(tree, dataset, stored, box), dtype)
    if box and is_deflated(dataset):
        return np.asarray(unpacked(dataset, box), dtype)
    if is_usual or not box:
        return np.asarray(_in_parts(dataset, box), dtype)
    sizes = box_shape(box)
    values = np.empty(sizes, dtype)
    space = dataset.id.get_space()
    space.select_hyperslab(tuple(span.start for span in box), sizes)
    dataset.id.read(h5py.h5s.create_simple(sizes), space, values, h5py.h5t.py_create(dtype))
    return values


def _in_parts(dataset: Any, box: Box) -> Array:
    """Return a box as h5py gives it, read in parts of no more chunks than HDF5 has room to list."""
    chunks = dataset.chunks
    if not box or chunks is None or _chunk_count(box, chunks) <= _LISTED:
        return np.asarray(dataset[box])
    values = np.empty(box_shape(box), dataset.dtype)
    counts = [_chunk_count((span,), (size,)) for span, size in zip(box, chunks, strict=True)]
    axis = counts.index(max(counts))
    span, size = box[axis], chunks[axis]
    middle = (span.start // size + counts[axis] // 2) * size
    for part in (slice(span.start, middle), slice(middle, span.stop)):
        place = (slice(None),) * axis + (slice(part.start - span.start, part.stop - span.start),)
        values[place] = _in_parts(dataset, (*box[:axis], part, *box[axis + 1 :]))
    return values


def _chunk_count(box: Box, chunks: Sequence[int]) -> int:
    """Return how many chunks a box touches."""
    pairs = zip(box, chunks, strict=True)
    return math.prod(-(-span.stop // size) - span.start // size for span, size in pairs)


def _raw(tree: Tree, dataset: Any, stored: np.dtype[Any], box: Box) -> Array:
    """Return a box of values that lie one after the other in pieces of raw files."""
    if not box:
        box = (slice(0, 1),)
    shape = dataset.shape or (1,)
    row = dataset.size // max(1, shape[0]) * stored.itemsize
    start, stop = box[0].start * row, box[0].stop * row
    taken = bytearray()
    for path, offset, size in tree.segments(dataset):
        first, last = max(0, start), min(size, stop)
        if first < last:
            with path.open("rb") as file:
                file.seek(offset + first)
                taken += file.read(last - first)
        start, stop = start - size, stop - size
    rows = np.frombuffer(taken, stored).reshape((box[0].stop - box[0].start, *shape[1:]))
    return rows[(slice(None), *box[1:])].reshape(box_shape(box) if dataset.shape else ())


def lazy(
    tree: Tree,
    dataset: Any,
    *,
    decoding: Decoding = PLAIN,
    columns: np.dtype[Any] | None = None,
) -> Any:
    """Return a dask array over a dataset.

    With ``columns``, its axes are reversed and its values of that dtype.
    """
    require_readable(tree, dataset)
    dtype = decoding.dtype(dtype_of(dataset))
    if not dataset.ndim or not dataset.size:
        whole = tuple(slice(0, size) for size in dataset.shape)
        values = decoding(np.asarray(read_box(tree, dataset, whole), dtype_of(dataset)))
        return values if columns is None else values.astype(columns).T
    unit: Sequence[int] = dataset.chunks or (1,) * (dataset.ndim - 1) + dataset.shape[-1:]
    folder = tree.folder if tree.links != "never" else None
    in_place = dataset.chunks is None
    read = Dataset(dataset.name, decoding, tree.links, folder, in_place=in_place)
    array = FileArray(Path(dataset.file.filename), tuple(dataset.shape), dtype, read)
    if columns is not None:
        order = range(dataset.ndim)[::-1]
        return as_dask(array.view(order, columns), unit[::-1])
    return as_dask(array, unit)
