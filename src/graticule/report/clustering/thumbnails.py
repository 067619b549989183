"""Small pictures of images, for contact sheets and maps: as arrays, and as JPEG or PNG."""

from __future__ import annotations

import base64
import io
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.clustering.collection import Box
from graticule.core.errors import GraticuleError
from graticule.core.image import SPATIAL, Image
from graticule.core.typing import Array
from graticule.io import read
from graticule.report.style import NO_VALUE, png_uri

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

SIDE = 96
_KEPT = 2000
_FEW = 32
"""Samples a side up to which a picture is shown sample by sample, as PNG."""


@dataclass(frozen=True)
class Thumbnail:
    """A picture ready for a page.

    Attributes
    ----------
    source : str
        A data URI; empty where there is no picture.
    is_coarse : bool
        Whether its samples are shown as squares.
    """

    source: str = ""
    is_coarse: bool = False


class Thumbnails:
    """Thumbnails of files, each made once.

    Parameters
    ----------
    side : int
        Samples of the longer side.
    """

    def __init__(self, side: int = SIDE) -> None:
        self.side = side
        self._made: OrderedDict[tuple[Path, Box | None], Array | None] = OrderedDict()
        self._last: tuple[Path, Array] | None = None

    def pixels(self, path: Path | None, box: Box | None = None) -> Array | None:
        """Return r, g, b from 0 to 255 of a file's image; None where it has none to show.

        Of an image with a ``box`` that part is shown, with a margin.
        """
        if path is None:
            return None
        key = (path, box)
        if key not in self._made:
            try:
                whole = self._whole(path) if box else colours_of(read(path))
                self._made[key] = small(whole if box is None else cut(whole, box), self.side)
            except (GraticuleError, OSError):
                self._made[key] = None  # the run has told of it
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return self._made[key]

    def _whole(self, path: Path) -> Array:
        """Return an image of which several parts are shown, the last of them kept."""
        if self._last is None or self._last[0] != path:
            self._last = (path, colours_of(read(path)))
        return self._last[1]

    def of(self, path: Path | None, box: Box | None = None) -> Thumbnail:
        """Return the picture of a file."""
        values = self.pixels(path, box)
        if values is None:
            return Thumbnail()
        if max(values.shape[:2]) <= _FEW:
            return Thumbnail(_png(values), is_coarse=True)
        return Thumbnail(jpeg_uri(values, 82))


def colours_of(image: Image) -> Array:
    """Return an image of any dims as r, g, b from 0 to 255.

    Of further dims the middle sample is taken. Bytes are shown as they are; of other numbers
    half a percent at each end is cut off. Sand is where there is no value.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> colours_of(as_image(np.array([[0.0, 1.0], [2.0, np.nan]])))[..., 0].tolist()
    [[0, 127], [255, 216]]
    """
    colour = "c" in image.dims and image.sizes["c"] in (3, 4)
    spatial = [dim for dim in image.dims if dim in SPATIAL][-2:]
    shown = spatial if len(spatial) == 2 else [dim for dim in image.dims if dim != "c"][-2:]
    last = ["c"] if colour else []
    others = {d: image.sizes[d] // 2 for d in image.dims if d not in (*shown, *last)}
    flat = image.isel(others).transpose(*shown, *last)
    if colour:
        flat = flat.isel(c=slice(0, 3))
    values = np.atleast_2d(flat.values)
    shades = values if values.dtype == np.uint8 else _as_bytes(values)
    return np.repeat(shades[..., None], 3, axis=-1) if shades.ndim == 2 else shades


def _as_bytes(values: Array) -> Array:
    """Return numbers of any range as bytes; grey ones without a value get the colour of sand."""
    numbers = values.astype(np.float32)
    finite = np.isfinite(numbers)
    if not finite.any():
        return np.broadcast_to(np.array(NO_VALUE, np.uint8), (*values.shape[:2], 3)).copy()
    low, high = np.percentile(numbers[finite], (0.5, 99.5))
    if low == high:
        low, high = float(numbers[finite].min()), float(numbers[finite].max())
    scaled = (np.where(finite, numbers, low) - low) / ((high - low) or 1.0)
    found: Array = np.clip(255 * scaled, 0, 255).astype(np.uint8)
    if finite.all() or found.ndim == 3:
        return found
    coloured = np.repeat(found[..., None], 3, axis=-1)
    coloured[~finite] = NO_VALUE
    return coloured


def cut(values: Array, box: Box) -> Array:
    """Return a part of a picture with a quarter of its longer side as a margin.

    Examples
    --------
    >>> cut(np.zeros((20, 20, 3)), (8, 12, 0, 4)).shape
    (6, 5, 3)
    """
    top, bottom, left, right = box
    margin = max(1, round(0.25 * max(bottom - top, right - left)))
    return values[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin]


def small(values: Array, side: int) -> Array:
    """Return a picture of at most ``side`` samples a side; a smaller one as it is."""
    longer = max(values.shape[:2])
    if longer <= side:
        return values
    from PIL import Image as Pictures

    scale = side / longer
    size = tuple(max(1, round(scale * n)) for n in values.shape[1::-1])
    picture = Pictures.fromarray(np.ascontiguousarray(values))
    return np.asarray(picture.resize(size, Pictures.Resampling.BOX))


def enlarged(values: Array, side: int) -> Array:
    """Return a picture that just fits into a square, its samples as squares where they are few."""
    from PIL import Image as Pictures

    scale = side / max(values.shape[:2])
    size = tuple(max(1, round(scale * n)) for n in values.shape[1::-1])
    way = Pictures.Resampling.NEAREST if scale > 1 else Pictures.Resampling.BOX
    return np.asarray(Pictures.fromarray(np.ascontiguousarray(values)).resize(size, way))


def jpeg_uri(values: Array, quality: int) -> str:
    """Return a picture as the data URI of a JPEG."""
    from PIL import Image as Pictures

    stream = io.BytesIO()
    picture: Picture = Pictures.fromarray(np.ascontiguousarray(values))
    picture.save(stream, format="JPEG", quality=quality, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _png(values: Any) -> str:
    from PIL import Image as Pictures

    stream = io.BytesIO()
    grey = bool((values == values[..., :1]).all())
    picture = Pictures.fromarray(np.ascontiguousarray(values[..., 0] if grey else values))
    picture.save(stream, format="PNG", optimize=True)
    return png_uri(stream.getvalue())
