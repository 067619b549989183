"""FITS: cards of every header, tables of tiles, streams of every compression, and the chain."""

from __future__ import annotations

import gzip
import math
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graticule.testing.attack.damage import HOSTILE
from graticule.testing.attack.mutator import Draw, Files, Mutator, Way

_CARD, _BLOCK = 80, 2880
_ZIPPED_AT = re.compile(rb"(\x1f\x8b\x08\x00)....", re.DOTALL)
"""The begin of a gzip stream, which says when it was made."""
_INTEGERS = (*HOSTILE, 3, 4, 8, 16, 24, 33, 64, 100, 999, 1000, 10**6, -32, -64)
_OTHERS = ("T", "F", "'RICE_1'", "'HCOMPRESS_1'", "'GZIP_2'", "'PLIO_1'", "'IMAGE'", "'BINTABLE'",
           "''", "1.5", "1E308", "-1E308", "1E400", "NaN", "(1, 2)", "", "'1PB(9)'", "'1QB(9)'",
           "'999999999PB'", "'1PJ'", "'1PI'", "'1D'", "'\x01'", "''''")  # fmt: skip
_VALUES = tuple(map(str, _INTEGERS)) + _OTHERS
_ADDED = ("ZTILE1", "ZTILE2", "ZTILE3", "ZVAL1", "ZVAL2", "ZNAME1", "ZNAXIS3", "ZBLANK", "ZSCALE",
          "ZZERO", "ZDITHER0", "ZQUANTIZ", "ZMASKCMP", "THEAP", "PCOUNT", "GCOUNT", "TFIELDS",
          "NAXIS1", "NAXIS3", "NAXIS", "BITPIX", "GROUPS", "BSCALE", "BZERO", "BLANK", "ZIMAGE",
          "TFORM1", "TTYPE1", "TSCAL1", "TZERO1", "TDIM1", "TNULL1", "CTYPE1", "CDELT1", "CRPIX1",
          "CRVAL1", "CUNIT1", "CD1_1", "PC1_2", "CROTA2", "WCSAXES", "PV2_1", "LONPOLE", "EXTNAME",
          "EXTVER", "EXTEND", "BUNIT", "END", "CONTINUE", "HIERARCH a")  # fmt: skip


@dataclass(frozen=True)
class _Unit:
    """Where a header and its data are."""

    header: int
    cards: int
    data: int
    end: int

    def values(self, content: bytes) -> dict[str, int]:
        """Return the whole numbers of the header by keyword."""
        text = content[self.header : self.header + self.cards * _CARD]
        values = {}
        for at in range(0, len(text), _CARD):
            card = text[at : at + _CARD]
            said = card[10:].partition(b"/")[0].strip()
            if re.fullmatch(rb"-?[0-9]+", said):
                values[card[:8].decode("latin-1").rstrip()] = int(said)
        return values


def _units(content: bytes) -> list[_Unit]:
    found, at = [], 0
    while at < len(content):
        cards = 0
        while content[at + cards * _CARD :][:8].rstrip() != b"END":
            cards += 1
        data = at + math.ceil((cards + 1) * _CARD / _BLOCK) * _BLOCK
        said = _Unit(at, cards, data, data).values(content)
        shape = [said[f"NAXIS{n}"] for n in range(1, said["NAXIS"] + 1)]
        count = math.prod(shape) if shape else 0
        size = abs(said["BITPIX"]) // 8 * (count + said.get("PCOUNT", 0))
        end = data + math.ceil(size / _BLOCK) * _BLOCK
        found.append(_Unit(at, cards, data, end))
        at = end
    return found


def _only(files: Files) -> bytes | None:
    content = files[""]
    return None if content.startswith(b"\x1f\x8b") else content


def _card(draw: Draw, files: Files) -> Files | None:
    """Give one card a hostile value: each card of each header in turn, any of the values."""
    content = _only(files)
    if content is None:
        return None
    places = [unit.header + n * _CARD for unit in _units(content) for n in range(unit.cards)]
    at, value = draw.turn(places), draw.choice(_VALUES)
    return {"": _with_card(content, at, content[at : at + 8].decode("latin-1"), value)}


def _added(draw: Draw, files: Files) -> Files | None:
    """Put a card in the place of another one, or in between."""
    content = _only(files)
    if content is None:
        return None
    unit = draw.choice(_units(content))
    keyword, value = draw.turn(_ADDED), draw.choice(_VALUES)
    at = unit.header + draw.randrange(1, unit.cards + 1) * _CARD
    if draw.random() < 0.5:
        return {"": _with_card(content, at, keyword, value)}
    spare = unit.header + (unit.cards + 1) * _CARD
    if spare >= unit.data:
        return {"": _with_card(content, at, keyword, value)}
    moved = content[at:spare]
    fresh = _with_card(content[:at] + bytes(_CARD), at, keyword, value)
    return {"": fresh + moved + content[spare + _CARD :]}


