"""Zarr groups of several images or arrays: which one is meant, and what there is to choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graticule.core.errors import FormatError
from graticule.io.format import choose_array
from graticule.io.formats._zarr_metadata import array_document, attributes, below, is_array

MARKS = ("zarr.json", ".zgroup", ".zarray", ".zattrs")
_SHOWN = 12


def is_zarr(folder: Path) -> bool:
    """Whether a folder is a Zarr group or array."""
    return any((folder / mark).is_file() for mark in MARKS)


def only_image(folder: Path) -> Path:
    """Return the folder of the array, or of the OME image, that a folder is or alone holds.

    Raises
    ------
    FormatError
        If it holds several, which are listed, or none.
    """
    while not is_array(folder):
        said = attributes(folder)
        if said.get("multiscales"):
            break
        folder = _only_child(folder, said)
    return folder


def _only_child(folder: Path, said: Mapping[str, Any]) -> Path:
    for kind, members in (("plate", "wells"), ("well", "images")):
        if isinstance(said.get(kind), Mapping):
            names = [str(each["path"]) for each in said[kind].get(members) or ()]
            hint = "name an image, as .../A/1/0" if kind == "plate" else _hint(names)
            raise FormatError(f"is a {kind} of {_listed(names, members)}", hint=hint)
    children = [child for child in sorted(folder.iterdir(), key=_order) if is_zarr(child)]
    images = [child.name for child in children if attributes(child).get("multiscales")]
    if len(images) == 1:
        return folder / images[0]
    if images:
        raise FormatError(f"holds {_listed(images, 'images')}", hint=_hint(images))
    shapes = {child.name: array_document(child)["shape"] for child in children if is_array(child)}
    groups = [child.name for child in children if not is_array(child)]
    if shapes or not groups:
        return below(folder, choose_array(shapes, ""))
    if len(groups) == 1:
        return below(folder, groups[0])
    raise FormatError(f"holds no array itself, but {_listed(groups, 'groups')}", hint=_hint(groups))


def images_within(folder: Path) -> list[str]:
    """Return the names of the images or arrays of a group that is no image itself."""
    if is_array(folder) or attributes(folder).get("multiscales"):
        return []
    children = [child for child in sorted(folder.iterdir(), key=_order) if is_zarr(child)]
    names = []
    for child in children:
        deeper = [f"{child.name}/{name}" for name in images_within(child)]
        names += deeper or [child.name]
    return names


def _order(folder: Path) -> tuple[int, int, str]:
    """Sort numbers by their value, and before names."""
    name = folder.name
    return (0, int(name), "") if name.isdecimal() else (1, 0, name)


def _listed(names: Sequence[str], what: str) -> str:
    more = ", ..." if len(names) > _SHOWN else ""
    return f"{len(names)} {what}: {', '.join(names[:_SHOWN])}{more}"


def _hint(names: Sequence[str]) -> str:
    return f"name one after the path, as .../{names[0]}" if names else "name one after the path"
