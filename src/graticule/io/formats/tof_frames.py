r"""A folder with the frames of a time-of-flight camera, and the spectrum file that dates them.

>>> import tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> import graticule as gt
>>> with tempfile.TemporaryDirectory() as folder:
...     for number in range(3):
...         frame = np.full((2, 2), number, np.uint16)
...         _ = gt.write(Path(folder) / f"run_{number:05}.tif", frame)
...     bins = "".join(f"{0.001 * (number + 1)}\t{4 * number}\n" for number in range(3))
...     _ = (Path(folder) / "run_Spectra.txt").write_text(bins)
...     cube = gt.read(folder).load()
>>> cube.dims, cube.tof.values.round().tolist(), cube.tof.attrs["units"]
(('tof', 'y', 'x'), [1500.0, 2500.0, 3500.0], 'us')
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import FormatError
from graticule.io.format import Address, Format
from graticule.io.formats._tof_tables import SPECTRUM, Bins, bins_of
from graticule.io.paths import natural
from graticule.io.reading import read
from graticule.io.stacking import Files, stack

_FRAME = re.compile(r"(?i)^(?P<stem>.*?)[_-]?(?P<number>\d+)(?P<ending>\.(fits?|fts|tiff?))$")
_STACK = re.compile(r"(?i)^(?P<stem>.+?)(?P<ending>\.(fits?|fts|tiff?))$")
_SUM = re.compile(r"(?i)[_-]summed_?im(g|age)\b")
"""What the camera's program writes beside the frames: their sum."""
TOF = "tof"


@dataclass(frozen=True)
class _Run:
    """The files of a run of the camera.

    Attributes
    ----------
    spectrum : Path
        The spectrum file.
    frames : tuple of Path
        The frames in their order, or the one file that holds them all.
    stem : str
        What the frames are called before their number.
    """

    spectrum: Path
    frames: tuple[Path, ...]
    stem: str


def _spectra(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if SPECTRUM.match(entry.name)]
    return sorted((folder / name for name in names if name[0] != "."), key=natural)


def _groups(folder: Path) -> dict[tuple[str, str], list[Path]]:
    """Return the numbered pictures of a folder by what stands before and after the number."""
    groups: dict[tuple[str, str], list[Path]] = {}
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name[0] != "." and entry.is_file()]
    for name in names:
        found = _FRAME.match(name)
        if found and not _SUM.search(name):
            key = (found["stem"], found["ending"].lower())
            groups.setdefault(key, []).append(folder / name)
    return {key: sorted(paths, key=natural) for key, paths in groups.items()}


def _stacks(folder: Path, stem: str) -> list[Path]:
    """Return the pictures that are called as the spectrum file is, without a number."""
    with os.scandir(folder) as entries:
        matches = [_STACK.match(entry.name) for entry in entries if entry.is_file()]
    return sorted(folder / found[0] for found in matches if found and found["stem"] == stem)


def _sniff(path: Path, head: bytes) -> bool:
    spectra = _spectra(path)
    if not spectra:
        return False
    stem = SPECTRUM.match(spectra[0].name)["stem"]  # type: ignore[index]
    return bool(_groups(path) or _stacks(path, stem))


def _run_of(folder: Path) -> _Run:
    spectrum, *others = _spectra(folder)
    by_pattern = f'a pattern, as read("{folder}/*.fits"), reads frames without their times'
    if others:
        raise FormatError(
            f"holds {len(others) + 1} spectrum files: {spectrum.name}, {others[0].name}",
            hint=f"put each run into a folder of its own; {by_pattern}",
        )
    stem = SPECTRUM.match(spectrum.name)["stem"]  # type: ignore[index]
    groups = _groups(folder)
    own = {key: paths for key, paths in groups.items() if key[0] == stem}
    fitting = own or ({} if _stacks(folder, stem) else groups)
    if not fitting and len(stacks := _stacks(folder, stem)) == 1:
        return _Run(spectrum, tuple(stacks), stem)
    if len(fitting) != 1:
        kinds = [f"{name}...{ending}" for name, ending in fitting] or [one.name for one in stacks]
        raise FormatError(
            f"holds frames of {len(kinds)} kinds, {', '.join(kinds)}, and one spectrum file",
            hint=f"keep the frames that belong to {spectrum.name}; {by_pattern}",
        )
    (name, _), paths = next(iter(fitting.items()))
    return _Run(spectrum, tuple(paths), name)


def _open(address: Address, level: int) -> xr.DataArray:
    if address.inside:
        raise FormatError("the frames of a run are one image, and nothing by name within")
    run = _run_of(address.path)
    notes = []
    if not run.spectrum.name.startswith(run.stem):
        notes.append(f"the frames {run.stem}... are dated by {run.spectrum.name}")
    if len(run.frames) > 1 or _FRAME.match(run.frames[0].name):
        bins = bins_of(run.spectrum, len(run.frames), _missing(run))
        image = stack(Files(run.frames), read, name=TOF)
    else:
        image = _renamed(read(run.frames[0]), run)
        bins = bins_of(run.spectrum, image.sizes[TOF], f"{run.frames[0].name} has")
    notes.append(f"the times of {run.spectrum.name} are taken as the beginnings of bins")
    told = [*(image.attrs.get("notes") or ()), *notes]
    return image.assign_coords(_coordinates(bins)).assign_attrs(notes=list(dict.fromkeys(told)))


def _renamed(image: xr.DataArray, run: _Run) -> xr.DataArray:
    """Return a stack that was read from one file, its first dim named."""
    if image.ndim != 3 or "c" in image.dims:
        raise FormatError(
            f"{run.frames[0].name} has the axes {', '.join(map(str, image.dims))}; frames of a "
            f"spectrum, {run.spectrum.name}, are images along one more axis",
            hint="take the spectrum file away to read it as it is",
        )
    first = str(image.dims[0])
    return image.drop_vars(first, errors="ignore").rename({first: TOF})


def _missing(run: _Run) -> str:
    """Say which frames there are, and which numbers among theirs are missing."""
    numbers = [int(_FRAME.match(path.name)["number"]) for path in run.frames]  # type: ignore[index]
    gaps = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers))
    shown = (
        f" ({', '.join(map(str, gaps[:5]))}{', ...' if gaps[5:] else ''} missing)" if gaps else ""
    )
    span = f"{run.frames[0].name} to {run.frames[-1].name}{shown}"
    return f"{span} are" if len(run.frames) > 1 else f"{run.frames[0].name} is"


def _coordinates(bins: Bins) -> Mapping[str, Any]:
    """Return the coordinates along the bins, as xarray takes them."""
    unit = {"units": "us"}
    coords: dict[str, Any] = {TOF: (TOF, bins.middle, {**unit, "long_name": "time of flight"})}
    if bins.left.size == 1:
        coords[TOF] = (TOF, bins.left, unit)
    elif not bins.is_even:
        coords[f"{TOF}_left"] = (TOF, bins.left, unit)
        coords[f"{TOF}_right"] = (TOF, bins.left + bins.width, unit)
    for name, values in (
        ("counts", bins.counts),
        ("shutter", bins.shutter),
        ("triggers", bins.triggers),
    ):
        if values is not None:
            whole = np.asarray(values)
            is_whole = bool((whole == np.round(whole)).all()) and np.abs(whole).max() < 2**53
            coords[name] = (TOF, whole.astype(np.int64) if is_whole else whole)
    return coords


FORMAT = Format("time-of-flight frames", _sniff, _open, is_folder=True)
