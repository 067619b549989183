"""The elements of a MATLAB 5 file, looked over before SciPy follows them.

SciPy's compiled reader takes the type and the length of an element on trust, and a damaged one
can end the process (met with SciPy 1.17).
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.core.settings import settings
from graticule.io.safety import require_complete

_SIZES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4}
_MATRIX, _COMPRESSED = 14, 15
_HEADER = 128
_NESTED = 32


def require_sound(path: Path) -> None:
    """Raise `FormatError` unless every element has a known type and lies within its parent."""
    content = memoryview(path.read_bytes())
    order = "<" if bytes(content[126:128]) == b"IM" else ">"
    at = _HEADER
    while at < len(content):
        require_complete(len(content), at + 8)
        kind, size = struct.unpack_from(order + "II", content, at)
        require_complete(len(content), at + 8 + size)
        body = content[at + 8 : at + 8 + size]
        if kind == _COMPRESSED:
            _unpacked(body, order)
        elif kind == _MATRIX:
            _matrix(body, order, 0)
        else:
            raise FormatError(f"has an element of the unknown kind {kind}")
        at += 8 + size


def _unpacked(body: memoryview, order: str) -> None:
    limit = settings().max_pixels
    unpacker = zlib.decompressobj()
    inner = unpacker.decompress(body, limit)
    if unpacker.unconsumed_tail:
        raise UnsafeFileError(
            f"has a variable that would unpack to more than {limit} bytes",
            hint="if it is genuine, raise GRATICULE_MAX_PIXELS",
        )
    require_complete(len(inner), 8)
    kind, size = struct.unpack_from(order + "II", inner)
    require_complete(len(inner), 8 + size)
    if not unpacker.eof or kind != _MATRIX:
        raise FormatError("has a packed variable that is damaged")
    _matrix(memoryview(inner)[8 : 8 + size], order, 0)


def _matrix(body: memoryview, order: str, depth: int) -> None:
    if depth > _NESTED:
        raise UnsafeFileError(f"nests cells deeper than {_NESTED}")
    at = 0
    while at < len(body):
        require_complete(len(body), at + 8)
        first, size = struct.unpack_from(order + "II", body, at)
        small = first >> 16
        kind, size, start = (first & 0xFFFF, small, at + 4) if small else (first, size, at + 8)
        require_complete(len(body), start + size)
        if kind == _MATRIX:
            _matrix(body[start : start + size], order, depth + 1)
        elif kind not in _SIZES or size % _SIZES[kind] or (small and size > 4):
            raise FormatError(f"has an element of the unknown kind {kind} or of a torn size {size}")
        at = at + 8 if small else start + (size + 7) // 8 * 8
