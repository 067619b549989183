"""Stacks of microscopes that lie in many HDF5 data sets: Imaris and BigDataViewer."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.image import LEVEL, Image
from graticule.core.typing import Array
from graticule.io.axes import build, coordinate, short_unit
from graticule.io.format import Sizes
from graticule.io.formats._hdf5_attributes import attribute, attributes, texts
from graticule.io.formats._hdf5_links import Tree
from graticule.io.formats._hdf5_proof import read_proved
from graticule.io.formats._hdf5_values import Decoding, dtype_of, read_box, require_readable
from graticule.io.lazy import Box, FileArray, as_dask, box_shape

_DIMS = ("t", "c", "z", "y", "x")


@dataclass(frozen=True)
class Blocks:
    """Reads a box of a stack in which every time and channel is a data set.

    Attributes
    ----------
    pattern : str
        Name of a data set, with the fields ``t`` and ``c``.
    times, channels : tuple of int
        The numbers they have in the file.
    decoding : Decoding
        What the values stand for.
    """

    pattern: str
    times: tuple[int, ...]
    channels: tuple[int, ...]
    decoding: Decoding

    def __call__(self, path: Path, box: Box) -> Array:
        """Return the values."""
        return read_proved(self, path, box)

    def names(self, box: Box) -> list[str]:
        """Return the names of the data sets that a box lies in."""
        times, channels = self.times[box[0]], self.channels[box[1]]
        return [self.pattern.format(t=time, c=channel) for time in times for channel in channels]

    def meant(self, dataset: Any) -> np.dtype[Any]:
        """Return the dtype of the values."""
        return self.decoding.dtype(dtype_of(dataset))

    def checked(self, tree: Tree, name: str) -> Any:
        """Return a data set, if it can be read."""
        dataset = tree.find(name)
        require_readable(tree, dataset)
        return dataset

    def read(self, path: Path, box: Box) -> Array:
        """Return the values, of a file that has been looked at."""
        with Tree(path, "never") as tree:
            sets = (self.checked(tree, name) for name in self.names(box))
            planes = [self.decoding(read_box(tree, each, box[2:])) for each in sets]
        return np.stack(planes).reshape(box_shape(box))


@dataclass(frozen=True)
class Stack:
    """A stack of t, c, z, y and x, in one or more levels of resolution.

    Attributes
    ----------
    patterns : list of str
        Names of the data sets of each level.
    shapes : list of tuple of int
        Size of a data set of each level, along z, y and x.
    times, channels : tuple of int
        The numbers they have in the file.
    first, last : mapping
        The outer bounds of the image by dim, where the file says them.
    unit : str
        Of these.
    decoding : Decoding
        What the values stand for.
    header : mapping
        What else the file says.
    notes : list of str
        What was not understood.
    """

    patterns: list[str]
    shapes: list[tuple[int, ...]]
    times: tuple[int, ...]
    channels: tuple[int, ...]
    first: Mapping[str, float] = field(default_factory=dict)
    last: Mapping[str, float] = field(default_factory=dict)
    unit: str = ""
    decoding: Decoding = field(default_factory=Decoding)
    header: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def _shape(self, level: int) -> tuple[int, ...]:
        return (len(self.times), len(self.channels), *self.shapes[level])

    def _kept(self) -> list[int]:
        """Return the axes that the image has: one of a single time or depth has none of it."""
        full = self._shape(0)
        return [axis for axis, size in enumerate(full) if size > 1 or _DIMS[axis] in "yx"]

    def sizes(self) -> list[Sizes]:
        """Return the sizes of every level."""
        kept = self._kept()
        levels = range(len(self.patterns))
        return [{_DIMS[axis]: self._shape(level)[axis] for axis in kept} for level in levels]

    def image(self, tree: Tree, level: int) -> Image:
        """Return the image of a level."""
        pattern, shape = self.patterns[level], self._shape(level)
        some = tree.find(pattern.format(t=self.times[0], c=self.channels[0]))
        require_readable(tree, some)
        dtype = self.decoding.dtype(dtype_of(some))
        read = Blocks(pattern, self.times, self.channels, self.decoding)
        kept = self._kept()
        array = FileArray(tree.path, shape, dtype, read).view(kept, dtype)
        unit = (1, 1, *(some.chunks or (1, 1, shape[-1])))
        dims = [_DIMS[axis] for axis in kept]
        coords = {
            dim: coordinate(dim, size, step, origin=self.first[dim] + step / 2, unit=self.unit)
            for dim, size in zip(_DIMS, shape, strict=True)
            if dim in dims
            and dim in self.first
            and (step := (self.last[dim] - self.first[dim]) / size) > 0
        }
        data = as_dask(array, [unit[axis] for axis in kept])
        image = build(data, dims, coords, header=self.header, notes=self.notes)
        return image.assign_attrs({LEVEL: level}) if level else image


def stack_of(tree: Tree) -> Stack | None:
    """Return the stack that a file is, if it is one of Imaris or of BigDataViewer."""
    if "DataSetInfo" in tree.file and _numbered(tree, "DataSet", "ResolutionLevel "):
        return _imaris(tree)
    if "t00000" in tree.file and _numbered(tree, "", "s"):
        return _big_data_viewer(tree)
    return None


def _numbered(tree: Tree, group: str, name: str) -> tuple[int, ...]:
    """Return the numbers of those members of a group that are called ``name`` and a number."""
    import h5py

    held = tree.find(group) if not group or group in tree else None
    members = held if isinstance(held, h5py.Group) else ()
    found = (re.fullmatch(name + r"(\d+)", each) for each in members)
    return tuple(sorted(int(match[1]) for match in found if match))


def _imaris(tree: Tree) -> Stack | None:
    levels = _numbered(tree, "DataSet", "ResolutionLevel ")
    times = _numbered(tree, "DataSet/ResolutionLevel 0", "TimePoint ")
    first = f"DataSet/ResolutionLevel 0/TimePoint {times[0] if times else 0}"
    channels = _numbered(tree, first, "Channel ")
    if not channels:
        return None
    patterns, shapes = [], []
    for level in levels:
        pattern = f"DataSet/ResolutionLevel {level}/TimePoint {{t}}/Channel {{c}}/Data"
        data = tree.find(pattern.format(t=times[0], c=channels[0]))
        # blocks are filled up at their ends: the sizes stand beside them
        sizes = [_number(data.parent, f"ImageSize{axis}") for axis in "ZYX"]
        shapes.append(
            tuple(
                int(size) if 0 < size <= stored else stored
                for size, stored in zip(sizes, tree.shape_of(data) or (), strict=True)
            )
        )
        patterns.append(pattern)
    notes: list[str] = []
    info = tree.find("DataSetInfo")
    told = {name: tree.find(name, info) for name in info}
    header = {name: _joined(attributes(each, notes), each) for name, each in told.items()}
    image = told.get("Image", info)
    low, high = (
        {dim: _number(image, f"{end}{axis}") for axis, dim in enumerate("xyz")}
        for end in ("ExtMin", "ExtMax")
    )
    if not all(math.isfinite(bound) for bound in (*low.values(), *high.values())):
        notes.append("its extent is not said; it is counted in pixels")
        low, high = {}, {}
    unit = short_unit("".join(texts(attribute(image, "Unit"))) or "um")
    return Stack(patterns, shapes, times, channels, low, high, unit, header=header, notes=notes)


def _joined(told: dict[str, Any], group: Any) -> dict[str, Any]:
    """Return the attributes of Imaris, which are texts of one letter an element."""
    return {
        key: "".join(texts(attribute(group, key))) if isinstance(value, (list, str)) else value
        for key, value in told.items()
    }


def _number(group: Any, name: str) -> float:
    try:
        return float("".join(texts(attribute(group, name))))
    except ValueError:
        return math.nan


def _big_data_viewer(tree: Tree) -> Stack | None:
    times, setups = _numbered(tree, "", "t"), _numbered(tree, "", "s")
    name = "t{t:05d}/s{c:02d}"
    places = {n: name.format(t=times[0], c=n) for n in setups}
    cells = {n: f"{place}/0/cells" for n, place in places.items() if f"{place}/0/cells" in tree}
    stacks = {n: tree.find(cell) for n, cell in cells.items()}
    if not stacks:
        return None
    if len({tree.shape_of(stack) for stack in stacks.values()}) > 1:
        raise FormatError(
            f"has {len(cells)} views of different sizes",
            hint=f"name one after the path, as .../{next(iter(cells.values()))}",
        )
    first = next(iter(cells))
    patterns = [f"{name}/{level}/cells" for level in _numbered(tree, places[first], "")]
    some = [tree.find(each.format(t=times[0], c=first)) for each in patterns]
    shapes = [tree.shape_of(each) or () for each in some]
    signed = dtype_of(stacks[first]) == np.int16
    notes = ["its spacing stands in the .xml beside it, which is not read"]
    if signed:
        notes.append("its integers are read without a sign, as BigDataViewer does")
    return Stack(
        patterns,
        shapes,
        times,
        tuple(cells),
        decoding=Decoding(unsigned=signed),
        notes=notes,
    )
