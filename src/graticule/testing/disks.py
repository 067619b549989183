"""Disks that refuse: small ones, read-only ones, a limit on the size of files."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(place: Path, size: int) -> Iterator[bool]:
    """Mount an empty disk of so many bytes in memory; yields whether this process may.

    Parameters
    ----------
    place : Path
        Made if it is not there.
    size : int
        A disk takes whole pages of 4096 bytes.
    """
    place.mkdir(exist_ok=True)
    may = _succeeds("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place))
    try:
        yield may
    finally:
        if may:
            _succeeds("umount", "-l", str(place))


def enlarge(place: Path, size: int) -> None:
    """Give a disk that `small_disk` mounted another size."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True)


@contextmanager
def read_only(place: Path) -> Iterator[bool]:
    """Let nobody write to a folder for a while; yields whether this process may do so."""
    path = str(place)
    may = _succeeds("mount", "--bind", path, path)
    try:
        yield may and _succeeds("mount", "-o", "remount,ro,bind", path)
    finally:
        if may:
            _succeeds("umount", "-l", path)


@contextmanager
def files_up_to(size: int) -> Iterator[bool]:
    """Let this process write no file larger than this, as where a quota is used up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield True
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
