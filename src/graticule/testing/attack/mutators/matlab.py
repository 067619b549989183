"""MATLAB files damaged by their elements: tags, sizes, classes, dims, packed and nested ones."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

from graticule.testing.attack.damage import HOSTILE, flip, overwrite
from graticule.testing.attack.mutator import Draw, Files, Mutator, Way

_HEADER = 128
_PACKED, _MATRIX = 15, 14


def _is_5(content: bytes) -> bool:
    return content[126:128] == b"IM" and not content.startswith(b"MATLAB 7.3")


def _elements(content: bytes) -> list[tuple[int, int, int]]:
    """Return start, type and size of each variable of a file of version 5."""
    found, at = [], _HEADER
    while at + 8 <= len(content):
        kind, size = struct.unpack_from("<II", content, at)
        found.append((at, kind, size))
        at += 8 + size
    return found


def _inner(draw: Draw, body: bytes) -> bytes:
    """Damage a field of a matrix: the tag of an element, flags, dims, names or numbers."""
    tags, at = [], 8
    while at + 8 <= len(body):
        tags.append(at)
        kind, size = struct.unpack_from("<II", body, at)
        small = kind >> 16
        if kind == _MATRIX:
            at += 8  # those that it is made of follow
        else:
            at += 8 if small else 8 + -(-size // 8) * 8
    at = draw.turn(tags or [0])
    part = draw.turn(("type", "size", "first", "second", "flip", "top"))
    if part == "flip":
        return body[:at] + flip(draw, body[at : at + 48]) + body[at + 48 :]
    place = {"type": at, "size": at + 4, "first": at + 8, "second": at + 12, "top": 4}[part]
    number = draw.randrange(20) if part == "type" or draw.random() < 0.3 else draw.choice(HOSTILE)
    return body[:place] + struct.pack("<I", number % 2**32) + body[place + 4 :]


def _variable(draw: Draw, files: Files) -> Files | None:
    """Damage the inside of a variable, packed again where it was packed."""
    content = files[""]
    if not _is_5(content):
        return None
    at, kind, size = draw.choice(_elements(content))
    body = content[at + 8 : at + 8 + size]
    if kind == _PACKED:
        body = zlib.compress(_inner(draw, zlib.decompress(body)))
        fresh = struct.pack("<II", _PACKED, len(body)) + body
    else:
        fresh = _inner(draw, content[at : at + 8] + body)
    return {"": content[:at] + fresh + content[at + 8 + size :]}


def _tag(draw: Draw, files: Files) -> Files | None:
    """Damage the type or the size of a variable as a whole."""
    content = files[""]
    if not _is_5(content):
        return None
    at, _, _ = draw.turn(_elements(content))
    number = draw.choice((*HOSTILE, *range(20)))
    place = at + draw.choice((0, 4))
    return {"": content[:place] + struct.pack("<I", number % 2**32) + content[place + 4 :]}


def _bomb(draw: Draw, files: Files) -> Files | None:
    """Pack a variable of many zeros, of which the dims say some number."""
    content = files[""]
    if not _is_5(content):
        return None
    side = draw.choice((1000, 10_000, 50_000))
    size = min(side * side * 8, 2**27)
    flags = struct.pack("<IIII", 6, 8, draw.choice((1, 2, 5, 6, 7, 9)), 0)
    dims, name = struct.pack("<IIii", 5, 8, side, side), struct.pack("<HHc3x", 1, 1, b"d")
    numbers = struct.pack("<II", draw.choice((2, 9)), size)
    inner = flags + dims + name + numbers
    packer = zlib.compressobj(1)
    packed = packer.compress(struct.pack("<II", _MATRIX, len(inner) + size) + inner)
    for _ in range(size // 2**20):
        packed += packer.compress(bytes(2**20))
    packed += packer.compress(bytes(size % 2**20)) + packer.flush()
    return {"": content[:_HEADER] + struct.pack("<II", _PACKED, len(packed)) + packed}


def _old(draw: Draw, files: Files) -> Files | None:
    """Damage the five numbers, or the name, at the head of a file of version 4."""
    content = files[""]
    if content.startswith((b"MATLAB", b"\x89HDF")):
        return None
    if draw.random() < 0.2:
        return {"": content[:20] + overwrite(draw, content[20:40]) + content[40:]}
    at = 4 * draw.turn(range(5))
    number = draw.choice((*HOSTILE, *range(6), 10, 20, 1000, 1020))
    return {"": content[:at] + struct.pack("<I", number % 2**32) + content[at + 4 :]}


def _seeds(folder: Path) -> None:
    import h5py
    import scipy.io

    values = np.arange(24 * 20, dtype=np.int16).reshape(24, 20)
    for name, packed in (("plain", False), ("packed", True)):
        cell = np.empty((1, 2), object)
        cell[0, 0], cell[0, 1] = values, "text"
        held = {"d": values, "text": "some", "few": np.arange(3.0), "cell": cell}
        scipy.io.savemat(folder / f"{name}.mat", held, do_compression=packed)
        fields = {"d": values, "s": {"a": values, "b": {"c": "text"}}}
        scipy.io.savemat(folder / f"struct-{name}.mat", fields, do_compression=packed)
        stack = {"d": np.zeros((6, 5, 4), "u1") > 0, "e": np.array([1 + 2j, 3])}
        scipy.io.savemat(folder / f"stack-{name}.mat", stack, do_compression=packed)
    scipy.io.savemat(folder / "old.mat", {"d": values.astype(float)}, format="4")
    scipy.io.savemat(folder / "old-complex.mat", {"d": values * 1j}, format="4")
    path = folder / "newer.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        file["d"] = values.T
        file["d"].attrs["MATLAB_class"] = np.bytes_("int16")
        file["e"] = np.arange(3.0)
        file["e"].attrs["MATLAB_class"] = np.bytes_("double")
    content = path.read_bytes()
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + content[128:])


MUTATOR = Mutator(
    "MATLAB",
    _seeds,
    {
        "variable": Way(_variable, weight=6),
        "tag": Way(_tag, weight=3),
        "bomb": Way(_bomb),
        "version 4": Way(_old, weight=6),
    },
)
