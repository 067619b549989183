"""The header and data units of a FITS file: where each lies, read with bounds on all it claims.

Every number that says how long something is, is checked here before astropy sees it: left to
itself, it counts to ``NAXIS`` and ``TFIELDS`` whatever they are, and reads header after header.
"""

from __future__ import annotations

import io
import math
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from graticule.core.errors import FormatError

_BLOCK = 2880
_CARD = 80
_MOST_CARDS = 50_000
_MOST_UNITS = 10_000
_MOST_AXES = 999
_LARGEST = 2**63 - 1
_WHOLE = re.compile(rb"[+-]?[0-9]{1,19}")
_PLAIN = re.compile(rb"[A-Z]+ *= +(?:([TF])|'([ -&(-~]*)') *(?:/.*)?", re.DOTALL)
"""A card of true or false, or of a text without quotes."""
_kept: dict[tuple[Path, int, int, int], tuple[Sequence[Unit], Sequence[str]]] = {}
_ALONE = (
    b"SIMPLE  =                    T".ljust(_CARD)
    + b"BITPIX  =                    8".ljust(_CARD)
    + b"NAXIS   =                    0".ljust(_CARD)
    + b"END".ljust(_CARD)
).ljust(_BLOCK)
"""A primary header that says nothing, for astropy to read an extension behind it."""


@dataclass(frozen=True)
class Unit:
    """A header, and the data after it.

    Attributes
    ----------
    index : int
        In the file; the primary unit is 0.
    header, data : int
        Bytes of the file at which the header and the data begin.
    kind : str
        ``"image"``, ``"compressed image"``, or ``""`` for what is no image.
    shape : tuple of int
        Of the image, the first axis first.
    name : str
        EXTNAME.
    version : int
        EXTVER.
    """

    index: int
    header: int
    data: int
    kind: str
    shape: tuple[int, ...]
    name: str
    version: int


def units(path: Path, file: IO[bytes], notes: list[str]) -> Sequence[Unit]:
    """Return the units of a file; what follows the last of them is told in a note.

    They are kept while the file is as it was, for of a file of many images each is looked at.

    Parameters
    ----------
    path : Path
        The file.
    file : binary file
        The same, opened, and unpacked where it is zipped.
    notes : list of str
        To which notes are added.

    Raises
    ------
    FormatError
        If a header has no end, says what no header may, or if there are too many.
    """
    state = path.stat()
    key = (path, state.st_size, state.st_mtime_ns, state.st_ino)
    found = _kept.get(key)
    if found is None:
        found = _walked(file)
        _kept.clear()  # only the last file is likely to be asked for again
        _kept[key] = found
    notes += found[1]
    return found[0]


def _walked(file: IO[bytes]) -> tuple[Sequence[Unit], Sequence[str]]:
    size = file.seek(0, os.SEEK_END)
    found: list[Unit] = []
    notes: list[str] = []
    at = 0
    while at < size:
        file.seek(at)
        first = file.read(_BLOCK)
        if found and not first.startswith(b"XTENSION"):
            if first.strip(b"\0 "):
                notes.append("what follows the last extension is no extension, and left out")
            break
        if len(found) == _MOST_UNITS:
            raise FormatError(f"has more than {_MOST_UNITS} extensions")
        header = _header(file, first, len(found))
        unit, length = _unit(len(found), header, at)
        found.append(unit)
        at = unit.data + math.ceil(length / _BLOCK) * _BLOCK
    return found, notes


