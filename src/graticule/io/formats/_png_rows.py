"""Rows of large PNG pictures: unpacked one after the other, and never all at once.

A PNG is one stream, in which each row is told by how it differs from the one before. It can be
entered at its start alone; the state of the unpacking is kept at some rows on the way, so that a
box further down is reached without the rows above it.
"""

from __future__ import annotations

import bisect
import struct
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.lazy import Box, box_shape
from graticule.io.safety import require_complete

_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
"""Samples of a pixel by type of colour, of those types whose samples are stored as they are."""
_BAND = 4 * 2**20
"""Bytes that are unpacked at once."""
_STATES = 64
"""States that are kept of a picture, each of some 60 kB and a row."""
_PIECE = 2**14
"""Packed bytes that are read at once."""
_RATIO, _SLACK = 1032, 2**16
"""Deflate packs no better than this: what claims more is left to who reads pictures whole."""
_SIGNATURE = 8
_MOVES = (b"acTL", b"fcTL", b"fdAT")
_SHORT = 2**24
"""Longest chunk of what is said about a picture."""


@dataclass(frozen=True)
class Chunk:
    """A chunk of a PNG: its type, and where its content lies."""

    kind: bytes
    start: int
    length: int


@dataclass(frozen=True)
class Layout:
    """How the samples of a PNG are stored.

    Attributes
    ----------
    shape : tuple of int
        ``y x``, or ``y x c``.
    bits : int
        Of a sample: 8 or 16.
    channels : int
        Samples of a pixel.
    packed : tuple of Chunk
        The chunks that hold them.
    """

    shape: tuple[int, ...]
    bits: int
    channels: int
    packed: tuple[Chunk, ...]

    @property
    def pixel(self) -> int:
        """Bytes of a pixel."""
        return self.channels * self.bits // 8

    @property
    def row(self) -> int:
        """Bytes of a row."""
        return self.shape[1] * self.pixel

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the samples, in native byte order."""
        return np.dtype(np.uint8 if self.bits == 8 else np.uint16)


def _chunks(file: IO[bytes]) -> Iterator[Chunk]:
    """Give the chunks of a PNG up to its end; of one that is cut off, those that are there."""
    at = _SIGNATURE
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        length, kind = struct.unpack(">I4s", head)
        yield Chunk(kind, at + 8, length)
        if kind == b"IEND":
            return
        at += 12 + length


@lru_cache(maxsize=8)
def _layout(path: Path, changed: int, size: int) -> tuple[Layout | None, tuple[Chunk, ...]]:
    """Return how a PNG is stored, None of one whose rows are not told in turn, and its chunks."""
    with path.open("rb") as file:
        file.seek(_SIGNATURE + 8)
        header = file.read(13)
        chunks = tuple(_chunks(file))
    if len(header) < 13 or not chunks or chunks[0].kind != b"IHDR":
        return None, chunks
    width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    kinds = {chunk.kind for chunk in chunks}
    plain = bits in (8, 16) and colour in _CHANNELS and not interlaced and width and height
    if not plain or kinds & {*_MOVES, b"tRNS"} or b"IDAT" not in kinds:
        return None, chunks
    channels = _CHANNELS[colour]
    packed = sum(chunk.length for chunk in chunks if chunk.kind == b"IDAT")
    if packed * _RATIO + _SLACK < height * (1 + width * channels * bits // 8):
        return None, chunks
    shape = (height, width) if channels == 1 else (height, width, channels)
    return Layout(shape, bits, channels, tuple(c for c in chunks if c.kind == b"IDAT")), chunks


def layout_of(path: Path) -> Layout | None:
    """Return how a PNG is stored; None of one that is interlaced, of a palette, or that moves."""
    state = path.stat()
    return _layout(path, state.st_mtime_ns, state.st_size)[0]


def about(path: Path) -> bytes:
    """Return a PNG of one pixel that says all that another says about itself.

    So a library can be asked what is said without unpacking the picture.
    """
    state = path.stat()
    layout, chunks = _layout(path, state.st_mtime_ns, state.st_size)
    pixel = bytes(1 + (layout.pixel if layout else 0))
    small, made = bytearray(), False
    with path.open("rb") as file:
        small += file.read(_SIGNATURE)
        for chunk in chunks:
            file.seek(chunk.start)
            if chunk.kind == b"IHDR":
                small += _as_chunk(b"IHDR", struct.pack(">II", 1, 1) + file.read(13)[8:])
            elif chunk.kind == b"IDAT":
                small += b"" if made else _as_chunk(b"IDAT", zlib.compress(pixel))
                made = True
            elif chunk.length <= _SHORT:
                small += struct.pack(">I4s", chunk.length, chunk.kind) + file.read(chunk.length + 4)
    return bytes(small)


def _as_chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


@dataclass(frozen=True)
class Rows:
    """Reads a box of a PNG: of the rows above it, no more than from the last state that is kept."""

    def __call__(self, path: Path, box: Box) -> Array:
        """Return the values in native byte order."""
        state = path.stat()
        stream = _stream(path, state.st_mtime_ns, state.st_size)
        with stream.lock:
            return stream.box(box)


@lru_cache(maxsize=4)
def _stream(path: Path, changed: int, size: int) -> _Stream:
    layout = layout_of(path)
    if layout is None:
        raise FormatError("has changed since it was opened", hint="open it again")
    return _Stream(path, layout)


@dataclass(frozen=True)
class _State:
    """The unpacking as it stands before a row.

    Attributes
    ----------
    row : int
        The row that comes next.
    above : array
        Bytes of the row before.
    unpacker : zlib decompressor
        It is copied before it is used.
    waiting : bytes
        What it was given and has not used.
    chunk, within : int
        Number of the chunk, and the byte within it, that is read next.
    check : int
        Checksum of what was read of that chunk.
    """

    row: int
    above: Array
    unpacker: Any
    waiting: bytes = b""
    chunk: int = 0
    within: int = 0
    check: int = 0

    def again(self) -> _State:
        """Return the same state, to go on from while this one stays."""
        return replace(self, unpacker=self.unpacker.copy())


class _Stream:
    """The stream of one picture, read in turn, and where it can be entered."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path, self.layout = path, layout
        self.lock = threading.Lock()
        self.step = max(1, _BAND // (layout.row + 1))
        self.apart = max(self.step, -(-layout.shape[0] // _STATES))
        self.now = _State(0, np.zeros(layout.row, np.uint8), zlib.decompressobj())
        self.states = [self.now.again()]

    def box(self, box: Box) -> Array:
        """Return the values in a box."""
        layout = self.layout
        out = np.empty(box_shape(box), layout.dtype)
        self._enter(box[0].start)
        try:
            with self.path.open("rb") as file:
                self._fill(file, box, out)
        except BaseException:
            self.now = self.states[0].again()  # of a stream that broke off nothing is known
            raise
        return out

    def _fill(self, file: IO[bytes], box: Box, out: Array) -> None:
        layout, (start, stop) = self.layout, (box[0].start, box[0].stop)
        while self.now.row < stop:
            first = self.now.row
            # not beyond what is wanted: the next box may begin there
            end = min(first + self.step, start if first < start else stop)
            band = self._unpack(file, end - first)
            if first >= start:
                stored = band.view(layout.dtype.newbyteorder(">"))
                rows = stored.reshape((len(band), *layout.shape[1:]))
                out[first - start : end - start] = rows[(slice(None), *box[1:])]

    def _enter(self, row: int) -> None:
        """Go to the last state that is kept before a row, unless the way from here is shorter."""
        at = bisect.bisect_right([state.row for state in self.states], row) - 1
        kept = self.states[at]
        if not kept.row <= self.now.row <= row:
            self.now = kept.again()

    def _unpack(self, file: IO[bytes], rows: int) -> Array:
        """Unpack the next rows, and keep the state after them where it is time to."""
        from graticule.io.formats._png_kernels import unfilter

        layout = self.layout
        raw, now = self._inflate(file, rows * (layout.row + 1))
        filtered = np.frombuffer(raw, np.uint8).reshape(rows, layout.row + 1)
        band = np.empty((rows, layout.row), np.uint8)
        if unfilter(filtered, self.now.above, layout.pixel, band):
            raise FormatError("has a row of a filter that PNG does not know")
        self.now = replace(now, row=self.now.row + rows, above=band[-1].copy())
        if self.now.row == layout.shape[0]:
            self._end(file)
        if self.now.row >= self.states[-1].row + self.apart:
            self.states.append(self.now.again())
        return band

    def _inflate(self, file: IO[bytes], need: int) -> tuple[bytearray, _State]:
        """Return the next bytes of the stream, and the state after them."""
        now, made = self.now, bytearray()
        waiting, chunk, within, check = now.waiting, now.chunk, now.within, now.check
        while len(made) < need:
            if not waiting:
                waiting, chunk, within, check = self._packed(file, chunk, within, check)
            if not waiting or now.unpacker.eof:
                height = self.layout.shape[0]
                raise FormatError(
                    f"ends early: its header promises {height} rows, and those from {now.row} on "
                    "are not all there",
                    hint="fetch or export the file again",
                )
            made += now.unpacker.decompress(waiting, need - len(made))
            waiting = now.unpacker.unconsumed_tail
        state = replace(now, waiting=waiting, chunk=chunk, within=within, check=check)
        return made, state

    def _end(self, file: IO[bytes]) -> None:
        """Read on to the end of the stream, where its checksum is compared."""
        now = self.now
        waiting, chunk, within, check = now.waiting, now.chunk, now.within, now.check
        while not now.unpacker.eof:
            if not waiting:
                waiting, chunk, within, check = self._packed(file, chunk, within, check)
            if not waiting:
                raise FormatError("ends before its checksum", hint="fetch or export the file again")
            now.unpacker.decompress(waiting, _PIECE)
            waiting = now.unpacker.unconsumed_tail

    def _packed(
        self, file: IO[bytes], chunk: int, within: int, check: int
    ) -> tuple[bytes, int, int, int]:
        """Return the next packed bytes, and where reading goes on; none at the end."""
        packed, piece = self.layout.packed, b""
        while chunk < len(packed) and not piece:
            here = packed[chunk]
            check = check or zlib.crc32(here.kind)
            file.seek(here.start + within)
            piece = file.read(min(_PIECE, here.length - within))
            within, check = within + len(piece), zlib.crc32(piece, check)
            if within < here.length:
                if not piece:
                    require_complete(within, here.length)
                continue
            if struct.pack(">I", check) != file.read(4):
                raise FormatError("has a chunk whose checksum is wrong", hint="fetch it again")
            chunk, within, check = chunk + 1, 0, 0
        return piece, chunk, within, check
