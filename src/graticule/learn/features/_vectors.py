"""Sixteen numbers at a time, for compiled loops that the compiler does not keep in registers.

A vector is a value like a number: it is loaded, added, multiplied and stored, all lanes alike.
Processors without registers of this width take two or four narrower ones; lanes do not mix, so
that a result does not depend on which lane it is made in. Places are counted in flat arrays, and
not checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model
from numba.np.arrayobj import make_array

from graticule.learn.forest._lean import lean

_ir = cgutils.ir

LANES = 16
_FLOATS = _ir.VectorType(_ir.FloatType(), LANES)
_INDEX = _ir.VectorType(_ir.IntType(32), LANES)
_UNALIGNED = 4


class _Vector(types.Type):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name=f"float32x{LANES}")


@register_model(_Vector)
class _VectorModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _FLOATS)


_vector = _Vector()


def _entry(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    array = make_array(signature.args[0])(context, builder, args[0])
    return builder.gep(array.data, [args[1]])


def _of_vectors(name: str, count: int) -> Callable[[Any, Any, Any, Any], Any]:
    """Return the code of a function of LLVM on vectors."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = _ir.FunctionType(_FLOATS, [_FLOATS] * count)
        full = f"llvm.{name}.v{LANES}f32"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, full), args)

    return code


@intrinsic
def entry(typing: Any, array: Any, place: Any) -> Any:
    """Return one number of an array."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_entry(context, builder, signature, args))

    return array.dtype(array, types.intp), code


@intrinsic
def load(typing: Any, array: Any, place: Any) -> Any:
    """Return the numbers of an array from a place on."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        found = _entry(context, builder, signature, args)
        loaded = builder.load(builder.bitcast(found, _FLOATS.as_pointer()))
        loaded.align = _UNALIGNED
        return loaded

    return _vector(array, types.intp), code


@intrinsic
def store(typing: Any, array: Any, place: Any, vector: Any) -> Any:
    """Put a vector into an array from a place on."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        found = _entry(context, builder, signature, args[:2])
        stored = builder.store(args[2], builder.bitcast(found, _FLOATS.as_pointer()))
        stored.align = _UNALIGNED
        return context.get_dummy_value()

    return types.void(array, types.intp, _vector), code


@intrinsic
def splat(typing: Any, number: Any) -> Any:
    """Return a vector of one number."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        nothing = _ir.Constant(_FLOATS, _ir.Undefined)
        one = builder.insert_element(nothing, args[0], _ir.Constant(_ir.IntType(32), 0))
        return builder.shuffle_vector(one, nothing, _ir.Constant(_INDEX, [0] * LANES))

    return _vector(types.float32), code


@intrinsic
def plus(typing: Any, a: Any, b: Any) -> Any:
    """Return ``a + b``."""
    return _vector(_vector, _vector), lambda context, builder, signature, args: builder.fadd(*args)


@intrinsic
def minus(typing: Any, a: Any, b: Any) -> Any:
    """Return ``a - b``."""
    return _vector(_vector, _vector), lambda context, builder, signature, args: builder.fsub(*args)


@intrinsic
def times(typing: Any, a: Any, b: Any) -> Any:
    """Return ``a * b``."""
    return _vector(_vector, _vector), lambda context, builder, signature, args: builder.fmul(*args)


@intrinsic
def fused(typing: Any, a: Any, b: Any, c: Any) -> Any:
    """Return ``a * b + c``, rounded once where the processor can."""
    return _vector(_vector, _vector, _vector), _of_vectors("fmuladd", 3)


@intrinsic
def root(typing: Any, a: Any) -> Any:
    """Return the square root."""
    return _vector(_vector), _of_vectors("sqrt", 1)


@lean
def copy(given: Any, first: int, into: Any, to: int, size: int) -> None:
    """Copy numbers of a flat array from ``first`` on into another, from ``to`` on."""
    whole = size - size % LANES
    for k in range(0, whole, LANES):
        store(into, to + k, load(given, first + k))
    for k in range(whole, size):
        into[to + k] = given[first + k]
