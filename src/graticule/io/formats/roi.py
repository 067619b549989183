"""ImageJ ROI: outlines of objects as Fiji's ROI Manager saves them, one or a ZIP of many.

>>> import tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> import graticule as gt
>>> labels = np.zeros((20, 30), np.int32)
>>> labels[2:8, 3:9], labels[10:18, 12:25] = 1, 2
>>> with tempfile.TemporaryDirectory() as folder:
...     file = gt.write(Path(folder) / "cells.roi.zip", labels)
...     read = gt.read(file).values
>>> bool((read == labels).all())
True
"""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.io.format import Address, Format
from graticule.io.formats._outlined import (
    NOTE,
    Facts,
    about,
    label_image,
    numbered,
    outlined,
    plain_number,
    planes_of,
    whole_of,
)
from graticule.io.outlines import Outline, Shape
from graticule.io.safety import noted, require_complete, require_packed, require_room

_MARK, _ENDING = b"Iout", ".roi"
_ZIP, _EMPTY = b"PK\x03\x04", b"PK\x05\x06"
_LARGEST = 60535
"""Coordinates that ImageJ reads back from the sixteen bits it keeps."""
_HEADER, _SECOND = 64, 52
_CURVE = 16
"""Straight pieces of a curve."""
_MOVE, _LINE, _QUAD, _CUBIC, _CLOSE = range(5)
_ARGUMENTS = {_MOVE: 2, _LINE: 2, _QUAD: 4, _CUBIC: 6, _CLOSE: 0}
_DATE = (1980, 1, 1, 0, 0, 0)
"""Of each member, so that equal labels are equal files."""


def _roifile() -> ModuleType:
    try:
        import roifile
    except ModuleNotFoundError:
        raise FormatError(
            "needs the package roifile, which is not installed",
            hint="pip install 'graticule[exchange]'",
        ) from None
    module: ModuleType = roifile
    return module


def _sniff(path: Path, head: bytes) -> bool:
    return head.startswith(_MARK) or (head.startswith((_ZIP, _EMPTY)) and _holds_rois(path))


def _holds_rois(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names, said = archive.namelist(), _said(archive.comment)
            return any(name.endswith(_ENDING) for name in names) or (not names and said is not None)
    except (zipfile.BadZipFile, NotImplementedError):
        with path.open("rb") as file:
            head = file.read(64)
        length = int.from_bytes(head[26:28], "little")
        return _ENDING.encode() in head[30 : 30 + length]


def _open(address: Address, level: int) -> xr.DataArray:
    if address.inside:
        raise FormatError("a file of ROIs holds one image, and nothing by name within")
    roifile = _roifile()
    contents, said = _contents(address.path)
    notes: list[str] = []
    for content in contents:
        _require_whole(content)
    with noted("roifile") as warned:
        rois = [roifile.ImagejRoi.frombytes(content) for content in contents]
    if any("exceeds data size" in warning for warning in warned):
        raise FormatError("ends early: a name or property is not all there")
    groups = [_groups(roi, roifile) for roi in rois]
    kept = [(roi, found) for roi, found in zip(rois, groups, strict=True) if found]
    if len(kept) < len(rois):
        notes.append(f"{len(rois) - len(kept)} ROIs are no areas, and are left out")
    planes, stack = _planes([roi for roi, _ in kept], said)
    labels, told = numbered([_number_of(roi) for roi, _ in kept], planes=planes)
    shapes = [
        Shape(label, found, plane)
        for label, (_, found), plane in zip(labels, kept, planes, strict=True)
    ]
    return label_image(shapes, said, [*notes, *told, *warned], stack=stack)


def _contents(path: Path) -> tuple[list[bytes], Any]:
    """Return the bytes of each ROI, and what the file says of the image."""
    with path.open("rb") as file:
        packed = file.read(len(_ZIP)) in (_ZIP, _EMPTY)
    if not packed:
        require_room(4 * path.stat().st_size, what="the ROI")
        return [path.read_bytes()], None
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if info.filename.endswith(_ENDING)]
        require_room(4 * sum(info.file_size for info in members), what="its ROIs")
        for info in members:
            require_packed(info)
        return [archive.read(info) for info in members], _said(archive.comment)


