"""Painted labels beside images: drawn at once, on the disk before they are answered."""

from __future__ import annotations

import base64
import json
import os
import threading
import time
import zlib
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from graticule.core.errors import RequestError
from graticule.core.image import Image, spatial_dims
from graticule.core.typing import Array
from graticule.io import read, write
from graticule.io.studies import stem
from graticule.web.corrections import CORRECTED, Correction, Fill
from graticule.web.folder import OWN, ServedFolder, first_revision
from graticule.web.strokes import Shape, Stroke, area_around, bounds_of, covered_by

_BACK = 100
"""Drags that can be taken back."""
_VALUES = 255
_LATER, _SHARE = 0.7, 20
"""Seconds after a stroke at which the file of a layer is written; more of one that takes long."""


_Box: TypeAlias = tuple[tuple[slice, ...], Array]
"""Where a part of a layer lies, and its values."""


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
        self.revision = first_revision()
        self._counts = np.zeros(_VALUES + 1, np.int64)
        self._dims = [str(dim) for dim in dims]
        self._back: deque[_Box] = deque(maxlen=_BACK)
        self._forward: deque[_Box] = deque(maxlen=_BACK)
        self._drag: list[_Box] = []
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None
        self._took = 0.0
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
                noted = _read_note(line)
                with suppress(RequestError):  # of an image that had more planes
                    if isinstance(noted, Stroke):
                        self._draw(noted)
                    elif noted is not None:
                        self._restore(*noted)
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
                # Filled again later, another area could be there.
                is_area = stroke.shape == "fill"
                self._note(_box(place, self.values[place]) if is_area else _told(stroke))
            except OSError:
                self._count(self.values[place], before)
                self.values[place] = before
                raise
            self._drag.append(drawn)
            self._forward.clear()
            self.revision += 1
        self._write_later()

    def take_back(self) -> bool:
        """Take the last drag back; return whether there was one."""
        with self._lock:
            self._end_drag()
            return self._turn(self._back, self._forward)

    def make_again(self) -> bool:
        """Make the drag again that was taken back last; return whether there was one."""
        with self._lock:
            self._end_drag()
            return self._turn(self._forward, self._back)

    def _turn(self, taken: deque[_Box], given: deque[_Box]) -> bool:
        """Let a box be as it was, and remember how it is."""
        if not taken:
            return False
        place, values = taken[-1]
        self._note(_box(place, values))
        taken.pop()
        given.append((place, self.values[place].copy()))
        self._restore(place, values)
        self.revision += 1
        self._write_later()
        return True

    @property
    def turns(self) -> dict[str, int]:
        """How many drags can be taken back, and made again."""
        return {
            "undoable": min(_BACK, len(self._back) + bool(self._drag)),
            "redoable": len(self._forward),
        }

    def _count(self, before: Array, after: Array) -> None:
        for part, sign in ((before, -1), (after, 1)):
            self._counts += sign * np.bincount(part.reshape(-1), minlength=_VALUES + 1)

    def beside(self, image: Image) -> Image:
        """Return it with the coordinates of its image; its values are those of any moment."""
        coords = {dim: image.coords[dim] for dim in self._dims if dim in image.coords}
        return self.image.assign_coords(coords)

    @property
    def pause(self) -> float:
        """Seconds without a stroke after which its file is written."""
        return max(_LATER, _SHARE * self._took)

    def labels(self) -> list[int]:
        """Return the labels that are there."""
        return [int(value) for value in np.flatnonzero(self._counts > 0) if value]

    def write(self) -> None:
        """Write its file, and begin the journal anew."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            started = time.perf_counter()
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write(self.file, self.image)
            self.journal.unlink(missing_ok=True)
            self._took = time.perf_counter() - started

    def write_pending(self) -> None:
        """Write its file if there are strokes that are not in it."""
        if self.journal.exists():
            self.write()

    def _write_later(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(self.pause, self.write)
            self._timer.daemon = True
            self._timer.start()

    def _restore(self, place: tuple[slice, ...], values: Array) -> None:
        """Let a box be as it was."""
        if self.values[place].size != values.size:
            raise RequestError("lies outside of the image")
        self._count(self.values[place], values)
        self.values[place] = values.reshape(self.values[place].shape)

    def _note(self, told: dict[str, Any]) -> None:
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

    def _draw(self, stroke: Stroke) -> _Box:
        """Draw; return where, and what was there before."""
        sizes = dict(zip(self._dims, self.values.shape, strict=True))
        rows, columns = stroke.plane
        if rows == columns or not {rows, columns} <= {*sizes}:
            raise RequestError(
                f"cannot be painted in a plane of {rows} and {columns}", where=self.file.name,
                hint=f"what is painted lies along {', '.join(sizes)}",
            )  # fmt: skip
        turned = self._dims.index(rows) > self._dims.index(columns)
        further = {d: _one_of(d, n, stroke.at) for d, n in sizes.items() if d not in stroke.plane}
        if stroke.shape == "fill" and stroke.points:
            whole = self.values[tuple(further.get(dim, slice(None)) for dim in sizes)]
            plane = whole.reshape([n for dim, n in sizes.items() if dim in stroke.plane])
            bounds, inside = area_around(plane.T if turned else plane, stroke.points[-1])
        else:
            bounds = bounds_of(stroke, (sizes[rows], sizes[columns]))
            inside = covered_by(stroke, bounds)
        drawn = {d: slice(*each) for d, each in zip(stroke.plane, bounds, strict=True)}
        place = tuple((further | drawn)[dim] for dim in sizes)
        part = self.values[place]
        before = part.copy()
        if turned:
            inside = inside.T
        part[inside.reshape(part.shape)] = stroke.value
        self._count(before, part)
        return place, before


def _one_of(dim: str, size: int, at: Mapping[str, int]) -> slice:
    """Return the sample of a dim at which a plane lies."""
    number = at.get(dim, 0)
    if not 0 <= number < size:
        raise RequestError(f"there is no {dim} {number}; it has {size}")
    return slice(number, number + 1)


def _told(stroke: Stroke) -> dict[str, Any]:
    return {
        "value": stroke.value, "radius": stroke.radius, "points": list(stroke.points),
        "at": dict(stroke.at), "shape": stroke.shape, "plane": list(stroke.plane),
        "stretch": list(stroke.stretch),
    }  # fmt: skip


def _box(place: tuple[slice, ...], values: Array) -> dict[str, Any]:
    """Return a note of a box as it is to be."""
    packed = base64.b64encode(zlib.compress(values.tobytes(), 1)).decode()
    return {"bounds": [(part.start, part.stop) for part in place], "values": packed}


def _read_note(line: str) -> Stroke | _Box | None:
    """Return a stroke of the journal, or a box as it was; None of a line that was cut off."""
    try:
        told = json.loads(line)
        if "bounds" in told:
            values = np.frombuffer(zlib.decompress(base64.b64decode(told["values"])), np.uint8)
            return tuple(slice(start, stop) for start, stop in told["bounds"]), values
        points = [(float(y), float(x)) for y, x in told["points"]]
        how = {key: tuple(told[key]) for key in ("plane", "stretch") if key in told}
        # A fill is noted as the box that it made; at first polygons were called so.
        shape: Shape = "polygon" if told["shape"] == "fill" else told["shape"]
        return Stroke(told["value"], told["radius"], points, told["at"], shape, **how)
    except (ValueError, KeyError, TypeError, zlib.error):
        return None


class Layers:
    """The layers of a served folder that are open: what is painted, and what is corrected."""

    def __init__(self, folder: ServedFolder) -> None:
        self.folder = folder
        self._open: dict[Path, Layer | Correction] = {}
        self._lock = threading.RLock()

    def open(self, path: str, layer: str) -> Layer:
        """Return a painted layer of an image, made if it is not there."""
        self.folder.pipeline_file(layer)  # refuses what is no name
        image = self.folder.file(path)
        return self._painted(self._file("labels", path, f".{layer}.tif"), read(image))

    def corrected(self, path: str) -> Correction | None:
        """Return the corrected labels of an image, where they were begun."""
        self.folder.file(path)
        return self._corrected(self.correction_file(path))

    def correction_file(self, path: str) -> Path:
        """Return where the corrected labels of an image are kept."""
        return self._file(CORRECTED, path, ".tif")

    def at(self, file: Path, image: Image) -> Layer | Correction | None:
        """Return the layer that a file of the folder is, of an image; None of another file."""
        if file.is_relative_to(self.folder.own / CORRECTED):
            return self._corrected(file)
        if file.is_relative_to(self.folder.own / "labels"):
            return self._painted(file, image)
        return None

    def begin_correction(
        self, path: str, like: Image, fill: Fill, source: dict[str, Any]
    ) -> Correction:
        """Make the corrected labels of an image, in the place of those that were there."""
        file = self.correction_file(path)
        with self._lock:
            if before := self._open.get(file):
                before.write_pending()
        Correction.begin(file, like, fill, source)
        with self._lock:
            made = self._open[file] = Correction(file)
            if isinstance(before, Correction):
                before.is_replaced, made.revision = True, before.revision + 1
            return made

    def _file(self, kind: str, path: str, ending: str) -> Path:
        inside = Path(path)
        return self.folder.own / kind / inside.parent / f"{stem(inside.name)}{ending}"

    def _painted(self, file: Path, image: Image) -> Layer:
        with self._lock:
            found = self._open.get(file)
            if not isinstance(found, Layer):
                found = self._open[file] = Layer(file, image)
            return found

    def _corrected(self, file: Path) -> Correction | None:
        with self._lock:
            found = self._open.get(file)
            if not file.exists():
                if isinstance(found, Correction):
                    found.is_replaced = True
                    del self._open[file]
                return None
            if not isinstance(found, Correction):
                found = self._open[file] = Correction(file)
            return found

    def painted(self, file: Path) -> Layer | None:
        """Return the painted layer that a file is, if it is open."""
        found = self._open.get(file)
        return found if isinstance(found, Layer) else None

    @property
    def pause(self) -> float:
        """Seconds without a stroke after which the files of all painted layers are written."""
        open_now = list(self._open.values())
        return max((each.pause for each in open_now if isinstance(each, Layer)), default=0.0)

    def write_pending(self) -> None:
        """Write what is not written yet."""
        for layer in list(self._open.values()):
            layer.write_pending()


def described(layer: Layer, path: str, name: str) -> dict[str, Any]:
    """Return what a page is told of a layer."""
    told = {"path": path, "layer": name, "revision": layer.revision, "values": layer.labels()}
    return {**told, **layer.turns}
