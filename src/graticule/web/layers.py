"""Painted labels beside images: drawn at once, on the disk before they are answered."""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from graticule.core.errors import RequestError
from graticule.core.image import Image, spatial_dims
from graticule.core.typing import Array
from graticule.io import read, write
from graticule.io.studies import stem
from graticule.web.folder import OWN, ServedFolder

_BACK = 100
"""Drags that can be taken back."""
_VALUES = 255
_LATER = 0.7
"""Seconds after a stroke at which the file of a layer is written."""

Shape = Literal["line", "fill"]


@dataclass(frozen=True)
class Stroke:
    """What is drawn in one go.

    Attributes
    ----------
    value : int
        The label; 0 takes away.
    radius : float
        Of a round brush, in samples.
    points : sequence of (float, float)
        Rows and columns, in samples.
    at : mapping
        An index for each further dim.
    shape : str
        A ``line`` along the points, or the ``fill`` of their polygon.
    """

    value: int
    radius: float
    points: Sequence[tuple[float, float]]
    at: Mapping[str, int]
    shape: Shape = "line"


def template_of(layer: str) -> str:
    """Return what the further input of a pipeline must have as path."""
    return f"{OWN}/labels/{{path}}.{layer}.tif"


class Layer:
    """Labels of one byte beside an image.

    Each stroke is written to a journal, and this to the disk, before it is answered; the file that
    a pipeline reads is written a moment after the last. A layer that was cut off is that file with
    the journal drawn again.

    Parameters
    ----------
    file : Path
        Its file; the journal lies beside it.
    image : DataArray
        The image that it is of.
    """

    def __init__(self, file: Path, image: Image) -> None:
        import xarray as xr

        self.file, self.journal = file, file.with_suffix(".strokes")
        dims = [dim for dim in image.dims if dim in spatial_dims(image)]
        coords = {dim: image.coords[dim] for dim in dims if dim in image.coords}
        self.values = np.zeros([int(image.sizes[dim]) for dim in dims], np.uint8)
        self.image: Image = xr.DataArray(self.values, coords, dims)
        self.revision = 0
        self._counts = np.zeros(_VALUES + 1, np.int64)
        self._dims = [str(dim) for dim in dims]
        self._back: deque[tuple[tuple[slice, ...], Array]] = deque(maxlen=_BACK)
        self._drag: list[tuple[tuple[slice, ...], Array]] = []
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None
        self._load()

    def _load(self) -> None:
        if self.file.exists():
            kept = read(self.file, labels=True).transpose(*self._dims)
            if kept.shape != self.values.shape:
                raise RequestError(
                    "has another size than its image", where=self.file.name,
                    hint="move it away to paint anew",
                )  # fmt: skip
            self.values[...] = np.asarray(kept.values)
            self._counts += np.bincount(self.values.reshape(-1), minlength=_VALUES + 1)
        if self.journal.exists():
            for line in self.journal.read_text("utf-8").splitlines():
                if stroke := _read_stroke(line):
                    with suppress(RequestError):  # of an image that had more planes
                        self._draw(stroke)
        if not self.file.exists() or self.journal.exists():
            self.write()

    def paint(self, stroke: Stroke, *, begins: bool) -> None:
        """Draw a stroke; one that does not begin is of the drag before it.

        Raises
        ------
        RequestError
            If it lies in no plane of the image, or has no such value.
        """
        if not 0 <= stroke.value <= _VALUES:
            raise RequestError(f"labels are 0 to {_VALUES}, not {stroke.value}")
        with self._lock:
            if begins:
                self._end_drag()
            drawn = place, before = self._draw(stroke)
            try:
                self._note(stroke)
            except OSError:
                self._count(self.values[place], before)
                self.values[place] = before
                raise
            self._drag.append(drawn)
            self.revision += 1
        self._write_later()

    def take_back(self) -> bool:
        """Take the last drag back; return whether there was one."""
        with self._lock:
            self._end_drag()
            if not self._back:
                return False
            place, before = self._back.pop()
            self._count(self.values[place], before)
            self.values[place] = before
            self.revision += 1
        self._write_later()
        return True

    def _count(self, before: Array, after: Array) -> None:
        for part, sign in ((before, -1), (after, 1)):
            self._counts += sign * np.bincount(part.reshape(-1), minlength=_VALUES + 1)

    def beside(self, image: Image) -> Image:
        """Return it with the coordinates of its image; its values are those of any moment."""
        coords = {dim: image.coords[dim] for dim in self._dims if dim in image.coords}
        return self.image.assign_coords(coords)

    def labels(self) -> list[int]:
        """Return the labels that are there."""
        return [int(value) for value in np.flatnonzero(self._counts > 0) if value]

    def write(self) -> None:
        """Write its file, and begin the journal anew."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write(self.file, self.image)
            self.journal.unlink(missing_ok=True)

    def write_pending(self) -> None:
        """Write its file if there are strokes that are not in it."""
        if self.journal.exists():
            self.write()

    def _write_later(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(_LATER, self.write)
            self._timer.daemon = True
            self._timer.start()

    def _note(self, stroke: Stroke) -> None:
        told = {
            "value": stroke.value, "radius": stroke.radius, "points": list(stroke.points),
            "at": dict(stroke.at), "shape": stroke.shape,
        }  # fmt: skip
        self.journal.parent.mkdir(parents=True, exist_ok=True)
        with self.journal.open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(told) + "\n")
            journal.flush()
            os.fsync(journal.fileno())

    def _end_drag(self) -> None:
        """Make one step back of what was drawn since the last drag began."""
        if not self._drag:
            return
        places = [place for place, _ in self._drag]
        whole = tuple(
            slice(min(p[axis].start for p in places), max(p[axis].stop for p in places))
            for axis in range(self.values.ndim)
        )
        before = self.values[whole].copy()
        for place, part in reversed(self._drag):
            within = tuple(
                slice(p.start - w.start, p.stop - w.start)
                for p, w in zip(place, whole, strict=True)
            )
            before[within] = part
        self._back.append((whole, before))
        self._drag = []

    def _draw(self, stroke: Stroke) -> tuple[tuple[slice, ...], Array]:
        """Draw; return where, and what was there before."""
        points = np.asarray(stroke.points, float).reshape(-1, 2)
        reach = stroke.radius if stroke.shape == "line" else 0.0
        high, wide = (self.values.shape[self._dims.index(dim)] for dim in ("y", "x"))
        if not len(points) or not np.isfinite(points).all():
            raise RequestError("a stroke has points")
        bounds = []
        for axis, size in enumerate((high, wide)):
            low, top = points[:, axis].min() - reach, points[:, axis].max() + reach
            start = int(np.clip(np.floor(low), 0, size - 1))
            bounds.append((start, int(np.clip(np.ceil(top) + 1, start + 1, size))))
        place = tuple(self._span(dim, bounds, stroke.at) for dim in self._dims)
        part = self.values[place]
        before = part.copy()
        inside = _inside(points, stroke, bounds)
        part.reshape(inside.shape)[inside] = stroke.value
        self._count(before, part)
        return place, before

    def _span(self, dim: str, bounds: list[tuple[int, int]], at: Mapping[str, int]) -> slice:
        if dim in ("y", "x"):
            return slice(*bounds[0 if dim == "y" else 1])
        size = self.values.shape[self._dims.index(dim)]
        number = at.get(dim, 0)
        if not 0 <= number < size:
            raise RequestError(f"there is no {dim} {number}; it has {size}")
        return slice(number, number + 1)


def _inside(points: Array, stroke: Stroke, bounds: list[tuple[int, int]]) -> Array:
    """Return which samples of a box a stroke covers."""
    rows, columns = (np.arange(*each, dtype=float) for each in bounds)
    if stroke.shape == "fill":
        from matplotlib.path import Path as Outline

        grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
        found = Outline(points[:, ::-1]).contains_points(grid, radius=1e-9)
        return np.asarray(found.reshape(rows.size, columns.size))
    covered = np.zeros((rows.size, columns.size), bool)
    ends = points[1:] if len(points) > 1 else points
    for (y0, x0), (y1, x1) in zip(points[: len(ends)], ends, strict=True):
        _cover(covered, rows, columns, (y0, x0, y1, x1), stroke.radius)
    return covered


def _cover(
    covered: Array, rows: Array, columns: Array, line: tuple[float, ...], radius: float
) -> None:
    """Mark the samples within a radius of a straight line, looking at its surroundings alone."""
    y0, x0, y1, x1 = line
    part = tuple(
        slice(
            int(np.searchsorted(places, min(a, b) - radius)),
            int(np.searchsorted(places, max(a, b) + radius, side="right")),
        )
        for places, a, b in ((rows, y0, y1), (columns, x0, x1))
    )
    y, x = rows[part[0]][:, None] - y0, columns[part[1]][None, :] - x0
    dy, dx = y1 - y0, x1 - x0
    length = dy * dy + dx * dx
    along = np.clip((y * dy + x * dx) / length, 0, 1) if length else np.zeros(())
    covered[part] |= (y - along * dy) ** 2 + (x - along * dx) ** 2 <= max(radius, 0.5) ** 2


def _read_stroke(line: str) -> Stroke | None:
    """Return a stroke of the journal; None of a line that was cut off."""
    try:
        told = json.loads(line)
        points = [(float(y), float(x)) for y, x in told["points"]]
        return Stroke(told["value"], told["radius"], points, told["at"], told["shape"])
    except (ValueError, KeyError, TypeError):
        return None


class Layers:
    """The layers of a served folder that are open."""

    def __init__(self, folder: ServedFolder) -> None:
        self.folder = folder
        self._open: dict[Path, Layer] = {}
        self._lock = threading.Lock()

    def open(self, path: str, layer: str) -> Layer:
        """Return a layer of an image, made if it is not there."""
        image = self.folder.file(path)
        self.folder.pipeline_file(layer)  # refuses what is no name
        inside = Path(path)
        file = self.folder.own / "labels" / inside.parent / f"{stem(inside.name)}.{layer}.tif"
        return self._of(file, read(image))

    def at(self, file: Path, image: Image) -> Layer | None:
        """Return the layer that a file of the folder is, of an image; None of another file."""
        if not file.is_relative_to(self.folder.own / "labels"):
            return None
        return self._of(file, image)

    def _of(self, file: Path, image: Image) -> Layer:
        with self._lock:
            if file not in self._open:
                self._open[file] = Layer(file, image)
            return self._open[file]

    def close(self) -> None:
        """Write what is not written yet."""
        for layer in self._open.values():
            layer.write_pending()


def described(layer: Layer, path: str, name: str) -> dict[str, Any]:
    """Return what a page is told of a layer."""
    return {"path": path, "layer": name, "revision": layer.revision, "values": layer.labels()}
