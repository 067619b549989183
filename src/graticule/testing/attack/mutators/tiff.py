"""TIFF damaged by its fields: one tag, one value, one strip, one list of pages at a time."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from graticule.testing.attack.damage import HOSTILE, flip
from graticule.testing.attack.mutator import Draw, Mutator, Way, on_one_file

_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
           16: 8, 17: 8, 18: 8}  # fmt: skip
_TAGS = (254, 256, 257, 258, 259, 262, 266, 270, 273, 274, 277, 278, 279, 282, 284, 296, 305, 317,
         320, 322, 323, 324, 325, 330, 338, 339, 347, 530, 32997, 33550, 34665, 42113,
         50838, 50839)  # fmt: skip
_OFFSETS, _COUNTS = (273, 324), (279, 325)
_NAME = b"urn:uuid:00000000-0000-0000-0000-000000000000"
_VALUES = {
    259: (1, 2, 5, 6, 7, 8, 32773, 33003, 33005, 34712, 34892, 34925, 50000, 50001, 50002, 52546),
    262: (0, 1, 2, 3, 4, 5, 6, 8, 32803),
    258: (0, 1, 3, 8, 12, 16, 24, 32, 64, 65535),
    277: (0, 1, 2, 3, 4, 100, 65535),
    284: (0, 1, 2, 3),
    317: (0, 1, 2, 3, 34892, 65535),
    339: (0, 1, 2, 3, 4, 5, 6),
}


@dataclass(frozen=True)
class Entry:
    """An entry of a list of fields.

    Attributes
    ----------
    tag, kind, count : int
        As the entry says.
    at : int
        Where it begins.
    values_at : int
        Where its values stand: in it, or where it points to.
    big : bool
        Whether its count and value take 8 bytes.
    order : str
        Of its bytes.
    """

    tag: int
    kind: int
    count: int
    at: int
    values_at: int
    big: bool
    order: str

    @property
    def width(self) -> int:
        """Bytes of a value."""
        return _WIDTHS.get(self.kind, 1)

    @property
    def place(self) -> int:
        """Where the value, or what points to the values, stands."""
        return self.at + (12 if self.big else 8)


@lru_cache(maxsize=64)
def _pages(content: bytes) -> tuple[tuple[int, int, tuple[Entry, ...]], ...]:
    """Return for each list of fields where it begins, where the next one is said, its entries."""
    order = "<" if content[:2] == b"II" else ">"
    big = content[2:4] in (b"+\0", b"\0+")
    word, number, size = (order + "Q", order + "Q", 20) if big else (order + "I", order + "H", 12)
    at, found = struct.unpack_from(word, content, 8 if big else 4)[0], []
    while at:
        count = struct.unpack_from(number, content, at)[0]
        first = at + struct.calcsize(number)
        entries = tuple(_entry(content, first + n * size, order, big) for n in range(count))
        found.append((at, first + count * size, entries))
        at = struct.unpack_from(word, content, first + count * size)[0]
    return tuple(found)


def _entry(content: bytes, at: int, order: str, big: bool) -> Entry:
    tag, kind = struct.unpack_from(order + "HH", content, at)
    count = struct.unpack_from(order + ("Q" if big else "I"), content, at + 4)[0]
    place = at + (12 if big else 8)
    if count * _WIDTHS.get(kind, 1) > (8 if big else 4):
        place = struct.unpack_from(order + ("Q" if big else "I"), content, place)[0]
    return Entry(tag, kind, count, at, place, big, order)


def _entries(content: bytes) -> list[Entry]:
    return [entry for _, _, entries in _pages(content) for entry in entries]


def _packed(entry: Entry, width: int, number: int) -> bytes:
    return (number % (1 << 8 * width)).to_bytes(width, "little" if entry.order == "<" else "big")


def _put(content: bytes, at: int, fresh: bytes) -> bytes:
    return content[:at] + fresh + content[at + len(fresh) :]


def _field(draw: Draw, content: bytes) -> bytes:
    """Change the tag, type, count or pointer of one entry after the other."""
    entry = draw.turn(_entries(content))
    part = draw.turn(("tag", "type", "count", "pointer"))
    wide = 8 if entry.big else 4
    if part == "tag":
        return _put(content, entry.at, _packed(entry, 2, draw.choice(_TAGS)))
    if part == "type":
        return _put(content, entry.at + 2, _packed(entry, 2, draw.choice((*range(20), 99))))
    near = (entry.count - 1, entry.count + 1, entry.count * 2, len(content), *HOSTILE)
    at = entry.at + 4 if part == "count" else entry.place
    return _put(content, at, _packed(entry, wide, draw.choice(near)))


def _value(draw: Draw, content: bytes) -> bytes:
    """Change one value of one entry after the other."""
    entry = draw.turn(_entries(content))
    at = entry.values_at + entry.width * draw.randrange(max(1, min(entry.count, 64)))
    known = _VALUES.get(entry.tag, ())
    number = draw.choice(known) if known and draw.random() < 0.7 else draw.choice(HOSTILE)
    return _put(content, at, _packed(entry, entry.width, number))


def _strip(draw: Draw, content: bytes) -> bytes | None:
    """Let one strip or tile lie elsewhere, be of another size, or be damaged within."""
    pages = draw.turn(_pages(content))[2]
    offsets = next((entry for entry in pages if entry.tag in _OFFSETS), None)
    counts = next((entry for entry in pages if entry.tag in _COUNTS), None)
    if offsets is None or counts is None or not offsets.count:
        return None
    number = draw.randrange(offsets.count)
    part = draw.turn(("offset", "size", "bytes", "head"))
    if part in ("offset", "size"):
        entry = offsets if part == "offset" else counts
        at = entry.values_at + entry.width * number
        near = (0, 1, 8, len(content) - 1, len(content), *HOSTILE)
        return _put(content, at, _packed(entry, entry.width, draw.choice(near)))
    little = "little" if offsets.order == "<" else "big"
    where = offsets.values_at + offsets.width * number
    at = int.from_bytes(content[where : where + offsets.width], little)  # type: ignore[arg-type]
    at += draw.randrange(16) if part == "head" else draw.randrange(400)
    return content[:at] + flip(draw, content[at : at + 64] or b"\0") + content[at + 64 :]


def _chain(draw: Draw, content: bytes) -> bytes:
    """Let the list of pages, or that of smaller pages, run in a circle or to nowhere."""
    pages = _pages(content)
    at, link, entries = draw.turn(pages)
    targets = [start for start, _, _ in pages]
    number = draw.choice((*targets, at + 2, link, 1, len(content) - 2, *HOSTILE))
    fresh = _packed(entries[0], 8 if entries[0].big else 4, number)
    inner = [entry for entry in entries if entry.tag in (330, 34665)]
    if inner and draw.random() < 0.5:
        return _put(content, inner[0].values_at, fresh[: inner[0].width])
    if draw.random() < 0.2:
        count = draw.choice(HOSTILE)
        return _put(content, at, _packed(entries[0], 8 if entries[0].big else 2, count))
    return _put(content, link, fresh)


def _text(draw: Draw, content: bytes) -> bytes | None:
    """Damage a word of a description: of OME, of ImageJ."""
    texts = [entry for entry in _entries(content) if entry.tag in (270, 305) and entry.count > 20]
    if not texts:
        return None
    entry = draw.turn(texts)
    end = entry.values_at + entry.count
    at = draw.randrange(entry.values_at, end)
    fresh = draw.choice((b"0", b"9999999999", b"-1", b"<", b'"', b"&a;", b"\n", b"NaN", b"\xff"))
    return content[:at] + fresh[: end - at] + content[at + len(fresh[: end - at]) :]


def _seeds(folder: Path) -> None:
    import tifffile

    grey = (np.arange(48 * 40) % 251).astype(np.uint8).reshape(48, 40)
    colours = np.dstack([grey, 255 - grey, grey // 2])
    for name, options in (
        ("zlib", {"compression": "zlib", "predictor": True, "rowsperstrip": 16}),
        ("lzw", {"compression": "lzw", "rowsperstrip": 16}), ("packbits", {"compression": 32773}),
        ("zstd", {"compression": "zstd", "tile": (16, 16)}), ("lzma", {"compression": "lzma"}),
        ("plain", {"rowsperstrip": 8}), ("big", {"bigtiff": True, "byteorder": ">"}),
        ("tiles", {"tile": (16, 32)}), ("jpeg", {"compression": "jpeg", "tile": (16, 16)}),
        ("png", {"compression": "png"}),
        ("jpeg2000", {"compression": "jpeg2000"}), ("lerc", {"compression": "lerc"}),
        ("jxl", {"compression": "jpegxl"}),
    ):  # fmt: skip
        tifffile.imwrite(folder / f"grey-{name}.tif", grey, metadata=None, **options)
    for name, options in (
        ("jpeg", {"compression": "jpeg"}), ("planar", {"planarconfig": "separate"}),
        ("zlib", {"compression": "zlib"}),
    ):  # fmt: skip
        tifffile.imwrite(folder / f"rgb-{name}.tif", colours, photometric="rgb", **options)
    stack = np.stack([grey.astype(np.uint16) * n for n in range(4)])
    tifffile.imwrite(folder / "stack.ome.tif", stack, ome=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(folder / "imagej.tif", stack, imagej=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(folder / "float.tif", grey.astype("f4"), compression="zlib", predictor=3)
    tifffile.imwrite(folder / "bits.tif", grey > 99)
    table = (np.arange(768).reshape(3, 256) * 80).astype(np.uint16)
    tifffile.imwrite(folder / "palette.tif", grey, photometric="palette", colormap=table)
    with tifffile.TiffWriter(folder / "levels.ome.tif", ome=True) as file:
        about = {"tile": (16, 16), "compression": "zlib"}
        file.write(grey, subifds=1, metadata={"axes": "YX"}, **about)
        file.write(grey[::2, ::2], subfiletype=1, **about)
    for file in folder.iterdir():  # OME names each file at random
        file.write_bytes(re.sub(rb"urn:uuid:[0-9a-f-]{36}", _NAME, file.read_bytes()))


MUTATOR = Mutator(
    "TIFF",
    _seeds,
    {
        "field": Way(on_one_file(_field), weight=4),
        "value": Way(on_one_file(_value), weight=5),
        "strip": Way(on_one_file(_strip), weight=4),
        "list of pages": Way(on_one_file(_chain), weight=2),
        "description": Way(on_one_file(_text), weight=2),
    },
)
