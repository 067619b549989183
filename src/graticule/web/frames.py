"""Views as the page draws them: samples in few bytes, with what they mean in front."""

from __future__ import annotations

import json
import struct
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from graticule.core.image import Image, Kind
from graticule.core.typing import Array
from graticule.pipeline.live.image import RegionView

_ALIGNED = 8
_ROWS = 200_000
_DEEPEST = 65534
_ENDS = (0.5, 99.5)
_COUNTED = 2**16
"""Samples by which the ends of the contrast are told."""


def plane_dims(dims: Iterable[Any]) -> list[str]:
    """Return the dims that are drawn as rows and columns: y and x, or the last two.

    Examples
    --------
    >>> plane_dims(["c", "y", "x"]), plane_dims(["distance", "time"])
    (['y', 'x'], ['distance', 'time'])
    """
    known = [str(dim) for dim in dims]
    return ["y", "x"] if {"y", "x"} <= set(known) else known[-2:]


def is_colour(dim: str, size: int, at: Container[str]) -> bool:
    """Whether a dim is shown as the colours of a sample: three or four, none of them chosen."""
    return dim == "c" and size in (3, 4) and "c" not in at


def frame(view: RegionView, kind: Kind, about: dict[str, Any], drawn: Sequence[str] = ()) -> bytes:
    """Return a view as a header in JSON and its samples.

    Parameters
    ----------
    view : RegionView
        Of an image.
    kind : Kind
        What it is.
    about : dict
        What else the header says.
    drawn : sequence of str
        The dims of rows and columns; by default those of `plane_dims`.
    """
    assert view.image is not None
    plane, told = _plane(view.image, kind, list(drawn) or plane_dims(view.image.dims))
    header = {
        "type": "view", "level": view.level, "basis": view.basis,
        "unit": str(view.image.attrs.get("units", "")), **about, **told,
        "shape": list(plane.shape), "dtype": f"u{plane.dtype.itemsize}",
    }  # fmt: skip
    return _framed(header, plane.tobytes())


def channels_frame(
    view: RegionView, channels: Mapping[int, int], about: dict[str, Any], drawn: Sequence[str] = ()
) -> bytes:
    """Return channels as a header in JSON and the samples of one after the other.

    Parameters
    ----------
    view : RegionView
        Of an image with the dim ``c``.
    channels : mapping of int
        Where in the view each channel lies, by its number.
    about, drawn
        As of `frame`.
    """
    assert view.image is not None
    lengths = list(drawn) or plane_dims(view.image.dims)
    planes = [_plane(view.image.isel(c=at), Kind.IMAGE, lengths) for at in channels.values()]
    wide = np.result_type(*(samples.dtype for samples, _ in planes))
    told = [
        {"channel": channel, **{key: value for key, value in each.items() if key != "kind"}}
        for channel, (_, each) in zip(channels, planes, strict=True)
    ]
    header = {
        "type": "view", "level": view.level, "basis": view.basis,
        "unit": str(view.image.attrs.get("units", "")), **about, **planes[0][1],
        "kind": "channels", "channels": told, "shape": list(planes[0][0].shape),
        "dtype": f"u{wide.itemsize}",
    }  # fmt: skip
    return _framed(header, b"".join(samples.astype(wide).tobytes() for samples, _ in planes))


def table_frame(table: Any, about: dict[str, Any]) -> bytes:
    """Return a table as a header in JSON, with its texts, and its numbers column by column.

    Parameters
    ----------
    table : DataFrame or object
        Of anything else one row with its value.
    about : dict
        What else the header says.
    """
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        table = pd.DataFrame({"value": [table]})
    units, some = table.attrs.get("units", {}), table.head(_ROWS)
    columns, texts, numbers = [], {}, []
    for name in some.columns:
        values, called = some[name], str(name)
        is_number = values.dtype.kind in "biuf"
        kind = "number" if is_number else "text"
        columns.append({"name": called, "unit": str(units.get(name, "")), "kind": kind})
        if is_number:
            numbers.append(np.ascontiguousarray(values.to_numpy(), "<f8").tobytes())
        else:
            told = zip(values, values.isna(), strict=True)
            texts[called] = ["" if missing else str(value) for value, missing in told]
    header = {"type": "table", **about, "columns": columns, "texts": texts, "count": len(some),
              "rows": len(table)}  # fmt: skip
    return _framed(header, b"".join(numbers))


