"""Tile-compressed FITS: a table of tiles, each a row that says where in the heap its stream is.

FITS standard 4.0, section 10. All that the header says is checked when it is opened, and all that
a row says when its tile is read.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from graticule.core.errors import FormatError, suggest
from graticule.core.forks import ProcessLock
from graticule.core.typing import Array
from graticule.io.formats._fits_codecs import Codec
from graticule.io.lazy import Box, box_shape
from graticule.io.safety import require_complete, require_modest

STORED = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
"""Stored numbers by BITPIX."""
_CODECS = ("GZIP_1", "GZIP_2", "HCOMPRESS_1", "NOCOMPRESS", "PLIO_1", "RICE_1")
_DITHERS = {"NONE": 0, "NO_DITHER": -1, "SUBTRACTIVE_DITHER_1": 1, "SUBTRACTIVE_DITHER_2": 2}
_SEEDS = 10_000
_preparing = ProcessLock()
_prepared: list[Any] = []
_FORM = re.compile(r"\s*([0-9]*)([A-Z])([A-Z]?)")
_WIDTHS = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16, "P": 8,
           "Q": 16}  # fmt: skip
_CODES = {"B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}
_LARGEST_WIDTH = 2**31
_MOST_BYTES, _HEAD = 32, 4096
"""Bytes of a stream for a sample, and besides: more than any codec makes of noise."""
_COPIES = 24
"""Bytes of a sample at the peak: packed, unpacked by C code and by us, and as it is meant."""
_MOST_AXES = 32
"""That an array of NumPy has, of any version."""


@dataclass(frozen=True)
class _Column:
    """A column of the table.

    Attributes
    ----------
    offset : int
        Byte of the row.
    code : str
        Of its number, or of the two numbers that say how many there are in the heap, and where.
    heap : str
        Of the numbers in the heap; empty where the numbers stand in the row.
    """

    offset: int
    code: str
    heap: str


@dataclass(frozen=True)
class Tiles:
    """Where the tiles of an image are, and how they are packed.

    Attributes
    ----------
    table, rows, width : int
        First byte of the table, number of its rows and bytes of one.
    heap, heap_size : int
        First byte of the heap, and how many it has.
    shape, tile : tuple of int
        Of the image and of a tile, the first axis first.
    columns : mapping
        By name.
    codec : Codec
        Of the streams.
    bits : int
        ZBITPIX.
    dither, seed : int
        How floats were quantised, by astropy's numbers, and ZDITHER0.
    scale, zero : float or None
        ZSCALE and ZZERO of all tiles, where they are no columns.
    blank : int or None
        The number that stands for no value.
    """

    table: int
    rows: int
    width: int
    heap: int
    heap_size: int
    shape: tuple[int, ...]
    tile: tuple[int, ...]
    columns: Mapping[str, _Column]
    codec: Codec
    bits: int
    dither: int
    seed: int
    scale: float | None
    zero: float | None
    blank: int | None

    def read(self, file: IO[bytes], box: Box) -> Array:
        """Return a box of an image from its file, as ZBITPIX says it is stored."""
        out = np.empty(box_shape(box), np.dtype(STORED[self.bits]).newbyteorder("="))
        touched = list(self._touched(box))
        first = min(row for row, _ in touched)
        table = self._rows(file, first, max(row for row, _ in touched) + 1)
        with np.errstate(all="ignore"):  # of a float beyond float32, infinity is what is read
            for row, place in touched:
                shape = tuple(span.stop - span.start for span in place)
                here, there = _overlaps(place, box)
                try:
                    out[there] = self._tile(file, table[row - first], row, shape)[here]
                except FormatError as error:
                    raise error.at(f"tile {row}") from None
        return out

    def _rows(self, file: IO[bytes], begin: int, end: int) -> Array:
        """Return rows of the table, of the columns that are read."""
        names, columns = list(self.columns), list(self.columns.values())
        dtype = np.dtype({
            "names": names,
            "formats": [(column.code, (2,) if column.heap else ()) for column in columns],
            "offsets": [column.offset for column in columns],
            "itemsize": self.width,
        })  # fmt: skip
        rows = _bytes_at(file, self.table + begin * self.width, (end - begin) * self.width)
        return np.frombuffer(rows, dtype)

    def _touched(self, box: Box) -> Iterator[tuple[int, Box]]:
        """Yield the rows of the tiles that a box touches, and the place of each in the image."""
        counts = [-(-size // side) for size, side in zip(self.shape, self.tile, strict=True)]
        ranges = [
            range(span.start // side, -(-span.stop // side))
            for span, side in zip(box, self.tile, strict=True)
        ]
        for index in itertools.product(*ranges):
            row = 0
            for at, count in zip(index, counts, strict=True):
                row = row * count + at
            yield (
                row,
                tuple(
                    slice(at * side, min(size, (at + 1) * side))
                    for at, side, size in zip(index, self.tile, self.shape, strict=True)
                ),
            )

    def _tile(self, file: IO[bytes], row: Any, number: int, shape: tuple[int, ...]) -> Array:
        """Return the values of the tile that a row of the table speaks of."""
        stream = self._stream(file, row, "COMPRESSED_DATA", shape)
        if stream:
            return self._unpacked(row, number, stream, shape)
        if "GZIP_COMPRESSED_DATA" in self.columns:
            stream = self._stream(file, row, "GZIP_COMPRESSED_DATA", shape)
            return Codec("GZIP_1").decode(stream, shape, floats=self.bits < 0)
        if "UNCOMPRESSED_DATA" in self.columns:
            stream = self._stream(file, row, "UNCOMPRESSED_DATA", shape)
            return np.frombuffer(stream, self.columns["UNCOMPRESSED_DATA"].heap).reshape(shape)
        raise FormatError("has no stream, and no values that are not packed")

    def _stream(self, file: IO[bytes], row: Any, name: str, shape: tuple[int, ...]) -> bytes:
        """Return the bytes in the heap that a row speaks of."""
        count, offset = row[name].tolist()
        size = count * np.dtype(self.columns[name].heap).itemsize
        if count < 0 or offset < 0 or offset + size > self.heap_size:
            raise FormatError(
                f"{name} is said to be {size} bytes from byte {offset} of a heap of "
                f"{self.heap_size}"
            )
        if size > _MOST_BYTES * math.prod(shape) + _HEAD:
            raise FormatError(f"{name} is said to be {size} bytes, for {_by(shape)} samples")
        return _bytes_at(file, self.heap + offset, size)

    def _unpacked(self, row: Any, number: int, stream: bytes, shape: tuple[int, ...]) -> Array:
        scale = row["ZSCALE"] if "ZSCALE" in self.columns else self.scale
        zero = row["ZZERO"] if "ZZERO" in self.columns else self.zero
        blank = row["ZBLANK"] if "ZBLANK" in self.columns else self.blank
        stored = np.dtype(self.columns["COMPRESSED_DATA"].heap)
        if self.codec.is_native and stored.itemsize > 1:
            stream = np.frombuffer(stream, stored).astype(stored.newbyteorder("=")).tobytes()
        values = self.codec.decode(stream, shape, floats=scale is None and self.bits < 0)
        self._require_fitting(values)
        missing = None if blank is None else values == blank
        if scale is not None:
            if zero is None:
                raise FormatError("has a ZSCALE and no ZZERO")
            values = self._dequantised(values, number, scale, zero)
        if missing is not None and missing.any() and (self.bits < 0 or self.blank is not None):
            values = np.array(values)
            values[missing] = np.nan if self.bits < 0 else self.blank
        return values

    def _require_fitting(self, values: Array) -> None:
        """Raise `FormatError` where RICE, which loses nothing, gave what ZBITPIX cannot hold."""
        bits = 8 * values.dtype.itemsize
        if self.codec.name != "RICE_1" or not 0 < self.bits < bits:
            return
        room = np.iinfo(np.dtype(STORED[self.bits]))
        if values.min() < room.min or values.max() > room.max:
            raise FormatError(f"holds numbers of more bits than ZBITPIX = {self.bits}")

    def _dequantised(self, values: Array, number: int, scale: Any, zero: Any) -> Array:
        """Return floats of the integers they were quantised to."""
        if self.dither >= 0 and values.dtype.itemsize > 4:
            raise FormatError(f"holds quantised floats as {values.dtype.itemsize} bytes each")
        # the C code begins at (row - 1) of its list of random numbers
        start = (number + self.seed - 1) % _SEEDS + 1
        floats = _quantiser()(
            row=start, dither_method=self.dither, quantize_level=0, bitpix=self.bits
        ).decode_quantized(values, scale, zero)
        return np.asarray(floats).reshape(values.shape)


def _bytes_at(file: IO[bytes], offset: int, size: int) -> bytes:
    file.seek(offset)
    content = file.read(size)
    require_complete(len(content), size)
    return content


def _quantiser() -> Any:
    """Return what dequantises; its list of random numbers is made when it is first used.

    That is done once and by one thread: another would see a list that is half made.
    """
    from astropy.io.fits.hdu.compressed._quantization import Quantize

    with _preparing:
        if not _prepared:
            first = Quantize(row=1, dither_method=1, quantize_level=0, bitpix=-32)
            _prepared.append(first.decode_quantized(np.zeros(1, "i4"), 1.0, 0.0))
    return Quantize


def _overlaps(place: Box, box: Box) -> tuple[Box, Box]:
    """Return what of a tile is in a box, counted within the tile and within the box."""
    here, there = [], []
    for span, wanted in zip(place, box, strict=True):
        begin, end = max(span.start, wanted.start), min(span.stop, wanted.stop)
        here.append(slice(begin - span.start, end - span.start))
        there.append(slice(begin - wanted.start, end - wanted.start))
    return tuple(here), tuple(there)


def tiles_of(header: Any, image: Any, data: int, size: int) -> Tiles:
    """Return the tiles of an image by the header of their table.

    Parameters
    ----------
    header, image : astropy.io.fits.Header
        Of the table, and of the image as astropy has it.
    data : int
        Byte of the file at which the table begins.
    size : int
        Bytes of the file.

    Raises
    ------
    FormatError
        Naming the card that does not fit the others, or the file.
    """
    shape = tuple(_whole(header, f"ZNAXIS{n}", least=1) for n in _axes(header))
    width, rows = _whole(header, "NAXIS1"), _whole(header, "NAXIS2")
    heap = _whole(header, "THEAP", width * rows, least=width * rows)
    extra = _whole(header, "PCOUNT", 0)
    if heap > width * rows + extra:
        raise FormatError(f"THEAP = {heap} is behind the {width * rows + extra} bytes of the table")
    require_complete(size - data, width * rows + extra)
    tile = _tile_shape(header, shape)
    if (need := math.prod(-(-n // side) for n, side in zip(shape, tile, strict=True))) > rows:
        raise FormatError(
            f"an image of {_by(shape)} has {need} tiles of {_by(tile)}, and the table {rows} rows"
        )
    bits = _whole(header, "ZBITPIX", least=-64)
    if bits not in STORED:
        raise FormatError(f"ZBITPIX = {bits}", hint=f"it is one of {', '.join(map(str, STORED))}")
    columns = _columns(header, width)
    quantised = "ZSCALE" in columns or "ZSCALE" in header
    if quantised and bits > 0:
        raise FormatError(f"ZSCALE is for floats, and ZBITPIX = {bits}")
    blank = header.get("ZBLANK", image.get("BLANK"))
    return Tiles(
        table=data, rows=rows, width=width, heap=data + heap,
        heap_size=width * rows + extra - heap, shape=shape, tile=tile, columns=columns,
        codec=_codec(header), bits=bits, dither=_dither(header),
        seed=_whole(header, "ZDITHER0", 0, most=_SEEDS),
        scale=_number(header, "ZSCALE"), zero=_number(header, "ZZERO"),
        blank=blank if isinstance(blank, int) else None,
    )  # fmt: skip


def _axes(header: Any) -> range:
    return range(_whole(header, "ZNAXIS", least=1, most=_MOST_AXES), 0, -1)


def _tile_shape(header: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a tile, no larger than the image."""
    last = len(shape)
    asked = [
        _whole(header, f"ZTILE{n}", size if n == 1 else 1, least=1)
        for n, size in zip(range(last, 0, -1), shape, strict=True)
    ]
    tile = tuple(min(side, size) for side, size in zip(asked, shape, strict=True))
    require_modest(tile, _COPIES, what="a tile")
    return tile


