"""Attributes of HDF5: as text and numbers, and what they make of stored values (CF, NeXus)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from graticule.io.axes import plain, short_unit
from graticule.io.formats._hdf5_links import Tree
from graticule.io.formats._hdf5_values import Decoding, dtype_of, read_box, require_readable

_INTERNAL = (
    *("DIMENSION_LIST", "REFERENCE_LIST", "DIMENSION_LABELS"),
    *("_Netcdf4Dimid", "_Netcdf4Coordinates", "_NCProperties", "_nc3_strict"),
)


def attributes(item: Any, notes: list[str]) -> dict[str, Any]:
    """Return the attributes of a group or dataset as JSON can hold them."""
    found: dict[str, Any] = {}
    for name in item.attrs:
        if name not in _INTERNAL:
            try:
                value = item.attrs[name]
            except (OSError, TypeError, ValueError, RuntimeError):
                notes.append(f"the attribute {name} of {item.name} is of a kind that is not read")
                continue
            is_text = isinstance(value, (bytes, np.bytes_))
            found[str(name)] = text(value) if is_text else plain(_filled(value))
    return found


def _filled(value: Any) -> Any:
    import h5py

    return "" if isinstance(value, h5py.Empty) else value


def attribute(item: Any, name: str) -> Any:
    """Return an attribute, or None where there is none or it cannot be read."""
    try:
        return _filled(item.attrs.get(name))
    except (OSError, TypeError, ValueError, RuntimeError):
        return None


def text(value: Any) -> str:
    """Return an attribute as text, of several the first; empty for none."""
    return next(iter(texts(value)), "")


def texts(value: Any) -> list[str]:
    """Return an attribute as a list of texts."""
    if value is None:
        return []
    return [
        each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each)
        for each in np.ravel(np.asarray(value, dtype=object))
    ]


def numbers(value: Any) -> list[Any]:
    """Return an attribute as a list of numbers; empty where it is something else."""
    array = np.ravel(np.asarray(value)) if value is not None else np.empty(0)
    return list(array.tolist()) if array.dtype.kind in "iuf" else []


def unit_of(item: Any, notes: list[str]) -> str:
    """Return the unit of an axis in short spelling."""
    unit = text(attribute(item, "units")).strip()
    if (since := re.fullmatch(r"(\w+)\s+since\s+(.+)", unit)) is not None:
        notes.append(f"{_base(item)} counts {unit}")
        unit = since[1]
    if re.fullmatch(r"(?i)degrees?_(north|south|east|west|true|n|s|e|w)|degrees[NSEW]", unit):
        unit = "deg"
    return "" if unit == "1" else short_unit(unit)


def _base(item: Any) -> str:
    return str(item.name).rsplit("/", 1)[-1]


def decoding_of(tree: Tree, group: Any, name: str, dataset: Any, notes: list[str]) -> Decoding:
    """Return what the stored values stand for, by the conventions of netCDF and of NeXus.

    Parameters
    ----------
    tree : Tree
        The file.
    group : h5py.Group
        The group by which the dataset is reached.
    name : str
        What it is called there.
    dataset : h5py.Dataset
        The dataset.
    notes : list of str
        Gets what is done to the values.
    """
    stored = dtype_of(dataset)
    factor = _attribute_numbers(dataset, ("scale_factor",), 1, notes)
    added = _attribute_numbers(dataset, ("add_offset",), 1, notes)
    fill = _attribute_numbers(dataset, ("_FillValue", "missing_value"), 0, notes)
    scaling = _sibling(tree, group, f"{name}_scaling_factor", "scaling_factor", dataset)
    shift = _sibling(tree, group, f"{name}_offset", "offset", dataset)
    given = {**factor, **added, **scaling, **shift}
    for key in [key for key, (value, *_) in given.items() if not math.isfinite(value)]:
        notes.append(f"{key} of {name} is {given[key][0]}; it is not applied")
        for each in (given, factor, added, scaling, shift):
            each.pop(key, None)
    if stored.kind not in "iuf":
        if given or fill:
            notes.append(f"{', '.join([*given, *fill])} of {name} is not applied to {stored}")
        return Decoding()
    unsigned = text(attribute(dataset, "_Unsigned")).lower() == "true" and stored.kind == "i"
    absent = [value for values in fill.values() for value in values]
    decoding = Decoding(
        scale=float(_first(factor, 1)) * float(_first(scaling, 1)),
        offset=float(_first(added, 0)),
        shift=float(_first(shift, 0)),
        fill=_fill(absent, stored, unsigned),
        unsigned=unsigned,
    )
    if given:
        notes.append(f"the values of {name} are scaled by {', '.join(given)}")
    if decoding.fill and stored.kind != "f":
        shown = ", ".join(map(str, absent))
        notes.append(f"{name} is NaN where {shown} is stored: its fill value")
    return decoding


def _first(found: dict[str, list[Any]], otherwise: float) -> Any:
    return next(iter(found.values()))[0] if found else otherwise


def _attribute_numbers(
    dataset: Any, keys: Sequence[str], count: int, notes: list[str]
) -> dict[str, list[Any]]:
    """Return those attributes that are numbers, ``count`` of them or any; tell of the others."""
    found = {}
    for key in keys:
        told = attribute(dataset, key)
        values = numbers(told)
        if values and (not count or len(values) == count):
            found[key] = values
        elif told is not None:
            notes.append(f"{key} of {_base(dataset)} is {plain(told)!r}; it is not applied")
    return found


def _fill(values: Sequence[Any], stored: np.dtype[Any], unsigned: bool) -> tuple[Any, ...]:
    """Return the fill values that can occur among values of a dtype."""
    target = np.dtype(f"u{stored.itemsize}") if unsigned else stored
    if stored.kind == "f":
        return tuple(float(value) for value in dict.fromkeys(values) if value == value)
    bits = 8 * target.itemsize
    whole = [int(value) for value in values if value == value and float(value).is_integer()]
    wrapped = [value % 2**bits for value in whole] if unsigned else whole
    bounds = np.iinfo(target)
    return tuple(v for v in dict.fromkeys(wrapped) if bounds.min <= v <= bounds.max)


def _sibling(tree: Tree, group: Any, own: str, old: str, dataset: Any) -> dict[str, list[Any]]:
    """Return the one number of a NeXus field by its name; the old name is of a signal alone."""
    is_signal = text(attribute(group, "signal")) or "signal" in dataset.attrs
    for name in (own, old) if is_signal else (own,):
        if name in group:
            item = tree.find(name, group)
            if tree.shape_of(item) is not None and item.size == 1 and item.dtype.kind in "iuf":
                require_readable(tree, item)
                whole = tuple(slice(0, size) for size in item.shape)
                return {name: np.ravel(read_box(tree, item, whole)).tolist()}
    return {}
