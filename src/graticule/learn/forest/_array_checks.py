"""Arrays of trees from a file: whether every node leads to another within its tree."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graticule.core.errors import UnsafeFileError
from graticule.core.typing import Array
from graticule.learn.forest._layout import LEAF, as_floats, bits_for

_KINDS = {
    "nodes": "u",
    "outputs": "i",
    "table": "f",
    "starts": "i",
    "weights": "f",
    "used": "i",
    "baseline": "f",
    "importances": "f",
    "form": "i",
}


def require_sound_arrays(arrays: Mapping[str, Array]) -> None:
    """Raise `UnsafeFileError` if arrays are missing or would be read outside their bounds.

    The compiled loops follow the indices in the nodes without looking.
    """
    for name, kind in _KINDS.items():
        if name not in arrays or arrays[name].dtype.kind != kind:
            raise UnsafeFileError(f"a forest must have an array {name!r} of kind {kind!r}")
    if set(arrays) - set(_KINDS) - {"classes"}:
        raise UnsafeFileError("a forest must have no other arrays than those it needs")
    _require_table(arrays)
    _require_nodes(arrays)


def _require_table(arrays: Mapping[str, Array]) -> None:
    used, form, outputs, table = (arrays[name] for name in ("used", "form", "outputs", "table"))
    _require(form.shape == (2,) and 0 <= form[1] <= 3)
    _require(used.ndim == 1 and used.size > 0)
    _require(bool((used >= 0).all() and (used < form[0]).all() and (np.diff(used) > 0).all()))
    _require(table.ndim == 2 and table.size > 0 and arrays["baseline"].shape == table.shape[1:])
    _require(bool(((outputs >= 0) & (outputs < len(table))).all()))
    classes = arrays.get("classes")
    if classes is not None:
        _require(classes.shape == table.shape[1:] and classes.dtype.kind in "biufU")
    _require(arrays["importances"].shape in ((0,), (int(form[0]),)))


def _require_nodes(arrays: Mapping[str, Array]) -> None:
    nodes, starts = arrays["nodes"], arrays["starts"]
    _require(nodes.dtype == np.uint64 and nodes.ndim == 1 and nodes.size < 2**32)
    _require(nodes.shape == arrays["outputs"].shape == arrays["weights"].shape)
    _require(starts.ndim == 1 and starts.size > 1 and starts[0] == 0 and starts[-1] == nodes.size)
    _require(bool((np.diff(starts) > 0).all()))
    # Mean depths follow from the weights, and how long is walked from these.
    _require(bool((np.isfinite(arrays["weights"]) & (arrays["weights"] >= 0)).all()))
    bits = bits_for(arrays["used"].size)
    low = nodes & np.uint64(0xFFFFFFFF)
    child = (low >> np.uint64(bits)).astype(np.int64)
    feature = (low & np.uint64((1 << bits) - 1)).astype(np.int64)
    sizes = np.diff(starts)
    own = np.arange(nodes.size) - np.repeat(starts[:-1], sizes)
    leaf = child == own
    _require(bool((feature < arrays["used"].size).all()))
    _require(bool((child >= own).all()))
    _require(bool((child + 1 < np.repeat(sizes, sizes))[~leaf].all()))
    offset = np.repeat(starts[:-1], sizes)[~leaf] + child[~leaf]
    _require(np.unique(offset).size == offset.size and not np.isin(offset + 1, offset).any())
    above = (nodes >> np.uint64(32)).astype(np.uint32)
    _require(bool((above == np.uint32(LEAF))[leaf].all()))
    _require(not np.isnan(as_floats(above.view(np.int32)[~leaf])).any())


def _require(good: bool) -> None:
    if not good:
        raise UnsafeFileError(
            "the arrays of a forest do not fit together",
            hint="do not trust the file; ask whoever made it for one written by save_model",
        )
