"""The list of pages of a TIFF: whether it is whole, and whether its pages are alike."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.safety import require_complete

_KIND = (256, 257, 258, 259, 262, 266, 274, 277, 278, 284, 317, 320, 322, 323, 338, 339)
"""Tags that say how a page is decoded and shown (TIFF 6.0, section 8)."""
_WIDTHS = np.array([1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 1, 1, 8, 8, 8])
"""Bytes of a value of each type of field."""


@dataclass(frozen=True)
class Chain:
    """The list of pages of a file.

    Attributes
    ----------
    count : int
        How many pages it has.
    alike : bool
        Whether all are stored in the same way, as tifffile takes for granted of many.
    """

    count: int
    alike: bool


def follow(path: Path) -> Chain:
    """Follow the list of pages of a file to its end.

    Raises
    ------
    FormatError
        If it has none: a file cut short ends within the list, and its first pages would pass
        for the whole.
    """
    content = np.memmap(path, np.uint8, "r")
    order = "<" if bytes(content[:2]) == b"II" else ">"
    big = struct.unpack(order + "H", bytes(content[2:4]))[0] == 43
    wide, tag = ("u8", 20) if big else ("u4", 12)
    starts, counts = _listed(content.data, order, big)
    return Chain(len(starts), len(starts) < 2 or _alike(content, starts, counts, order, wide, tag))


def _alike(content: Array, starts: Array, counts: Array, order: str, wide: str, tag: int) -> bool:
    places = np.repeat(starts, counts)
    places += tag * (np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts))
    size = np.dtype(wide).itemsize
    layout = np.dtype([("code", order + "u2"), ("type", order + "u2"),
                       ("count", order + wide), ("value", "u1", size)])  # fmt: skip
    entries = content[places[:, None] + np.arange(tag)].view(layout)[:, 0]
    chosen = np.isin(entries["code"], _KIND)
    per_page = np.add.reduceat(chosen, np.cumsum(counts) - counts, dtype=np.intp)
    if (per_page != per_page[0]).any():
        return False
    table = entries[chosen].reshape(len(starts), -1)
    if any((table[key] != table[key][0]).any() for key in ("code", "type", "count")):
        return False
    return all(_same(content, table[:, column], order + wide) for column in range(table.shape[1]))


def _listed(content: memoryview, order: str, big: bool) -> tuple[Array, Array]:
    """Return where the entries of each page begin, and how many there are."""
    number, pointer = struct.Struct(order + "HQ"[big]), struct.Struct(order + "IQ"[big])
    tag, total = (20 if big else 12), len(content)
    require_complete(total, 16 if big else 8)
    at = pointer.unpack_from(content, 8 if big else 4)[0]
    bytes_listed, seen = 0, dict[int, int]()
    while at:
        if at in seen:
            raise FormatError("has a list of pages that runs in a circle")
        if at + number.size > total:
            require_complete(total, at + number.size)
        count = number.unpack_from(content, at)[0]
        end = at + number.size + count * tag
        if end + pointer.size > total:
            require_complete(total, end + pointer.size)
        seen[at] = count
        bytes_listed += count * tag
        if bytes_listed > total:
            raise FormatError("has a list of pages that lie in one another")
        at = pointer.unpack_from(content, end)[0]
    starts = np.fromiter(seen, np.int64, len(seen)) + number.size
    return starts, np.fromiter(seen.values(), np.int64, len(seen))


def _same(content: Array, entries: Any, wide: str) -> bool:
    """Whether an entry has the same values in all pages."""
    kind, count = int(entries["type"][0]), int(entries["count"][0])
    length = count * int(_WIDTHS[kind] if kind < len(_WIDTHS) else 1)
    values = entries["value"]
    if length <= values.shape[1]:
        return bool((values[:, :length] == values[0, :length]).all())
    places = np.ascontiguousarray(values).view(wide)[:, 0].tolist()  # the entry says where they are
    require_complete(len(content), max(places) + length)
    first = content[places[0] : places[0] + length]
    return all(np.array_equal(content[at : at + length], first) for at in set(places))
