"""The tables beside frames of a time-of-flight camera: spectrum, shutter counts and times."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.typing import Array
from graticule.io.safety import require_room

SPECTRUM = re.compile(r"(?i)^(?P<stem>.+)_spectra\.(txt|csv|dat)$")
_COUNTS, _TIMES = "_ShutterCount.txt", "_ShutterTimes.txt"
_A_NUMBER = 64
"""Bytes that a number of a table takes while it is read."""
_SAME = 1e-3
"""Bins whose widths differ by less than this share are equal: tables are rounded."""
_SECOND = 1e6
"""Microseconds of a second."""


@dataclass(frozen=True)
class Bins:
    """The bins of a spectrum file.

    Attributes
    ----------
    left : ndarray
        Where each begins, in microseconds.
    width : ndarray
        How long each is, in microseconds.
    counts : ndarray or None
        What the camera counted in each; None where the file has one column.
    shutter : ndarray or None
        In which opening of the shutter each lies, from 0; None without a file of these.
    triggers : ndarray or None
        How often the shutter was opened for it; None without a file of these.
    """

    left: Array
    width: Array
    counts: Array | None
    shutter: Array | None
    triggers: Array | None

    @property
    def middle(self) -> Array:
        """Middle of each bin, in microseconds."""
        return self.left + self.width / 2

    @property
    def is_even(self) -> bool:
        """Whether the bins are equally long, with nothing between them."""
        steps = np.append(np.diff(self.left), self.width[-1:])
        return bool(np.ptp(steps) <= _SAME * steps.min())


def bins_of(spectrum: Path, frames: int, about: str) -> Bins:
    """Return the bins of a spectrum file, with what the files of the shutter say of them.

    Parameters
    ----------
    spectrum : Path
        ``..._Spectra.txt``: where each bin begins, in seconds, and what was counted in it.
    frames : int
        How many bins there must be.
    about : str
        What has so many frames, for the message.

    Raises
    ------
    FormatError
        If the number of bins is another one, times do not rise, or a line holds no numbers.
    """
    table = _table(spectrum, columns=(1, 2))
    if len(table) != frames:
        raise FormatError(
            f"has {len(table)} {'bin' if len(table) == 1 else 'bins'}, and {about} "
            f"{frames} {'frame' if frames == 1 else 'frames'}",
            where=str(spectrum),
            hint="put the spectrum file of this run beside its frames, all of them; a pattern, as "
            'read("folder/*.fits", dims=["tof", "y", "x"]), reads frames without it',
        )
    seconds = table[:, 0]
    steps = np.diff(seconds)
    if (steps <= 0).any():
        line = int(np.flatnonzero(steps <= 0)[0]) + 2
        raise FormatError(
            f"line {line} is {seconds[line - 1]:g} s after {seconds[line - 2]:g} s; the times of "
            "bins rise",
            where=str(spectrum),
            hint="a file of several runs is split into one for each",
        )
    stem = str(spectrum)[: -len(spectrum.name)] + SPECTRUM.match(spectrum.name)["stem"]  # type: ignore[index]
    shutter, triggers = _shutter(seconds, Path(stem + _TIMES), Path(stem + _COUNTS))
    left = seconds * _SECOND
    counts = table[:, 1] if table.shape[1] == 2 else None
    return Bins(left, _widths(left, shutter), counts, shutter, triggers)


def _widths(left: Array, shutter: Array | None) -> Array:
    """Return how long bins are: to the next one, but the last of an opening as the one before.

    Between openings the camera is read out, so that the time to the next bin is no width there.
    """
    widths = np.append(np.diff(left), math.nan)
    if shutter is not None:
        widths[:-1][np.diff(shutter) > 0] = math.nan
    for place in np.flatnonzero(np.isnan(widths)):
        widths[place] = widths[place - 1] if place else math.nan
    return widths


def _shutter(seconds: Array, times: Path, counts: Path) -> tuple[Array | None, Array | None]:
    """Return the opening of the shutter in which each bin lies, and how often it was made."""
    if not times.is_file():
        return None, None
    table = _table(times, columns=(3,))
    table = table[table[:, 2] > 0]  # the file has a line for each possible opening
    if not len(table):
        raise FormatError("has no opening of the shutter", where=str(times))
    # a line is the time since the last opening ended, and how long the next one is
    starts = np.cumsum(table[:, 1:].ravel())[::2]
    starts[0] = table[0, 1]
    # rounded times add up, so that the bin nearest to a start is its first one
    first = np.abs(seconds[:, None] - starts).argmin(axis=0)
    if (np.diff(first) <= 0).any():
        raise FormatError(
            f"has {len(table)} openings of the shutter, and some hold no bin of the spectrum",
            where=str(times),
            hint="put the files of one run beside its frames, or take this one away",
        )
    shutter = np.clip(np.searchsorted(first, np.arange(seconds.size), "right") - 1, 0, None)
    if not counts.is_file():
        return shutter, None
    made = _table(counts, columns=(2,))[:, 1]
    if made.size < len(table) or (made[: len(table)] <= 0).any():
        raise FormatError(
            f"has {int((made > 0).sum())} openings of the shutter, and {times.name} {len(table)}",
            where=str(counts),
            hint="put the files of one run beside its frames, or take this one away",
        )
    return shutter, made[shutter]


def _table(path: Path, columns: tuple[int, ...]) -> Array:
    """Return the numbers of a text file, a row for each line; more columns are left out."""
    require_room(path.stat().st_size * _A_NUMBER, what=path.name)
    rows: list[list[float]] = []
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), start=1):
        words = [word for word in re.split(r"[\s,;]+", line.split("#")[0].strip()) if word]
        if not words:
            continue
        row = _numbers(words)
        if not row and not rows:
            continue  # names of columns
        if len(row) != len(words) or len(row) < min(columns) or not all(map(math.isfinite, row)):
            raise FormatError(f"line {number} is no row of numbers: {line[:60]!r}", where=str(path))
        rows.append(row[: max(columns)])
    if not rows:
        raise FormatError("holds no numbers", where=str(path))
    if len({len(row) for row in rows}) > 1:
        raise FormatError("has rows of different lengths", where=str(path))
    return np.array(rows)


def _numbers(words: list[str]) -> list[float]:
    """Return the numbers that words are; none if one of them is no number."""
    try:
        return [float(word) for word in words]
    except ValueError:
        return []
