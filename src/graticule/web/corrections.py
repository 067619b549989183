"""Corrected labels of objects beside images, kept as truth: edited where they lie on the disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.errors import FormatError, RequestError
from graticule.core.image import Image
from graticule.core.typing import Array
from graticule.io import read
from graticule.io.in_place import make_editable, open_editable
from graticule.web.edit_journal import EditJournal, Put
from graticule.web.folder import OWN, first_revision
from graticule.web.object_edits import Change, ObjectEdit, Section, changed
from graticule.web.object_index import ObjectIndex

CORRECTED = "corrected"
"""The folder of corrections, and what a pipeline calls its input."""
TEMPLATE = f"{OWN}/{CORRECTED}/{{path}}.tif"
_LATER = 0.7
"""Seconds after an edit at which its samples are brought to the disk."""

Fill = Callable[[Array], None]


class Correction:
    """Labels of the objects of an image, corrected by hand.

    They lie in a TIFF without compression that is mapped into memory, so that an edit touches the
    box around it and nothing else, however large the image is. What it changed is in the journal
    before.

    Parameters
    ----------
    file : Path
        The labels, made by `begin`.

    Attributes
    ----------
    is_replaced : bool
        Whether its file was removed, or others stand in its place now.

    Raises
    ------
    RequestError
        If numbers of objects are larger than there is room for.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.revision = first_revision()
        self.is_replaced = False
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None
        like = read(file, labels=True)
        _make_plain(file, like)
        self._mapped = open_editable(file)
        values = np.asarray(self._mapped).reshape(like.shape)
        self.image = like.copy(data=values)
        self.values = values
        self._dims = [str(dim) for dim in like.dims]
        self._lengths = [*(["z"] if "z" in self._dims else []), "y", "x"]
        self.journal = _journal_for(file)
        for put in self.journal.unflushed():
            values[put.place][put.where] = put.values
        further = [n if dim not in self._lengths else 1 for dim, n in like.sizes.items()]
        places = (dict(zip(self._dims, each, strict=True)) for each in np.ndindex(*further))
        self.index = ObjectIndex([self._volume(place) for place in places])
        self.index.top = max(self.index.top, self.journal.top)

    @staticmethod
    def begin(file: Path, like: Image, fill: Fill, source: dict[str, Any]) -> None:
        """Make labels to be corrected; what was there is set aside under a hidden name.

        Parameters
        ----------
        file : Path
            Where they are kept.
        like : DataArray
            Of their dims, sizes and coordinates; its values are not looked at.
        fill : callable
            Puts the labels into an array; it may take long, and raise.
        source : dict
            What they are made from, in words.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f".{file.stem}.draft.tif")
        try:
            mapped = make_editable(draft, like)
            fill(np.asarray(mapped).reshape(like.shape))
            mapped.flush()
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        if file.exists():
            os.replace(file, file.with_name(f".{file.stem}.earlier.tif"))
        EditJournal.begin(journal_of(file), source)
        os.replace(draft, file)
        EditJournal(journal_of(file)).note_flushed(_stamp(file))

    def beside(self, image: Image) -> Image:
        """Return it with the coordinates of its image; its values are those of any moment."""
        coords = {dim: image.coords[dim] for dim in self._dims if dim in image.coords}
        return self.image.assign_coords(coords)

    def edit(self, edit: ObjectEdit, name: str) -> None:
        """Make an edit; one whose name is known was made already.

        Raises
        ------
        RequestError
            If there is nothing that it can be done to, or it lies on no plane of the image.
        """
        with self._lock:
            if self.journal.knows(name):
                return
            at = self._place_of(edit)
            change = changed(edit, self._section(edit, at))
            if np.array_equal(change.before, change.after):
                raise RequestError("there is nothing to change here")
            box = self._box_of(change, at)
            shape = [stop - start for start, stop in box]
            before, after = change.before.reshape(shape), change.after.reshape(shape)
            self.journal.add(name, box, before, after, max(self.index.top, int(after.max())))
            self.values[tuple(slice(*each) for each in box)] = after
            self.index.replace(change.box, change.before, change.after)
            self._changed()

    def take_back(self, name: str) -> None:
        """Take the last edit back, if there is one and this was not done under the name."""
        self._turn(name, self.journal.take_back)

    def make_again(self, name: str) -> None:
        """Make the edit again that was taken back last."""
        self._turn(name, self.journal.make_again)

    def _turn(self, name: str, way: Callable[[str], Put | None]) -> None:
        with self._lock:
            put = None if self.journal.knows(name) else way(name)
            if put is None:
                return
            part = self.values[put.place]
            before = np.array(part)
            part[put.where] = put.values
            bounds = dict(zip(self._dims, put.box, strict=True))
            z, y, x = (bounds.get(dim, (0, 1)) for dim in ("z", "y", "x"))
            shape = [stop - start for start, stop in (z, y, x)]
            self.index.replace((z, y, x), before.reshape(shape), np.array(part).reshape(shape))
            self._changed()

    def _changed(self) -> None:
        self.revision += 1
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(_LATER, self.write_pending)
        self._timer.daemon = True
        self._timer.start()

    def write_pending(self) -> None:
        """Bring what was edited to the disk."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
                if self.is_replaced:
                    return
                self._mapped.flush()
                os.utime(self.file)
                self.journal.note_flushed(_stamp(self.file))

    def _place_of(self, edit: ObjectEdit) -> dict[str, int]:
        """Return where the plane of an edit lies along all other dims."""
        if edit.plane[0] == edit.plane[1] or not {*edit.plane} <= {*self._lengths}:
            raise RequestError(
                f"objects are not corrected in a plane of {' and '.join(edit.plane)}",
                hint=f"they lie along {', '.join(self._lengths)}",
            )
        place = {}
        for dim, size in zip(self._dims, self.values.shape, strict=True):
            number = 0 if dim in edit.plane else edit.at.get(dim, 0)
            if not 0 <= number < size:
                raise RequestError(f"there is no {dim} {number}; it has {size}")
            place[dim] = number
        return place

    def _volume(self, place: Mapping[str, int]) -> Array:
        """Return the labels along z, rows and columns at a place along the other dims."""
        index = tuple(slice(None) if dim in self._lengths else place[dim] for dim in self._dims)
        volume = self.values[index]
        return volume if volume.ndim == 3 else volume[None]

    def _section(self, edit: ObjectEdit, place: Mapping[str, int]) -> Section:
        axes = {dim: axis for axis, dim in enumerate(("z", "y", "x"))}
        rows, columns = (axes[dim] for dim in edit.plane)
        (across,) = {*axes} - {*edit.plane}
        return Section(self._volume(place), self.index, (rows, columns), place.get(across, 0))

    def _box_of(self, change: Change, place: Mapping[str, int]) -> tuple[tuple[int, int], ...]:
        """Return the box of a change along all dims."""
        bounds = dict(zip(("z", "y", "x"), change.box, strict=True))
        return tuple(bounds.get(dim, (place[dim], place[dim] + 1)) for dim in self._dims)

    def described(self) -> dict[str, Any]:
        """Return what a page is told of it."""
        return {
            "layer": CORRECTED, "revision": self.revision, "template": TEMPLATE,
            "objects": self.index.count, "undoable": self.journal.undoable,
            "redoable": self.journal.redoable, "source": self.journal.source,
        }  # fmt: skip


