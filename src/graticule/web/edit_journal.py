"""A journal of edits: what each changed, to be taken back, made again, or made up for after a fall.

A record is a line of JSON, and with an edit the samples that it changed. It is on the disk before
the labels are touched. What was not brought to the disk of the labels is put there from it when
they are opened again: each record says what samples become, and not what is done to them.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.atomic import atomic_path
from graticule.core.typing import Array


@dataclass(frozen=True)
class Put:
    """Samples of a box, and what they become.

    Attributes
    ----------
    box : tuple of (int, int)
        Start and stop along each axis of the labels.
    where, values : ndarray
        Which samples of the box, and their labels.
    """

    box: tuple[tuple[int, int], ...]
    where: Array
    values: Array

    @property
    def place(self) -> tuple[slice, ...]:
        """Where in the labels the box is."""
        return tuple(slice(*each) for each in self.box)


@dataclass(frozen=True)
class _Record:
    """An edit in the file: where its samples begin, and its line."""

    start: int
    told: dict[str, Any]


class EditJournal:
    """Edits in a file, in the order in which they were made.

    Parameters
    ----------
    path : Path
        The file. What was cut off at its end is removed.

    Attributes
    ----------
    source : dict
        What the labels were made from.
    top : int
        The largest number that an object was ever given.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source: dict[str, Any] = {}
        self.top = 0
        self._edits: list[_Record] = []
        self._done = 0
        self._names: set[str] = set()
        self._unflushed: list[tuple[_Record, str]] = []
        self._stamp = 0
        self._read()

    @staticmethod
    def begin(path: Path, source: dict[str, Any]) -> None:
        """Begin a journal of no edits, in the place of any other."""
        with atomic_path(path) as draft:
            draft.write_text(json.dumps({"source": source}) + "\n", "utf-8")

    @property
    def undoable(self) -> int:
        """How many edits can be taken back."""
        return self._done

    @property
    def redoable(self) -> int:
        """How many edits can be made again."""
        return len(self._edits) - self._done

    def knows(self, name: str) -> bool:
        """Whether an edit, or what was done to one, of this name was made."""
        return name in self._names

    def add(
        self,
        name: str,
        box: tuple[tuple[int, int], ...],
        before: Array,
        after: Array,
        top: int,
    ) -> None:
        """Set down an edit; what was taken back before it cannot be made again.

        Parameters
        ----------
        name : str
            Of the edit.
        box : tuple of (int, int)
            Start and stop along each axis of the labels.
        before, after : ndarray
            The labels there.
        top : int
            The largest number that an object was ever given.
        """
        where = before != after
        content = zlib.compress(
            np.packbits(where).tobytes()
            + before[where].astype("<i4").tobytes()
            + after[where].astype("<i4").tobytes()
        )
        told = {
            "edit": name, "box": [list(each) for each in box],
            "top": top, "samples": int(where.sum()), "bytes": len(content),
            "crc": zlib.crc32(content),
        }  # fmt: skip
        start = self._append(told, content)
        self._take(_Record(start, told))

    def take_back(self, name: str) -> Put | None:
        """Set down that the last edit is taken back; return what it had found."""
        if not self._done:
            return None
        self._append({"undo": name})
        return self._put(*self._undo(name))

    def make_again(self, name: str) -> Put | None:
        """Set down that the edit taken back last is made again; return what it leaves."""
        if not self.redoable:
            return None
        self._append({"redo": name})
        return self._put(*self._redo(name))

    def note_flushed(self, stamp: int) -> None:
        """Set down that the labels on the disk hold all edits, and what they are known by."""
        self._append({"flushed": stamp})
        self._heed({"flushed": stamp}, 0)

    def is_of(self, stamp: int) -> bool:
        """Whether labels known by a stamp are those that it has the edits of."""
        return bool(self._unflushed) or self._stamp == stamp

    def unflushed(self) -> Iterator[Put]:
        """Give, in order, what may be missing in the labels on the disk."""
        for record, way in self._unflushed:
            yield self._put(record, way)

    def _append(self, told: dict[str, Any], content: bytes = b"") -> int:
        line = json.dumps(told).encode() + b"\n"
        with self.path.open("ab") as file:
            size = file.tell()
            try:
                file.write(line + content)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), size)
                raise
        return size + len(line)

    def _take(self, record: _Record) -> None:
        del self._edits[self._done :]
        self._edits.append(record)
        self._done += 1
        self.top = max(self.top, record.told["top"])
        self._names.add(record.told["edit"])
        self._unflushed.append((record, "after"))

    def _undo(self, name: str) -> tuple[_Record, str]:
        self._done -= 1
        return self._turned(name, self._done, "before")

    def _redo(self, name: str) -> tuple[_Record, str]:
        self._done += 1
        return self._turned(name, self._done - 1, "after")

    def _turned(self, name: str, place: int, way: str) -> tuple[_Record, str]:
        self._names.add(name)
        self._unflushed.append((self._edits[place], way))
        return self._unflushed[-1]

    def _put(self, record: _Record, way: str) -> Put:
        told = record.told
        with self.path.open("rb") as file:
            file.seek(record.start)
            content = zlib.decompress(file.read(told["bytes"]))
        # At first a record had the rows and columns of its plane, and where this lies.
        planes = [(at, at + 1) for at in told.get("plane", ())]
        box = (*planes, *((start, stop) for start, stop in told["box"]))
        shape = [stop - start for start, stop in box]
        count = math.prod(shape)
        bits = -(-count // 8)
        where = np.unpackbits(np.frombuffer(content, np.uint8, bits), count=count)
        skipped = 0 if way == "before" else told["samples"]
        values = np.frombuffer(content, "<i4", told["samples"], bits + 4 * skipped)
        return Put(box, where.astype(bool).reshape(shape), values)

    def _read(self) -> None:
        """Read the file as far as it is whole, and remove the rest."""
        if not self.path.exists():
            return
        whole = 0
        with self.path.open("rb") as file:
            for line in file:
                try:
                    told: dict[str, Any] = json.loads(line)
                    start = whole + len(line)
                    content = file.read(told["bytes"]) if "edit" in told else b""
                    if "edit" in told and zlib.crc32(content) != told["crc"]:
                        break
                    if not line.endswith(b"\n"):
                        break
                    self._heed(told, start)
                except (ValueError, KeyError, TypeError, IndexError):
                    break
                whole = start + len(content)
        if whole < self.path.stat().st_size:
            os.truncate(self.path, whole)

    def _heed(self, told: dict[str, Any], start: int) -> None:
        if "edit" in told:
            self._take(_Record(start, told))
        elif "undo" in told:
            self._undo(told["undo"])
        elif "redo" in told:
            self._redo(told["redo"])
        elif "flushed" in told:
            self._unflushed, self._stamp = [], told["flushed"]
        else:
            self.source = told["source"]
