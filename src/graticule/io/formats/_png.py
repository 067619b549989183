"""Writing PNG, with names, spacing and units of its axes in a note that only we read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.io.axes import axis_of, build, coordinate
from graticule.io.lazy import native

NOTE = "graticule"
"""Key of the note."""


def restored(image: xr.DataArray, text: Any) -> xr.DataArray:
    """Give an image the axes that `write` noted; other programs do not write this note."""
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
    return build(
        image.data,
        dims,
        {**{str(dim): held for dim, held in image.coords.items()}, **coords},
        header=image.attrs.get("header"),
        units=str(note["units"]),
        notes=image.attrs.get("notes", ()),
    )


def _note(image: xr.DataArray) -> str:
    axes = {}
    for dim in map(str, image.dims):
        axis = axis_of(image, dim)
        if axis is not None:
            axes[dim] = {"step": axis[0], "origin": axis[1], "units": axis[2]}
    units = str(image.attrs.get("units", ""))
    return json.dumps({"dims": list(map(str, image.dims)), "axes": axes, "units": units})


def write(path: Path, image: xr.DataArray, labels: bool) -> None:
    """Write a picture of bools, 8 or 16 bits, or of 3 or 4 colours of 8 bits."""
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
    notes.add_text(NOTE, _note(image))
    with path.open("wb") as file:
        Image.fromarray(values).save(file, "PNG", pnginfo=notes, compress_level=3)
