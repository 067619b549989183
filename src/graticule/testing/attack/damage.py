"""Damage that any bytes can take: bits, cuts, repeats, blocks, and the lengths among them."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from graticule.testing.attack.mutator import Draw, Way, on_one_file

HOSTILE = (0, 1, 2, 7, 255, 256, 2**15, 2**16 - 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**32,
           2**40, 2**62, 2**63 - 1, -1, -2, -(2**31), -(2**63))  # fmt: skip
"""Whole numbers that lie at the edges of what programs count with."""
_HEADS = (64, 512, 4096, 2**62)
"""How much of the beginning is damaged: there the sizes stand."""


def _place(draw: Draw, content: bytes, room: int = 1) -> int:
    limit = min(len(content), draw.choice(_HEADS))
    return draw.randrange(max(1, limit - room + 1))


def flip(draw: Draw, content: bytes) -> bytes:
    """Flip one to three bits."""
    damaged = bytearray(content)
    for _ in range(draw.randint(1, 3)):
        damaged[_place(draw, content)] ^= 1 << draw.randrange(8)
    return bytes(damaged)


def overwrite(draw: Draw, content: bytes) -> bytes:
    """Put other bytes in the place of one to sixteen."""
    at, count = _place(draw, content), draw.randint(1, 16)
    fresh = draw.choice((b"\0", b"\xff", b"\x80", b"\x7f", b"9"))
    other = fresh * count if draw.random() < 0.5 else draw.randbytes(count)
    return content[:at] + other + content[at + count :]


def cut(draw: Draw, content: bytes) -> bytes:
    """Cut the end off."""
    return content[: draw.randrange(len(content))]


def remove(draw: Draw, content: bytes) -> bytes:
    """Take a piece out."""
    at = _place(draw, content)
    return content[:at] + content[at + draw.choice((1, 2, 4, 8, 64, 512)) :]


def insert(draw: Draw, content: bytes) -> bytes:
    """Put random bytes in between."""
    at = _place(draw, content)
    return content[:at] + draw.randbytes(draw.choice((1, 2, 4, 8, 64, 512))) + content[at:]


def repeat(draw: Draw, content: bytes) -> bytes:
    """Repeat a piece, some times or very often."""
    at = _place(draw, content)
    piece = content[at : at + draw.choice((1, 4, 16, 80, 512))]
    return content[:at] + piece * draw.choice((2, 3, 100, 5000)) + content[at + len(piece) :]


def zero(draw: Draw, content: bytes) -> bytes:
    """Make a piece zero, as a disk does that lost a block."""
    at, size = _place(draw, content), draw.choice((4, 16, 512, 4096))
    return content[:at] + bytes(len(content[at : at + size])) + content[at + size :]


def swap(draw: Draw, content: bytes) -> bytes | None:
    """Exchange two blocks."""
    size = draw.choice((4, 80, 512))
    blocks = len(content) // size
    if blocks < 2:
        return None
    first, second = sorted(draw.sample(range(blocks), 2))
    one, two = content[first * size :][:size], content[second * size :][:size]
    between = content[(first + 1) * size : second * size]
    return content[: first * size] + two + between + one + content[(second + 1) * size :]


def length(draw: Draw, content: bytes) -> bytes | None:
    """Put a number at the edge of its type where a length may stand."""
    code = draw.choice("BHIQ")
    size = struct.calcsize(code)
    if len(content) < size:
        return None
    at = _place(draw, content, size)
    at -= at % draw.choice((1, size))
    value = draw.choice(HOSTILE) % 256**size
    return content[:at] + struct.pack(draw.choice("<>") + code, value) + content[at + size :]


def digits(draw: Draw, content: bytes) -> bytes | None:
    """Put another number in the place of one written out in digits."""
    places = [at for at, byte in enumerate(content[:65536]) if 48 <= byte < 58]
    if not places:
        return None
    at = end = draw.choice(places)
    while end < len(content) and 48 <= content[end] < 58:
        end += 1
    return content[:at] + str(draw.choice(HOSTILE)).encode() + content[end:]


GENERAL: Mapping[str, Way] = {
    damage.__name__: Way(on_one_file(damage))
    for damage in (flip, overwrite, cut, remove, insert, repeat, zero, swap, length, digits)
}
"""Ways to damage a file of any format, by name."""
