"""HDF5 damaged by its objects: one header, message, heap, tree, list or sum at a time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from graticule.testing.attack.damage import HOSTILE
from graticule.testing.attack.mutator import Draw, Mutator, Way, on_one_file
from graticule.testing.attack.mutators._hdf5_objects import (
    Object,
    mended,
    messages_of,
    objects_of,
)

_WIDTHS = (1, 2, 4, 8)
_SIZED = ("GCOL", "HEAP", "FRHP", "FHDB", "TREE", "BTHD", "FAHD", "EAHD")
"""Objects that say sizes and counts which HDF5 follows."""


def _put(content: bytes, at: int, fresh: bytes, within: Object) -> bytes:
    return mended(content[:at] + fresh + content[at + len(fresh) :], within)


def _number(draw: Draw, width: int) -> bytes:
    return (draw.choice(HOSTILE) % (1 << 8 * width)).to_bytes(width, "little")


def _object(draw: Draw, content: bytes) -> bytes:
    """Put a hostile number into one object after the other."""
    found = draw.turn(objects_of(content))
    width = draw.choice(_WIDTHS)
    end = min(found.end, found.start + 64 if draw.random() < 0.6 else found.end)
    at = draw.randrange(found.start, max(found.start + 1, end - width))
    return _put(content, at, _number(draw, width), found)


def _bits(draw: Draw, content: bytes) -> bytes:
    """Flip some bits of one object after the other."""
    found = draw.turn(objects_of(content))
    damaged = bytearray(content)
    for _ in range(draw.randint(1, 4)):
        damaged[draw.randrange(found.start, found.end)] ^= 1 << draw.randrange(8)
    return mended(bytes(damaged), found)


def _message(draw: Draw, content: bytes) -> bytes | None:
    """Change the type, the size or a field of one message after the other."""
    messages = messages_of(content)
    if not messages:
        return None
    found = draw.turn(messages)
    part = draw.choice(("kind", "size", "field", "field", "field", "bits"))
    if part == "kind":
        width = 1 if found.holder.kind == "OHDR" else 2
        at = found.size_at - width
        return _put(content, at, draw.randrange(27).to_bytes(width, "little"), found.holder)
    if part == "size":
        return _put(content, found.size_at, _number(draw, 2), found.holder)
    if found.end <= found.start:
        return None
    at = draw.randrange(found.start, found.end)
    if part == "bits":
        return _put(content, at, bytes([content[at] ^ 1 << draw.randrange(8)]), found.holder)
    return _put(content, at, _number(draw, min(draw.choice(_WIDTHS), found.end - at)), found.holder)


def _pointer(draw: Draw, content: bytes) -> bytes | None:
    """Let what points to an object point to another one, or to nothing."""
    known = objects_of(content)
    starts = {each.start: each for each in known if each.start}
    places = [
        (holder, at)
        for holder in known
        for at in range(holder.start, holder.end - 7)
        if int.from_bytes(content[at : at + 8], "little") in starts
    ]
    if not places:
        return None
    holder, at = draw.turn(places)
    wrong = (len(content), len(content) - 1, 2**63 - 1, 2**64 - 2, 0, holder.start, at)
    target = draw.choice(wrong) if draw.random() < 0.3 else draw.choice(list(starts))
    return _put(content, at, target.to_bytes(8, "little"), holder)


def _size(draw: Draw, content: bytes) -> bytes | None:
    """Change the sizes and counts of heaps, trees and lists of chunks."""
    found = [each for each in objects_of(content) if each.kind in _SIZED]
    if not found:
        return None
    one = draw.turn(found)
    ats = [at for at in range(one.start + 4, min(one.end, one.start + 400) - 7, 2)
           if 0 < int.from_bytes(content[at : at + 8], "little") < 2**20]  # fmt: skip
    if not ats:
        return None
    at = draw.choice(ats)
    before = int.from_bytes(content[at : at + 8], "little")
    near = (0, 1, 2, 7, before - 1, before + 1, before * 2, 2**16, 2**31, 2**32, 2**63, 2**64 - 1)
    return _put(content, at, (draw.choice(near) % 2**64).to_bytes(8, "little"), one)


def _name(draw: Draw, content: bytes) -> bytes | None:
    """Let a name of a virtual, soft or external link be another one of its length."""
    places = [match.start() for match in re.finditer(rb"\0[def.]\0", content)]
    if not places:
        return None
    at = draw.turn(places) + 1
    return content[:at] + draw.choice((b"d", b"e", b"f", b".", b"/", b"%")) + content[at + 1 :]


def _chunk(draw: Draw, content: bytes) -> bytes | None:
    """Damage what the filters unpack: the packed bytes of chunks begin with the mark of zlib."""
    places = [match.start() for match in re.finditer(rb"x[\x01\x5e\x9c\xda]", content)]
    if not places:
        return None
    at = draw.choice(places) + draw.randrange(48)
    return content[:at] + draw.randbytes(draw.randint(1, 4)) + content[at + 4 :]


def _seeds(folder: Path) -> None:
    import h5py

    values = np.arange(24 * 20, dtype=np.uint16).reshape(24, 20)
    for version in ("earliest", "latest"):
        with h5py.File(folder / f"{version}-image.h5", "w", libver=version) as file:
            file["d"] = values
            file["e"] = h5py.SoftLink("/d")
            file["d"].attrs.update(units="counts", scale_factor=0.5, words=["a", "bc"])
            file["x"] = np.arange(20) * 0.5
            file["x"].attrs["units"] = "um"
            file["x"].make_scale("x")
            file["d"].dims[1].attach_scale(file["x"])
        for name, options in _LAYOUTS.items():
            with h5py.File(folder / f"{version}-{name}.h5", "w", libver=version) as file:
                file.create_dataset("d", data=values, **options)
        with h5py.File(folder / f"{version}-nexus.nxs", "w", libver=version) as file:
            _nexus(file, values)
        with h5py.File(folder / f"{version}-virtual.h5", "w", libver=version) as file:
            _virtual(file, values)
    with h5py.File(folder / "block.h5", "w", userblock_size=512) as file:
        file["d"] = values > 7


_LAYOUTS: dict[str, dict[str, Any]] = {
    "zipped": {"chunks": (8, 10), "compression": "gzip", "shuffle": True, "fletcher32": True},
    "single": {"chunks": (24, 20), "compression": "gzip"},
    "growing": {"chunks": (2, 4), "maxshape": (None, 20), "compression": "lzf"},
    "wide": {"chunks": (4, 4), "maxshape": (None, None)},
    "scaled": {"chunks": (8, 10), "scaleoffset": 12},
    "plain": {"chunks": (8, 10)},
}


def _nexus(file: Any, values: np.ndarray[Any, Any]) -> None:
    entry = file.create_group("entry")
    file.attrs["default"] = "entry"
    entry.attrs.update(NX_class="NXentry", default="data")
    data = entry.create_group("data")
    data.attrs.update(NX_class="NXdata", signal="v", axes=["y", "x"])
    data["v"], data["y"], data["x"] = values + 1j, np.arange(24.0), np.arange(20) * 2.5
    for number in range(20):
        data.attrs[f"note_{number}"] = "a longer text " * number
        data[f"other_{number}"] = number


def _virtual(file: Any, values: np.ndarray[Any, Any]) -> None:
    import h5py

    file["e"], file["f"] = values[:12], values[12:]
    layout = h5py.VirtualLayout(values.shape, values.dtype)
    layout[:12] = h5py.VirtualSource(".", "e", (12, 20))
    layout[12:] = h5py.VirtualSource(".", "f", (12, 20))
    file.create_virtual_dataset("d", layout)
    spaces = [h5py.h5s.create_simple((12, 20), (h5py.h5s.UNLIMITED, 20)) for _ in range(2)]
    for space in spaces:
        space.select_hyperslab((0, 0), (1, 1), stride=(1, 1), block=(h5py.h5s.UNLIMITED, 20))
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_virtual(spaces[0], b".", b"e", spaces[1])
    h5py.h5d.create(file.id, b"g", h5py.h5t.NATIVE_UINT16, spaces[0], plist)
    file.attrs["default"] = "d"


MUTATOR = Mutator(
    "HDF5",
    _seeds,
    {
        "object": Way(on_one_file(_object), weight=4),
        "bits of an object": Way(on_one_file(_bits), weight=2),
        "message": Way(on_one_file(_message), weight=4),
        "pointer": Way(on_one_file(_pointer), weight=3),
        "size": Way(on_one_file(_size), weight=3),
        "name": Way(on_one_file(_name), weight=2),
        "chunk": Way(on_one_file(_chunk)),
    },
)
