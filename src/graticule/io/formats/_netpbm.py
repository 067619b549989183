"""Netpbm pictures (PBM, PGM, PPM, PFM) with the values that are stored, whatever their maximum."""

from __future__ import annotations

import re

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.safety import require_complete, require_modest

MARKS = (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"Pf", b"PF")
_COPIES = {
    b"P1": 8,
    b"P2": 120,
    b"P3": 120,
    b"P4": 3,
    b"P5": 6,
    b"P6": 6,
    b"Pf": 12,
    b"PF": 12,
}
"""Bytes of a sample at the peak; of one that is written out, its text and numbers of Python."""
_TOKEN = re.compile(rb"(?:\s|#[^\n\r]*[\n\r])*([^\s#]+)")
_HEADER = 4096


def is_netpbm(head: bytes) -> bool:
    """Whether a file begins as a Netpbm picture does."""
    return head[:2] in MARKS and head[2:3].isspace()


def decode(content: bytes) -> Array:
    """Return ``y x`` or ``y x c``: bool, unsigned integers of 8 or 16 bits, or float32.

    Raises
    ------
    FormatError
        If the header is none, or the samples are fewer than it says.
    """
    kind = content[:2]
    width, at = _whole(content, 2)
    height, at = _whole(content, at)
    colours = 3 if kind in (b"P3", b"P6", b"PF") else 1
    shape = (height, width, colours) if colours > 1 else (height, width)
    require_modest(shape, _COPIES[kind])
    if kind in (b"Pf", b"PF"):
        scale, at = _word(content, at)
        code = "<f4" if scale.startswith(b"-") else ">f4"
        return _stored(content, at + 1, code, shape)[::-1].astype(np.float32)
    if kind in (b"P1", b"P4"):
        return _bits(content, at, shape, packed=kind == b"P4")
    largest, at = _whole(content, at)
    if not 0 < largest < 2**16:
        raise FormatError(f"says that its largest value is {largest}; 1 to 65535 can be")
    dtype = np.uint8 if largest < 2**8 else np.uint16
    if kind in (b"P2", b"P3"):
        return _written(content, at, shape).astype(dtype)
    return _stored(content, at + 1, "u1" if largest < 2**8 else ">u2", shape).astype(dtype)


def _word(content: bytes, at: int) -> tuple[bytes, int]:
    match = _TOKEN.match(content, at, at + _HEADER)
    if match is None:
        raise FormatError("ends within its header")
    return match[1], match.end()


def _whole(content: bytes, at: int) -> tuple[int, int]:
    word, end = _word(content, at)
    if not word.isdigit() or len(word) > 9:
        raise FormatError(f"has {word[:20]!r} in its header where a whole number must stand")
    return int(word), end


def _stored(content: bytes, at: int, code: str, shape: tuple[int, ...]) -> Array:
    count = int(np.prod(shape))
    require_complete(len(content) - at, count * np.dtype(code).itemsize)
    return np.frombuffer(content, code, count, at).reshape(shape)


def _bits(content: bytes, at: int, shape: tuple[int, ...], *, packed: bool) -> Array:
    """Return a bitmap; 1 is black, so it is False."""
    height, width = shape
    if packed:
        rows = _stored(content, at + 1, "u1", (height, -(-width // 8)))
        return np.asarray(np.unpackbits(rows, axis=1)[:, :width] == 0)
    digits = np.frombuffer(re.sub(rb"#[^\n\r]*|\s", b"", content[at:]), np.uint8)
    require_complete(digits.size, height * width)
    return np.asarray(digits[: height * width].reshape(shape) == ord("0"))


def _written(content: bytes, at: int, shape: tuple[int, ...]) -> Array:
    count = int(np.prod(shape))
    words = re.sub(rb"#[^\n\r]*", b"", content[at:]).split(None, count)
    require_complete(len(words), count)
    return np.array(words[:count], np.int64).reshape(shape)
