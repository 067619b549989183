"""Pictures damaged by their parts: chunks of PNG, segments of JPEG, blocks of GIF, heads."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from graticule.testing.attack.damage import HOSTILE, flip, overwrite
from graticule.testing.attack.mutator import Draw, Files, Mutator, Way

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_2000 = (b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51")
_SIDES = (0, 1, 2, 255, 4096, 20_000, 44_000, 65_535, 65_536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)


def _only(mark: bytes | tuple[bytes, ...], damage: Callable[[Draw, bytes], bytes]) -> Way:
    """Return a way that damages pictures that begin with a mark."""

    def of_files(draw: Draw, files: Files) -> Files | None:
        return {"": damage(draw, files[""])} if files[""].startswith(mark) else None

    return Way(of_files, weight=6)


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    at, found = 8, []
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        found.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def _of_chunks(chunks: list[tuple[bytes, bytes]]) -> bytes:
    parts = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return _PNG + b"".join(parts)


def _png(draw: Draw, content: bytes) -> bytes:
    """Damage one chunk of a PNG after the other, their sums put right."""
    chunks = _chunks(content)
    at = draw.turn(range(len(chunks)))
    part = draw.turn(("body", "size", "kind", "double", "drop", "swap", "zip", "text"))
    kind, body = chunks[at]
    if part == "body" and body:
        chunks[at] = (kind, draw.choice((flip, overwrite))(draw, body))
    elif part == "size":
        sides = struct.pack(">II", draw.choice(_SIDES), draw.choice(_SIDES))
        rest = bytes([draw.choice((1, 2, 4, 8, 16, 3)), draw.randrange(7), 0, 0, draw.randrange(2)])
        chunks[0] = (b"IHDR", sides + (rest if draw.random() < 0.5 else chunks[0][1][8:]))
    elif part == "kind":
        others = (b"IDAT", b"PLTE", b"tRNS", b"iCCP", b"zTXt", b"acTL", b"fcTL", b"fdAT", b"eXIf")
        chunks[at] = (draw.choice(others), body)
    elif part == "double":
        chunks[at:at] = [chunks[at]] * draw.choice((1, 2, 1000))
    elif part == "drop":
        del chunks[at]
    elif part == "swap":
        other = draw.randrange(len(chunks))
        chunks[at], chunks[other] = chunks[other], chunks[at]
    elif part == "zip":
        packed = zlib.compress(bytes(draw.choice((0, 10, 10**6, 10**7))), draw.choice((0, 9)))
        chunks[at] = (b"IDAT" if draw.random() < 0.5 else kind, packed)
    else:
        packed = zlib.compress(bytes(10**7), 9)
        text = draw.choice((b"zTXt", b"iTXt", b"iCCP"))
        body = b"a\0\0" + packed if text != b"iTXt" else b"a\0\1\0\0\0" + packed
        chunks.insert(1, (text, body))
    return _of_chunks(chunks)


def _segments(content: bytes) -> list[int]:
    """Return where the segments of a JPEG begin, up to its first scan and those after."""
    return [match.start() for match in re.finditer(rb"\xff[\xc0-\xfe]", content)]


def _jpeg(draw: Draw, content: bytes) -> bytes:
    """Damage one segment of a JPEG after the other."""
    found = _segments(content)
    at = draw.turn(found)
    part = draw.turn(("kind", "length", "field", "sides", "double", "cut", "scans", "bits"))
    if part == "kind":
        return content[: at + 1] + bytes([draw.randrange(0xC0, 0xFF)]) + content[at + 2 :]
    if part == "length":
        length = struct.pack(">H", draw.choice(HOSTILE) % 65536)
        return content[: at + 2] + length + content[at + 4 :]
    if part == "field":
        place = at + 4 + draw.randrange(24)
        return content[:place] + draw.randbytes(1) + content[place + 1 :]
    if part == "sides":
        frame = next((each for each in found if content[each + 1] in range(0xC0, 0xC4)), at)
        sides = struct.pack(">HH", draw.choice(_SIDES) % 65536, draw.choice(_SIDES) % 65536)
        return content[: frame + 5] + sides + content[frame + 9 :]
    if part == "double":
        end = next((each for each in found if each > at), len(content))
        return content[:end] + content[at:end] * draw.choice((1, 50, 3000)) + content[end:]
    if part == "cut":
        return content[:at] + draw.choice((b"", b"\xff\xd9", b"\xff\xff" * 100))
    if part == "scans":
        scan = content.find(b"\xff\xda")
        return content[:-2] + content[scan:-2] * draw.choice((2, 300, 2000)) + b"\xff\xd9"
    place = draw.randrange(at, min(len(content), at + 200))
    return content[:place] + flip(draw, content[place : place + 8]) + content[place + 8 :]


def _gif(draw: Draw, content: bytes) -> bytes:
    """Damage a block of a GIF: its screen, a frame's place and size, codes, extensions, lengths."""
    frames = [match.start() for match in re.finditer(rb"\x2c", content)]
    blocks = [match.start() for match in re.finditer(rb"\x21[\xf9\xff\xfe]", content)]
    part = draw.turn(("screen", "frame", "extension", "code", "repeat", "flags"))
    if part == "screen":
        sides = struct.pack("<HH", draw.choice(_SIDES) % 65536, draw.choice(_SIDES) % 65536)
        return content[:6] + sides + content[10:]
    if part == "frame" and frames:
        at = draw.choice(frames) + 1
        numbers = struct.pack("<4H", *(draw.choice(_SIDES) % 65536 for _ in range(4)))
        return content[:at] + numbers + content[at + 8 :]
    if part == "extension" and blocks:
        at = draw.choice(blocks) + draw.randrange(1, 10)
        return content[:at] + draw.randbytes(1) + content[at + 1 :]
    if part == "code" and frames:
        at = draw.choice(frames) + 10
        return content[:at] + bytes([draw.randrange(256)]) + flip(draw, content[at + 1 :])
    if part == "repeat" and frames:
        at = frames[0]
        return content[:at] + content[at:-1] * draw.choice((2, 100, 3000)) + b";"
    return content[:10] + bytes([draw.randrange(256)]) + content[11:]


