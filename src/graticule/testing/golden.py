"""Fingerprints of what ops give for a fixed input, so that no output changes unnoticed.

A fingerprint has a digest of all that must be equal bit by bit (dims, dtypes, shapes, integers,
bools, places of NaN) and, for floats, a few sums with fixed random weights, which agree between
platforms to five digits or so. It is kept by op and version: who changes an output raises the
version and adds the new fingerprint with::

    python -m graticule.testing.golden tests/golden.json

which adds what is missing and never touches what is there.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core import Op
from graticule.core.registry import get_op, op_names
from graticule.core.typing import Array
from graticule.testing.cases import standard

SUMS = 4
RELATIVE = 1e-4
"""Sums further apart than this part of the values' norm are of different outputs."""


def key_of(op: Op) -> str:
    """Return the name an op's fingerprint is kept under."""
    return f"{op.name} v{op.version}"


def fingerprint(op: Op) -> dict[str, Any]:
    """Return the fingerprint of what an op gives for its standard input.

    Examples
    --------
    >>> sorted(fingerprint(get_op("threshold.otsu")))
    ['digest', 'floats']
    """
    data, params = standard(op)
    exact = hashlib.sha256()
    floats: dict[str, Any] = {}
    for name, values in _arrays("result", op(*data, **params)):
        exact.update(f"{name} {values.dtype.name} {values.shape}".encode())
        if values.dtype.kind in "fc":
            known = np.isfinite(values)
            exact.update(known.tobytes())
            floats[name] = _sums(np.where(known, values, 0).ravel())
        else:
            exact.update(values.astype(values.dtype.newbyteorder("<")).tobytes())
    return {"digest": exact.hexdigest(), "floats": floats}


def _sums(values: Array) -> dict[str, Any]:
    parts = np.concatenate([values.real, values.imag]) if values.dtype.kind == "c" else values
    weights = np.random.RandomState(0).standard_normal((SUMS, parts.size))
    wide = parts.astype(np.float64)
    norm = float(np.linalg.norm(wide))
    return {"norm": norm, "sums": [float(f"{value:.9g}") for value in weights @ wide]}


def _arrays(name: str, value: Any) -> Iterator[tuple[str, Array]]:
    """Yield the arrays of a result by name; texts as bytes."""
    if isinstance(value, xr.DataArray):
        yield f"{name}{value.dims}", value.values
    elif isinstance(value, pd.DataFrame):
        yield from _arrays(name, {column: value[column].to_numpy() for column in value})
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from _arrays(name, dict(zip(value._fields, value, strict=True)))
    elif isinstance(value, dict):
        for key in value:
            yield from _arrays(f"{name}.{key}", value[key])
    else:
        array = np.asarray(value)
        if array.dtype.kind in "OUSTM":
            array = np.frombuffer(repr(array.tolist()).encode(), np.uint8)
        yield name, array


def drift(kept: dict[str, Any], now: dict[str, Any]) -> str:
    """Return in words how an output has changed; an empty text if it has not."""
    if kept["digest"] != now["digest"]:
        return "dims, dtypes, shapes, integers or the places of NaN are others"
    for name, old in kept["floats"].items():
        new = now["floats"][name]
        apart = np.abs(np.subtract(old["sums"], new["sums"])).max(initial=0)
        if apart > RELATIVE * max(old["norm"], new["norm"]):
            return f"values of {name} are others"
    return ""


def add_missing(path: Path, names: Sequence[str] | None = None) -> list[str]:
    """Add the fingerprints a file does not have; return their keys. What is there stays."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    added = []
    for name in names or op_names():
        op = get_op(name)
        if key_of(op) not in kept:
            kept[key_of(op)] = fingerprint(op)
            added.append(key_of(op))
    text = json.dumps(dict(sorted(kept.items())), indent=1) + "\n"
    path.write_text(text, encoding="utf-8")
    return added


if __name__ == "__main__":
    for key in add_missing(Path(sys.argv[1])):
        print(f"added {key}")
