"""What a command and all processes it starts take of memory together."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PAUSE = 0.02


@dataclass(frozen=True)
class Watched:
    """A command that has ended.

    Attributes
    ----------
    code : int
        Its exit status.
    said : str
        What it wrote.
    peak : int
        Bytes of memory that it and the processes it started had resident together, at most.
    processes : int
        How many processes there were.
    seconds : float
        How long it took.
    """

    code: int
    said: str
    peak: int
    processes: int
    seconds: float


def watched(command: Sequence[str], *, timeout: float = 3600.0) -> Watched:
    """Run a command and watch the memory of all its processes.

    Of one process that is what the system notes as its peak. Of several it is looked at again and
    again: pages that a fork shares with its parent count once, and so do the libraries.
    """
    started, peak, seen = time.monotonic(), 0, set[int]()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                family = _family(process.pid)
                seen.update(family)
                peak = max(peak, _field(process.pid, "status", "VmHWM:"), _shared(family))
                if time.monotonic() - started > timeout:
                    raise TimeoutError(f"{command[0]} has not ended after {timeout:g} s")
                time.sleep(_PAUSE)
        finally:
            process.kill()
            process.wait()
        log.seek(0)
        said = log.read()
    return Watched(process.returncode, said, peak, len(seen), time.monotonic() - started)


def _family(pid: int) -> list[int]:
    """Return a process and all it started, that are still there."""
    found, left = [], [pid]
    while left:
        found.append(left.pop())
        with contextlib.suppress(OSError):
            for listed in Path(f"/proc/{found[-1]}/task").glob("*/children"):
                left += map(int, listed.read_text(encoding="ascii").split())
    return found


def _shared(family: Sequence[int]) -> int:
    """Return what several processes take: their own pages, and the files of the largest."""
    if len(family) < 2:
        return 0
    own = sum(_field(pid, "smaps_rollup", "Pss_Anon:", "Pss_Shmem:") for pid in family)
    return own + max(_field(pid, "status", "RssFile:") for pid in family)


def _field(pid: int, name: str, *fields: str) -> int:
    """Return the bytes that some lines of a file of ``/proc`` say; 0 of a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/{name}").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(fields))
