"""What an op must refuse: values no parameter may have, and images that stretch its definition."""

from __future__ import annotations

import math
import typing
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr
from pydantic.fields import FieldInfo

from graticule.core import Kind, Op
from graticule.core.parameters import Parameters
from graticule.core.quantity import Amount
from graticule.core.typing import Array

_OUTSIDE = {"ge": -1, "gt": 0, "le": 1, "lt": 0}
"""What is added to a bound to be beyond it."""


def bad_parameters(parameters: Parameters) -> Iterator[tuple[str, Any]]:
    """Yield a parameter's name and a value it must not have: type, range, choice, NaN, unknown."""
    yield "no_such_parameter", 1
    for name, field in parameters.model.model_fields.items():
        for value in _bad_values(field):
            yield name, value


def _bad_values(field: FieldInfo) -> Iterator[Any]:
    annotation: Any = field.annotation
    leaves = [arg for arg in typing.get_args(annotation) if arg is not type(None)] or [annotation]
    yield object()
    if typing.get_origin(annotation) is typing.Literal:
        yield "no such choice"
        return
    single = leaves[0] if len(leaves) == 1 else None
    if not isinstance(single, type):
        return
    if issubclass(single, (int, float, Amount)):
        yield "many"
        yield math.nan
        yield [1, 2]
        yield from (limit + _OUTSIDE[name] for name, limit in bounds(field).items())
    if single in (int, float):
        yield True
    if single is int:
        yield 1.5


def bounds(field: FieldInfo) -> dict[str, float]:
    """Return the bounds of a parameter, by ``ge``, ``gt``, ``le`` and ``lt``."""
    found = ((name, getattr(m, name, None)) for m in field.metadata for name in _OUTSIDE)
    return {name: limit for name, limit in found if limit is not None}


def edge_images(op: Op, data: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield edge cases of the first image, in words, with the data they make."""
    position, first = next(
        (n, item) for n, item in enumerate(data) if isinstance(item, xr.DataArray)
    )
    kind = op.inputs[position].kind

    def replaced(image: Any) -> list[Any]:
        return [image if n == position else item for n, item in enumerate(data)]

    for name, values in _edge_values(kind, first.values):
        yield name, replaced(first.copy(data=values))
    mask = np.arange(first.size).reshape(first.shape) % 3 == 0
    yield "a masked array", replaced(np.ma.MaskedArray(first.values, mask=mask))
    for dim in first.dims:
        yield f"one sample along {dim}", [_cut(item, [dim], 1) for item in data]
        yield f"no sample along {dim}", [_cut(item, [dim], 0) for item in data]
    yield "a single pixel", [_cut(item, first.dims, 1) for item in data]


def _cut(item: Any, dims: Sequence[Any], size: int) -> Any:
    if not isinstance(item, xr.DataArray):
        return item
    return item.isel({dim: slice(0, size) for dim in dims if dim in item.dims})


def _edge_values(kind: Kind, values: Array) -> Iterator[tuple[str, Any]]:
    zeros = np.zeros_like(values)
    yield "all zero", zeros
    yield "constant", np.ones_like(values)
    two = zeros.copy()
    two.ravel()[::3] = 1
    yield "two values", two
    if kind is Kind.LABELS:
        yield "labels of one sample each", np.arange(values.size).reshape(values.shape)
        yield "a huge label", np.where(values > 0, 2**40, 0)
    if kind is not Kind.IMAGE:
        return
    holed = values.astype(np.float32)
    holed.ravel()[::4] = np.nan
    yield "some NaN", holed
    yield "all NaN", np.full(values.shape, np.nan, np.float32)
    yield "infinite values", np.where(two > 0, np.inf, values).astype(np.float32)
    yield "minus infinity", np.where(two > 0, -np.inf, values).astype(np.float32)
    yield "huge values", values.astype(np.float64) * 1e30
    yield "complex", values.astype(np.complex64)
    for dtype in ("bool", "uint8", "int16", "uint16", "int64", "uint64", "float16", "float64"):
        yield dtype, values.astype(dtype)


def layouts(values: Array) -> Iterator[tuple[str, Array]]:
    """Yield the same values laid out in memory in ways files and slices bring about."""
    yield "big-endian", values.astype(values.dtype.newbyteorder(">"))
    yield "little-endian", values.astype(values.dtype.newbyteorder("<"))
    yield "Fortran-ordered", np.asfortranarray(values)
    wide = np.repeat(values, 2, axis=-1)
    yield "not contiguous", wide[..., ::2]
    yield "backwards in memory", values[..., ::-1].copy()[..., ::-1]
    frozen = values.copy()
    frozen.flags.writeable = False
    yield "read-only", frozen
