"""What a MATLAB file of version 4 or 5 holds: from the heads of its variables, without values."""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.io.safety import decoding_room, require_complete, require_modest, require_room

HEADER = 128
_HEAD = 4096
_MATRIX, _COMPRESSED = 14, 15
_NESTED = 32
_COPIES = 4
"""Copies of a variable at the peak of its reading."""
_SIZES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4}
_CODES = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
_CLASSES = {
    1: "cell", 2: "struct", 3: "object", 4: "char", 5: "sparse", 6: "double", 7: "single",
    8: "int8", 9: "uint8", 10: "int16", 11: "uint16", 12: "int32", 13: "uint32", 14: "int64",
    15: "uint64", 16: "function", 17: "opaque",
}  # fmt: skip
_WIDTHS = {"single": 4, "logical": 1} | {
    f"{sign}int{bits}": bits // 8 for sign in ("", "u") for bits in (8, 16, 32, 64)
}
_COMPLEX, _LOGICAL = 0x800, 0x200
_CODES_4 = ("f8", "f4", "i4", "i2", "u2", "u1")
_CLASSES_4 = ("double", "char", "sparse")


@dataclass(frozen=True)
class Variable:
    """One variable of a file.

    Attributes
    ----------
    name : str
        As in MATLAB.
    kind : str
        Its class; ``"logical"`` too.
    shape : tuple of int
        Size along each axis.
    at, size : int
        Where it lies, and how long it is there.
    is_packed, is_complex : bool
        Whether it is compressed, and whether its numbers are complex.
    data : int
        Where its numbers begin, if it is not packed.
    code : str
        How they are stored, as a dtype; MATLAB stores whole numbers of a double as integers.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    at: int
    size: int
    is_packed: bool = False
    is_complex: bool = False
    data: int = 0
    code: str = ""

    def require_modest(self) -> None:
        """Raise `UnsafeFileError` if reading it at once would take more memory than there is."""
        copies = _WIDTHS.get(self.kind, 8) * _COPIES * (1 + self.is_complex)
        require_modest(self.shape, copies, what=f"the variable {self.name}")


def is_version_4(head: bytes, size: int) -> bool:
    """Whether a file of this size and head is of version 4, which has no mark of its own."""
    try:
        _head_4(head, 0, size)
    except (FormatError, struct.error):
        return False
    return True


def variables(path: Path, *, version: int) -> dict[str, Variable]:
    """Return the variables of a file by name.

    Raises
    ------
    FormatError
        If it is damaged.
    """
    size = path.stat().st_size
    walk = _walk_4 if version == 4 else _walk_5
    with path.open("rb") as file:
        # one without a name is MATLAB's own: what its function handles refer to
        return {found.name: found for found in walk(file, size) if found.name}


def _walk_4(file: BinaryIO, size: int) -> Iterator[Variable]:
    at = 0
    while at < size:
        file.seek(at)
        found = _head_4(file.read(_HEAD), at, size)
        yield found
        at += found.size


def _head_4(head: bytes, at: int, size: int) -> Variable:
    require_complete(size, at + 20)
    order = next((o for o in "<>" if 0 <= struct.unpack_from(o + "i", head)[0] <= 4052), "<")
    kind, rows, columns, imaginary, length = struct.unpack_from(order + "5i", head)
    thousands, rest = divmod(kind, 1000)
    hundreds, precision, form = rest // 100, rest // 10 % 10, rest % 10
    name = head[20 : 20 + max(0, length)]
    if (
        thousands != (order == ">")
        or hundreds
        or precision >= len(_CODES_4)
        or form >= len(_CLASSES_4)
        or min(rows, columns) < 0
        or imaginary not in (0, 1)
        or not re.fullmatch(rb"[A-Za-z][A-Za-z0-9_]{0,62}\0", name)
    ):
        raise FormatError("has a variable that is damaged")
    code = order + _CODES_4[precision]
    data = at + 20 + length
    values = rows * columns * int(code[2]) * (1 + imaginary)
    require_complete(size, data + values)
    return Variable(
        name[:-1].decode("ascii"),
        _CLASSES_4[form],
        (rows, columns),
        at,
        20 + length + values,
        is_complex=bool(imaginary),
        data=data,
        code=code,
    )


def _walk_5(file: BinaryIO, size: int) -> Iterator[Variable]:
    file.seek(HEADER - 2)
    order = "<" if file.read(2) == b"IM" else ">"
    at = HEADER
    while at < size:
        require_complete(size, at + 8)
        file.seek(at)
        kind, length = struct.unpack(order + "II", file.read(8))
        require_complete(size, at + 8 + length)
        head = file.read(min(length, _HEAD))
        if kind == _COMPRESSED:
            yield _described(_unpacked_head(head, order), order, at, 8 + length, None)
        elif kind == _MATRIX:
            yield _described(head, order, at, 8 + length, at + 8)
        else:
            raise FormatError(f"has an element of the unknown kind {kind}")
        at += 8 + length


def _unpacked_head(packed: bytes, order: str) -> bytes:
    head = zlib.decompressobj().decompress(packed, _HEAD)
    require_complete(len(head), 8)
    if struct.unpack_from(order + "I", head)[0] != _MATRIX:
        raise FormatError("has a packed variable that is damaged")
    return head[8:]


def _described(head: bytes, order: str, at: int, size: int, body: int | None) -> Variable:
    """Return the variable whose body begins with ``head``, at ``body`` of the file or packed."""
    start, length, _, place = _element(head, 0, order)
    if length != 8:
        raise FormatError("has a variable that is damaged")
    flags = struct.unpack_from(order + "I", head, start)[0]
    kind = _CLASSES.get(flags & 0xFF, "unknown")
    shape: tuple[int, ...] = ()
    if kind != "opaque":  # which has none
        start, length, _, place = _element(head, place, order)
        shape = struct.unpack_from(f"{order}{length // 4}i", head, start)
        if len(shape) < 2 or min(shape) < 0:
            raise FormatError(f"has a variable of the sizes {shape}")
    start, length, _, place = _element(head, place, order)
    name = head[start : start + length].decode("latin-1")
    plain = (name, "logical" if flags & _LOGICAL else kind, shape, at, size)
    is_complex = bool(flags & _COMPLEX)
    if body is None:
        return Variable(*plain, is_packed=True, is_complex=is_complex)
    if kind not in _CLASSES.values() or kind in ("cell", "struct", "object", "opaque", "function"):
        return Variable(*plain)
    start, length, type_, _ = _element(head, place, order, whole=size - 8)
    code = _CODES.get(type_, "")
    if code and kind not in ("char", "sparse") and length != math.prod(shape) * int(code[1]):
        raise FormatError(
            f"has {length} bytes for the {' x '.join(map(str, shape))} numbers of {name}"
        )
    return Variable(
        *plain, is_complex=is_complex, data=body + start, code=order + code if code else ""
    )


def _element(
    head: bytes | memoryview, at: int, order: str, whole: int | None = None
) -> tuple[int, ...]:
    """Return start, length and type of an element, and where the next one begins.

    It must end within ``whole`` bytes, by default those that are there.
    """
    require_complete(len(head), at + 8)
    first, length = struct.unpack_from(order + "II", head, at)
    small = first >> 16
    type_, length, start = (first & 0xFFFF, small, at + 4) if small else (first, length, at + 8)
    require_complete(len(head) if whole is None else whole, start + length)
    if type_ not in _SIZES or length % _SIZES[type_] or (small and length > 4):
        raise FormatError(f"has an element of the unknown kind {type_} or of a torn size {length}")
    return start, length, type_, at + 8 if small else start + (length + 7) // 8 * 8


def element_of(path: Path, variable: Variable) -> bytes:
    """Return a file of the one variable: what stands before all, and the variable itself.

    Raises
    ------
    FormatError
        Unless every element in it has a known type and lies within its parent.
    """
    with path.open("rb") as file:
        header = file.read(HEADER)
        file.seek(variable.at)
        content = file.read(variable.size)
    require_complete(len(content), variable.size)
    order = "<" if header[126:128] == b"IM" else ">"
    body = memoryview(content)[8:]
    if variable.is_packed:
        _require_packed(body, order)
    else:
        _require_matrix(body, order, 0)
    return header + content


def _require_packed(body: memoryview, order: str) -> None:
    # SciPy unpacks it once more, copies it, and makes numbers of it
    limit = decoding_room() // _COPIES
    unpacker = zlib.decompressobj()
    inner = unpacker.decompress(body, limit)
    if unpacker.unconsumed_tail:
        require_room(_COPIES * (limit + 1), what="a variable")
    require_complete(len(inner), 8)
    kind, size = struct.unpack_from(order + "II", inner)
    require_complete(len(inner), 8 + size)
    if not unpacker.eof or kind != _MATRIX:
        raise FormatError("has a packed variable that is damaged")
    _require_matrix(memoryview(inner)[8 : 8 + size], order, 0)


def _require_matrix(body: memoryview, order: str, depth: int) -> None:
    if depth > _NESTED:
        raise UnsafeFileError(f"nests cells deeper than {_NESTED}")
    if depth and not len(body):
        return  # a cell that nothing was ever put into
    _require_sizes(body, order)
    at = 0
    while at < len(body):
        require_complete(len(body), at + 8)
        kind, size = struct.unpack_from(order + "II", body, at)
        if kind == _MATRIX:
            require_complete(len(body), at + 8 + size)
            _require_matrix(body[at + 8 : at + 8 + size], order, depth + 1)
            at += 8 + (size + 7) // 8 * 8
        else:
            at = _element(body[at:], 0, order)[3] + at


def _require_sizes(body: memoryview, order: str) -> None:
    """Raise `FormatError` if a matrix has no rows and columns, or more members than bytes.

    SciPy takes for granted that there are two sizes, and goes through all members, even where they
    have no fields.
    """
    start, length, _, place = _element(body, 0, order)
    flags = struct.unpack_from(order + "I", body, start)[0] if length == 8 else 0
    kind = _CLASSES.get(flags & 0xFF, "unknown")
    if kind == "opaque":
        return
    start, length, _, _ = _element(body, place, order)
    sizes = struct.unpack_from(f"{order}{length // 4}i", body, start)
    if len(sizes) < 2 or min(sizes) < 0:
        raise FormatError(f"has a variable of the sizes {sizes}")
    if kind in ("cell", "struct", "object") and math.prod(sizes) > len(body):
        raise FormatError(f"has a {kind} of {' x '.join(map(str, sizes))} in {len(body)} bytes")
