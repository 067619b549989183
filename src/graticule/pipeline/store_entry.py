"""An entry of the step store as bytes: the outputs of a step under one hash, its key among them."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from graticule.core.errors import StoreError
from graticule.core.image import Image, Table, variable_of

Parts: TypeAlias = list[memoryview]
"""What is written one after the other."""

_MARK = b"graticule step 2\n"
_HASH = slice(len(_MARK), len(_MARK) + hashlib.sha256().digest_size)
_LENGTH = slice(_HASH.stop, _HASH.stop + 8)
_ALIGNED = 64
_NUMBERS = "biuf"
_DATES = "mM"


def encode(key: str, outputs: Sequence[Any]) -> Parts | None:
    """Return outputs as they are written, or None if some would not come back equal.

    After a mark and the SHA-256 of all that follows come the length of the description, the
    description in JSON with the key, and the values of images and tables (Parquet).
    """
    values: Parts = []
    described = []
    try:
        for item in outputs:
            about, content = _described(item)
            described.append({**about, "bytes": len(content)})
            values += [content, _padding(len(content))]
        text = json.dumps({"key": key, "outputs": described}).encode()
    except (TypeError, ValueError, NotImplementedError):  # Arrow's errors are among these
        return None
    text += b" " * (-(_LENGTH.stop + len(text)) % _ALIGNED)
    hashed = [memoryview(len(text).to_bytes(8, "little")), memoryview(text), *values]
    return [memoryview(_MARK), memoryview(_digest(hashed)), *hashed]


def decode(key: str, content: np.ndarray[Any, np.dtype[np.uint8]]) -> tuple[Any, ...]:
    """Return the outputs from the bytes of an entry; images are views of them.

    Raises
    ------
    StoreError
        If a byte is not as it was written, or it was written under another key.
    """
    held = content.data
    begins = held[: _HASH.start] == _MARK and len(held) >= _LENGTH.stop
    if not begins or held[_HASH] != _digest([held[_HASH.stop :]]):
        raise StoreError("an entry is damaged")
    start = _LENGTH.stop + int.from_bytes(held[_LENGTH], "little")
    about = json.loads(bytes(held[_LENGTH.stop : start]))
    if about["key"] != key:
        raise StoreError("an entry stands under another key")
    outputs = []
    for each in about["outputs"]:
        stop = start + each["bytes"]
        outputs.append(_KINDS[each["kind"]](content[start:stop], each))
        start = stop + -stop % _ALIGNED
    return tuple(outputs)


def _digest(parts: Sequence[memoryview]) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def _padding(size: int) -> memoryview:
    return memoryview(bytes(-size % _ALIGNED))


def _described(item: Any) -> tuple[dict[str, Any], memoryview]:
    """Return what is said of an output, and its values; raise `TypeError` for another thing."""
    import pandas as pd
    import xarray as xr

    if isinstance(item, pd.DataFrame):
        return {"kind": "table", "attrs": _equal_attrs(item.attrs)}, _table_bytes(item)
    if isinstance(item, xr.DataArray):
        values = np.asarray(item.values, order="C")
        if values.dtype.hasobject or values.dtype.names:
            raise TypeError("values that are no numbers would not come back equal")
        return {"kind": "image", **_about_image(item)}, values.reshape(-1).view(np.uint8).data
    raise TypeError(f"{type(item).__name__} is neither an image nor a table")


def _table_bytes(table: Table) -> memoryview:
    import pandas as pd

    for name, column in table.items():
        if column.dtype == object and pd.api.types.infer_dtype(column, skipna=False) != "string":
            raise TypeError(f"the column {name} of several kinds would not come back equal")
    stream = io.BytesIO()
    table.to_parquet(stream)
    return stream.getbuffer()


def _read_table(content: np.ndarray[Any, Any], about: Mapping[str, Any]) -> Table:
    import pandas as pd

    table = pd.read_parquet(io.BytesIO(content.data))
    table.attrs = about["attrs"]
    return table


def _about_image(image: Image) -> dict[str, Any]:
    import pandas as pd

    names = (*image.coords, "" if image.name is None else image.name)
    if not all(isinstance(name, str) for name in names):
        raise TypeError("a name that is no text would not come back equal")
    if any(isinstance(index, pd.MultiIndex) for index in image.indexes.values()):
        raise TypeError("an index of several levels would not come back equal")
    return {
        "dims": list(image.dims),
        "shape": list(image.shape),
        "dtype": image.dtype.str,
        "name": image.name,
        "coords": {str(name): _about_coordinate(each) for name, each in image.coords.items()},
        "attrs": _equal_attrs(image.attrs),
    }


def _about_coordinate(coordinate: Image) -> dict[str, Any]:
    """Return a coordinate as JSON can hold it; dates as counts of their unit."""
    values = coordinate.values
    is_text = values.dtype.kind in "UO" and all(isinstance(each, str) for each in values.flat)
    if not (is_text or values.dtype.kind in _NUMBERS + _DATES):
        raise TypeError(f"a coordinate of {values.dtype} would not come back equal")
    listed = values.astype(np.int64) if values.dtype.kind in _DATES else values
    return {
        "dims": list(coordinate.dims),
        "shape": list(values.shape),
        "dtype": "O" if values.dtype.hasobject else values.dtype.str,
        "values": listed.ravel().tolist(),
        "attrs": _equal_attrs(coordinate.attrs),
    }


def _read_image(content: np.ndarray[Any, Any], about: Mapping[str, Any]) -> Image:
    import xarray as xr

    coords = {
        name: (
            given["dims"],
            np.array(given["values"], dtype=given["dtype"]).reshape(given["shape"]),
            given["attrs"],
        )
        for name, given in about["coords"].items()
    }
    values = content.view(about["dtype"]).reshape(about["shape"])
    held = variable_of(values, about["dims"], about["attrs"])
    return xr.DataArray(held, coords=coords, name=about["name"])


_KINDS = {"image": _read_image, "table": _read_table}


def _equal_attrs(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return attributes as JSON can hold them; raise `TypeError` if one would not come back."""
    plain = plain_attrs(attrs)
    if plain != dict(attrs):
        raise TypeError("an attribute would not come back equal")
    return plain


def plain_attrs(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return attributes as JSON can hold them.

    Raises
    ------
    TypeError
        If one cannot be.
    """
    return dict(json.loads(json.dumps({str(key): value for key, value in attrs.items()})))
