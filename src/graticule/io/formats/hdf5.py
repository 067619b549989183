"""HDF5 and NeXus: arrays by name, with the axes that the file gives them.

>>> import tempfile
>>> from pathlib import Path
>>> import numpy as np
>>> import graticule as gt
>>> import h5py
>>> with tempfile.TemporaryDirectory() as folder:
...     with h5py.File(Path(folder) / "scan.h5", "w") as scan:
...         scan["entry/data"] = np.ones((2, 3), np.uint16)
...         scan["entry/dark"] = np.zeros((2, 3), np.uint16)
...     dark = gt.read(Path(folder) / "scan.h5/entry/dark").load()
>>> dark.shape, int(dark.max())
((2, 3), 0)
"""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from graticule.io.axes import build
from graticule.io.format import Address, Format, Sizes
from graticule.io.formats._hdf5_attributes import attributes, decoding_of, text
from graticule.io.formats._hdf5_axes import axes_of
from graticule.io.formats._hdf5_choice import chosen, names_of
from graticule.io.formats._hdf5_links import Tree
from graticule.io.formats._hdf5_proof import look
from graticule.io.formats._hdf5_stacks import stack_of
from graticule.io.formats._hdf5_values import lazy, members_of, require_readable

_MARK = b"\x89HDF\r\n\x1a\n"
MATLAB = b"MATLAB 7.3 MAT-file"


def _sniff(path: Path, head: bytes) -> bool:
    # before it there may be room for what its owner likes: 512 bytes, or twice that, or ...
    marked = any(head.startswith(_MARK, start) for start in (0, 512, 1024, 2048))
    return marked and not head.startswith(MATLAB)


def _open(address: Address, level: int) -> xr.DataArray:
    return look(_opened, address, level)


def _opened(address: Address, level: int) -> xr.DataArray:
    with Tree.of(address) as tree:
        return _image(tree, address, level)


def _image(tree: Tree, address: Address, level: int = 0) -> xr.DataArray:
    stack = stack_of(tree) if not address.inside else None
    if stack is not None:
        return stack.image(tree, level)
    group, name, dataset = chosen(tree, address.inside)
    require_readable(tree, dataset)
    axes = axes_of(tree, group, name, dataset)
    decoding = decoding_of(tree, group, name, dataset, axes.notes)
    header = {**attributes(group, axes.notes), **attributes(dataset, axes.notes)}
    if members := members_of(dataset):
        header["members"] = {text(name): number for name, number in members.items()}
    data = lazy(tree, dataset, decoding=decoding)
    units = text(header.get("units", ""))
    return build(data, axes.dims, axes.coords, header=header, units=units, notes=axes.notes)


def _levels(address: Address) -> list[Sizes]:
    return look(_known_levels, address)


def _known_levels(address: Address) -> list[Sizes]:
    with Tree.of(address) as tree:
        stack = stack_of(tree) if not address.inside else None
        if stack is not None:
            return stack.sizes()
        image = _image(tree, address)
    return [{str(dim): int(size) for dim, size in image.sizes.items()}]


def _names(address: Address) -> list[str]:
    return look(_known_names, address)


def _known_names(address: Address) -> list[str]:
    with Tree.of(address) as tree:
        is_one = not address.inside and stack_of(tree) is not None
        return [] if is_one else names_of(tree, address.inside)


def _neighbours(address: Address) -> list[Path]:
    return look(_known_neighbours, address)


def _known_neighbours(address: Address) -> list[Path]:
    with Tree.of(address) as tree:
        _image(tree, address)
        return sorted(tree.others)


FORMAT = Format(
    "HDF5",
    _sniff,
    _open,
    suffixes=(".h5", ".hdf5", ".nxs", ".nx", ".ims"),
    levels=_levels,
    names=_names,
    neighbours=_neighbours,
)