def _framed(header: dict[str, Any], content: bytes) -> bytes:
    text = json.dumps(header, allow_nan=False).encode()
    padding = b" " * (-(4 + len(text)) % _ALIGNED)
    return b"".join([struct.pack("<I", len(text) + len(padding)), text, padding, content])


def _plane(image: Image, kind: Kind, lengths: list[str]) -> tuple[Array, dict[str, Any]]:
    """Return samples in rows and columns (and colours), and what they mean."""
    rest = [str(dim) for dim in image.dims if dim not in lengths]
    values = np.ascontiguousarray(image.transpose(*lengths, *rest).values)
    while values.ndim < 2:
        values = values[None]
    if kind in (Kind.MASK, Kind.LABELS) or values.dtype == np.bool_:
        values = values.reshape(*values.shape[:2], -1)[..., 0]
    if kind is Kind.MASK or values.dtype == np.bool_:
        return (values != 0).astype(np.uint8), {
            "kind": "mask", "offset": 0, "scale": 1, "low": 0, "high": 1}  # fmt: skip
    if kind is Kind.LABELS:
        return values.astype(np.uint32), {
            "kind": "labels",
            "offset": 0,
            "scale": 1,
            "low": 0,
            "high": 1,
        }
    is_colour = values.ndim == 3 and values.shape[2] in (3, 4) and "c" in rest
    plane = values[..., :3] if is_colour else values.reshape(*values.shape[:2], -1)[..., 0]
    samples, told = _in_steps(plane)
    return samples, {"kind": "rgb" if is_colour else "image", **told}


def _in_steps(values: Array) -> tuple[Array, dict[str, Any]]:
    """Return numbers in as many steps as a sample of 16 bits has; 0 where there is none."""
    if values.dtype == np.uint8:
        low, high = _ends(values)
        return values, {"offset": 0, "scale": 1, "low": low, "high": high}
    if values.dtype.kind in "iu":
        return _whole_in_steps(values)
    known = values if values.dtype == np.float32 else values.astype(np.float64)
    missing = ~np.isfinite(known)
    has_missing = bool(missing.any())
    if has_missing:
        known = np.where(missing, np.nan, known)
    if missing.all():
        nothing = {"offset": 0.0, "scale": 1.0, "low": 0.0, "high": 1.0, "nan": True}
        return np.zeros(values.shape, np.uint16), nothing
    least, most = float(np.nanmin(known)), float(np.nanmax(known))
    scale = (most - least) / (_DEEPEST - 1)
    if scale == 0 or not np.isfinite(scale):
        scale = 1.0
    steps = known - known.dtype.type(least)
    steps *= known.dtype.type(1 / scale)
    steps += known.dtype.type(1.5)  # rounded, and 0 is kept for what is missing
    if has_missing:
        steps[missing] = 0
    low, high = _ends(known)
    told = {"offset": least - scale, "scale": scale, "low": low, "high": high, "nan": True}
    return steps.astype(np.uint16), told


def _whole_in_steps(values: Array) -> tuple[Array, dict[str, Any]]:
    least, most = int(values.min()), int(values.max())
    low, high = _ends(values)
    told = {"low": low, "high": high, "nan": True}
    if most - least < _DEEPEST:
        steps = (values.astype(np.int64) - least + 1).astype(np.uint16)
        return steps, {"offset": least - 1, "scale": 1, **told}
    scale = (most - least) / (_DEEPEST - 1)
    steps = ((values.astype(np.float64) - least) / scale + 1.5).astype(np.uint16)
    return steps, {"offset": least - scale, "scale": scale, **told}


def _ends(values: Array) -> tuple[float, float]:
    """Return between which values most lie, by a sample of them."""
    flat = values.reshape(-1)
    some = flat[:: max(1, flat.size // _COUNTED)]
    some = some[np.isfinite(some)] if some.dtype.kind == "f" else some
    if not some.size:
        return 0.0, 1.0
    low, high = (float(each) for each in np.percentile(some, _ENDS))
    return low, high if high > low else low + 1


def histogram(view: RegionView, bins: int = 256) -> tuple[list[float], list[int]]:
    """Return the edges and counts of the values in view."""
    assert view.image is not None
    values = view.image.values
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values.astype(float)
    if not finite.size:
        return [0.0, 1.0], [0]
    counts, edges = np.histogram(finite, bins=bins)
    return edges.tolist(), counts.tolist()