def _header(file: IO[bytes], first: bytes, index: int) -> bytes:
    """Return a whole header, given its first block."""
    blocks = [first]
    while not _has_end(blocks[-1]):
        blocks.append(file.read(_BLOCK))
        if not blocks[-1]:
            raise FormatError(
                f"ends early: the header of unit {index} has no END",
                hint="fetch or export the file again",
            )
        if len(blocks) * (_BLOCK // _CARD) > _MOST_CARDS:
            raise FormatError(f"the header of unit {index} has no END in {_MOST_CARDS} cards")
    return b"".join(blocks).ljust(len(blocks) * _BLOCK)


def _has_end(block: bytes) -> bool:
    return any(block[at : at + 8].rstrip() == b"END" for at in range(0, len(block), _CARD))


class _Cards:
    """The cards of a header by keyword, the first of each."""

    def __init__(self, header: bytes, index: int) -> None:
        self.index = index
        self.cards: dict[bytes, bytes] = {}
        for at in range(0, len(header), _CARD):
            card = header[at : at + _CARD]
            keyword = card[:8].rstrip()
            if keyword == b"END":
                break
            if keyword not in self.cards:
                self.cards[keyword] = card

    def __contains__(self, keyword: str) -> bool:
        return keyword.encode() in self.cards

    def text(self, keyword: str, default: str = "") -> str:
        """Return a text, or the default where the card has none."""
        value = self.value(keyword)
        return value.rstrip() if isinstance(value, str) else default

    def value(self, keyword: str) -> Any:
        """Return a value; None where there is none that can be read."""
        card = self.cards.get(keyword.encode())
        plain = card and _PLAIN.fullmatch(card)
        if plain:
            return plain[1] == b"T" if plain[1] else plain[2].rstrip().decode("ascii")
        from astropy.io.fits import Card, VerifyError

        try:
            return None if card is None else Card.fromstring(card).value
        except VerifyError:
            return None

    def whole(
        self, keyword: str, default: int | None = None, *, least: int = 0, most: int = _LARGEST
    ) -> int:
        """Return a whole number between two bounds."""
        card = self.cards.get(keyword.encode())
        if card is None:
            if default is None:
                raise FormatError(f"the header of unit {self.index} has no {keyword}")
            return default
        said = card[8:].partition(b"/")[0].lstrip(b"= ").rstrip()
        number = int(said) if _WHOLE.fullmatch(said) else None
        if number is None or not least <= number <= most:
            shown = said.decode("latin-1")[:30]
            raise FormatError(
                f"the header of unit {self.index} says {keyword} = {shown}",
                hint=f"{keyword} is a whole number from {least} to {most}",
            )
        return number

    def shape(self, prefix: str = "") -> tuple[int, ...]:
        """Return the sizes of the axes, the first axis last."""
        axes = self.whole(f"{prefix}NAXIS", most=_MOST_AXES)
        sizes = [self.whole(f"{prefix}NAXIS{number}") for number in range(1, axes + 1)]
        return tuple(reversed(sizes))


def _unit(index: int, header: bytes, at: int) -> tuple[Unit, int]:
    """Return the unit whose header begins at a byte of the file, and the bytes of its data."""
    cards, data = _Cards(header, index), at + len(header)
    bits = abs(cards.whole("BITPIX", least=-64, most=64))
    shape = cards.shape()
    extra, groups = cards.whole("PCOUNT", 0), cards.whole("GCOUNT", 1)
    fields = cards.whole("TFIELDS", 0, most=_MOST_AXES)
    kind = _kind(cards)
    if kind == "compressed image":
        if not fields or len(shape) != 2:
            raise FormatError(f"unit {index} is said to be a compressed image, and is no table")
        shape = cards.shape("Z")
    count = math.prod(cards.shape()) if cards.shape() else 0
    length = bits // 8 * groups * (extra + count) if cards.shape() else 0
    if length > _LARGEST - data - _BLOCK:
        raise FormatError(f"the header of unit {index} promises {length} bytes")
    names = {"compressed image": "COMPRESSED_IMAGE"}
    name = cards.text("EXTNAME", names.get(kind, "") if index else "PRIMARY").upper()
    version = cards.value("EXTVER")
    version = version if isinstance(version, int) else 1
    return Unit(index, at, data, kind, shape, name, version), length


def _kind(cards: _Cards) -> str:
    if "SIMPLE" in cards:
        return "image" if cards.value("SIMPLE") is True and "GROUPS" not in cards else ""
    kind = cards.text("XTENSION")
    if kind == "IMAGE" and "GROUPS" not in cards:
        return "image"
    packed = kind in ("BINTABLE", "A3DTABLE") and cards.value("ZIMAGE") is True
    return "compressed image" if packed else ""


@contextmanager
def header_unit(file: IO[bytes], unit: Unit) -> Iterator[Any]:
    """Yield a unit as astropy reads its header; it is not given the data."""
    from astropy.io import fits

    file.seek(unit.header)
    header = file.read(unit.data - unit.header).ljust(unit.data - unit.header)
    content = io.BytesIO(_ALONE + header if unit.index else header)
    with fits.open(content, memmap=False, do_not_scale_image_data=True) as hdus:
        yield hdus[1 if unit.index else 0]