def _require_whole(roi: bytes) -> None:
    """Raise `FormatError` if the second header of a ROI, which stands at its end, is not there."""
    second = int.from_bytes(roi[60:64], "big", signed=True)
    require_complete(len(roi), max(_HEADER, second + _SECOND if second > 0 else 0))


def _said(comment: bytes) -> Any:
    """Return what a comment of the archive says of the image, if it is one of ours."""
    try:
        held = json.loads(comment.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return held.get(NOTE) if isinstance(held, dict) else None


def _number_of(roi: Any) -> Any:
    """Return the number of an object: of its properties, or its name."""
    given = re.search(r"(?m)^label: (\d{1,10})$", roi.props)
    return given[1] if given else roi.name


def _planes(rois: Sequence[Any], said: Any) -> tuple[list[int], str]:
    """Return the plane of each ROI, and the dim along which planes lie."""
    if isinstance(said, dict) and len(said.get("shape", ())) < 3:
        return [0] * len(rois), ""
    places = []
    for roi in rois:
        of_dims = roi.z_position, roi.t_position
        place = of_dims if max(of_dims) else (roi.position, 0)
        if not all(0 <= number < 10**6 for number in place):
            raise FormatError("has an object in a plane that is none")
        places.append((max(0, place[0] - 1), max(0, place[1] - 1)))
    return planes_of(places, said)


def _groups(roi: Any, roifile: ModuleType) -> list[list[Any]]:
    """Return the rings of an area; none of a line, points, text or an angle."""
    kinds = roifile.ROI_TYPE
    if roi.multi_coordinates is not None:
        return [_path(np.asarray(roi.multi_coordinates, np.float64).tolist())]
    if roi.roitype == kinds.OVAL:
        return [[_oval(*_box(roi))]]
    if roi.roitype == kinds.RECT:
        x, y, width, height = _box(roi)
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        return [[np.array(corners, np.float64)]]
    if roi.roitype in (kinds.POLYGON, kinds.FREEHAND, kinds.TRACED) and roi.n_coordinates >= 3:
        ring = np.asarray(roi.coordinates(), np.float64)
        if ring.ndim == 2 and np.isfinite(ring).all():
            return [[ring]]
        raise FormatError("has an outline with a point that is no number")
    return []


def _box(roi: Any) -> tuple[float, float, float, float]:
    if roi.subpixelrect:
        found = (roi.xd, roi.yd, roi.widthd, roi.heightd)
    else:
        found = (roi.left, roi.top, roi.right - roi.left, roi.bottom - roi.top)
    if not all(map(math.isfinite, found)):
        raise FormatError("has a box that is no place in an image")
    return found


def _oval(x: float, y: float, width: float, height: float) -> Any:
    around = np.linspace(0, 2 * np.pi, 4 * int(min(512, max(8, width + height))), endpoint=False)
    across, down = width / 2, height / 2
    return np.column_stack([x + across * (1 + np.cos(around)), y + down * (1 + np.sin(around))])


def _path(values: Sequence[float]) -> list[Any]:
    """Return the rings of a path as Java writes one: moves, lines, curves and ends of rings."""
    rings: list[list[tuple[float, float]]] = []
    at = 0
    while at < len(values):
        command = values[at]
        size = _ARGUMENTS.get(int(command)) if math.isfinite(command) else None
        points = values[at + 1 : at + 1 + (size or 0)]
        if size is None or len(points) < size or not all(map(math.isfinite, points)):
            raise FormatError(f"has an outline with a piece that is none ({command:g})")
        at += 1 + size
        pairs = list(zip(points[::2], points[1::2], strict=True))
        if command == _MOVE:
            rings.append(pairs)
        elif command != _CLOSE:
            if not rings:
                raise FormatError("has an outline that begins nowhere")
            ring = rings[-1]
            ring += pairs if command == _LINE else _curve([ring[-1], *pairs])
    return [np.array(ring) for ring in rings if len(ring) >= 3]


def _curve(controls: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return points of a Bezier curve, by de Casteljau, without its first."""
    found = []
    for part in np.linspace(0, 1, _CURVE + 1)[1:].tolist():
        points = np.array(controls)
        while len(points) > 1:
            points = (1 - part) * points[:-1] + part * points[1:]
        found.append((float(points[0, 0]), float(points[0, 1])))
    return found


def write_rois(path: Path, image: xr.DataArray, facts: Facts | None = None, kind: str = "") -> None:
    """Write the objects of a label image as a ZIP of ROIs, as the ROI Manager opens it.

    An object of one ring is a traced outline, one with holes or of several parts a composite; the
    name is its number, and what is known of it stands in its properties.

    Parameters
    ----------
    path : Path
        The file.
    image : DataArray
        Labels in ``y x``, or with slices or frames before them.
    facts : mapping
        What is known of each object.
    kind : str
        Name of the class of the objects, one of their properties.
    """
    roifile = _roifile()
    if max(image.shape[-2:], default=0) > _LARGEST:
        raise FormatError(
            f"an ImageJ ROI counts to {_LARGEST} pixels, not to {max(image.shape[-2:])}",
            hint="write .geojson",
        )
    is_time = image.ndim == 3 and str(image.dims[0]) in ("t", "time")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in outlined(image):
            roi = _roi(roifile, each)
            roi.name = str(each.label)
            roi.props = _properties({"label": each.label, "class": kind,
                                     **(facts or {}).get(each.label, {})})  # fmt: skip
            member = f"{each.label:06d}{_ENDING}"
            if image.ndim == 3:
                place = each.plane + 1
                roi.position = place
                roi.z_position, roi.t_position = (1, place) if is_time else (place, 1)
                roi.c_position = 1
                member = f"{place:04d}-{member}"
            about_member = zipfile.ZipInfo(member, _DATE)
            about_member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(about_member, roi.tobytes())
        archive.comment = json.dumps({NOTE: about(image)}).encode()


def _roi(roifile: ModuleType, outline: Outline) -> Any:
    x, y, width, height = outline.box
    rings = outline.rings
    roi = roifile.ImagejRoi(top=y, left=x, bottom=y + height, right=x + width)
    if len(rings) == 1:
        roi.roitype = roifile.ROI_TYPE.TRACED
        roi.integer_coordinates = rings[0] - [x, y]
        roi.n_coordinates = len(rings[0])
        return roi
    steps: list[Any] = []
    for ring in rings:
        lines = np.column_stack([np.full(len(ring), _LINE), ring])
        lines[0, 0] = _MOVE
        steps += [lines.ravel(), [_CLOSE]]
    roi.roitype = roifile.ROI_TYPE.RECT
    roi.multi_coordinates = np.concatenate(steps).astype(np.float32)
    roi.shape_roi_size = len(roi.multi_coordinates)
    return roi


def _properties(facts: Mapping[str, Any]) -> str:
    """Return the properties of a ROI: a line each, ``name: value``."""
    lines = {
        re.sub(r"[\s:=]+", " ", str(name)).strip(): str(value).replace("\n", " ")
        for name, fact in facts.items()
        if (value := plain_number(fact)) not in (None, "")
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items())


def _write(path: Path, image: xr.DataArray, labels: bool) -> None:
    write_rois(path, image)


FORMAT = Format(
    "ImageJ ROI",
    _sniff,
    _open,
    suffixes=(".roi", ".roi.zip"),
    write=_write,
    write_suffixes=(".roi.zip",),
    whole_of=whole_of,
)
