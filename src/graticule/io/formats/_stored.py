"""Pictures whose stored values Pillow would change, or that it does not know: decoded otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.formats._netpbm import decode as decode_netpbm
from graticule.io.formats._netpbm import is_netpbm
from graticule.io.formats._picture_size import JPEG_LS, content_of, jpeg_2000_frame, jpeg_frame
from graticule.io.safety import require_modest

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
JPEG_2000 = (b"\x00\x00\x00\x0cjP  \r\n", b"\xff\x4f\xff\x51")
_HEAD = 32
_COPIES, _COPIES_2000 = 6, 12
"""Bytes of a sample at the peak: of 16 bits, and as numbers of 32 bits before that."""
_END = b"\xff\xd9"


def stored_values(path: Path, picture: Any = None) -> Array | None:
    """Return values that Pillow would change or refuse; None for all other pictures.

    Parameters
    ----------
    path : Path
        The file.
    picture : PIL.Image.Image, optional
        The file as Pillow opened it, if it did.
    """
    import imagecodecs

    with path.open("rb") as file:
        head = file.read(_HEAD)
    if is_netpbm(head):
        return decode_netpbm(content_of(path))
    if head.startswith(JPEG_2000):
        return _jpeg_2000(content_of(path))
    if picture is None and head.startswith(JPEG):
        return _jpeg(content_of(path))
    if picture is not None and head.startswith(PNG):
        return _png(path, head, picture)
    if picture is not None and picture.format == "AVIF" and _avif_bits(content_of(path)) > 8:
        return np.asarray(imagecodecs.avif_decode(content_of(path)))
    return None


def _png(path: Path, head: bytes, picture: Any) -> Array | None:
    import imagecodecs

    bits, colour = head[24], head[25]
    if colour == 0 and bits in (2, 4):  # Pillow spreads these over 0 to 255
        return np.asarray(picture) // np.uint8(255 // (2**bits - 1))
    if bits == 16 and colour in (2, 4, 6):  # and of these drops the lower half
        return np.asarray(imagecodecs.png_decode(content_of(path)))
    return None


def _jpeg_2000(content: bytes) -> Array:
    import imagecodecs

    _, shape = jpeg_2000_frame(content)
    require_modest(shape, _COPIES_2000)
    values = np.asarray(imagecodecs.jpeg2k_decode(content))
    return values[..., 0] if values.ndim == 3 and values.shape[-1] == 1 else values


def _jpeg(content: bytes) -> Array | None:
    """Return the values of a JPEG of other than 8 bits, or of JPEG-LS."""
    import imagecodecs

    at, kind, bits, height, width, colours = jpeg_frame(content)
    if kind != JPEG_LS and bits in (0, 8):
        return None
    require_modest((height, width, colours), _COPIES)
    if _END not in content[at:]:
        # of what is missing the decoder would make grey
        raise FormatError("ends early: its last marker is missing", hint="fetch it again")
    if kind == JPEG_LS:
        return np.asarray(imagecodecs.jpegls_decode(content))
    return np.asarray(imagecodecs.jpeg8_decode(content))


def _avif_bits(content: bytes) -> int:
    """Return the bits of a sample of an AVIF, as its box ``pixi`` says."""
    at = content.find(b"pixi")
    said = content[at + 9 : at + 9 + content[at + 8]] if 0 <= at < len(content) - 9 else b""
    return max(said, default=8)
