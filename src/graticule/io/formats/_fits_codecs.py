"""The streams of tile-compressed FITS: each decoded within bounds that were checked before.

RICE, PLIO and HCOMPRESS are decoded by the C code that astropy has of cfitsio. It trusts what it
is given, so what it must be able to trust is checked here: the sizes it is told, the sizes that
stand in the stream, and enough bytes behind the stream that what it reads too far lies in them
(`_guarded`). What each decoder can read too far at most follows from its format and is said where
it is computed; ``docs/adr/0028`` has the reasons.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.forks import ProcessLock
from graticule.core.typing import Array
from graticule.io.safety import require_room

_MOST_SAMPLES = 2**28
"""Above it the C code would count the bytes of a tile beyond an int."""
_MOST_BLOCK = 2**15
_MOST_PLANES = 63
_HCOMPRESS = struct.Struct(">2siiiq3B")
_BYTES = ("GZIP_1", "GZIP_2", "NOCOMPRESS")
_MAGIC = b"\xdd\x99"
_one_at_a_time = ProcessLock()
"""The HCOMPRESS decoder keeps its place in the stream in a variable of the process."""


@dataclass(frozen=True)
class Codec:
    """How the tiles of an image are packed.

    Attributes
    ----------
    name : str
        ZCMPTYPE.
    block : int
        Samples that RICE codes together.
    width : int
        Bytes of an integer of RICE.
    smooth : bool
        Whether HCOMPRESS smooths.
    """

    name: str
    block: int = 32
    width: int = 4
    smooth: bool = False

    @property
    def is_native(self) -> bool:
        """Whether numbers of a stream are wanted in the byte order of this machine."""
        return self.name not in _BYTES

    def decode(self, stream: bytes, shape: Sequence[int], *, floats: bool) -> Array:
        """Return the numbers of one tile.

        Parameters
        ----------
        stream : bytes
            As it is stored, or with its numbers native: see `is_native`.
        shape : sequence of int
            Of the tile.
        floats : bool
            Whether four or eight bytes of GZIP and NOCOMPRESS are floats.
        """
        count = math.prod(shape)
        if self.name in _BYTES:
            packed = self.name != "NOCOMPRESS"
            unpacked = _unzipped(stream, 8 * count) if packed else stream
            values = _numbers(unpacked, count, floats, shuffled=self.name == "GZIP_2")
        else:
            if count > _MOST_SAMPLES:
                raise FormatError(f"a tile of {count} samples of {self.name} is not read")
            decode = {"RICE_1": self._rice, "PLIO_1": _plio, "HCOMPRESS_1": self._hcompress}
            values = decode[self.name](stream, shape)
        return values.reshape(shape)

    def _rice(self, stream: bytes, shape: Sequence[int]) -> Array:
        """Decode RICE; the C code asks after each block whether it went too far.

        Within a block a sample takes 4 bytes at most, and ends at the first bit that is set.
        """
        from astropy.io.fits.hdu.compressed._compression import decompress_rice_1_c

        if len(stream) <= self.width:
            raise FormatError(f"a tile of RICE has {len(stream)} bytes")
        guarded = _guarded(stream, 6 * self.block + 16)
        unpacked = decompress_rice_1_c(guarded, self.block, self.width, math.prod(shape))
        return np.frombuffer(unpacked, {1: "u1", 2: "i2", 4: "i4"}[self.width])

    def _hcompress(self, stream: bytes, shape: Sequence[int]) -> Array:
        from astropy.io.fits.hdu.compressed._compression import decompress_hcompress_1_c

        sides = [side for side in shape if side != 1]
        if len(sides) != 2:
            raise FormatError(f"a tile of HCOMPRESS has two axes, and not {len(sides)}")
        height, width = sides
        need = _hcompress_bytes(stream, height, width)
        require_room(12 * height * width + need, what="a tile")
        guarded = _guarded(stream, max(0, need - len(stream)) + 16)
        with _one_at_a_time:
            unpacked = decompress_hcompress_1_c(guarded, height, width, 0, self.smooth, 8)
        return np.frombuffer(unpacked, "i4")


def _guarded(stream: bytes, behind: int) -> Array:
    """Return a stream that has bytes behind it: set bits, which end any count of clear ones.

    A view of an array, for that is what C code takes as bytes in place.
    """
    return np.frombuffer(stream + b"\xff" * behind, "u1", len(stream))


def _unzipped(stream: bytes, most: int) -> bytes:
    """Unpack a gzip stream that gives so many bytes at most."""
    unpacker = zlib.decompressobj(wbits=31)
    unpacked = unpacker.decompress(stream, most + 1)
    if len(unpacked) > most:
        raise FormatError(f"a tile unpacks to more than the {most} bytes that it may have")
    if not unpacker.eof:
        raise FormatError("a tile ends early: its GZIP stream has no end")
    return unpacked


def _numbers(unpacked: bytes, count: int, floats: bool, *, shuffled: bool) -> Array:
    """Return big-endian numbers, whose width follows from how many there are."""
    width, rest = divmod(len(unpacked), count)
    if rest or width not in (1, 2, 4, 8):
        raise FormatError(f"a tile of {count} samples has {len(unpacked)} bytes")
    if shuffled:
        unpacked = np.frombuffer(unpacked, "u1").reshape(width, count).T.tobytes()
    kind = "f" if floats and width >= 4 else "i"
    return np.frombuffer(unpacked, "u1" if width == 1 else f">{kind}{width}")


def _plio(stream: bytes, shape: Sequence[int]) -> Array:
    """Decode PLIO: a list of 16-bit words, whose head says where it begins and ends.

    The last word may ask for one more.
    """
    from astropy.io.fits.hdu.compressed._compression import decompress_plio_1_c

    words = np.frombuffer(stream[: len(stream) // 2 * 2], "i2")
    if len(words) < 3:
        raise FormatError("a tile of PLIO has no head")
    is_old = words[2] > 0
    if not is_old and len(words) < 7:
        raise FormatError("a tile of PLIO has no head")
    first, last = (
        (4, int(words[2]))
        if is_old
        else (
            int(words[1]) + 1,
            (int(words[4]) << 15) + int(words[3]),
        )
    )
    if first < 1 or not 0 < last <= len(words):
        raise FormatError(f"a tile of PLIO has {len(words)} words, and says {first} to {last}")
    return np.frombuffer(decompress_plio_1_c(_guarded(stream, 4), math.prod(shape)), "i4")


def _hcompress_bytes(stream: bytes, height: int, width: int) -> int:
    """Return how many bytes HCOMPRESS may read of a stream, whose head is checked."""
    if len(stream) < _HCOMPRESS.size:
        raise FormatError(f"a tile of HCOMPRESS has {len(stream)} bytes")
    magic, rows, columns, _scale, _total, *planes = _HCOMPRESS.unpack_from(stream)
    if magic != _MAGIC:
        raise FormatError("a tile of HCOMPRESS does not begin as such")
    if (rows, columns) != (height, width):
        raise FormatError(f"a tile of {height} x {width} holds one of {rows} x {columns}")
    if max(planes) > _MOST_PLANES:
        raise FormatError(f"a tile of HCOMPRESS has {max(planes)} bit planes")
    top, left = (height + 1) // 2, (width + 1) // 2
    quadrants = ((top, left), (top, width // 2), (height // 2, left), (height // 2, width // 2))
    bits = 4 + 8 * 2
    for (high, wide), count in zip(quadrants, (planes[0], planes[1], *planes[1:]), strict=True):
        bits += count * (4 + 6 * _nodes(high, wide))  # a code has 6 bits at most
    return _HCOMPRESS.size + bits // 8 + height * width // 8 + 2


def _nodes(high: int, wide: int) -> int:
    """Return the nodes of a quadtree over a quadrant."""
    count = 1
    while high > 1 or wide > 1:
        high, wide = (high + 1) // 2, (wide + 1) // 2
        count += high * wide
    return count
