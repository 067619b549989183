"""GeoJSON: outlines of objects in pixels, as QuPath reads and writes them.

>>> import tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> import graticule as gt
>>> labels = np.zeros((20, 30), np.int32)
>>> labels[2:8, 3:9], labels[10:18, 12:25] = 1, 2
>>> with tempfile.TemporaryDirectory() as folder:
...     file = gt.write(Path(folder) / "cells.geojson", labels)
...     read = gt.read(file).values
>>> bool((read == labels).all())
True
"""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.format import Address, Format
from graticule.io.formats._outlined import (
    NOTE,
    Facts,
    about,
    areas_of,
    label_image,
    load_json,
    numbered,
    outlined,
    plain_number,
    planes_of,
    whole_of,
)
from graticule.io.outlines import Outline, Shape

_HEAD = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*[{\[]")
_TYPE = re.compile(rb'"type"\s*:\s*"(?:FeatureCollection|Feature)"')
_DEPTH = {"Polygon": 1, "MultiPolygon": 2}
_COLOURS = 360


def _sniff(path: Path, head: bytes) -> bool:
    return _HEAD.match(head) is not None and _TYPE.search(head) is not None


def _open(address: Address, level: int) -> xr.DataArray:
    classes = _classes(address.inside)
    held = load_json(address.path)
    said = held.get(NOTE) if isinstance(held, dict) else None
    areas, notes = _areas(_features(held))
    planes, stack = planes_of([area.place for area in areas], said)
    if not classes:
        labels, told = numbered([area.number for area in areas], planes=planes)
        shapes = [
            Shape(label, area.groups, plane)
            for label, area, plane in zip(labels, areas, planes, strict=True)
        ]
        return label_image(shapes, said, [*notes, *told], stack=stack)
    others = Counter(area.name or "no class" for area in areas if area.name not in classes)
    notes += [f"{count} areas of {name} are left out" for name, count in others.items()]
    shapes = [
        Shape(1 + classes.index(area.name), area.groups, plane)
        for area, plane in zip(areas, planes, strict=True)
        if area.name in classes
    ]
    of_classes = {**said, "dtype": "int32"} if isinstance(said, dict) else said
    return label_image(shapes, of_classes, notes, stack=stack)


def _classes(inside: str) -> list[str]:
    """Return the classes that are asked for, as ``class:Tumor,Stroma``; none for the objects."""
    if not inside:
        return []
    mark, _, names = inside.partition(":")
    found = [name.strip() for name in names.split(",") if name.strip()]
    if mark != "class" or not found or len(set(found)) < len(found):
        raise FormatError(
            f"holds objects, and nothing by the name {inside!r}",
            hint="name the file alone, or its classes in their order, as "
            "file.geojson/class:Tumor,Stroma (1 and 2)",
        )
    return found


def _features(held: Any) -> list[Any]:
    """Return the features of a collection, a list, or a file of one."""
    found = held
    if isinstance(held, dict):
        found = [held] if held.get("type") == "Feature" else held.get("features")
    if not isinstance(found, list):
        raise FormatError("is no collection of features")
    return found


@dataclass(frozen=True)
class _Area:
    """What of a feature is read: its rings, slice and frame, number and class."""

    groups: list[list[Array]]
    place: tuple[int, int]
    number: Any
    name: str


def _areas(features: Sequence[Any]) -> tuple[list[_Area], list[str]]:
    """Return the areas of features, and in words what is left out."""
    areas: list[_Area] = []
    left_out: Counter[str] = Counter()
    nested = 0
    for feature in features:
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        groups = _rings(geometry) if isinstance(geometry, dict) and kind in _DEPTH else []
        if not isinstance(geometry, dict) or not groups:
            left_out[str(kind)] += 1
            continue
        properties = feature.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        number = properties.get("label", properties.get("name"))
        place, name = _place(geometry.get("plane")), _class_of(properties.get("classification"))
        areas.append(_Area(groups, place, number, name))
        nested += bool(properties.get("childObjects") or properties.get("children"))
    notes = [f"{count} features of {kind} are no areas, and are left out"
             for kind, count in left_out.items()]  # fmt: skip
    if nested:
        notes.append(f"what lies within {nested} objects (childObjects) is left out")
    return areas, notes


def _class_of(classification: Any) -> str:
    """Return the name of a class; that of one within others is ``Tumor: Positive``."""
    if isinstance(classification, dict):
        names = classification.get("names")
        if isinstance(names, list):
            return ": ".join(map(str, names))
        classification = classification.get("name")
    return classification if isinstance(classification, str) else ""


def _rings(geometry: Mapping[str, Any]) -> list[list[Array]]:
    """Return the polygons of a geometry, each as its rings; none of what encloses nothing."""
    polygons = geometry.get("coordinates")
    polygons = [polygons] if _DEPTH[str(geometry["type"])] == 1 else polygons
    if not isinstance(polygons, list) or not all(isinstance(each, list) for each in polygons):
        raise FormatError("has an outline that is none")
    return areas_of(polygons)


def _place(plane: Any) -> tuple[int, int]:
    """Return the slice and the frame that an object lies in."""
    if not isinstance(plane, dict):
        return 0, 0
    places = plane.get("z", 0), plane.get("t", 0)
    if not all(isinstance(place, int) and 0 <= place < 10**6 for place in places):
        raise FormatError(f"has an object in a plane that is none: {plane}")
    return places


def write_geojson(
    path: Path, image: xr.DataArray, facts: Facts | None = None, kind: str = "object"
) -> None:
    """Write the objects of a label image as features.

    Parameters
    ----------
    path : Path
        The file.
    image : DataArray
        Labels in ``y x``, or with slices or frames before them.
    facts : mapping
        What is known of each object; numbers become measurements.
    kind : str
        Name of the class of all objects; text of ``facts["class"]`` comes before it.
    """
    outlines = outlined(image)
    said = about(image)
    is_time = image.ndim == 3 and str(image.dims[0]) in ("t", "time")
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{{"type": "FeatureCollection", "{NOTE}": {json.dumps(said)}, "features": [')
        start = "\n"
        for feature in _written(outlines, facts or {}, kind, "t" if is_time else "z", image.ndim):
            file.write(start + json.dumps(feature, allow_nan=False, ensure_ascii=False))
            start = ",\n"
        file.write("\n]}\n")


def _written(
    outlines: Sequence[Outline], facts: Facts, kind: str, stack: str, ndim: int
) -> Iterator[dict[str, Any]]:
    for each in outlines:
        closed = [[[*ring.tolist(), ring[0].tolist()] for ring in one] for one in each.polygons]
        many = len(closed) > 1
        geometry: dict[str, Any] = {
            "type": "MultiPolygon" if many else "Polygon",
            "coordinates": closed if many else closed[0],
        }
        if ndim == 3:
            geometry["plane"] = {"c": -1, "z": 0, "t": 0, stack: each.plane}
        known = facts.get(each.label, {})
        measured = {
            name: number
            for name, value in known.items()
            if not isinstance(number := plain_number(value), (str, bool, type(None)))
        }
        told = known.get("class")
        name = str(told) if isinstance(told, str) and told else kind
        yield {
            "type": "Feature",
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {each.label} {each.plane}")),
            "geometry": geometry,
            "properties": {
                "objectType": "detection",
                "name": str(each.label),
                "label": each.label,
                "classification": {"name": name, "color": _colour(name)},
                "measurements": measured,
            },
        }


def _colour(name: str) -> list[int]:
    """Return a colour for the name of a class, the same in every file."""
    import colorsys

    hue = uuid.uuid5(uuid.NAMESPACE_OID, name).int % _COLOURS / _COLOURS
    return [round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.8, 0.95)]


def _write(path: Path, image: xr.DataArray, labels: bool) -> None:
    write_geojson(path, image)


FORMAT = Format("GeoJSON", _sniff, _open, suffixes=(".geojson",), write=_write, whole_of=whole_of)