def _columns(header: Any, width: int) -> dict[str, _Column]:
    """Return the columns that are read, by name."""
    found: dict[str, _Column] = {}
    at = 0
    for number in range(1, _whole(header, "TFIELDS", least=1, most=999) + 1):
        form = _FORM.match(str(header.get(f"TFORM{number}", "")))
        if form is None or form[2] not in _WIDTHS:
            raise FormatError(f"TFORM{number} = {header.get(f'TFORM{number}')!r} is no format")
        count, letter, item = int(form[1] or 1), form[2], form[3]
        name = str(header.get(f"TTYPE{number}", "")).strip().upper()
        found |= _column(name, count, letter, item, at)
        at += count * _WIDTHS[letter] if count < _LARGEST_WIDTH else _LARGEST_WIDTH
    if at > width:
        raise FormatError(f"the columns have {at} bytes, and NAXIS1 = {width}")
    if "COMPRESSED_DATA" not in found:
        raise FormatError("has no column COMPRESSED_DATA")
    return found


def _column(name: str, count: int, letter: str, item: str, at: int) -> dict[str, _Column]:
    if name in ("COMPRESSED_DATA", "GZIP_COMPRESSED_DATA", "UNCOMPRESSED_DATA"):
        kinds = "BIJKED" if name == "UNCOMPRESSED_DATA" else "BIJ"
        if letter not in "PQ" or not item or item not in kinds or count != 1:
            raise FormatError(f"the column {name} has the format {count}{letter}{item}")
        return {name: _Column(at, ">i4" if letter == "P" else ">i8", _CODES[item])}
    if name in ("ZSCALE", "ZZERO", "ZBLANK"):
        if letter not in _CODES or count != 1:
            raise FormatError(f"the column {name} has the format {count}{letter}{item}")
        return {name: _Column(at, _CODES[letter], "")}
    return {}


