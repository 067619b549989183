"""Ordinary pictures through Pillow: PNG, JPEG, BMP, GIF, WebP and their like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.axes import axis_of, build, coordinate
from graticule.io.format import Address, Format, Sizes
from graticule.io.lazy import native
from graticule.io.safety import quiet, require_modest

_MARKS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"\x00\x00\x00\x0cjP  \r\n",
    b"\xff\x4f\xff\x51",
)
_NETPBM = (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6")
_MODES = {"1", "L", "I", "F", "I;16", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "LA"}
_KEY = "graticule"


def _sniff(path: Path, head: bytes) -> bool:
    return (
        head.startswith(_MARKS)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[:2] == b"BM" and head[6:10] == bytes(4))
        or (head[:2] in _NETPBM and head[2:3].isspace())
        or head[4:12] in (b"ftypavif", b"ftypavis")
    )


@contextmanager
def open_picture(path: Path) -> Iterator[Any]:
    """Open a picture with Pillow, its own limit on pixels replaced by that of the settings."""
    from PIL import Image

    with path.open("rb") as file:
        with quiet(UserWarning):  # about metadata, which an image does not depend on
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            try:
                picture = Image.open(file)
            finally:
                Image.MAX_IMAGE_PIXELS = limit
        with picture:
            require_modest((getattr(picture, "n_frames", 1), picture.height, picture.width))
            yield picture


def frame(picture: Any) -> Array:
    """Return the present frame as ``y x`` or ``y x c``; palettes become the colours they name."""
    mode = "I;16" if picture.mode.startswith("I;16") else picture.mode
    if mode in ("P", "PA"):
        grey = mode == "P" and _is_grey(picture)
        picture = picture.convert("L" if grey else picture.palette.mode if mode == "P" else "RGBA")
    elif mode not in _MODES:
        raise FormatError(f"is a picture of mode {mode}, which is not supported")
    picture.load()
    return np.asarray(picture)


def _is_grey(picture: Any) -> bool:
    """Whether a palette only names greys, and nothing is transparent."""
    if "transparency" in picture.info or picture.palette.mode != "RGB":
        return False
    table = np.frombuffer(picture.palette.tobytes(), np.uint8)
    table = table[: table.size // 3 * 3].reshape(-1, 3)
    return bool((table == table[:, :1]).all())


def _open(address: Address, level: int) -> xr.DataArray:
    if address.inside:
        raise FormatError("a picture holds one image, and nothing by name within")
    with open_picture(address.path) as picture:
        header = {"format": picture.format, "mode": picture.mode, **picture.info}
        count = getattr(picture, "n_frames", 1)
        deep = count == 1 and _is_deep(address.path)
        values = _decode(address.path) if deep else _stack(picture, count)
    dims = (["t"] if count > 1 else []) + ["y", "x"]
    dims += ["c"] if values.ndim > len(dims) else []
    kept = {k: v for k, v in header.items() if isinstance(v, (str, int, float, tuple))}
    return _restored(build(values, dims, header=kept), kept.pop(_KEY, None))


def _stack(picture: Any, count: int) -> Array:
    if count == 1:
        return frame(picture)
    frames = []
    for index in range(count):
        picture.seek(index)
        frames.append(frame(picture))
    if len({(values.shape, values.dtype) for values in frames}) > 1:
        raise FormatError("has frames of different sizes or kinds")
    return np.stack(frames)


def _is_deep(path: Path) -> bool:
    """Whether this is a PNG of 16-bit colours, of which Pillow would drop the lower half."""
    with path.open("rb") as file:
        head = file.read(26)
    return head.startswith(_MARKS[0]) and head[24] == 16 and head[25] in (2, 4, 6)


def _decode(path: Path) -> Array:
    import imagecodecs

    return np.asarray(imagecodecs.png_decode(path.read_bytes()))


def _restored(image: xr.DataArray, text: Any) -> xr.DataArray:
    """Give an image the axes that `_write` noted; other programs do not write this note."""
    if not isinstance(text, str):
        return image
    note = json.loads(text)
    dims = [str(dim) for dim in note["dims"]]
    image = image.rename(dict(zip(image.dims, dims, strict=True)))
    coords = {
        dim: coordinate(
            dim, image.sizes[dim], axis["step"], origin=axis["origin"], unit=str(axis["units"])
        )
        for dim, axis in note["axes"].items()
    }
    units = {"units": str(note["units"])} if note["units"] else {}
    return image.assign_coords(coords).assign_attrs(units)


def _note(image: xr.DataArray) -> str:
    axes = {}
    for dim in map(str, image.dims):
        axis = axis_of(image, dim)
        if axis is not None:
            axes[dim] = {"step": axis[0], "origin": axis[1], "units": axis[2]}
    units = str(image.attrs.get("units", ""))
    return json.dumps({"dims": list(map(str, image.dims)), "axes": axes, "units": units})


def _write(path: Path, image: xr.DataArray, labels: bool) -> None:
    from PIL import Image, PngImagePlugin

    colours = image.sizes["c"] if image.ndim == 3 and image.dims[-1] == "c" else 0
    dtype = native(image)
    fits = dtype in (np.bool_, np.uint8) or (dtype == np.uint16 and not colours)
    if not fits or image.ndim - bool(colours) != 2 or colours not in (0, 3, 4) or not image.size:
        raise FormatError(
            f"a PNG holds y x of bool, 8 or 16 bits, or y x c of 8 bits and 3 or 4 colours, "
            f"not {image.dtype} of {dict(image.sizes)}",
            hint="scale it to uint8 first, or write .ome.tif",
        )
    values = np.ascontiguousarray(image.values, dtype)
    if colours and dtype == np.bool_:
        raise FormatError("a PNG holds no colours of one bit", hint="convert to uint8 first")
    notes = PngImagePlugin.PngInfo()
    notes.add_text(_KEY, _note(image))
    with path.open("wb") as file:
        Image.fromarray(values).save(file, "PNG", pnginfo=notes, compress_level=3)


def _levels(address: Address) -> list[Sizes]:
    with open_picture(address.path) as picture:
        count, coloured = getattr(picture, "n_frames", 1), len(picture.getbands()) > 1
        plain = not (coloured or picture.mode in ("P", "PA"))
        sizes = {"t": count} if count > 1 else {}
        sizes |= {"y": picture.height, "x": picture.width}
    if plain and not _is_noted(picture):
        return [sizes]
    return [{str(dim): int(size) for dim, size in _open(address, 0).sizes.items()}]


def _is_noted(picture: Any) -> bool:
    return _KEY in picture.info


FORMAT = Format(
    "picture",
    _sniff,
    _open,
    suffixes=(".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"),
    write=_write,
    write_suffixes=(".png",),
    levels=_levels,
)
