"""Which array of an HDF5 file is meant: one that is named, what NeXus shows, the only image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graticule.core.errors import FormatError
from graticule.io.format import choose_array
from graticule.io.formats._hdf5_attributes import attribute, text
from graticule.io.formats._hdf5_links import Tree, datasets, outward
from graticule.io.formats._hdf5_nexus import default_of, is_signal
from graticule.io.formats._hdf5_values import dtype_of

_NAME_ONE = "name the array that is meant after the path"


def chosen(tree: Tree, inside: str) -> tuple[Any, str, Any]:
    """Return the group, the name within it, and the data set that are meant.

    Raises
    ------
    FormatError
        If there is none, or more than one; the message lists them.
    """
    import h5py

    at, _, name = inside.strip("/").rpartition("/")
    group = tree.find(at)
    item = tree.find(name, group) if name else group
    if isinstance(item, h5py.Group):
        group, name = default_of(tree, item) or _only(tree, item)
        item = tree.find(name, group)
    return group, name, item


def names_of(tree: Tree, inside: str) -> list[str]:
    """Return the names of the arrays of numbers in a group, without those that are positions."""
    import h5py

    group = tree.find(inside.strip("/"))
    if not isinstance(group, h5py.Group):
        return []
    arrays, _, refused = _arrays(tree, group)
    return [*arrays, *refused]


def _only(tree: Tree, group: Any) -> tuple[Any, str]:
    """Return the only image of a group, or the only one that its groups are there to show."""
    arrays, signals, refused = _arrays(tree, group)
    if refused:
        name, why = next(iter(refused.items()))
        raise type(why)(
            f"holds {name}, which cannot be looked at: {why.what}", hint=why.hint or _NAME_ONE
        )
    links = outward(group) if not arrays else []
    if links:
        raise FormatError(
            f"holds no array itself: {len(links)} links lead to other files, as {links[0]}",
            hint='if these lie beside this one, allow them with links="beside"',
        )
    name = signals[0] if len(signals) == 1 else choose_array(arrays, "")
    at, _, last = name.rpartition("/")
    return tree.find(at, group), last


def _arrays(
    tree: Tree, group: Any
) -> tuple[dict[str, Sequence[int]], list[str], dict[str, FormatError]]:
    """Return the shapes of a group's arrays by name, those that NeXus shows, and those refused."""
    import h5py

    arrays: dict[str, Sequence[int]] = {}
    positions: list[str] = []
    signals: list[str] = []
    refused: dict[str, FormatError] = {}
    start = len(group.name.rstrip("/")) + 1
    found = {dataset.name[start:]: dataset for dataset in datasets(group)}
    for name in outward(group) if tree.links != "never" else ():
        linked = tree.find(name, group)
        if isinstance(linked, h5py.Dataset):
            found[name] = linked
    for name, dataset in found.items():
        try:
            shape = tree.shape_of(dataset)
        except FormatError as error:
            refused[name] = error
            continue
        if not shape or not _is_numeric(dataset):
            continue  # nothing, one number, or no numbers
        arrays[name] = shape
        if text(attribute(dataset, "CLASS")) == "DIMENSION_SCALE":
            positions.append(name)
        elif is_signal(dataset):
            signals.append(name)
    for name in positions if len(positions) < len(arrays) else ():
        del arrays[name]
    return arrays, signals, refused


def _is_numeric(dataset: Any) -> bool:
    try:
        dtype_of(dataset)
    except FormatError:
        return False
    return True
