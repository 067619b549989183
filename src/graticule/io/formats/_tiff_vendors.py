"""Pixel sizes that instruments and maps note in tags of their own: FEI, Zeiss, GeoTIFF."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graticule.io.axes import short_unit
from graticule.io.formats._tiff_axes import Axes, positive

_ZEISS_KEYS = ("ap_image_pixel_size", "ap_pixel_size")
_DEGREES = 2  # GTModelTypeGeoKey of geographic coordinates (GeoTIFF 1.1, requirement 7)
_POINTS = 2  # GTRasterTypeGeoKey of samples that are points
_LENGTHS = {9001: "m", 9002: "ft", 9003: "ft"}
"""Codes of ProjLinearUnitsGeoKey (EPSG units of length)."""


def vendor_axes(tif: Any) -> Axes | None:
    """Return the axes that a vendor's tags give; None for files without such tags."""
    for read in (_fei, _zeiss, _map):
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
    return _axes(sizes, "m", "PixelWidth and PixelHeight of FEI", metadata)


def _zeiss(tif: Any) -> Axes | None:
    metadata = tif.sem_metadata
    if not metadata:
        return None
    entry = next((metadata[key] for key in _ZEISS_KEYS if key in metadata), ("", None, ""))
    unit = short_unit(entry[2]) if len(entry) > 2 else "m"
    about = {str(value[0]): value[1] for key, value in metadata.items() if key}
    return _axes({"X": entry[1], "Y": entry[1]}, unit, "the pixel size of Zeiss", about)


def _map(tif: Any) -> Axes | None:
    metadata = tif.geotiff_metadata
    if not metadata:
        return None
    scale = metadata.get("ModelPixelScale")
    if scale is None:
        note = "its georeference is no plain scale; y and x are counted in pixels"
        return Axes(header=metadata, notes=(note,))
    code = int(metadata.get("ProjLinearUnitsGeoKey", 9001))
    unit = "deg" if metadata.get("GTModelTypeGeoKey") == _DEGREES else _LENGTHS.get(code, "")
    axes = _axes({"X": scale[0], "Y": scale[1]}, unit, "ModelPixelScale", metadata)
    tie = metadata.get("ModelTiepoint")
    if tie is None or len(tie) != 6:
        return axes
    column, row, _, east, north, _ = map(float, tie)
    half = 0.0 if metadata.get("GTRasterTypeGeoKey") == _POINTS else 0.5  # a pixel's middle
    steps = {}
    for letter, sign, start, at in (("X", 1, east, column), ("Y", -1, north, row)):
        if letter in axes.steps:
            step = sign * axes.steps[letter][0]
            steps[letter] = (step, start + (half - at) * step, unit)
    return Axes(steps, header=axes.header, notes=axes.notes)


def _axes(sizes: Mapping[str, object], unit: str, what: str, header: Mapping[str, Any]) -> Axes:
    steps = {letter: (positive(size), 0.0, unit) for letter, size in sizes.items()}
    good = {letter: step for letter, step in steps.items() if step[0]}
    notes = () if len(good) == len(steps) else (f"{what} give no spacing; pixels are counted",)
    return Axes(good, header=header, notes=notes)
