"""What the three kinds of TIFF say about their axes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.io.axes import short_unit

NOTE = "graticule"
_PER_CENTIMETRE = 3


@dataclass(frozen=True)
class Axes:
    """Names, spacing and units.

    Attributes
    ----------
    steps : mapping
        Step, origin and unit by the letter that TIFF readers call an axis.
    letters : str
        The axes an image has; empty for those with more than one sample, and Y and X.
    dims : tuple of str
        Their names; empty for those that follow from the letters.
    """

    steps: Mapping[str, tuple[float, float, str]] = field(default_factory=dict)
    letters: str = ""
    dims: tuple[str, ...] = ()
    units: str = ""
    is_bool: bool = False
    header: Mapping[str, Any] = field(default_factory=dict)


def ome_axes(text: str, name: str) -> Axes:
    """Read the OME-XML of a file.

    Raises
    ------
    UnsafeFileError
        If it declares entities, which can read other files or grow without bound.
    FormatError
        If it is no XML, or its image lies in several files.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(text.encode(), forbid_dtd=True)
    except DefusedXmlException as error:
        raise UnsafeFileError(
            f"its OME-XML declares entities or a document type ({type(error).__name__})",
            hint="remove the declaration; OME-XML needs none",
        ) from None
    except ParseError as error:
        raise FormatError(f"its OME-XML cannot be parsed ({error})") from None
    others = {u.get("FileName") for u in root.iterfind(".//{*}TiffData/{*}UUID")} - {None, name}
    identifier = root.get("UUID")
    foreign = {u.text for u in root.iterfind(".//{*}TiffData/{*}UUID")} - {identifier}
    if others and foreign:
        raise FormatError(
            f"is one of several files that hold an image together, as {sorted(others)[0]}",
            hint="convert it to one OME-TIFF or OME-Zarr",
        )
    return _from_pixels(root)


def _from_pixels(root: Any) -> Axes:
    image = root.find("{*}Image")
    pixels = image.find("{*}Pixels") if image is not None else None
    if pixels is None:
        return Axes()
    steps = {}
    for letter in "XYZ":
        step = pixels.get(f"PhysicalSize{letter}")
        unit = short_unit(pixels.get(f"PhysicalSize{letter}Unit", "µm"))
        if step is not None and unit:
            steps[letter] = (float(step), 0.0, unit)
    if pixels.get("TimeIncrement") is not None:
        unit = short_unit(pixels.get("TimeIncrementUnit", "s"))
        steps["T"] = (float(pixels.get("TimeIncrement")), 0.0, unit)
    channels = [c.get("Name") or c.get("ID") for c in pixels.iterfind("{*}Channel")]
    header = {"name": image.get("Name"), "channels": channels}
    note = root.find(f".//{{*}}MapAnnotation/{{*}}Value/{{*}}M[@K='{NOTE}']")
    return _noted(note.text, header) if note is not None else Axes(steps, header=header)


def _noted(text: str, header: Mapping[str, Any]) -> Axes:
    """Read what Graticule noted when it wrote the file: names and origins OME has no place for."""
    note = json.loads(text)
    steps = {
        letter: (float(axis["step"]), float(axis["origin"]), str(axis["units"]))
        for letter, axis in note["axes"].items()
    }
    dims = tuple(str(dim) for dim in note["dims"])
    return Axes(
        steps, str(note["letters"]), dims, str(note["units"]), bool(note["bool"]),
        {**header, **note.get("header", {})},
    )  # fmt: skip


def imagej_axes(tif: Any) -> Axes:
    """Read what ImageJ writes: a unit for all axes, ``spacing`` along z, ``finterval`` in time."""
    said = dict(tif.imagej_metadata or {})
    unit = short_unit(said.get("unit", ""))
    steps: dict[str, tuple[float, float, str]] = {}
    if unit and unit != "inch":
        for letter, step in _resolution(tif).items():
            steps[letter] = (step, 0.0, unit)
        if isinstance(said.get("spacing"), (int, float)) and said["spacing"]:
            steps["Z"] = (abs(float(said["spacing"])), 0.0, unit)
    elif not unit:
        steps = dict(plain_axes(tif).steps)
    if isinstance(said.get("finterval"), (int, float)) and said["finterval"] > 0:
        time = short_unit(said.get("tunit", "s")) or "s"
        steps["T"] = (float(said["finterval"]), 0.0, time)
    short = {k: v for k, v in said.items() if isinstance(v, (str, int, float, bool))}
    return Axes(steps, header=short)


def plain_axes(tif: Any) -> Axes:
    """Read the resolution tags, where they are per centimetre.

    Dots per inch are what a printer or a screen is told; they are kept in the header alone.
    """
    unit = tif.pages[0].tags.get("ResolutionUnit")
    if unit is None or int(unit.value) != _PER_CENTIMETRE:
        return Axes()
    return Axes({k: (step * 1e4, 0.0, "um") for k, step in _resolution(tif).items()})


def _resolution(tif: Any) -> dict[str, float]:
    steps = {}
    for letter, name in (("X", "XResolution"), ("Y", "YResolution")):
        tag = tif.pages[0].tags.get(name)
        if tag is not None and isinstance(tag.value, tuple) and tag.value[0] and tag.value[1]:
            steps[letter] = tag.value[1] / tag.value[0]
    return steps
