"""What is looked at before HDF5 reads a file in this process, for in C it can crash or hang.

The structure of a file is looked at in a process apart (`graticule.io.apart`), and so is the list
of the chunks of a data set before the first is read. Chunks that might unpack to more than there is
room for, or go through filters that take sizes from the chunk itself, are always read there.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.apart import apart, filled_apart
from graticule.io.format import Links
from graticule.io.formats._hdf5_deflated import is_deflated
from graticule.io.formats._hdf5_links import Tree
from graticule.io.lazy import Box, box_shape
from graticule.io.safety import decoding_room

P = ParamSpec("P")
T = TypeVar("T")

_BOUNDED = (1, 2, 3, 32000)
"""Filters that write no further than they were given room: deflate, shuffle, Fletcher-32, LZF."""
_DEFLATE, _SHUFFLE, _FLETCHER = 1, 2, 3
_RATIO = 1032
"""Deflate packs no better than this; HDF5 unpacks whatever there is, and then looks at its size."""

_MOST_CHUNKS = 2**48
_TRIED = 2048
"""Chunks that are sought by their position; of more, as many that lie evenly among them."""


class Reader(Hashable, Protocol):
    """What reads a box of an array that lies in one data set or in several."""

    def names(self, box: Box) -> list[str]:
        """Return the names of the data sets that a box lies in."""

    def meant(self, dataset: Any) -> np.dtype[Any]:
        """Return the dtype of the values that are made of those a data set stores."""

    def checked(self, tree: Tree, name: str) -> Any:
        """Return a data set that can be read; raise otherwise."""

    def read(self, path: Path, box: Box) -> Array:
        """Return the values, of a file that has been looked at."""


@dataclass(frozen=True)
class Proof:
    """What a look at a data set showed.

    Attributes
    ----------
    dtype : dtype
        Of its values.
    is_risky : bool
        Whether its chunks are to be read in a process apart.
    others : tuple
        Further files that its values lie in, each with its state.
    """

    dtype: np.dtype[Any]
    is_risky: bool
    others: tuple[tuple[Path, Any], ...]

    def holds(self) -> bool:
        """Whether the further files are as they were."""
        return all(_state(path) == state for path, state in self.others)


def look(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``work`` says of an HDF5 file, from a process apart."""
    # here, so that no process apart has to load them again
    import dask.array  # noqa: F401
    import h5py  # noqa: F401

    return apart(work, *args, **kwargs)


def read_proved(
    reader: Reader, path: Path, box: Box, *, links: Links = "never", folder: Path | None = None
) -> Array:
    """Return the values of a box; a look at each of its data sets goes before the first read."""
    proofs = [_proof_of(reader, path, name, links, folder) for name in reader.names(box)]
    if not any(proof.is_risky for proof in proofs):
        return reader.read(path, box)
    return filled_apart(partial(reader.read, path, box), box_shape(box), proofs[0].dtype)


def _proof_of(reader: Reader, path: Path, name: str, links: Links, folder: Path | None) -> Proof:
    known = _known(reader, path, name, links, folder, _state(path))
    if isinstance(known, Proof) and not known.holds():
        _known.cache_clear()
        known = _known(reader, path, name, links, folder, _state(path))
    if isinstance(known, FormatError):
        raise known
    return known


@lru_cache(maxsize=4096)
def _known(
    reader: Reader, path: Path, name: str, links: Links, folder: Path | None, state: Any
) -> Proof | FormatError:
    try:
        return look(_proved, path, reader, name, links, folder)
    except FormatError as error:
        return error


def _state(path: Path) -> tuple[int, int, int]:
    """Return what changes when a file does; of one that is not there, zeros."""
    try:
        about = os.stat(path)
    except FileNotFoundError:
        return 0, 0, 0
    return about.st_mtime_ns, about.st_size, about.st_ino


def _proved(path: Path, reader: Reader, name: str, links: Links, folder: Path | None) -> Proof:
    """Go through all that HDF5 does to read a data set, but for the values."""
    with Tree(path, links, folder) as tree:
        dataset = reader.checked(tree, name)
        own = not dataset.is_virtual
        risky = [_is_risky(holder, own=own) for holder in tree.holders(dataset)]
        others = tuple((other, _state(other)) for other in tree.others)
        return Proof(reader.meant(dataset), any(risky), others)


