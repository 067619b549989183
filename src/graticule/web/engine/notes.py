"""What each thread of the engine works at, in memory that outlives its process."""

from __future__ import annotations

import mmap
import struct
import threading
from pathlib import Path

_SLOTS = 512
"""Threads that can note something; what others work at is not known."""
_SLOT = 128
_HEAD = struct.Struct("<QH")
_LONGEST = _SLOT - _HEAD.size


class StepNotes:
    """Which step of which order each thread works at.

    One process writes, another reads what the first left behind, whatever became of it.

    Parameters
    ----------
    path : Path
        A file that both see; made if it is not there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     notes = StepNotes(Path(folder) / "notes")
    ...     notes.put(7, "step smooth")
    ...     StepNotes(Path(folder) / "notes").read()
    {7: ['step smooth']}
    """

    def __init__(self, path: Path) -> None:
        with path.open("a+b") as file:
            file.truncate(_SLOTS * _SLOT)
            self._memory = mmap.mmap(file.fileno(), _SLOTS * _SLOT)
        self._own = threading.local()
        self._taken = 0
        self._lock = threading.Lock()

    def put(self, order: int, at: str) -> None:
        """Note what this thread works at, for an order; "" where it is at nothing."""
        slot = getattr(self._own, "slot", None)
        if slot is None:
            with self._lock:
                slot = self._own.slot = self._taken
                self._taken += 1
        if slot < _SLOTS:
            text = at.encode()[:_LONGEST]
            head = _HEAD.pack(order if at else 0, len(text))
            self._memory[slot * _SLOT : slot * _SLOT + _HEAD.size + len(text)] = head + text

    def read(self) -> dict[int, list[str]]:
        """Return what is worked at, by order, each once."""
        found: dict[int, list[str]] = {}
        for place in range(0, _SLOTS * _SLOT, _SLOT):
            order, length = _HEAD.unpack_from(self._memory, place)
            if order:
                start = place + _HEAD.size
                text = self._memory[start : start + length].decode(errors="replace")
                if text not in found.setdefault(order, []):
                    found[order].append(text)
        return found

    def clear(self) -> None:
        """Forget all that was noted."""
        self._memory[:] = bytes(_SLOTS * _SLOT)
