"""What a picture takes while it is decoded, told by its header before a sample of it is."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.io.safety import require_complete, require_modest, require_room

_HELD = {"1": 1, "L": 1, "P": 1, "I;16": 2}
"""Bytes of a pixel as Pillow holds it; 4 of all other modes."""
_MADE = {"1": 1, "L": 1, "I;16": 2, "LA": 2, "RGB": 3}
"""Bytes of a pixel as an array; 4 of all other modes."""
_KEPT = ("1", "L", "I;16", "I", "F", "RGB", "RGBA", "LA")
"""Modes that become an array as they are."""
_WIDE = 8
"""Bytes of a pixel of four colours of 16 bits."""
_CANVASES = 4
"""Frames that Pillow holds of an animation at once."""
_RATIO, _SLACK = 1032, 2**16
"""Deflate packs no better than this."""
_PASSES = ((8, 8, 0, 0), (8, 8, 4, 0), (4, 8, 0, 4), (4, 4, 2, 0), (2, 4, 0, 2), (2, 2, 1, 0),
           (1, 2, 0, 1))  # fmt: skip
"""Steps and starts along x and y of the passes of an interlaced PNG, as ``dx dy x0 y0``."""
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
JPEG_LS = 0xF7
_FRAME = re.compile(rb"(?s)\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]...(....)")
_LARGER = 4
_SCANS = 256
_SCAN = b"\xff\xda"


def require_modest_picture(picture: Any, path: Path) -> None:
    """Raise `UnsafeFileError` if decoding a picture that Pillow opened takes too much memory."""
    frames = int(getattr(picture, "n_frames", 1))
    mode = "I;16" if picture.mode.startswith("I;16") else picture.mode
    held, made = _HELD.get(mode, 4), _MADE.get(mode, 4)
    converted = 0 if mode in _KEPT else 4
    if picture.format in ("PNG", "AVIF") and _is_deep(path):
        made = _WIDE
    if frames == 1:
        # Pillow gives its bytes in pieces, which are joined; a turned picture is copied again
        copies = held + converted + 2 * made
    else:
        copies = 2 * made  # each frame, and their stack
        require_modest((picture.height, picture.width), _CANVASES * 4 + 2 * made, what="a frame")
    stack = (frames,) if frames > 1 else ()
    require_modest((*stack, picture.height, picture.width), copies)
    if picture.format == "PNG":
        require_whole_png(path)
    if picture.format in ("JPEG", "MPO"):
        _require_few_scans(path)


def _is_deep(path: Path) -> bool:
    """Whether a PNG has 16 bits a sample, or a picture is no PNG."""
    with path.open("rb") as file:
        head = file.read(32)
    return len(head) < 32 or head[24] == 16 or head[:4] != b"\x89PNG"


def require_whole_png(path: Path) -> None:
    """Raise `FormatError` if a PNG has too few packed bytes for the size it says it has."""
    size = path.stat().st_size
    with path.open("rb") as file:
        width, height, bits, colour, _, _, interlaced = struct.unpack(
            ">IIBBBBB", file.read(29)[16:]
        )
        need = _png_bytes(width, height, bits * _CHANNELS.get(colour, 4), interlaced)
        at, packed = 8, 0
        while at + 12 <= size and packed * _RATIO + _SLACK < need:
            file.seek(at)
            length, kind = struct.unpack(">I4s", file.read(8))
            packed += min(length, size - at) if kind in (b"IDAT", b"fdAT") else 0
            at += 12 + length
    require_complete(packed * _RATIO + _SLACK, need)


def _png_bytes(width: int, height: int, bits: int, interlaced: int) -> int:
    """Return the bytes of a picture before it was packed: of each row one says its filter."""
    passes = _PASSES if interlaced else ((1, 1, 0, 0),)
    total = 0
    for dx, dy, x0, y0 in passes:
        columns, rows = -(-(width - x0) // dx), -(-(height - y0) // dy)
        total += rows * (1 + -(-columns * bits // 8)) if columns > 0 and rows > 0 else 0
    return total


def _require_few_scans(path: Path) -> None:
    """Raise `UnsafeFileError` if a JPEG goes over its samples very often, as none has to."""
    content = content_of(path)
    if content.count(_SCAN) > _SCANS:
        raise UnsafeFileError(f"has {content.count(_SCAN)} scans, and no JPEG needs {_SCANS}")


def content_of(path: Path) -> bytes:
    """Return the bytes of a file, if there is room for them and what they become."""
    require_room(2 * path.stat().st_size, what="the file")
    return path.read_bytes()


def jpeg_2000_frame(content: bytes) -> tuple[int, tuple[int, ...]]:
    """Return where the codestream of a JPEG 2000 begins, and the shape that it says it has.

    Raises
    ------
    FormatError
        If there is none.
    """
    at = 0 if content.startswith(b"\xff\x4f") else _codestream(content)
    if content[at : at + 4] != b"\xff\x4f\xff\x51" or len(content) < at + 42:
        raise FormatError("ends before its picture begins")
    right, lower, left, upper = struct.unpack_from(">4I", content, at + 8)
    return at, (lower - upper, right - left, struct.unpack_from(">H", content, at + 40)[0])


def _codestream(content: bytes) -> int:
    """Return where the box of the codestream holds it; the end of the file if there is none."""
    at = 0
    while at + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        head = 8
        if length == 1 and at + 16 <= len(content):
            length, head = struct.unpack_from(">Q", content, at + 8)[0], 16
        if kind == b"jp2c":
            return at + head
        if length < head:
            break
        at += length
    return len(content)


def jpeg_frame(content: bytes) -> tuple[int, int, int, int, int, int]:
    """Return place, kind, bits, height, width and colours of a frame; zeros if there is none."""
    at = 2
    while at + 10 <= len(content) and content[at] == 0xFF:
        kind, length = content[at + 1], struct.unpack_from(">H", content, at + 2)[0]
        if kind == 0xFF:  # a fill byte before a marker
            at += 1
        elif kind == JPEG_LS or (0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC)):
            bits, height, width, colours = struct.unpack_from(">BHHB", content, at + 4)
            return at, kind, bits, height, width, colours
        else:
            at += 2 + length
    return 0, 0, 0, 0, 0, 0


def require_size_of_jpeg(content: bytes, size: Sequence[int]) -> None:
    """Raise `FormatError` if a JPEG is far larger than the strip or tile that it is."""
    *_, height, width, _ = jpeg_frame(content)
    sizes = [(height, width)]
    if not height:  # decoders go on to the next frame there is, over what they do not know
        sizes = [struct.unpack(">HH", match[1]) for match in _FRAME.finditer(content)]
    for height, width in sizes:
        if height * width > _LARGER * math.prod(size) + _SLACK:
            shown = " x ".join(map(str, size))
            raise FormatError(f"has a JPEG of {height} x {width} where {shown} are stored")
