"""The small arrays kept for pictures: ``previews/<image>.npz``."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile

from graticule.core.errors import StoreError, UnknownNameError, UnsafeFileError, suggest
from graticule.core.image import SPATIAL, Kind
from graticule.core.typing import Array
from graticule.core.units import unit_scale
from graticule.report.wording import unit

# 512 samples a side, some planes and a few dozen steps stay far below.
MOST_BYTES = 2 * 10**9
CHANNELS = ("c", "channel", "rgb", "class", "band")


@dataclass(frozen=True)
class Axis:
    """Where the samples along a dim lie.

    Attributes
    ----------
    name : str
        The dim.
    size : int
        Number of samples.
    first, step : float
        Position of the first sample, and the distance to the next.
    units : str
        Unit of both; ``""`` for samples.
    window : int
        How many samples of the image one sample of the picture stands for.
    """

    name: str
    size: int
    first: float = 0.0
    step: float = 1.0
    units: str = ""
    window: int = 1

    @property
    def sample(self) -> float:
        """Distance between the samples of the image itself, before it was made small."""
        return self.step / self.window

    @property
    def edges(self) -> tuple[float, float]:
        """Outer edges of the first and last sample."""
        return self.first - self.step / 2, self.first + self.step * (self.size - 0.5)

    @property
    def positions(self) -> Array:
        """Position of every sample."""
        return np.asarray(self.first + self.step * np.arange(self.size))

    @property
    def label(self) -> str:
        """Name with the unit, for an axis of a figure."""
        return f"{self.name} / {unit(self.units) or ('px' if self.is_spatial else 'samples')}"

    @property
    def is_spatial(self) -> bool:
        """Whether it is ``z``, ``y`` or ``x``."""
        return self.name in SPATIAL

    def factor(self, units: str) -> float:
        """Return what a number in ``units`` is to be multiplied with to lie on this axis."""
        if not units or not self.units or units == self.units:
            return 1.0
        (ours, base), (theirs, other) = unit_scale(self.units), unit_scale(units)
        if base != other:
            raise StoreError(f"{units} does not fit the axis {self.name}, which is {self.units}")
        return theirs / ours


@dataclass(frozen=True)
class Picture:
    """A small array with what is needed to draw it."""

    values: Array
    axes: tuple[Axis, ...]
    kind: str = Kind.IMAGE
    units: str = ""
    note: str = field(default="", compare=False)

    @property
    def is_colour(self) -> bool:
        """Whether the last axis is red, green and blue."""
        return (
            len(self.axes) == 3
            and self.kind == Kind.IMAGE
            and self.axes[-1].name in CHANNELS
            and self.axes[-1].size in (3, 4)
        )

    def flat(self) -> Picture:
        """Return the picture with at most two dims, or three for colour.

        Of every further dim the middle sample is taken; of classes, the last.
        """
        if self.is_colour or len(self.axes) <= 2:
            return self
        shown = [axis for axis in self.axes if axis.is_spatial][-2:]
        if len(shown) < 2:
            shown = [axis for axis in self.axes if axis.name not in CHANNELS][-2:]
        values, notes = self.values, []
        for index in reversed(range(len(self.axes))):
            axis = self.axes[index]
            if axis in shown:
                continue
            at = axis.size - 1 if axis.name in CHANNELS else axis.size // 2
            values = np.take(values, at, axis=index)
            notes.append(f"{axis.name} = {axis.first + axis.step * at:.6g} {axis.units}".strip())
        axes = tuple(axis for axis in self.axes if axis in shown)
        return replace(self, values=values, axes=axes, note=", ".join(reversed(notes)))


class CheckArrays(dict[str, Array]):
    """The arrays of one check by name; one that it did not leave is a `UnknownNameError`."""

    def __init__(self, check: str, arrays: Mapping[str, Array]) -> None:
        prefix = f"check/{check}/"
        super().__init__(
            {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
        )
        self._check = check
        self._known = [k.removeprefix("check/") for k in arrays if k.startswith("check/")]

    def __missing__(self, name: str) -> Array:
        raise UnknownNameError(
            f"the check {self._check!r} left no {name!r}",
            hint=suggest(f"{self._check}/{name}", self._known),
        )


class Preview:
    """The pictures of one image, of an ``.npz`` file; nothing is read before it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def _arrays(self) -> Mapping[str, Any]:
        try:
            # Pickled arrays are code, and a run folder may come from anybody.
            with zipfile.ZipFile(self.path) as archive:
                inflated = sum(part.file_size for part in archive.infolist())
            if inflated > MOST_BYTES:
                where = f"previews/{self.path.name}"
                raise UnsafeFileError(f"the pictures would take {inflated:,} bytes", where=where)
            with self.path.open("rb") as stream, NpzFile(stream, allow_pickle=False) as file:
                return {key: file[key] for key in file.files}
        except UnsafeFileError:
            raise
        except FileNotFoundError:
            raise StoreError("no pictures were kept of this image") from None
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise StoreError(
                f"the pictures cannot be read: {error}",
                where=f"previews/{self.path.name}",
                hint="run the same command again",
            ) from None

    @cached_property
    def _meta(self) -> dict[str, Any]:
        try:
            raw = self._arrays.get("meta", np.array("{}"))
            text = raw.tobytes().decode() if raw.dtype.kind in "uS" else str(raw)
            meta = json.loads(text.rstrip("\0"))
        except ValueError:
            return {}
        return meta if isinstance(meta, dict) else {}

    @property
    def steps(self) -> list[str]:
        """Names of the steps and inputs that have a picture."""
        return [key.removeprefix("step/") for key in self._arrays if key.startswith("step/")]

    def picture(self, step: str) -> Picture:
        """Return the picture of a step (its first result); raise `UnknownNameError` without."""
        parts = [name for name in self.steps if name.startswith(f"{step}.")]
        if step not in self.steps and parts:
            step = parts[0]
        if step not in self.steps:
            raise UnknownNameError(
                f"there is no picture of the step {step!r}", hint=suggest(step, self.steps)
            )
        meta = self._meta.get(f"step/{step}")
        return picture_of(self._arrays[f"step/{step}"], meta if isinstance(meta, dict) else {})

    def evidence(self, check: str) -> CheckArrays:
        """Return the arrays that a check left for the report, by name."""
        return CheckArrays(check, self._arrays)


