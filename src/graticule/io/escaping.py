r"""Names and messages as text that can be written, sent to a terminal and, names, read back.

The name of a file is a row of bytes. What of it is no UTF-8, or would move the cursor, stands as
``\xb5``, the byte in hexadecimal.
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")
_MOVING = ("Cc", "Zl", "Zp")


def escaped(path: str | Path) -> str:
    r"""Return a path as text of which `unescaped` makes the path again.

    Bytes that are no UTF-8, control characters and separators of lines stand as ``\xb5``; a
    backslash that would look like that stands as ``\x5c``. Two paths never look alike.

    Parameters
    ----------
    path : path
        Of a file or folder; it need not be there.

    Returns
    -------
    str
        One line, which can be written as UTF-8.

    Examples
    --------
    >>> print(escaped(os.fsdecode(b"\xb5m.png")), escaped("two\nlines"), escaped(r"\xb5m.png"))
    \xb5m.png two\x0alines \x5cxb5m.png
    """
    return _without_control(_ESCAPE.sub(r"\\x5cx\1", os.fspath(path)), keep="")


def unescaped(text: str) -> str:
    r"""Return the path that `escaped` made a text of.

    Parameters
    ----------
    text : str
        What `escaped` gave.

    Returns
    -------
    str
        The path, with the same bytes.

    Examples
    --------
    >>> os.fsencode(unescaped(r"\xb5m.png"))
    b'\xb5m.png'
    """
    pieces = _ESCAPE.split(text)
    raw = (
        bytes([int(piece, 16)]) if number % 2 else os.fsencode(piece)
        for number, piece in enumerate(pieces)
    )
    return os.fsdecode(b"".join(raw))


def printable(text: str | Path) -> str:
    r"""Return a message, which may name files, as text that can be written and shown.

    Examples
    --------
    >>> print(printable("no such file: " + os.fsdecode(b"\xb5m.png")))
    no such file: \xb5m.png
    """
    return _without_control(os.fspath(text), keep="\n\t")


def _without_control(text: str, keep: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a pair, which no name of a file here can hold
        raw = text.encode("utf-8", "surrogatepass")
    shown = raw.decode("utf-8", "backslashreplace")
    return "".join(
        "".join(f"\\x{byte:02x}" for byte in character.encode())
        if unicodedata.category(character) in _MOVING and character not in keep
        else character
        for character in shown
    )