def _codec(header: Any) -> Codec:
    name = {"RICE_ONE": "RICE_1"}.get(str(header.get("ZCMPTYPE")), str(header.get("ZCMPTYPE")))
    if name not in _CODECS:
        raise FormatError(f"is packed by {name}, which is not read", hint=suggest(name, _CODECS))
    said: dict[str, Any] = {}
    for number in range(1, 1000):
        if f"ZNAME{number}" not in header:
            break
        said.setdefault(str(header[f"ZNAME{number}"]).upper(), f"ZVAL{number}")
    block = _whole(header, said["BLOCKSIZE"], least=1, most=2**15) if "BLOCKSIZE" in said else 32
    width = _whole(header, said["BYTEPIX"], least=1, most=8) if "BYTEPIX" in said else 4
    if name == "RICE_1" and width not in (1, 2, 4):
        raise FormatError(f"{said['BYTEPIX']} = {width}", hint="BYTEPIX of RICE is 1, 2 or 4")
    smooth = _whole(header, said["SMOOTH"], most=2**31 - 1) if "SMOOTH" in said else 0
    return Codec(name, block, width, bool(smooth))


def _dither(header: Any) -> int:
    name = header.get("ZQUANTIZ", "NO_DITHER")
    if name not in _DITHERS:
        raise FormatError(f"ZQUANTIZ = {name!r}", hint=suggest(str(name), list(_DITHERS)))
    return _DITHERS[name]


def _whole(
    header: Any, keyword: str, default: int | None = None, *, least: int = 0, most: int = 2**62
) -> int:
    """Return the whole number of a card; raise `FormatError` where it is none within bounds."""
    value = header.get(keyword, default)
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and value == value // 1
    if not good or not least <= value <= most:
        raise FormatError(
            f"{keyword} = {value!r}", hint=f"{keyword} is a whole number from {least} to {most}"
        )
    return int(value)


def _number(header: Any, keyword: str) -> float | None:
    value = header.get(keyword)
    if value is not None and (isinstance(value, (bool, str)) or not math.isfinite(value)):
        raise FormatError(f"{keyword} = {value!r} is no number")
    return None if value is None else float(value)


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