def _bmp(draw: Draw, content: bytes) -> bytes:
    """Put a hostile number into one field of the heads of a BMP after the other."""
    fields = (2, 10, 14, 18, 22, 26, 28, 30, 34, 38, 46, 50)
    at = draw.turn(fields)
    if at in (26, 28):
        bits = struct.pack("<H", draw.choice((0, 1, 2, 4, 8, 16, 24, 32, 64, 65535)))
        return content[:at] + bits + content[at + 2 :]
    number = draw.choice((*HOSTILE, *_SIDES, 1, 2, 3, 4, 40, 108, 124))
    return content[:at] + struct.pack("<I", number % 2**32) + content[at + 4 :]


def _netpbm(draw: Draw, content: bytes) -> bytes:
    """Change the mark or a word of the head of a Netpbm picture."""
    words = list(re.finditer(rb"[^\s]+", content[:40]))[:4]
    word = draw.turn(words[: draw.choice((1, 2, 3, 4))])
    if word.start() == 0:
        fresh = draw.choice((b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"Pf", b"PF", b"P7"))
    else:
        fresh = draw.choice((b"0", b"-1", b"1e9", b"999999999", b"40000", b"65535", b"65536",
                             b"#" * 5000, b"9" * 5000, b"nan", b"-1.0", b"\0"))  # fmt: skip
    return content[: word.start()] + fresh + content[word.end() :]


def _boxes(draw: Draw, content: bytes) -> bytes:
    """Damage a box, or a marker of the codestream, of a JPEG 2000."""
    found = [match.start() for match in re.finditer(rb"\xff[\x4f-\x93]|jp2[hc]|ihdr|colr", content)]
    at = draw.turn(found) + draw.choice((-4, -2, 2, 4, 8, 12, 16, 24, 36, 38, 40))
    width = draw.choice((1, 2, 4))
    fresh = (draw.choice((*HOSTILE, *_SIDES)) % (1 << 8 * width)).to_bytes(width, "big")
    return content[: max(0, at)] + fresh + content[max(0, at) + width :]


def _seeds(folder: Path) -> None:
    import imagecodecs
    from PIL import Image

    grey = (np.arange(24 * 20) % 251).astype(np.uint8).reshape(24, 20)
    colours = np.dstack([grey, 255 - grey, grey // 2])
    picture, coloured = Image.fromarray(grey), Image.fromarray(colours)
    picture.save(folder / "grey.png")
    Image.fromarray(np.dstack([colours, grey])).save(folder / "clear.png")
    Image.fromarray(grey.astype(np.uint16) * 200).save(folder / "deep.png")
    (folder / "wide.png").write_bytes(imagecodecs.png_encode(colours.astype(np.uint16) * 99))
    coloured.quantize(16).save(folder / "palette.png")
    picture.convert("1").save(folder / "bits.png")
    frames = [picture.rotate(90 * turn) for turn in range(3)]
    frames[0].save(folder / "moving.png", save_all=True, append_images=frames[1:])
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:], loop=0)
    coloured.save(folder / "still.gif")
    coloured.save(folder / "photo.jpg")
    coloured.save(folder / "progressive.jpg", progressive=True, exif=_turned())
    coloured.convert("CMYK").save(folder / "cmyk.jpg")
    (folder / "twelve.jpg").write_bytes(
        imagecodecs.jpeg8_encode(grey.astype(np.uint16) * 16, bitspersample=12)
    )
    (folder / "lossless.jls").write_bytes(imagecodecs.jpegls_encode(grey))
    for name, codec in (("box.jp2", "jp2"), ("stream.j2k", "j2k")):
        content = imagecodecs.jpeg2k_encode(colours, codecformat=codec, level=0)
        (folder / name).write_bytes(content)
    coloured.save(folder / "colours.bmp")
    coloured.quantize(16).save(folder / "palette.bmp")
    coloured.save(folder / "photo.webp")
    for name in ("grey.pgm", "colours.ppm", "bits.pbm"):
        (coloured if "ppm" in name else picture.convert("1") if "pbm" in name else picture).save(
            folder / name
        )
    (folder / "text.pgm").write_bytes(b"P2\n# a word\n4 3\n15\n" + b"1 2 3 4\n" * 3)
    (folder / "real.pfm").write_bytes(b"PF\n4 3\n-1.0\n" + np.zeros(36, "<f4").tobytes())


def _turned() -> object:
    from PIL import Image

    exif = Image.Exif()
    exif[0x112] = 6
    return exif


MUTATOR = Mutator(
    "picture",
    _seeds,
    {
        "PNG": _only(_PNG, _png),
        "JPEG": _only(b"\xff\xd8", _jpeg),
        "GIF": _only(b"GIF8", _gif),
        "BMP": _only(b"BM", _bmp),
        "Netpbm": _only((b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"Pf", b"PF"), _netpbm),
        "JPEG 2000": _only(_JPEG_2000, _boxes),
    },
)