def _is_risky(holder: Any, *, own: bool) -> bool:
    """Go through the list of chunks of a data set; return whether some must be read apart.

    Its ``own`` chunks are unpacked by `graticule.io.formats._hdf5_deflated` where that can, and
    into no more than their room.
    """
    plist = holder.id.get_create_plist()
    codes = [plist.get_filter(number)[0] for number in range(plist.get_nfilters())]
    if holder.chunks is None:
        return False
    extents = list(zip(holder.maxshape, holder.shape, strict=True))
    if any(most is not None and most < size for most, size in extents):
        raise FormatError(f"{holder.name} is {holder.shape}, and {holder.maxshape} at most")
    sizes = _chunk_sizes(holder, codes)
    _require_found(holder, sizes)
    # by the most that it may ever be HDF5 counts its chunks, and does not see where that overflows
    room_to_grow = any(most not in (None, size) for most, size in extents)
    largest = max(sizes.values(), default=0)
    by_hdf5 = _DEFLATE in codes and not (own and is_deflated(holder))
    may_burst = by_hdf5 and 2 * _RATIO * largest > decoding_room()
    return room_to_grow or may_burst or not set(codes) <= set(_BOUNDED)


def _is_of_size(chunk: Any, codes: Sequence[int], nbytes: int) -> bool:
    """Whether what is stored of a chunk becomes the chunk: HDF5 takes that for granted."""
    mask = int(chunk.filter_mask)
    undone = {code for place, code in enumerate(codes) if not mask >> place & 1}
    if mask >> len(codes):
        return False
    if undone <= {_SHUFFLE, _FLETCHER}:
        return chunk.size == nbytes or (_FLETCHER in undone and chunk.size == nbytes + 4)
    return bool(chunk.size > 0)


def _chunk_sizes(holder: Any, codes: Sequence[int]) -> dict[int, int]:
    """Return the bytes that each chunk takes by its place in the file, which it must not leave."""
    end = os.stat(holder.file.filename).st_size
    nbytes = math.prod(holder.chunks) * holder.id.get_type().get_size()
    sizes: dict[int, int] = {}

    def visit(chunk: Any) -> None:
        beyond = zip(chunk.chunk_offset, holder.shape, strict=True)
        if any(at >= size for at, size in beyond):
            raise FormatError(f"{holder.name} has a chunk at {chunk.chunk_offset}, beyond its end")
        if chunk.byte_offset is not None and chunk.byte_offset + chunk.size > end:
            raise FormatError(
                f"ends early: {holder.name} has a chunk that ends at byte "
                f"{chunk.byte_offset + chunk.size}, and there are {end}",
                hint="fetch or export the file again",
            )
        if chunk.byte_offset is not None and not _is_of_size(chunk, codes, nbytes):
            raise FormatError(
                f"{holder.name} has a chunk of {chunk.size} bytes at {chunk.chunk_offset}, "
                "which is no size of its"
            )
        sizes[chunk.byte_offset] = chunk.size

    holder.id.chunk_iter(visit)
    return sizes


def _require_found(holder: Any, sizes: Mapping[int, int]) -> None:
    """Seek chunks by their position, as reading does: HDF5 may look beyond the end of a list."""
    counts = [-(-size // chunk) for size, chunk in zip(holder.shape, holder.chunks, strict=True)]
    total = math.prod(counts)
    if total > _MOST_CHUNKS:
        raise FormatError(f"{holder.name} has {total} chunks, which none can have")
    for number in range(0, total, max(1, total // _TRIED)) if total else ():
        _seek(holder, np.unravel_index(number, counts), sizes)
    for corner in itertools.product(*({0, count - 1} for count in counts)) if total else ():
        _seek(holder, corner, sizes)


def _seek(holder: Any, at: Sequence[Any], sizes: Mapping[int, int]) -> None:
    coord = tuple(int(place) * chunk for place, chunk in zip(at, holder.chunks, strict=True))
    found = holder.id.get_chunk_info_by_coord(coord).byte_offset
    if found is not None and found not in sizes:
        raise FormatError(f"{holder.name} has a list of chunks that contradicts itself")
