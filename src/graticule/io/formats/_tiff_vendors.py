"""Pixel sizes that electron microscopes and maps note in tags of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from graticule.core.typing import Array
from graticule.io.axes import short_unit
from graticule.io.formats._tiff_axes import Axes, sized
from graticule.io.formats._tiff_microscopes import READERS

_ZEISS_KEYS = ("ap_image_pixel_size", "ap_pixel_size")
_DEGREES = 2  # GTModelTypeGeoKey of geographic coordinates (GeoTIFF 1.1, requirement 7)
_ALIGNED = 1e-9
"""Off-diagonal parts of a matrix, against its steps, that rounding makes."""
_POINTS = 2  # GTRasterTypeGeoKey of samples that are points
_LENGTHS = {9001: "m", 9002: "ft", 9003: "ft"}
"""Codes of ProjLinearUnitsGeoKey (EPSG units of length)."""


def vendor_axes(tif: Any) -> Axes | None:
    """Return the axes that a vendor's tags give; None for files without such tags."""
    for read in (_fei, _zeiss, _map, *READERS):
        axes = read(tif)
        if axes is not None:
            return axes
    return None


def _fei(tif: Any) -> Axes | None:
    metadata = tif.fei_metadata
    if not metadata:
        return None
    scan: Mapping[str, Any] = next(
        (metadata[part] for part in ("Scan", "EScan", "EBeam") if part in metadata), {}
    )
    sizes = {"X": scan.get("PixelWidth"), "Y": scan.get("PixelHeight")}
    return sized(sizes, "m", "PixelWidth and PixelHeight of FEI", metadata)


def _zeiss(tif: Any) -> Axes | None:
    metadata = tif.sem_metadata
    if not metadata:
        return None
    entry = next((metadata[key] for key in _ZEISS_KEYS if key in metadata), ("", None, ""))
    unit = short_unit(entry[2]) if len(entry) > 2 else "m"
    about = {str(value[0]): value[1] for key, value in metadata.items() if key}
    return sized({"X": entry[1], "Y": entry[1]}, unit, "the pixel size of Zeiss", about)


def _map(tif: Any) -> Axes | None:
    metadata = tif.geotiff_metadata
    if not metadata:
        return None
    code = int(metadata.get("ProjLinearUnitsGeoKey", 9001))
    unit = "deg" if metadata.get("GTModelTypeGeoKey") == _DEGREES else _LENGTHS.get(code, "")
    # a sample lies in the middle of its pixel, or is a point
    half = 0.0 if metadata.get("GTRasterTypeGeoKey") == _POINTS else 0.5
    matrix = metadata.get("ModelTransformation")
    scale, tie = metadata.get("ModelPixelScale"), metadata.get("ModelTiepoint")
    if matrix is not None and np.shape(matrix) == (4, 4):
        return _by_matrix(np.asarray(matrix, float), unit, half, metadata)
    if scale is None or len(scale) < 2:
        note = "its georeference is no scale and no matrix; y and x are counted in pixels"
        return Axes(header=metadata, notes=(note,))
    axes = sized({"X": scale[0], "Y": scale[1]}, unit, "ModelPixelScale", metadata)
    if np.shape(tie) != (6,):
        return replace(axes, notes=(*axes.notes, "its georeference has no single tie point"))
    column, row, _, east, north, _ = map(float, tie)
    steps = {}
    for letter, sign, start, at in (("X", 1, east, column), ("Y", -1, north, row)):
        if letter in axes.steps:
            step = sign * axes.steps[letter][0]
            steps[letter] = (step, start + (half - at) * step, unit)
    return replace(axes, steps=steps)


def _by_matrix(matrix: Array, unit: str, half: float, header: Mapping[str, Any]) -> Axes:
    """Read a matrix from columns and rows to the map; a turned one gives lengths alone."""
    plane = matrix[:2, :2]
    lengths = np.hypot(*plane)
    axes = sized(dict(zip("XY", lengths.tolist(), strict=True)), unit, "ModelTransformation",
                 header)  # fmt: skip
    if len(axes.steps) < 2:
        return axes
    if abs(plane[0, 1]) + abs(plane[1, 0]) > _ALIGNED * lengths.max():
        note = "is turned against the axes of its map: y and x are lengths from its first pixel"
        return replace(axes, notes=(*axes.notes, note))
    steps = {letter: (float(plane[at, at]), float(matrix[at, 3] + half * plane[at, at]), unit)
             for at, letter in enumerate("XY")}  # fmt: skip
    return replace(axes, steps=steps)
