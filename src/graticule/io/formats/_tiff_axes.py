"""What the three kinds of TIFF say about their axes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.io.axes import short_unit

NOTE = "graticule"
_PER_CENTIMETRE = 3
_MOST = 2**32 - 1  # of a rational's halves, by which writers say infinity


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
    notes: Sequence[str] = ()


def ome_axes(text: str, name: str, titles: Sequence[str], number: int) -> Axes:
    """Read what the OME-XML of a file says of one of its images.

    Parameters
    ----------
    text : str
        The XML.
    name : str
        Of the file.
    titles : sequence of str
        Of all images that the file has the pages of.
    number : int
        Of the image among them.

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
    images = [each for each in root.findall("{*}Image") if each.find("{*}Pixels") is not None]
    if len(images) != len(titles):  # some have no pages here
        images = [each for each in images if each.get("Name") == titles[number]]
        number = 0
        if not titles[number] or len(images) != 1:
            elsewhere = root.find("{*}BinaryOnly")
            where = "" if elsewhere is None else f"; {elsewhere.get('MetadataFile')} may do so"
            return Axes(notes=(f"its OME-XML does not describe this image{where}",))
    return _from_pixels(root, images[number])


def _from_pixels(root: Any, image: Any) -> Axes:
    pixels = image.find("{*}Pixels")
    steps, notes = {}, []
    sizes = {letter: (f"PhysicalSize{letter}", "µm") for letter in "XYZ"}
    for letter, (key, usual) in {**sizes, "T": ("TimeIncrement", "s")}.items():
        text, unit = pixels.get(key), short_unit(pixels.get(f"{key}Unit", usual))
        step = positive(text)
        if step and unit:
            steps[letter] = (step, 0.0, unit)
        elif text is not None and not step:
            notes.append(f"{key} = {text!r} is no spacing, and is left out")
    channels = [c.get("Name") or c.get("ID") for c in pixels.iterfind("{*}Channel")]
    header = {"name": image.get("Name"), "channels": channels}
    note = root.find(f".//{{*}}MapAnnotation/{{*}}Value/{{*}}M[@K='{NOTE}']")
    if note is None:
        return Axes(steps, header=header, notes=notes)
    try:
        return _noted(note.text, header)
    except (KeyError, TypeError, ValueError):
        notes.append("what Graticule noted of its axes is damaged, and left out")
        return Axes(steps, header=header, notes=notes)


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
    """Read what ImageJ writes: units by axis, ``spacing`` along z, ``finterval`` in time."""
    said = dict(tif.imagej_metadata or {})
    unit, page = short_unit(said.get("unit", "")), tif.pages[0]
    plain = Axes() if unit == "inch" else plain_axes(page)
    steps, notes = dict(plain.steps), list(plain.notes)
    if unit and unit != "inch":
        found, notes = _resolution(page)
        units = {letter: short_unit(said.get(key, "")) or unit
                 for letter, key in (("X", "unit"), ("Y", "yunit"), ("Z", "zunit"))}  # fmt: skip
        steps = {letter: (step, 0.0, units[letter]) for letter, step in found.items()}
        if "spacing" in said:
            deep = sized({"Z": said["spacing"]}, units["Z"], "spacing of ImageJ", {})
            steps, notes = {**steps, **deep.steps}, [*notes, *deep.notes]
    if said.get("finterval"):
        span = short_unit(said.get("tunit", "s")) or "s"
        timed = sized({"T": said["finterval"]}, span, "finterval of ImageJ", {})
        steps, notes = {**steps, **timed.steps}, [*notes, *timed.notes]
    short = {k: v for k, v in said.items() if isinstance(v, (str, int, float, bool))}
    return Axes(steps, header=short, notes=notes)


def exchanged(of: Mapping[str, Any]) -> dict[str, Any]:
    """Return what belongs to X for Y, and the other way round, as in pages that lie on a side."""
    return {{"X": "Y", "Y": "X"}.get(letter, letter): value for letter, value in of.items()}


def positive(value: object) -> float:
    """Return the size of a step, a number or the text of one; 0 for what is none."""
    try:
        step = abs(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return step if math.isfinite(step) and not isinstance(value, bool) else 0.0


def sized(sizes: Mapping[str, object], unit: str, what: str, header: Mapping[str, Any]) -> Axes:
    """Return axes of the sizes that ``what`` gives; where it gives none, that is told."""
    steps = {letter: (positive(size), 0.0, unit) for letter, size in sizes.items()}
    good = {letter: step for letter, step in steps.items() if step[0]}
    none = ", ".join(letter.lower() for letter in steps if letter not in good)
    notes = (f"{what} gives no spacing along {none}",) if none else ()
    return Axes(good, header=header, notes=notes)


def plain_axes(page: Any) -> Axes:
    """Read the resolution tags, where they are per centimetre.

    Dots per inch are what a printer or a screen is told; they are kept in the header alone.
    """
    if page.tags.valueof("ResolutionUnit") != _PER_CENTIMETRE:
        return Axes()
    steps, notes = _resolution(page)
    return Axes({k: (step * 1e4, 0.0, "um") for k, step in steps.items()}, notes=notes)


def _resolution(page: Any) -> tuple[dict[str, float], list[str]]:
    """Return steps by axis, and in words which of the tags give none."""
    steps, notes = {}, []
    for letter, name in (("X", "XResolution"), ("Y", "YResolution")):
        value = page.tags.valueof(name)
        if value is None:
            continue
        over, under = value if isinstance(value, tuple) and len(value) == 2 else (value, 1)
        if positive(over) and positive(under) and over != _MOST:
            steps[letter] = positive(under) / positive(over)
        else:
            notes.append(f"{name} = {over}/{under} is no spacing, and is left out")
    return steps, notes