def _gone(draw: Draw, files: Files) -> Files | None:
    """Take a card out: blank it, END included."""
    content = _only(files)
    if content is None:
        return None
    places = [unit.header + n * _CARD for unit in _units(content) for n in range(unit.cards + 1)]
    at = draw.turn(places)
    return {"": content[:at] + b" " * _CARD + content[at + _CARD :]}


def _with_card(content: bytes, at: int, keyword: str, value: str) -> bytes:
    card = f"{keyword:8}= {value:>20}".encode("latin-1")[:_CARD].ljust(_CARD)
    return content[:at] + card + content[at + _CARD :]


def _table(content: bytes) -> tuple[_Unit, int, int, int] | None:
    """Return the last unit, the bytes of its table and of a row, and the first byte of its heap."""
    unit = _units(content)[-1]
    said = unit.values(content)
    if "ZBITPIX" not in said:
        return None
    size = said["NAXIS1"] * said["NAXIS2"]
    return unit, size, said["NAXIS1"], unit.data + said.get("THEAP", size)


def _row(draw: Draw, files: Files) -> Files | None:
    """Put a hostile number into the table of tiles: a size, a place, a scale."""
    content = _only(files)
    found = content and _table(content)
    if not content or not found:
        return None
    unit, size, _, _ = found
    places = range(unit.data, unit.data + size - 3, 4)
    at = draw.turn(places[:64])
    code = draw.choice((">i", ">q", ">d", ">f"))
    if code in (">d", ">f"):
        number: Any = draw.choice((0.0, math.nan, math.inf, -math.inf, 3e38, -1e-300, 1e-40))
        number = number if code == ">d" or abs(number) < 3.5e38 else math.inf
    else:
        old = struct.unpack_from(">i", content, at)[0]
        near = (old + 1, old - 1, 2 * old, old // 2, -old)
        bits = 32 if code == ">i" else 64
        number = (draw.choice((*HOSTILE, *near)) + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)
    fresh = struct.pack(code, number)
    return {"": content[:at] + fresh + content[at + len(fresh) :]}


def _stream(draw: Draw, files: Files) -> Files | None:
    """Damage the streams: their first bytes, where sizes stand, as often as all others."""
    content = _only(files)
    found = content and _table(content)
    if not content or not found:
        return None
    unit, size, width, heap = found
    rows = size // width
    row = draw.randrange(rows)
    count, offset = struct.unpack_from(">ii", content, unit.data + row * width)
    damaged = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 8))):
        reach = min(count, draw.choice((8, 32, 2**30)))
        at = heap + offset + draw.randrange(max(1, reach))
        if at >= len(damaged):
            return None
        kind = draw.randrange(4)
        if kind == 0:
            damaged[at] ^= 1 << draw.randrange(8)
        elif kind == 1:
            damaged[at] = draw.choice((0, 255, 128, 1))
        elif kind == 2:
            run = draw.choice((4, 16, 200))
            fresh = draw.choice((b"\0", b"\xff")) * run
            damaged[at : at + run] = fresh[: len(damaged) - at]
        else:
            code = draw.choice((">h", "<h", ">i"))
            value = draw.choice(HOSTILE)
            bits = 8 * struct.calcsize(code)
            number = (value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)
            fresh = struct.pack(code, number)
            damaged[at : at + len(fresh)] = fresh[: len(damaged) - at]
    return {"": bytes(damaged)}


def _chain(draw: Draw, files: Files) -> Files | None:
    """Repeat units and headers, very often, or put them in another order."""
    content = _only(files)
    if content is None:
        return None
    found = _units(content)
    parts = [content[unit.header : unit.end] for unit in found]
    kind = draw.turn(range(4))
    if kind == 0:
        empty = _extension("")
        return {"": content + empty * draw.choice((3, 300, 3000, 12_000))}
    if kind == 1:
        return {"": parts[0] + draw.choice(parts) * draw.choice((2, 50, 1000))}
    if kind == 2:
        draw.shuffle(parts)
        return {"": b"".join(parts)}
    card = draw.choice((b"HISTORY " + b"x" * 72, b" " * _CARD, b"CONTINUE  'x&'".ljust(_CARD)))
    at = found[0].header + found[0].cards * _CARD
    return {"": content[:at] + card * draw.choice((360, 36_000, 360_000)) + content[at:]}


def _extension(more: str) -> bytes:
    cards = ["XTENSION= 'IMAGE   '", "BITPIX  = 8", "NAXIS   = 0", "PCOUNT  = 0", "GCOUNT  = 1"]
    lines = [*cards, *filter(None, [more]), "END"]
    return b"".join(line.encode().ljust(_CARD) for line in lines).ljust(_BLOCK)


