"""Pixel sizes that light microscopes, slide scanners and cameras note in tags of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from graticule.io.axes import short_unit
from graticule.io.formats._tiff_axes import Axes, sized

_SLIDE = re.compile(r"\|\s*MPP\s*=\s*([^|\s]+)")
_DIMENSIONS = {"X": "X", "Y": "Y", "Z": "Z", "T": "T", "TIME": "T"}


def lsm(tif: Any) -> Axes | None:
    """Read Zeiss LSM: voxels in metres, and the time between images."""
    said = tif.lsm_metadata
    if not said:
        return None
    sizes = {letter: said.get(f"VoxelSize{letter}") for letter in "XYZ"}
    header = {key: value for key, value in said.items() if not isinstance(value, Mapping)}
    axes = sized(sizes, "m", "VoxelSize of LSM", header)
    interval = sized({"T": said.get("TimeIntervall")}, "s", "", {})  # spelt so by its vendor
    return Axes({**axes.steps, **interval.steps}, header=header, notes=axes.notes)


def stk(tif: Any) -> Axes | None:
    """Read MetaMorph STK: a calibration of x and y, and the distance of planes."""
    said = tif.stk_metadata
    if not said:
        return None
    unit = short_unit(said.get("CalibrationUnits", ""))
    sizes = {letter: said.get(f"{letter}Calibration") for letter in "XY"}
    if not said.get("SpatialCalibration", 1):
        return Axes(header=said, notes=("its calibration is switched off; pixels are counted",))
    axes = sized(sizes, unit, "XCalibration and YCalibration of MetaMorph", said)
    distances = np.abs(np.asarray(said.get("ZDistance", ()), float).ravel())
    if distances.size and distances[0] and np.allclose(distances, distances[0]):
        deep = sized({"Z": float(distances[0])}, "um", "", {})
        return Axes({**axes.steps, **deep.steps}, header=said, notes=axes.notes)
    return axes


def fluoview(tif: Any) -> Axes | None:
    """Read Olympus FluoView: a size and a unit for each of its dimensions."""
    said = tif.fluoview_metadata
    if not said:
        return None
    steps: dict[str, tuple[float, float, str]] = {}
    notes: list[str] = []
    for name, _, _, resolution, unit in said.get("Dimensions", ()):
        letter = _DIMENSIONS.get(str(name).upper())
        if letter:
            axis = sized({letter: resolution}, short_unit(unit), f"{name} of FluoView", {})
            steps.update(axis.steps)
            notes += axis.notes
    return Axes(steps, header={"name": said.get("ImageName")}, notes=notes)


def sis(tif: Any) -> Axes | None:
    """Read Olympus SIS: pixels in metres."""
    said = tif.sis_metadata
    if not said or "pixelsizex" not in said:
        return None
    sizes = {"X": said["pixelsizex"], "Y": said.get("pixelsizey")}
    return sized(sizes, "m", "pixelsize of SIS", said)


def metaseries(tif: Any) -> Axes | None:
    """Read MetaMorph's and MetaXpress' description in XML."""
    if not tif.is_metaseries:
        return None
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(tif.pages.first.description.encode())
    except ParseError as error:
        return Axes(notes=(f"its description cannot be parsed ({error}); pixels are counted",))
    said = {each.get("id"): each.get("value") for each in root.iter("prop")}
    if (said.get("spatial-calibration-state") or "on").lower() == "off":
        return Axes(header=said, notes=("its calibration is switched off; pixels are counted",))
    sizes = {letter: said.get(f"spatial-calibration-{letter.lower()}") for letter in "XY"}
    unit = short_unit(said.get("spatial-calibration-units", ""))
    return sized(sizes, unit, "spatial-calibration of MetaSeries", said)


def slide(tif: Any) -> Axes | None:
    """Read Aperio slides: micrometres per pixel."""
    if not tif.is_svs:
        return None
    found = _SLIDE.search(tif.pages.first.description)
    size = found[1] if found else None
    return sized({"X": size, "Y": size}, "um", "MPP of Aperio", {})


def pilatus(tif: Any) -> Axes | None:
    """Read the header of Pilatus detectors: pixels in metres."""
    said = tif.pilatus_metadata
    if not said or len(said.get("Pixel_size", ())) != 2:
        return None
    return sized(dict(zip("XY", said["Pixel_size"], strict=True)), "m", "Pixel_size", said)


def tvips(tif: Any) -> Axes | None:
    """Read cameras of TVIPS: pixels in nanometres, in the second version of their header."""
    said = tif.tvips_metadata
    if not said or "PixelSizeX" not in said:
        return None
    sizes = {letter: said.get(f"PixelSize{letter}") for letter in "XY"}
    return sized(sizes, "nm", "PixelSize of TVIPS", {})


def micromanager(tif: Any) -> Axes | None:
    """Read what Micro-Manager notes for each page: micrometres per pixel."""
    said = tif.pages.first.tags.valueof(51123) if tif.is_micromanager else None
    if not isinstance(said, Mapping) or "PixelSizeUm" not in said:
        return None
    size = said["PixelSizeUm"]
    return sized({"X": size, "Y": size}, "um", "PixelSizeUm of Micro-Manager", said)


READERS = (lsm, stk, fluoview, sis, metaseries, slide, pilatus, tvips, micromanager)
"""Each returns what a file says of its axes, or None where the file is of another vendor."""
