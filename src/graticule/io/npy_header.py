"""The header of NumPy's files, read by its grammar before NumPy sees it.

NumPy hands the text to a parser of Python, and of one that it does not understand makes another
try that takes time with the square of its length (numpy 2.4).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from typing import IO, Any

import numpy as np

from graticule.core.errors import FormatError

MAGIC = b"\x93NUMPY"
VERSIONS = ((1, 0), (2, 0), (3, 0))
"""Of the third only the letters of field names are others."""
_LONGEST = 8192
_DEEPEST = 16
_SIZE = r"\d{1,19}L?\s*+"
_VALUE = (
    r"(?:'(?P<code>[<>|=]?[?a-zA-Z]\d{0,9}+(?:\[\w{1,20}\])?)'|(?P<truth>True|False)|"
    rf"\(\s*+(?P<sizes>(?:{_SIZE},\s*+)*+(?:{_SIZE})?)\)|(?P<record>[\[(].*[\])]))"
)
_PAIR = re.compile(rf"\s*+'(?P<key>descr|fortran_order|shape)'\s*+:\s*+{_VALUE}\s*+(?:,|(?=\}}))")
_RECORD = re.compile(r"\s*+'descr'\s*+:\s*+(?P<record>[\[(].*[\])])\s*+,(?=\s*+'(?:fort|shap))")


def read_header(
    file: IO[bytes], versions: Collection[tuple[int, int]] = VERSIONS
) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return the shape of an array, whether its first axis runs fastest, and its dtype.

    The file is left at the first byte of the values.

    Raises
    ------
    FormatError
        If the bytes are no such header.

    Examples
    --------
    >>> import io
    >>> content = io.BytesIO()
    >>> np.save(content, np.zeros((2, 3), "<f4"))
    >>> _ = content.seek(0)
    >>> read_header(content)
    ((2, 3), False, dtype('float32'))
    """
    head = file.read(8)
    if head[:6] != MAGIC or len(head) < 8:
        raise FormatError("has no mark of NumPy at its beginning")
    version = (head[6], head[7])
    if version not in versions:
        raise FormatError(f"is NPY of version {version}, which is not supported")
    length = int.from_bytes(file.read(2 if version == (1, 0) else 4), "little")
    if length > _LONGEST:
        raise FormatError(f"has a header of {length} bytes, which no array of numbers has")
    header = file.read(length)
    if len(header) < length:
        raise FormatError("ends within its header", hint="fetch or export the file again")
    return _parsed(header.decode("utf-8" if version == (3, 0) else "latin-1", "replace"))


def _parsed(text: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    text = text.strip(" \n")
    found: dict[str, Any] = {}
    at = 1 if text[:1] == "{" else len(text)
    while (pair := _RECORD.match(text, at) or _PAIR.match(text, at)) is not None:
        key = pair.groupdict().get("key") or "descr"
        if key in found:
            break
        found[key], at = _value(key, pair), pair.end()
    if set(found) != {"descr", "fortran_order", "shape"} or text[at:].strip() != "}":
        raise _none(text)
    return found["shape"], found["fortran_order"], found["descr"]


def _value(key: str, pair: re.Match[str]) -> Any:
    parts = pair.groupdict()
    if key == "shape" and parts["sizes"] is not None:
        return tuple(int(size.strip().rstrip("L")) for size in parts["sizes"].split(",") if size)
    if key == "fortran_order" and parts["truth"] is not None:
        return parts["truth"] == "True"
    if key == "descr" and parts.get("code") is not None:
        return _dtype(parts["code"], pair.string)
    if key == "descr" and parts["record"] is not None:
        return _record(parts["record"], pair.string)
    raise _none(pair.string)


def _record(text: str, header: str) -> np.dtype[Any]:
    depth = deepest = 0
    for letter in text:
        depth += (letter in "[(") - (letter in "])")
        deepest = max(deepest, depth)
    if deepest > _DEEPEST or "__" in text:
        raise _none(header)
    try:
        return np.lib.format.descr_to_dtype(ast.literal_eval(text))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError, LookupError):
        raise _none(header) from None


def _dtype(code: str, header: str) -> np.dtype[Any]:
    try:
        return np.dtype(code)
    except (TypeError, ValueError):
        raise _none(header) from None


def _none(text: str) -> FormatError:
    return FormatError(
        f"has a header that is none of NumPy's: {text[:60]!r}",
        hint="fetch or export the file again",
    )