def _zipped(draw: Draw, files: Files) -> Files | None:
    """Zip a damaged file, or damage a zipped one."""
    content = files[""]
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    way: Callable[[Draw, Files], Files | None] = draw.choice((_card, _stream, _gone))
    damaged = way(draw, {"": content}) or {"": content}
    return {"": gzip.compress(damaged[""], mtime=0)}


def _seeds(folder: Path) -> None:
    from astropy.io import fits

    rng = np.random.default_rng(1)
    plane = rng.integers(0, 500, (40, 48), "i4")
    header = fits.Header()
    for card in (("CTYPE1", "HPLN-TAN"), ("CDELT1", 0.6), ("CUNIT1", "arcsec"), ("CRPIX1", 3.0)):
        header[card[0]] = card[1]
    plain = {
        "i2": plane.astype("i2"),
        "u2": plane.astype("u2"),
        "f4": plane.astype("f4"),
        "cube": rng.integers(0, 99, (3, 12, 14), "u1"),
    }
    for name, values in plain.items():
        fits.PrimaryHDU(values, header).writeto(folder / f"plain-{name}.fits")
    scaled = fits.PrimaryHDU(plane.astype("i2"), header)
    scaled.header["BSCALE"], scaled.header["BZERO"], scaled.header["BLANK"] = 0.5, 3.0, 7
    scaled.writeto(folder / "plain-scaled.fits")
    several = [fits.ImageHDU(plane[:9].astype("u1"), name=name) for name in ("SCI", "ERR")]
    table = fits.BinTableHDU.from_columns([fits.Column("a", "J", array=np.arange(5))])
    fits.HDUList([fits.PrimaryHDU(), several[0], table, several[1]]).writeto(
        folder / "several.fits"
    )
    zipped = (folder / "plain-i2.fits").read_bytes()
    (folder / "plain-zipped.fits.gz").write_bytes(gzip.compress(zipped, mtime=0))
    for name, values, how in _packed(plane):
        hdu = fits.CompImageHDU(values, header, **how)
        path = folder / f"packed-{name}.fits"
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
        path.write_bytes(_ZIPPED_AT.sub(rb"\1\0\0\0\0", path.read_bytes()))


def _packed(plane: Any) -> list[tuple[str, Any, Mapping[str, Any]]]:
    """Return what is packed, and how, by a name."""
    noise = (plane + np.random.default_rng(2).normal(0, 3, plane.shape)).astype("f4")
    holed = np.where(plane % 11 == 0, np.nan, noise).astype("f4")
    cube = np.stack([plane[:16], plane[16:32]]).astype("i2")
    whole = {"compression_type": "RICE_1", "tile_shape": (40, 48)}
    dithered = {"quantize_method": 2, "dither_seed": 9999, "tile_shape": (11, 48)}
    found: list[tuple[str, Any, Mapping[str, Any]]] = [
        (kind, plane, {"compression_type": kind, "tile_shape": (11, 13)})
        for kind in ("RICE_1", "GZIP_1", "GZIP_2", "PLIO_1", "NOCOMPRESS")
    ]
    hcompress = {"compression_type": "HCOMPRESS_1", "tile_shape": (20, 24)}
    return [
        *found,
        ("RICE_1-i2", plane.astype("i2"), whole),
        ("RICE_1-u1", (plane % 200).astype("u1"), whole),
        ("RICE_1-cube", cube, {"compression_type": "RICE_1", "tile_shape": (1, 16, 48)}),
        ("RICE_1-f4", noise, {"compression_type": "RICE_1", **dithered}),
        ("RICE_1-holed", holed, {"compression_type": "RICE_1", "tile_shape": (20, 48)}),
        ("GZIP_2-f8", noise.astype("f8"), {"compression_type": "GZIP_2", "quantize_level": 0}),
        ("HCOMPRESS_1", plane, hcompress),
        ("HCOMPRESS_1-lossy", plane, {**hcompress, "hcomp_scale": -4, "hcomp_smooth": 1}),
        ("HCOMPRESS_1-f4", noise, {**hcompress, "quantize_method": 1, "dither_seed": 3}),
    ]


MUTATOR = Mutator(
    "FITS",
    _seeds,
    {
        "cards": Way(_card, weight=120),
        "cards added": Way(_added, weight=30),
        "cards gone": Way(_gone, weight=10),
        "rows of tiles": Way(_row, weight=60),
        "streams": Way(_stream, weight=100),
        "chain of units": Way(_chain, weight=4),
        "zipped": Way(_zipped, weight=10),
    },
)