def picture_of(values: Array, meta: Mapping[str, Any]) -> Picture:
    """Return a picture of an array, given what was noted of its axes."""
    dims = [str(dim) for dim in meta.get("dims") or ()]
    if len(dims) != values.ndim:
        spatial = 0 < values.ndim < 4
        dims = [*"zyx"][-values.ndim :] if spatial else [f"axis {n}" for n in range(values.ndim)]
    axes = [_axis(dim, size, meta) for dim, size in zip(dims, values.shape, strict=True)]
    kind = str(meta.get("kind") or _kind_of(values))
    return Picture(values, tuple(axes), kind, str(meta.get("units") or ""))


def _kind_of(values: Array) -> str:
    if values.dtype == bool:
        return Kind.MASK
    return Kind.LABELS if values.dtype == np.int32 else Kind.IMAGE


def _axis(dim: str, size: int, meta: Mapping[str, Any]) -> Axis:
    coordinate, windows = ((meta.get(key) or {}).get(dim) for key in ("coords", "window"))
    window = windows if isinstance(windows, int) and windows > 0 else 1
    if not isinstance(coordinate, Mapping):
        return Axis(dim, size, 0.0, float(window), "", window)
    try:
        first, step = float(coordinate.get("first") or 0), float(coordinate.get("step") or 1)
    except (TypeError, ValueError):
        return Axis(dim, size)
    return Axis(dim, size, first, step, str(coordinate.get("units") or ""), window)


def preview_of(folder: Path, file: str) -> Preview:
    """Return the preview that a file of a run folder holds; one out of the folder is refused."""
    path = (folder / file).resolve()
    if not path.is_relative_to((folder / "previews").resolve()):
        raise StoreError("the file of the pictures lies out of the run folder", where=file)
    return Preview(path)
