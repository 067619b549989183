"""COCO: objects of many images in one JSON file, as detectors are trained on.

>>> import tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> import graticule as gt
>>> labels = np.zeros((20, 30), np.int32)
>>> labels[2:8, 3:9], labels[10:18, 12:25] = 1, 2
>>> with tempfile.TemporaryDirectory() as folder:
...     file = gt.write(Path(folder) / "cells.coco.json", labels)
...     read = gt.read(file).values
>>> bool((read == labels).all())
True
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.format import Address, Format, choose_array
from graticule.io.formats import _outlined
from graticule.io.formats._outlined import NOTE, Facts, plain_number
from graticule.io.outlines import Outline, Shape

_HEAD = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*\{")
_LISTS = re.compile(rb'"(?:images|annotations|categories)"\s*:\s*\[')
_WORDS = re.compile(rb'"(?:segmentation|category_id|supercategory|licenses)"\s*:')


def _sniff(path: Path, head: bytes) -> bool:
    marks = (_HEAD.match(head), _LISTS.search(head), _WORDS.search(head))
    return all(mark is not None for mark in marks)


def _names(address: Address) -> list[str]:
    return list(_images(_outlined.load_json(address.path)))


def _images(held: Any) -> dict[str, Mapping[str, Any]]:
    """Return what is said of each image, by the name of its file, or its number."""
    images = held.get("images") if isinstance(held, dict) else None
    if not isinstance(images, list) or not all(isinstance(each, dict) for each in images):
        raise FormatError("is no collection of images with annotations")
    named = {str(each.get("file_name") or each.get("id")): each for each in images}
    if len(named) < len(images):
        named = {str(each.get("id")): each for each in images}
    return named


def _open(address: Address, level: int) -> xr.DataArray:
    held = _outlined.load_json(address.path)
    images = _images(held)
    shapes: dict[str, Any] = {
        name: (each.get("height"), each.get("width")) for name, each in images.items()
    }
    if not all(_is_size(size) for pair in shapes.values() for size in pair):
        raise FormatError("does not tell the sizes of its images")
    image = images[choose_array(shapes, address.inside)]
    rows, columns = int(image["height"]), int(image["width"])
    found = held.get("annotations") or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise FormatError("has annotations that are none")
    own = [each for each in found if each.get("image_id") == image.get("id")]
    groups = [_groups(each, rows, columns) for each in own]
    kept = [(each, group) for each, group in zip(own, groups, strict=True) if group]
    labels, notes = _outlined.numbered([_number_of(each) for each, _ in kept])
    if len(kept) < len(own):
        notes.append(f"{len(own) - len(kept)} annotations have no outline, and are left out")
    filled = [Shape(label, group) for label, (_, group) in zip(labels, kept, strict=True)]
    return _outlined.label_image(filled, image.get(NOTE), notes, (rows, columns))


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


def _number_of(annotation: Mapping[str, Any]) -> Any:
    attributes = annotation.get("attributes")
    return attributes.get("label") if isinstance(attributes, dict) else None


def _groups(annotation: Mapping[str, Any], rows: int, columns: int) -> list[list[Array]]:
    """Return the rings of an annotation: of its polygons, or its runs of pixels; none of none."""
    held = annotation.get("segmentation")
    if isinstance(held, dict):
        if held.get("size") != [rows, columns]:
            raise FormatError(f"has runs for an image of {held.get('size')}, not {rows, columns}")
        counts = held.get("counts")
        return _runs(unpacked(counts) if isinstance(counts, str) else counts, rows, columns)
    if not isinstance(held, list):
        return []
    if not all(isinstance(each, list) and len(each) % 2 == 0 for each in held):
        raise FormatError("has an outline that is no list of x and y")
    return _outlined.areas_of([zip(each[::2], each[1::2], strict=True)] for each in held)


def unpacked(text: str) -> list[int]:
    """Return the runs that COCO packs into text.

    Five bits a character, from 48 on, the sixth where more follow; from the fourth on a run is
    told by its difference from the one before the last.

    Examples
    --------
    >>> unpacked("612")
    [6, 1, 2]
    """
    counts: list[int] = []
    value = shift = 0
    for character in text:
        code = ord(character) - 48
        if not 0 <= code < 64 or shift > 60:
            raise FormatError("has runs that are packed in no way of COCO's")
        value |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        if code & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    if shift:
        raise FormatError("has runs that end early")
    return counts


def _runs(counts: Any, rows: int, columns: int) -> list[list[Array]]:
    """Return runs of pixels, column by column, as rectangles."""
    if not isinstance(counts, list) or not all(
        isinstance(count, int) and 0 <= count <= rows * columns for count in counts
    ):
        raise FormatError("has runs of pixels that are none")
    ends = np.cumsum(np.array([0, *counts], np.int64))
    if ends[-1] != rows * columns:
        what = f"has runs for {ends[-1]} pixels, of an image of {rows * columns}"
        raise FormatError(what)
    boxes: list[tuple[int, int, int, int]] = []
    for start, stop in zip(ends[1::2].tolist(), ends[2::2].tolist(), strict=False):
        boxes += _boxes(start, stop, rows)
    corners = [[(x0, y0), (x1, y0), (x1, y1), (x0, y1)] for x0, y0, x1, y1 in boxes]
    return [[np.array(each, np.float64)] for each in corners]


def _boxes(start: int, stop: int, rows: int) -> list[tuple[int, int, int, int]]:
    """Return at most three rectangles that a run down the columns fills: left, top, right, end."""
    found = []
    while start < stop:
        column, row = divmod(start, rows)
        whole = (stop - start) // rows if row == 0 else 0
        if whole:
            found.append((column, 0, column + whole, rows))
            start += whole * rows
        else:
            end = min(rows, row + stop - start)
            found.append((column, row, column + 1, end))
            start += end - row
    return found


@dataclass(frozen=True)
class Annotated:
    """A label image of a dataset.

    Attributes
    ----------
    name : str
        Of the file of the image that was labelled.
    labels : DataArray
        ``y x``.
    facts : mapping
        What is known of each object.
    """

    name: str
    labels: xr.DataArray
    facts: Facts = field(default_factory=dict)


def write_coco(path: Path, images: Iterable[Annotated], kind: str = "object") -> None:
    """Write label images as one dataset; one of them is read into memory at a time.

    An object without holes has polygons along the edges of its pixels, one with holes runs of
    pixels; both are exact. Each is one object, so ``iscrowd`` is 0.

    Parameters
    ----------
    path : Path
        The file.
    images : iterable of Annotated
        The label images.
    kind : str
        The category; text of ``facts["class"]`` comes before it.
    """
    listed: list[dict[str, Any]] = []
    categories: dict[str, int] = {}
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write('{"info": {"description": "written by Graticule"}, "licenses": [],\n')
        file.write('"annotations": [')
        number = 0
        for each in images:
            listed.append(_image_entry(each, len(listed) + 1))
            values = each.labels.values
            for outline in _outlined.outlined(each.labels):
                number += 1
                known = each.facts.get(outline.label, {})
                told = known.get("class")
                category = str(told) if isinstance(told, str) and told else kind
                entry = {
                    "id": number,
                    "image_id": len(listed),
                    "category_id": categories.setdefault(category, len(categories) + 1),
                    **_segmentation(outline, values),
                    "attributes": {"label": outline.label, **_attributes(known)},
                }
                file.write(",\n" if number > 1 else "\n")
                file.write(json.dumps(entry, allow_nan=False, ensure_ascii=False))
        kinds = [{"id": at, "name": name, "supercategory": ""} for name, at in categories.items()]
        file.write(f'\n],\n"categories": {json.dumps(kinds, ensure_ascii=False)},\n')
        file.write(f'"images": {json.dumps(listed, ensure_ascii=False)}}}\n')


def _image_entry(image: Annotated, number: int) -> dict[str, Any]:
    if image.labels.ndim != 2:
        dims = " ".join(map(str, image.labels.dims))
        raise FormatError(f"COCO holds planes (y x), not {dims}", hint="write .geojson or .roi.zip")
    rows, columns = image.labels.shape
    about_image = {"id": number, "file_name": image.name, "width": columns, "height": rows}
    return {**about_image, NOTE: _outlined.about(image.labels)}


def _segmentation(outline: Outline, labels: Array) -> dict[str, Any]:
    has_holes = any(len(polygon) > 1 for polygon in outline.polygons)
    polygons = [polygon[0].ravel().tolist() for polygon in outline.polygons]
    return {
        "segmentation": _packed(outline, labels) if has_holes else polygons,
        "area": outline.area,
        "bbox": list(outline.box),
        "iscrowd": 0,
    }


def _packed(outline: Outline, labels: Array) -> dict[str, Any]:
    """Return the runs of an object down the columns, what is not of it first."""
    rows, columns = labels.shape
    x, y, width, height = outline.box
    held = np.zeros((width, rows), np.int8)
    held[:, y : y + height] = (labels[y : y + height, x : x + width] == outline.label).T
    flat = np.concatenate([np.zeros(1, np.int8), held.ravel(), np.zeros(1, np.int8)])
    changes = np.flatnonzero(np.diff(flat)) + x * rows
    counts = np.diff([0, *changes.tolist(), rows * columns]).tolist()
    return {"size": [rows, columns], "counts": counts[:-1] if counts[-1] == 0 else counts}


def _attributes(facts: Mapping[str, Any]) -> dict[str, Any]:
    plain = {str(name): plain_number(value) for name, value in facts.items()}
    return {name: value for name, value in plain.items() if value is not None}


def _write(path: Path, image: xr.DataArray, labels: bool) -> None:
    source = str(image.attrs.get("source", "")) or path.name.split(".")[0]
    write_coco(path, [Annotated(Path(source).name, image)])


FORMAT = Format(
    "COCO",
    _sniff,
    _open,
    suffixes=(".coco.json",),
    write=_write,
    names=_names,
    whole_of=_outlined.whole_of,
)
