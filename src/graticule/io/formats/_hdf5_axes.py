"""Axes of HDF5 data sets: by ilastik, NeXus, dimension scales (netCDF), or Fiji."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from graticule.core.errors import FormatError
from graticule.io.axes import colour_notes, coordinate, default_dims, short_unit
from graticule.io.formats._hdf5_attributes import (
    attribute,
    decoding_of,
    numbers,
    text,
    texts,
    unit_of,
)
from graticule.io.formats._hdf5_links import Tree
from graticule.io.formats._hdf5_nexus import nexus_scales
from graticule.io.formats._hdf5_values import dtype_of, read_box, require_readable

_EQUAL = 1e-6
"""Share by which the widths of bins may differ that are equal, for they are rounded."""
_NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable"


@dataclass
class Axes:
    """The axes of a data set.

    Attributes
    ----------
    dims : tuple of str
        Names.
    coords : dict
        Coordinates, as xarray takes them, of the dims that have one.
    notes : list of str
        What could not be understood, in words.
    """

    dims: tuple[str, ...] = ()
    coords: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def axes_of(tree: Tree, group: Any, name: str, dataset: Any) -> Axes:
    """Return the axes of a data set.

    Parameters
    ----------
    tree : Tree
        The file.
    group : h5py.Group
        The group by which the data set is reached: it may be linked into more than one.
    name : str
        What it is called there.
    dataset : h5py.Dataset
        The data set.
    """
    axes = Axes()
    tags = _tags(dataset, axes.notes)
    if tags:
        axes.dims = _dims([str(tag["key"]) for tag in tags], axes.notes)
        units = _tag_units(dataset)
        for dim, tag, size in zip(axes.dims, tags, dataset.shape, strict=True):
            step, unit = tag.get("resolution", 0), units.get(dim, "")
            if isinstance(step, (int, float)) and step > 0 and math.isfinite(step):
                axes.coords[dim] = coordinate(dim, size, step, unit=unit)
            elif step:
                axes.notes.append(f"the resolution of {dim} is {step!r}; it is counted in pixels")
    else:
        scales = _scales(tree, group, name, dataset, axes.notes)
        axes.dims = _dims([each for each, _ in scales], axes.notes)
        if not any(each for each, _ in scales):
            axes.notes += colour_notes(dataset.shape)
        for (_, scale), dim, size in zip(scales, axes.dims, dataset.shape, strict=True):
            if scale is not None:
                _add_positions(axes, tree, group, dim, scale, size)
    if not axes.coords:
        _add_element_size(axes, dataset)
    return axes


def _dims(names: list[str], notes: list[str]) -> tuple[str, ...]:
    """Return a name for each axis; those of no name, or of one that is taken, get the default."""
    names = [name.lower() if name in ("X", "Y", "Z", "T", "C") else name for name in names]
    fallback = default_dims(len(names))
    again = {name for name in names if name and names.count(name) > 1}
    if again:
        notes.append(f"several axes are named {', '.join(sorted(again))}; they get default names")
    dims = [name if name and name not in again else "" for name in names]
    for axis, name in enumerate(dims):
        if not name:
            free = [each for each in (fallback[axis], *fallback) if each not in dims]
            dims[axis] = free[0]
    return tuple(dims)


def _tags(dataset: Any, notes: list[str]) -> list[dict[str, Any]]:
    """Return the axis tags of vigra and ilastik, one for each axis, or none."""
    told = text(attribute(dataset, "axistags"))
    if not told:
        return []
    try:
        tags = json.loads(told)["axes"]
        keys = [tag["key"] for tag in tags]
    except (ValueError, TypeError, LookupError, RecursionError):
        notes.append("axistags is no JSON of vigra")
        return []
    if len(keys) != dataset.ndim or not all(isinstance(key, str) for key in keys):
        notes.append(f"axistags names {len(keys)} axes; there are {dataset.ndim}")
        return []
    return [{**tag, "key": "" if tag["key"] == "?" else tag["key"]} for tag in tags]


def _tag_units(dataset: Any) -> dict[str, str]:
    """Return the units that ilastik puts beside its tags."""
    try:
        told = json.loads(text(attribute(dataset, "axis_units")) or "{}")
    except (ValueError, RecursionError):
        return {}
    return {str(k): short_unit(v) for k, v in told.items()} if isinstance(told, dict) else {}


def _scales(
    tree: Tree, group: Any, name: str, dataset: Any, notes: list[str]
) -> list[tuple[str, Any]]:
    """Return name and positions of each axis, by NeXus where it says something, else by scales."""
    places = [(group, name)]
    if dataset.name and (dataset.file, dataset.name) != (group.file, f"{group.name}/{name}"):
        places.append((dataset.parent, dataset.name.rsplit("/", 1)[-1]))
    for place, called in places:
        found = nexus_scales(tree, place, called, dataset, notes)
        if found is not None and any(each for each, _ in found):
            return found
    try:
        return [_scale(dim, notes) for dim in dataset.dims]
    except (OSError, RuntimeError, ValueError, TypeError, KeyError):
        notes.append("its dimension scales cannot be read")
        return [("", None)] * int(dataset.ndim)


def _scale(dim: Any, notes: list[str]) -> tuple[str, Any]:
    if not len(dim):
        return dim.label, None
    scale = dim[0]
    name = str(dim.label or scale.name.rsplit("/", 1)[-1])
    if len(dim) > 1:
        notes.append(f"{name} has {len(dim)} scales; the first is used")
    # netCDF keeps a dimension without positions as a scale of nothing but fill values
    is_empty = text(attribute(scale, "NAME")).startswith(_NO_VARIABLE)
    return name, None if is_empty else scale


def _add_positions(axes: Axes, tree: Tree, group: Any, dim: str, scale: Any, size: int) -> None:
    """Add the coordinate that a data set of positions gives, or say why it gives none."""
    try:
        shape = tree.shape_of(scale)
    except FormatError as error:
        axes.notes.append(f"the positions along {dim} are not read: {error.what}")
        return
    if shape is None:
        axes.notes.append(f"the positions along {dim} are no array; it is counted in pixels")
        return
    try:
        dtype = dtype_of(scale)
    except FormatError:
        axes.notes.append(_named(tree, dim, scale))
        return
    if shape not in ((size,), (size + 1,)) or dtype.kind not in "iuf":
        count = " x ".join(map(str, shape)) or "1"
        axes.notes.append(
            f"{dim} has {size} samples and {count} positions; it is counted in pixels"
        )
        return
    try:
        require_readable(tree, scale)
        own = scale.name.rsplit("/", 1)[-1]
        decoding = decoding_of(tree, group, own, scale, axes.notes)
        values = decoding(read_box(tree, scale, (slice(0, scale.shape[0]),)))
    except FormatError as error:
        axes.notes.append(f"the positions along {dim} are not read: {error.what}")
        return
    attrs = {}
    if unit := unit_of(scale, axes.notes):
        attrs["units"] = unit
    if scale.shape != (size,):
        axes.notes.append(f"the positions along {dim} are the middles of the bins that are given")
        widths = np.diff(values)
        if widths.size and np.ptp(widths) > _EQUAL * np.abs(widths).max():
            axes.coords[f"{dim}_left"] = (dim, values[:-1], dict(attrs))
            axes.coords[f"{dim}_right"] = (dim, values[1:], dict(attrs))
        values = (values[1:] + values[:-1]) / 2
    if long_name := text(attribute(scale, "long_name")):
        attrs["long_name"] = long_name
    axes.coords[dim] = (dim, values, attrs)


def _named(tree: Tree, dim: str, scale: Any) -> str:
    """Say what the samples along an axis are called, where they have names and no positions."""
    if scale.ndim == 1 and scale.size <= 64 and scale.dtype.kind in "SO" and not scale.external:
        tree.holders(scale)
        try:
            return f"the samples along {dim} are called {', '.join(texts(scale[()]))}"
        except (TypeError, ValueError, OSError):
            pass
    return f"the positions along {dim} are no numbers; it is counted in pixels"


def _add_element_size(axes: Axes, dataset: Any) -> None:
    """Add ``element_size_um``, which Fiji and ilastik put there for z, y and x."""
    steps = numbers(attribute(dataset, "element_size_um"))
    if not steps:
        return
    if len(steps) != 3 or not all(math.isfinite(step) and step > 0 for step in steps):
        axes.notes.append(f"element_size_um is {steps}, and not three lengths")
        return
    sizes = dict(zip(axes.dims, dataset.shape, strict=True))
    for dim, step in zip("zyx", steps, strict=True):
        if dim in sizes:
            axes.coords[dim] = coordinate(dim, sizes[dim], step, unit="um")
