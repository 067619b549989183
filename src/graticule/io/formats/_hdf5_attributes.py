"""Attributes of HDF5: as text and numbers, and what they make of stored values (CF, NeXus)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from graticule.core.errors import FormatError
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
    found = {key: numbers(attribute(dataset, key)) for key in ("scale_factor", "add_offset")}
    fill = [
        value
        for key in ("_FillValue", "missing_value")
        for value in numbers(attribute(dataset, key))
    ]
    scaling = _sibling(tree, group, f"{name}_scaling_factor", "scaling_factor", dataset)
    shift = _sibling(tree, group, f"{name}_offset", "offset", dataset)
    given = [*(key for key, value in found.items() if len(value) == 1), *scaling, *shift]
    unsigned = text(attribute(dataset, "_Unsigned")).lower() == "true" and stored.kind == "i"
    if stored.kind not in "iuf":
        if given or fill:
            notes.append(f"{', '.join(given) or '_FillValue'} of {name} is not applied to {stored}")
        return Decoding()
    scale = (found["scale_factor"] if len(found["scale_factor"]) == 1 else [1])[0]
    offset = (found["add_offset"] if len(found["add_offset"]) == 1 else [0])[0]
    decoding = Decoding(
        scale=float(scale) * next(iter(scaling.values()), 1.0),
        offset=float(offset),
        shift=next(iter(shift.values()), 0.0),
        fill=_fill(fill, stored, unsigned),
        unsigned=unsigned,
    )
    if not np.isfinite([decoding.scale, decoding.offset, decoding.shift]).all():
        raise FormatError(f"{', '.join(given)} of {name} must be finite numbers")
    if given:
        notes.append(f"the values of {name} are scaled by {', '.join(given)}")
    if decoding.fill and stored.kind != "f":
        notes.append(f"{name} is NaN where {', '.join(map(str, fill))} is stored: its fill value")
    return decoding


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


def _sibling(tree: Tree, group: Any, own: str, old: str, dataset: Any) -> dict[str, float]:
    """Return the one number of a NeXus field by its name; the old name is of a signal alone."""
    is_signal = text(attribute(group, "signal")) or "signal" in dataset.attrs
    for name in (own, old) if is_signal else (own,):
        if name in group:
            item = tree.find(name, group)
            if getattr(item, "size", None) == 1 and item.dtype.kind in "iuf":
                require_readable(tree, item)
                whole = tuple(slice(0, size) for size in item.shape)
                return {name: float(np.ravel(read_box(tree, item, whole))[0])}
    return {}
