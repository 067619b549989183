"""How much a packed chunk of Zarr comes to, found out before a codec unpacks it."""

from __future__ import annotations

import bz2
import lzma
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graticule.core.errors import UnsafeFileError
from graticule.io.formats._zarr_metadata import COPIES, EXTENSION, codecs_within, inner_chunks
from graticule.io.safety import decoding_room, require_complete, require_room

_STEP = 2**20
_CHECKSUM = 4
_ENTRY = 16
"""Bytes of the place of a chunk in the list of a shard."""
_NOT_THERE = 2**64 - 1
_BLOSC_HEADER = 16
_ZSTD = 0xFD2FB528
_ZSTD_SKIPPED = 0x184D2A50
_ZSTD_BLOCK = 2**17


@dataclass(frozen=True)
class Packing:
    """What stands between the bytes of a chunk and its samples.

    Attributes
    ----------
    codec : str
        What packs, as Zarr calls it; empty where nothing does.
    has_checksum : bool
        Whether a CRC32C follows what is packed.
    entries : int
        Chunks of a shard; 0 of what is no shard.
    index_at_start : bool
        Where the list of them is.
    index_size : int
        Bytes of that list.
    """

    codec: str
    has_checksum: bool = False
    entries: int = 0
    index_at_start: bool = False
    index_size: int = 0

    @staticmethod
    def of(said: Mapping[str, Any]) -> Packing:
        """Return the packing that the metadata of an array tells.

        Raises
        ------
        UnsafeFileError
            If chunks are packed twice, of which no size can be known.
        """
        names = [name.removeprefix(EXTENSION) for name in codecs_within(said)]
        packed = [name for name in names if name in _SIZES]
        if len(packed) > 1:
            raise UnsafeFileError(
                f"is packed twice, by {' and '.join(packed)}",
                hint="write it again with one of them",
            )
        checked = names[-1:] == ["crc32c"]
        shard = _shard(said)
        if shard is None or (packed and names.index(packed[0]) > names.index("sharding_indexed")):
            return Packing(packed[0] if packed else "", checked)
        outer = said["chunk_grid"]["configuration"]["chunk_shape"]
        entries = math.prod(
            int(whole) // max(1, part)
            for whole, part in zip(outer, inner_chunks(said), strict=True)
        )
        checked = "crc32c" in names[: names.index("sharding_indexed")][-1:]
        sums = sum(codec["name"] == "crc32c" for codec in shard.get("index_codecs", []))
        size = _ENTRY * entries + _CHECKSUM * sums
        at_start = shard.get("index_location") == "start"
        return Packing(packed[0] if packed else "", checked, entries, at_start, size)

    def require_room(self, content: memoryview, *, is_part: bool) -> None:
        """Raise `UnsafeFileError` if what is packed takes too much memory.

        Parameters
        ----------
        content : memoryview
            Of a file of a chunk or shard; or a chunk of a shard.
        is_part : bool
            Whether it is a chunk of a shard.

        Raises
        ------
        FormatError
            If Blosc promises more than there is.
        """
        if not self.codec:
            return
        for packed in self._chunks(content) if self.entries and not is_part else [content]:
            packed = packed[: len(packed) - _CHECKSUM * self.has_checksum]
            if self.codec == "blosc":  # it reads as much as is promised, beyond the end if need be
                require_complete(len(packed), _blosc_packed(packed))
            require_room(COPIES * _SIZES[self.codec](packed), what="a chunk")

    def _chunks(self, shard: memoryview) -> Iterator[memoryview]:
        index = shard[: self.index_size] if self.index_at_start else shard[-self.index_size :]
        for entry in range(0, min(len(index), _ENTRY * self.entries) - _ENTRY + 1, _ENTRY):
            start = int.from_bytes(index[entry : entry + 8], "little")
            if start != _NOT_THERE:
                size = int.from_bytes(index[entry + 8 : entry + 16], "little")
                yield shard[start : start + size]


def _shard(said: Mapping[str, Any]) -> Mapping[str, Any] | None:
    codecs = said.get("codecs") or []
    held = [codec["configuration"] for codec in codecs if codec["name"] == "sharding_indexed"]
    return held[0] if held else None


def _counted(start: Callable[[], Any], ratio: int) -> Callable[[memoryview], int]:
    """Return what counts the bytes of a stream without keeping them, where they may be too many."""

    def size(packed: memoryview) -> int:
        room = decoding_room() // COPIES
        if len(packed) * ratio <= room:
            return 0
        total, left, machine = 0, bytes(packed), start()
        while left and total <= room:
            try:
                while not machine.eof and total <= room:
                    new = len(machine.decompress(left, _STEP))
                    left = getattr(machine, "unconsumed_tail", b"")
                    total += new
                    if not new and not left:
                        break
            except (zlib.error, OSError, lzma.LZMAError, EOFError):
                break  # the codec says it better
            left = machine.unused_data if machine.eof else b""
            machine = start()
        return total

    return size


def _zstd_size(packed: memoryview) -> int:
    """Return the most that Zstandard frames come to, from the headers of their blocks."""
    total, at = 0, 0
    while at + 5 <= len(packed):
        magic = int.from_bytes(packed[at : at + 4], "little")
        if magic & ~0xF == _ZSTD_SKIPPED:
            at += 8 + int.from_bytes(packed[at + 4 : at + 8], "little")
            continue
        if magic != _ZSTD:
            break
        promised, blocks, has_sum = _zstd_header(packed, at + 4)
        size, at = _zstd_blocks(packed, blocks)
        total += max(size, promised)
        at += _CHECKSUM * has_sum
    return total


def _zstd_header(packed: memoryview, at: int) -> tuple[int, int, bool]:
    """Return the size a frame promises, where its blocks begin, and whether a checksum ends it."""
    told = packed[at]
    single, has_sum = bool(told & 32), bool(told & 4)
    fields = at + 1 + (not single) + (0, 1, 2, 4)[told & 3]
    width = (int(single), 2, 4, 8)[told >> 6]
    promised = int.from_bytes(packed[fields : fields + width], "little")
    return promised + 256 * (width == 2), fields + width, has_sum


def _zstd_blocks(packed: memoryview, at: int) -> tuple[int, int]:
    """Return the most that the blocks of a frame come to, and where they end."""
    total, is_last = 0, False
    while not is_last and at + 3 <= len(packed):
        header = int.from_bytes(packed[at : at + 3], "little")
        is_last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
        repeats, is_packed = kind == 1, kind == 2
        total += _ZSTD_BLOCK if is_packed else size
        at += 3 + (1 if repeats else size)
    return total, at


def _blosc_size(packed: memoryview) -> int:
    return int.from_bytes(packed[4:8], "little")


def _blosc_packed(packed: memoryview) -> int:
    return int.from_bytes(packed[12:_BLOSC_HEADER], "little")


def _lz4_size(packed: memoryview) -> int:
    return int.from_bytes(packed[:4], "little")


_SIZES: dict[str, Callable[[memoryview], int]] = {
    "gzip": _counted(lambda: zlib.decompressobj(31), 1032),
    "zlib": _counted(zlib.decompressobj, 1032),
    "bz2": _counted(bz2.BZ2Decompressor, 2**20),
    "lzma": _counted(lzma.LZMADecompressor, 2**14),
    "zstd": _zstd_size,
    "blosc": _blosc_size,
    "lz4": _lz4_size,
}
"""By codec: the most that a chunk comes to."""
