"""NeXus: which data set a file says to show, and the axes it gives it, the new way and the old.

Since 2014 a group of the class NXdata says it by its attributes ``signal`` and ``axes``; before
that the data set bore ``signal`` and ``axes``, or its axes bore ``axis`` and ``primary``.
"""

from __future__ import annotations

import re
from typing import Any

from graticule.core.errors import FormatError, UnsafeFileError
from graticule.io.formats._hdf5_attributes import attribute, numbers, text, texts
from graticule.io.formats._hdf5_links import MOST_LINKS, Tree


def default_of(tree: Tree, group: Any) -> tuple[Any, str] | None:
    """Return the group and the name of what NeXus says to show of a group, if it says it."""
    import h5py

    for _ in range(MOST_LINKS):
        name = text(attribute(group, "signal")) or text(attribute(group, "default"))
        if not name:
            return None
        at, _, last = name.strip("/").rpartition("/")
        parent = tree.find(at, group.file if name.startswith("/") else group)
        item = tree.find(last, parent)
        if isinstance(item, h5py.Dataset):
            return parent, last
        if not isinstance(item, h5py.Group):
            return None
        group = item
    raise FormatError("its defaults lead in a circle")


def is_signal(dataset: Any) -> bool:
    """Whether a data set is the one that its group is there to show."""
    own = dataset.name.rsplit("/", 1)[-1]
    legacy = text(attribute(dataset, "signal")) == "1"
    return legacy or text(attribute(dataset.parent, "signal")) == own


def nexus_scales(
    tree: Tree, group: Any, name: str, dataset: Any, notes: list[str]
) -> list[tuple[str, Any]] | None:
    """Return the name and the positions of each axis of a data set of a group.

    Positions are a data set or None; without anything of NeXus the result is None.
    """
    ndim = dataset.ndim
    signals = [*texts(attribute(group, "signal")), *texts(attribute(group, "auxiliary_signals"))]
    if name in signals:
        names = _by_group(group, ndim, notes)
    elif attribute(dataset, "axes") is not None:
        names = _split(texts(attribute(dataset, "axes")), ndim)
    elif attribute(dataset, "signal") is not None:
        return _by_axis(tree, group, dataset, notes)
    else:
        return None
    if len(names) != ndim and any(names):
        notes.append(f"its {ndim} axes are named {', '.join(names)}")
        names = names[:ndim] if len(names) > ndim else names + [""] * (ndim - len(names))
    names = [each if each != "." else "" for each in names]
    return [(each, positions_of(tree, group, each, notes)) for each in names] if names else None


def positions_of(tree: Tree, group: Any, name: str, notes: list[str]) -> Any:
    """Return the data set of this name, or None: NeXus lets an axis be named without one."""
    if not name:
        return None
    try:
        item = tree.find(name, group)
    except FormatError as error:
        if isinstance(error, UnsafeFileError):
            notes.append(f"the positions along {name} are not read: {error.what}")
        return None
    try:
        tree.shape_of(item)
    except FormatError as error:
        notes.append(f"the positions along {name} are not read: {error.what}")
        return None
    return item


def _by_group(group: Any, ndim: int, notes: list[str]) -> list[str]:
    """Return the names of the axes that the attributes of an NXdata group give."""
    listed = _split(texts(attribute(group, "axes")), ndim)
    names = listed + [""] * (ndim - len(listed))
    taken: dict[int, str] = {}
    for key in group.attrs:
        name = str(key).removesuffix("_indices")
        places = [int(place) for place in numbers(attribute(group, key))]
        if name == key or not places:
            continue
        if len(places) > 1:
            notes.append(f"{name} gives positions by {len(places)} axes at once; it is not used")
            names = ["" if each == name else each for each in names]
        elif not 0 <= places[0] < ndim:
            notes.append(f"{key} is {places[0]}; there are {ndim} axes")
        elif name in listed or (places[0] not in taken and not names[places[0]]):
            taken[places[0]] = name
    for place, name in taken.items():
        names = ["" if each == name else each for each in names]
        names[place] = name
    return names


def _split(names: list[str], ndim: int) -> list[str]:
    """Return the names in an attribute; in one text they stand between colons or commas."""
    if len(names) == 1:
        parts = [part.strip() for part in re.split(r"[:,]", names[0].strip("[] "))]
        return parts if len(parts) > 1 or names[0].startswith("[") else [parts[0]]
    return names


def _by_axis(tree: Tree, group: Any, dataset: Any, notes: list[str]) -> list[tuple[str, Any]]:
    """Return the axes among the members of a group by their attribute ``axis``, from 1."""
    found: dict[int, list[tuple[bool, str, Any]]] = {}
    for name in group:
        item = positions_of(tree, group, name, notes)
        places = re.findall(r"\d+", text(attribute(item, "axis"))) if item is not None else []
        if len(places) == 1 and hasattr(item, "shape"):
            secondary = text(attribute(item, "primary")) not in ("1", "")
            found.setdefault(int(places[0]), []).append((secondary, name, item))
    axes: list[tuple[str, Any]] = [("", None)] * dataset.ndim
    chosen = {n: min(each, key=lambda one: one[:2])[1:] for n, each in found.items()}
    sizes = {n: item.shape[0] for n, (_, item) in chosen.items() if len(item.shape) == 1}

    def fits(place: int, number: int) -> bool:
        return dataset.shape[place] in (sizes[number], sizes[number] - 1)

    known = [n for n in sizes if 1 <= n <= dataset.ndim]
    turned = not all(fits(n - 1, n) for n in known) and all(fits(-n, n) for n in known)
    if turned:
        notes.append("its axes are numbered from the last one")
    for number in known:
        axes[-number if turned else number - 1] = chosen[number]
    return axes
