"""The objects of an HDF5 file: found by their marks and by what points to them, their sums mended.

After the HDF5 file format specification, version 3.0, with offsets and lengths of 8 bytes.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import lru_cache

_MARKS = re.compile(
    rb"TREE|SNOD|HEAP|GCOL|OHDR|OCHK|BTHD|BTIN|BTLF|FRHP|FHDB|FHIB|FSHD|FSSE|FAHD|FADB"
    rb"|EAHD|EAIB|EASB|EADB|SMTB|SMLI"
)
_SUMMED = 640
"""Bytes of an object within which its sum is looked for."""
_PLAIN = ("TREE", "SNOD", "HEAP", "GCOL", "v1 header", "superblock 0")
"""Objects without a sum."""
_WORD = 0xFFFFFFFF


@dataclass(frozen=True)
class Object:
    """A piece of metadata.

    Attributes
    ----------
    kind : str
        Its mark.
    start, end : int
        Where it lies; of objects that do not say it the end is a guess.
    sum_at : int
        Where its sum stands; 0 if it has none.
    """

    kind: str
    start: int
    end: int
    sum_at: int = 0


@dataclass(frozen=True)
class Message:
    """A message of an object header.

    Attributes
    ----------
    holder : Object
        The header.
    kind, start, end : int
        Its type, and where it lies without its head.
    size_at : int
        Where its size stands, in 2 bytes.
    """

    holder: Object
    kind: int
    start: int
    end: int
    size_at: int


@lru_cache(maxsize=64)
def objects_of(content: bytes) -> tuple[Object, ...]:
    """Return the objects of a good file, in their order."""
    starts = {match.start(): match[0].decode() for match in _MARKS.finditer(content)}
    starts[0] = f"superblock {content[8]}"
    for at, kind in list(starts.items()):
        if kind == "SNOD":
            count = int.from_bytes(content[at + 6 : at + 8], "little")
            for entry in range(at + 8, at + 8 + 40 * count, 40):
                starts.setdefault(_address(content, entry + 8), "v1 header")
    if content[8] == 0:
        starts.setdefault(_address(content, 64), "v1 header")
    places = sorted(each for each in starts if 0 <= each < len(content))
    ends = [*places[1:], len(content)]
    return tuple(
        _object(content, starts[start], start, min(end, start + 4096))
        for start, end in zip(places, ends, strict=True)
    )


def _address(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 8], "little")


def _object(content: bytes, kind: str, start: int, end: int) -> Object:
    if kind in _PLAIN:
        return Object(kind, start, end)
    for at in range(start + 8, min(end - 3, start + _SUMMED)):
        told = int.from_bytes(content[at : at + 4], "little")
        if told and told == lookup3(content[start:at]):
            return Object(kind, start, at + 4, at)
    return Object(kind, start, end)


@lru_cache(maxsize=64)
def messages_of(content: bytes) -> tuple[Message, ...]:
    """Return the messages of the object headers of a good file."""
    found = []
    for each in objects_of(content):
        if each.kind == "v1 header":
            found += _old_messages(content, each)
        elif each.kind == "OHDR":
            found += _new_messages(content, each)
    return tuple(found)


def _old_messages(content: bytes, header: Object) -> list[Message]:
    size = int.from_bytes(content[header.start + 8 : header.start + 12], "little")
    at, found = header.start + 16, []
    while at + 8 <= min(header.start + 16 + size, len(content)):
        kind, length = struct.unpack_from("<HH", content, at)
        found.append(Message(header, kind, at + 8, at + 8 + length, at + 2))
        at += 8 + length
    return found


def _new_messages(content: bytes, header: Object) -> list[Message]:
    flags = content[header.start + 5]
    at = header.start + 6 + (16 if flags & 32 else 0) + (4 if flags & 16 else 0)
    width = 1 << (flags & 3)
    size = int.from_bytes(content[at : at + width], "little")
    at, end, found = at + width, at + width + size, []
    head = 6 if flags & 4 else 4
    while at + head <= min(end, len(content)):
        kind, length = struct.unpack_from("<BH", content, at)
        found.append(Message(header, kind, at + head, at + head + length, at + 1))
        at += head + length
    return found


def mended(content: bytes, changed: Object) -> bytes:
    """Return a file with the sum of one of its objects put right."""
    if not changed.sum_at:
        return content
    fresh = lookup3(content[changed.start : changed.sum_at]).to_bytes(4, "little")
    return content[: changed.sum_at] + fresh + content[changed.sum_at + 4 :]


def _turned(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & _WORD


def lookup3(data: bytes) -> int:
    """Return Jenkins' sum of bytes, the lookup3 of 2006, as HDF5 has it.

    Examples
    --------
    >>> hex(lookup3(b"Four score and seven years ago"))
    '0x17770551'
    """
    a: int
    b: int
    c: int
    a = b = c = (0xDEADBEEF + len(data)) & _WORD
    whole = max(0, (len(data) - 1) // 12) * 12
    x: int
    y: int
    z: int
    for x, y, z in struct.iter_unpack("<III", data[:whole]):
        a, b, c = (a + x) & _WORD, (b + y) & _WORD, (c + z) & _WORD
        a = ((a - c) & _WORD) ^ _turned(c, 4)
        c = (c + b) & _WORD
        b = ((b - a) & _WORD) ^ _turned(a, 6)
        a = (a + c) & _WORD
        c = ((c - b) & _WORD) ^ _turned(b, 8)
        b = (b + a) & _WORD
        a = ((a - c) & _WORD) ^ _turned(c, 16)
        c = (c + b) & _WORD
        b = ((b - a) & _WORD) ^ _turned(a, 19)
        a = (a + c) & _WORD
        c = ((c - b) & _WORD) ^ _turned(b, 4)
        b = (b + a) & _WORD
    if not data:
        return c
    x, y, z = struct.unpack("<III", data[whole:].ljust(12, b"\0"))
    a, b, c = (a + x) & _WORD, (b + y) & _WORD, (c + z) & _WORD
    for bits_c, bits_a, bits_b in ((14, 11, 25), (16, 4, 14), (24, 0, 0)):
        c = ((c ^ b) - _turned(b, bits_c)) & _WORD
        if bits_a:
            a = ((a ^ c) - _turned(c, bits_a)) & _WORD
            b = ((b ^ a) - _turned(a, bits_b)) & _WORD
    return c
