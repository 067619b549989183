"""GeoJSON: outlines of objects in pixels, as QuPath reads and writes them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from graticule.core.errors import FormatError
from graticule.io.format import Address, Format
from graticule.io.formats._outlined import (
    NOTE,
    Facts,
    about,
    label_image,
    load_json,
    numbered,
    outlined,
    plain_number,
    points_of,
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
    if address.inside:
        raise FormatError("a GeoJSON file holds one image, and nothing by name within")
    held = load_json(address.path)
    said = held.get(NOTE) if isinstance(held, dict) else None
    shapes, notes = _shapes(_features(held), said)
    return label_image(shapes, said, notes)


def _features(held: Any) -> list[Any]:
    """Return the features of a collection, a list, or a file of one."""
    found = held
    if isinstance(held, dict):
        found = [held] if held.get("type") == "Feature" else held.get("features")
    if not isinstance(found, list):
        raise FormatError("is no collection of features")
    return found


def _shapes(features: Sequence[Any], said: Any) -> tuple[list[Shape], list[str]]:
    groups: list[Any] = []
    given: list[Any] = []
    planes: list[int] = []
    left_out: dict[str, int] = {}
    nested = 0
    for feature in features:
        geometry = feature.get("geometry") if isinstance(feature, dict) else None
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        if not isinstance(geometry, dict) or kind not in _DEPTH:
            left_out[str(kind)] = left_out.get(str(kind), 0) + 1
            continue
        groups.append(_rings(geometry))
        planes.append(_plane(geometry.get("plane")))
        properties = feature.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        given.append(properties.get("label", properties.get("name")))
        nested += bool(properties.get("childObjects") or properties.get("children"))
    labels, notes = numbered(given, planes=planes)
    notes += [f"{count} features of {kind} are no areas, and are left out"
              for kind, count in left_out.items()]  # fmt: skip
    if nested:
        notes.append(f"what lies within {nested} objects (childObjects) is left out")
    if said is None and planes and min(planes) == max(planes):
        planes = [0] * len(planes)
    shapes = [Shape(*each) for each in zip(labels, groups, planes, strict=True)]
    return shapes, notes


def _rings(geometry: Mapping[str, Any]) -> list[list[Any]]:
    """Return the polygons of a geometry, each as its rings."""
    polygons = geometry.get("coordinates")
    polygons = [polygons] if _DEPTH[str(geometry["type"])] == 1 else polygons
    if not isinstance(polygons, list) or not all(isinstance(each, list) for each in polygons):
        raise FormatError("has an outline that is none")
    return [[points_of(ring) for ring in polygon] for polygon in polygons]


def _plane(plane: Any) -> int:
    """Return the slice or the frame that an object lies in; it may not be both."""
    if not isinstance(plane, dict):
        return 0
    places: list[int] = [plane.get(key, 0) for key in "zt"]
    if not all(isinstance(place, int) and 0 <= place < 10**6 for place in places):
        raise FormatError(f"has an object in a plane that is none: {plane}")
    if all(places):
        raise FormatError(
            "has objects in slices (z) and in frames (t), which a label image of three dims "
            "does not hold",
            hint="export the objects of one time, or of one slice",
        )
    return max(places)


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