def correction_news(correction: Correction, path: str, name: str = "") -> dict[str, Any]:
    """Return what pages are told when labels were corrected, by which edit."""
    return {
        "type": "correction",
        "path": path,
        "edit": name,
        "state": "ready",
        **correction.described(),
    }


def journal_of(file: Path) -> Path:
    """Return where the edits of a correction are kept: hidden, so that it is taken for no image."""
    return file.with_name(f".{file.stem}.edits")


def _journal_for(file: Path) -> EditJournal:
    """Return the edits of labels: none, where another program has changed these since."""
    path = journal_of(file)
    journal = EditJournal(path)
    if not path.exists() or not journal.is_of(_stamp(file)):
        EditJournal.begin(path, {"file": file.name})
        journal = EditJournal(path)
        journal.note_flushed(_stamp(file))
    return journal


def _stamp(file: Path) -> int:
    return file.stat().st_mtime_ns


def _make_plain(file: Path, labels: Image) -> None:
    """Let labels from elsewhere, which may be compressed, lie so that they can be edited."""
    try:
        known = open_editable(file)
        if known.dtype == np.int32 and known.size == labels.size:
            return
        del known
    except FormatError:
        pass
    largest = int(labels.max())
    if largest > np.iinfo(np.int32).max:
        raise RequestError(f"an object has the number {largest:,}", where=file.name)
    plain = labels.astype(np.int32)
    values = np.asarray(plain.values)

    def fill(into: Array) -> None:
        into[...] = values

    Correction.begin(file, plain, fill, {"file": file.name})
