"""Ordinary pictures through Pillow: PNG, JPEG, BMP, GIF, WebP and their like.

>>> import tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> import graticule as gt
>>> from PIL import Image
>>> with tempfile.TemporaryDirectory() as folder:
...     Image.new("RGB", (4, 3), "red").save(Path(folder) / "red.png")
...     red = gt.read(Path(folder) / "red.png").load()
>>> red.dims, red.shape, red[0, 0].values.tolist()
(('y', 'x', 'c'), (3, 4, 3), [255, 0, 0])
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.axes import build
from graticule.io.format import Address, Format, Sizes
from graticule.io.formats._netpbm import is_netpbm
from graticule.io.formats._picture_size import require_modest_picture
from graticule.io.formats._png import NOTE, restored, write
from graticule.io.formats._png_rows import Layout, Rows, about, layout_of
from graticule.io.formats._stored import JPEG, JPEG_2000, PNG, stored_values
from graticule.io.lazy import FileArray, as_dask
from graticule.io.safety import noted

_MARKS = (PNG, JPEG, b"GIF87a", b"GIF89a", *JPEG_2000)
_MODES = {"1", "L", "I", "F", "I;16", "RGB", "RGBA", "LA"}
_ORIENTATION = 0x0112
_LARGE = 2**24
"""Bytes of samples from which a PNG is read by rows."""
_SHORT = 64
"""Bytes of a header entry that are shown; of longer ones, as a colour profile, their number."""


def _sniff(path: Path, head: bytes) -> bool:
    return (
        head.startswith(_MARKS)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[:2] == b"BM" and head[6:10] == bytes(4))
        or is_netpbm(head)
        or head[4:12] in (b"ftypavif", b"ftypavis")
    )


@contextmanager
def open_picture(path: Path, notes: list[str] | None = None) -> Iterator[Any]:
    """Open a picture with Pillow, its own limit on pixels replaced by that of the settings.

    What Pillow warns of on opening is added to ``notes``.
    """
    from PIL import Image

    with path.open("rb") as file:
        with noted() as heard:  # which one thread at a time does, so the limit may be changed
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            try:
                picture = Image.open(file)
            finally:
                Image.MAX_IMAGE_PIXELS = limit
        if notes is not None:
            notes.extend(heard)
        with picture:
            require_modest_picture(picture, path)
            yield picture


def frame(picture: Any, *, labels: bool = False) -> Array:
    """Return the present frame as ``y x`` or ``y x c``, in grey or in red, green and blue.

    Palettes become the colours they name, or stay the indices that are stored if these are
    ``labels``; CMYK, YCbCr, HSV and Lab are turned into RGB.
    """
    picture.load()
    mode = "I;16" if picture.mode.startswith("I;16") else picture.mode
    if mode in ("P", "PA") and labels:
        return np.asarray(picture.getchannel(0))
    if mode in ("P", "PA"):
        clear = mode == "PA" or "transparency" in picture.info
        picture = picture.convert("L" if _is_grey(picture) else "RGBA" if clear else "RGB")
    elif mode == "LAB":
        return _from_lab(picture)
    elif mode in ("CMYK", "YCbCr", "HSV"):
        picture = picture.convert("RGB")
    elif mode in ("RGBa", "La", "RGBX"):
        picture = picture.convert({"RGBa": "RGBA", "La": "LA", "RGBX": "RGB"}[mode])
    elif mode not in _MODES:
        raise FormatError(f"is a picture of mode {mode}, which is not supported")
    return np.asarray(picture)


def _from_lab(picture: Any) -> Array:
    from skimage.color import lab2rgb

    stored = np.asarray(picture).astype(np.float64)
    lab = np.dstack([stored[..., 0] / 2.55, *(np.moveaxis(stored[..., 1:], -1, 0).astype(np.int8))])
    return np.asarray(np.rint(lab2rgb(lab) * 255), np.uint8)


def _is_grey(picture: Any) -> bool:
    """Whether a palette only names greys, and nothing is transparent."""
    if "transparency" in picture.info or picture.mode != "P":
        return False
    table = np.array(picture.getpalette("RGB")).reshape(-1, 3)
    return bool((table == table[:, :1]).all())


def _large_png(address: Address) -> Layout | None:
    """Return how a PNG is stored that is read by rows, for it is large; None of all else."""
    with address.path.open("rb") as file:
        if address.inside or file.read(len(PNG)) != PNG:
            return None
    layout = layout_of(address.path)
    return layout if layout and layout.shape[0] * layout.row >= _LARGE else None


def _by_rows(path: Path, layout: Layout) -> xr.DataArray | None:
    """Return a large PNG, of which rows are unpacked as they are needed; None of a turned one."""
    from PIL import Image
    from PIL.ExifTags import TAGS

    with noted() as heard, Image.open(io.BytesIO(about(path))) as picture:
        header, exif = _header(picture), dict(picture.getexif())
    if exif.get(_ORIENTATION, 1) != 1:
        return None
    if exif:
        header["exif"] = {str(TAGS.get(tag, tag)): value for tag, value in exif.items()}
    note = header.pop(NOTE, None)
    array = FileArray(path, layout.shape, layout.dtype, Rows())
    data = as_dask(array, (1, *layout.shape[1:]))
    return restored(_built(data, 1, header, heard), note)


def _open(address: Address, level: int, *, labels: bool = False) -> xr.DataArray:
    from PIL import UnidentifiedImageError

    layout = _large_png(address)
    by_rows = _by_rows(address.path, layout) if layout else None
    if by_rows is not None:
        return by_rows
    try:
        return _opened(address, labels=labels)
    except UnidentifiedImageError:
        values = None if address.inside else stored_values(address.path)
        if values is None:
            raise FormatError(
                "has no header that Pillow knows", hint="fetch or export the file again"
            ) from None
        return _built(values, 1, {}, [])


def _opened(address: Address, *, labels: bool) -> xr.DataArray:
    from PIL.ExifTags import TAGS

    path = address.path
    notes: list[str] = []
    with open_picture(path, notes) as picture:
        header = _header(picture)
        if address.inside:
            _seek(picture, address.inside)
        count = 1 if picture.format == "MPO" else getattr(picture, "n_frames", 1)
        if labels and count > 1:
            raise FormatError(
                "is an animation, whose frames are colours and no labels",
                hint="save the frames as a TIFF, one number a sample",
            )
        exact = stored_values(path, picture) if count == 1 else None
        values = _stack(picture, count, labels=labels) if exact is None else exact
        exif = _exif(picture, notes) if count == 1 else {}
        values = _upright(values, exif.get(_ORIENTATION, 1), notes)
        _tell_of_others(picture, notes)
    if exif:
        header["exif"] = {str(TAGS.get(tag, tag)): value for tag, value in exif.items()}
    note = header.pop(NOTE, None)
    return restored(_built(values, count, header, notes), note)


def _built(values: Any, count: int, header: dict[str, Any], notes: list[str]) -> xr.DataArray:
    dims = (["t"] if count > 1 else []) + ["y", "x"]
    dims += ["c"] if values.ndim > len(dims) else []
    coords = {"c": ["grey", "opacity"]} if "c" in dims and values.shape[-1] == 2 else {}
    return build(values, dims, coords, header=header, notes=notes)


def _header(picture: Any) -> dict[str, Any]:
    """Return what Pillow knows of a picture; of what has no short value, its size."""
    header = {"format": picture.format, "mode": picture.mode}
    if picture.mode in ("P", "PA"):
        header["palette"] = "its indices are read where labels are wanted, its colours elsewhere"
    for key, value in picture.info.items():
        if isinstance(value, bytes):
            header[str(key)] = value if len(value) <= _SHORT else f"{len(value)} bytes"
        elif isinstance(value, (str, int, float, tuple)):
            header[str(key)] = value
    return header


def _exif(picture: Any, notes: list[str]) -> dict[int, Any]:
    """Return what a camera said, by the numbers of its tags; what is odd in it is noted."""
    if picture.format == "PNG":
        picture.load()  # or else it would be, while others wait
    with noted() as heard:
        exif = dict(picture.getexif())
    notes += [note for note in heard if note not in notes]
    return exif


def _seek(picture: Any, name: str) -> None:
    """Go to a further image of a file of several."""
    count = picture.n_frames if picture.format == "MPO" else 1
    if count == 1:
        raise FormatError("a picture holds one image, and nothing by name within")
    if name not in map(str, range(count)):
        raise FormatError(f"holds no image {name!r}", hint=f"it has 0 to {count - 1}")
    picture.seek(int(name))


def _stack(picture: Any, count: int, *, labels: bool) -> Array:
    if count == 1:
        return frame(picture, labels=labels)
    frames = []
    for index in range(count):
        picture.seek(index)
        frames.append(frame(picture))
    if len({values.shape[:2] for values in frames}) > 1:
        raise FormatError("has frames of different sizes")
    if picture.format == "GIF" and all(_is_of_greys(values) for values in frames):
        frames = [values if values.ndim == 2 else values[..., 0] for values in frames]
    colours = max(1 if values.ndim == 2 else values.shape[2] for values in frames)
    return np.stack([_in_colours(values, colours) for values in frames])


def _is_of_greys(values: Array) -> bool:
    """Whether a frame is grey, or has three channels that are equal."""
    return values.ndim == 2 or (values.shape[2] == 3 and bool((values == values[..., :1]).all()))


def _in_colours(values: Array, colours: int) -> Array:
    """Return a frame in grey, RGB or RGBA with as many channels as others have."""
    if colours == 1 or (values.ndim == 3 and values.shape[2] == colours):
        return values
    grey = values if values.ndim == 2 else values[..., 0]
    base = values[..., :3] if values.ndim == 3 and values.shape[2] >= 3 else np.dstack([grey] * 3)
    opaque = np.full(values.shape[:2], 255, values.dtype)
    return np.dstack([base, opaque]) if colours == 4 else base


def _upright(values: Array, turn: Any, notes: list[str]) -> Array:
    """Turn an image as its EXIF orientation says, as every viewer does, and tell of it."""
    if turn not in range(2, 9):
        return values
    notes.append(f"is turned upright, as its EXIF orientation {turn} says")
    if turn >= 5:
        values = values.swapaxes(0, 1)
    rows = slice(None, None, -1 if turn in (3, 4, 7, 8) else 1)
    columns = slice(None, None, -1 if turn in (2, 3, 6, 7) else 1)
    return np.ascontiguousarray(values[rows, columns])


def _tell_of_others(picture: Any, notes: list[str]) -> None:
    more = picture.n_frames - 1 if picture.format == "MPO" else 0
    if picture.info.get("default_image"):
        notes.append("its first frame is the one that is shown where nothing moves")
    if more:
        notes.append(
            f"holds {more} further image{'s' if more > 1 else ''} (a preview, a second view or a "
            "gain map), by name /1 after the path"
        )


def _levels(address: Address) -> list[Sizes]:
    from PIL import UnidentifiedImageError

    if _large_png(address):
        return [{str(dim): int(size) for dim, size in _open(address, 0).sizes.items()}]
    with suppress(UnidentifiedImageError), open_picture(address.path) as picture:
        plain = picture.mode in ("1", "L", "I", "F") and getattr(picture, "n_frames", 1) == 1
        plain = plain and NOTE not in picture.info and not address.inside
        if plain and _exif(picture, []).get(_ORIENTATION, 1) == 1:
            return [{"y": picture.height, "x": picture.width}]
    return [{str(dim): int(size) for dim, size in _open(address, 0).sizes.items()}]


def _names(address: Address) -> list[str]:
    from PIL import UnidentifiedImageError

    if _large_png(address):
        return []
    with suppress(UnidentifiedImageError), open_picture(address.path) as picture:
        if picture.format == "MPO" and not address.inside:
            return list(map(str, range(picture.n_frames)))
    return []


FORMAT = Format(
    "picture",
    _sniff,
    _open,
    suffixes=(
        *(".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".avif"),
        *(".jp2", ".j2k", ".jls", ".pbm", ".pgm", ".ppm", ".pnm", ".pfm"),
    ),
    write=write,
    write_suffixes=(".png",),
    open_labels=partial(_open, labels=True),
    levels=_levels,
    names=_names,
)
