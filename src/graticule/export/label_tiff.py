"""The labels of a run as TIFF that ImageJ, Fiji and napari open, with colours and spacing."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from graticule.core.errors import FormatError
from graticule.export.exported import Exported
from graticule.export.labelled import labelled
from graticule.export.outlines import each_image
from graticule.io.axes import axis_of

if TYPE_CHECKING:
    import xarray as xr

    from graticule.core.typing import Array

_COLOURS = 256
_COLOUR_MAP = 320
_GOLDEN = 0.6180339887
_EXACT = 2**24
"""Whole numbers that 32-bit floats keep."""
_DIMS = {"t": "T", "time": "T", "z": "Z"}


def tiff(folder: Path, out: Path, of: str | None = None) -> Exported:
    """Write a TIFF for each label image of a run."""
    return each_image(labelled(folder, of), out, ".tif", _write)


def _write(path: Path, labels: xr.DataArray, facts: Mapping[int, Any], kind: str) -> None:
    write_label_tiff(path, labels)


def write_label_tiff(path: Path, labels: xr.DataArray) -> None:
    """Write labels as ImageJ's own TIFF: untiled, with spacing, unit and a colour for each object.

    Up to 255 they are bytes with a palette; up to 65535 16 bits, and up to 2^24 floats, both with
    a look-up table of 256 colours over their range. Values are the labels in every case.

    Parameters
    ----------
    path : Path
        The file.
    labels : DataArray
        ``y x``, or with slices (``z``), frames (``t``) or both before them.

    Raises
    ------
    FormatError
        If ImageJ has no place for the dims or the numbers.
    """
    import tifffile

    letters = [_DIMS.get(str(dim), "") for dim in labels.dims[:-2]]
    if labels.ndim < 2 or "".join(letters) not in ("", "T", "Z", "TZ") or not all(letters):
        dims = " ".join(map(str, labels.dims))
        raise FormatError(f"ImageJ holds labels in y x, after t and z, not in {dims}")
    largest = int(labels.max()) if labels.size else 0
    if labels.dtype.kind not in "bui" or largest > _EXACT or (labels.size and labels.min() < 0):
        raise FormatError(
            f"ImageJ holds labels from 0 to {_EXACT}, not {labels.dtype} up to {largest}",
            hint="number the objects anew, as by segment.relabel, or take the .ome.tif of the run",
        )
    if largest < _COLOURS:
        values = labels.values.astype(np.uint8)
        colour_table = colours_of_labels().T * np.uint16(257)
        palette: dict[str, Any] = {"photometric": "palette", "colormap": colour_table}
        told: dict[str, Any] = {}
    else:
        values = labels.values.astype(np.uint16 if largest < 2**16 else np.float32)
        # ImageJ colours what has one channel by a palette, of more bits than eight too
        colours = (colours_of_labels().T * np.uint16(257)).ravel().tolist()
        colour_map = (_COLOUR_MAP, "H", len(colours), colours, False)
        palette = {"photometric": "minisblack", "extratags": [colour_map]}
        told = {"LUTs": [colours_of_labels().T], "min": 0.0, "max": float(largest)}
    spaced, resolution = _spacing(labels)
    tifffile.imwrite(
        path,
        values,
        imagej=True,
        resolution=resolution,
        metadata={"axes": "".join(letters) + "YX", **spaced, **told},
        **palette,
    )


def colours_of_labels() -> Array:
    """Return a colour for each number from 0 to 255, ``(256, 3)`` uint8; 0 is black.

    Hues go on by the golden angle, so that numbers near each other differ.

    Examples
    --------
    >>> colours_of_labels()[:3].tolist()
    [[0, 0, 0], [19, 69, 191], [172, 242, 73]]
    """
    found = [(0.0, 0.0, 0.0)]
    for number in range(1, _COLOURS):
        value, saturation = (0.95, 0.75)[number % 2], (0.55, 0.9, 0.7)[number % 3]
        found.append(colorsys.hsv_to_rgb(number * _GOLDEN % 1, saturation, value))
    return np.round(255 * np.array(found)).astype(np.uint8)


def _spacing(labels: xr.DataArray) -> tuple[dict[str, Any], tuple[float, float] | None]:
    """Return what ImageJ is told of the axes, and the samples per unit along x and y.

    It has one unit of length, that of x, and no other for y and z.
    """
    axes = {str(dim): axis_of(labels, str(dim)) for dim in labels.dims}
    x, y = (axes[str(dim)] for dim in reversed(labels.dims[-2:]))
    if x is None or y is None:
        return {}, None
    said: dict[str, Any] = {"unit": x[2] or "pixel"}
    for dim, letter in _DIMS.items():
        axis = axes.get(dim)
        if axis is None:
            continue
        if letter == "Z":
            said["spacing"] = abs(axis[0]) * _factor(axis[2], x[2])
        else:
            said["finterval"], said["tunit"] = abs(axis[0]), axis[2]
    return said, (1 / abs(x[0]), 1 / (abs(y[0]) * _factor(y[2], x[2])))


def _factor(unit: str, wanted: str) -> float:
    from graticule.core.units import unit_scale

    if unit == wanted:
        return 1.0
    (scale, base), (own, own_base) = unit_scale(unit), unit_scale(wanted)
    if base != own_base:
        raise FormatError(f"ImageJ has one unit of length for all axes, not {unit} and {wanted}")
    return float(f"{scale / own:.12g}")
