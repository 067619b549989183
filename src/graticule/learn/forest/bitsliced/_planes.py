"""Operations on planes: lines of bits, one for each of `LANES` samples.

Written for the compiler as vectors, since it does not see that lines of one array never overlap.
It cuts them into what the processor has. All indices count words, and none is checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

LANES = 2048
"""Samples that are asked at a time."""
WORDS = LANES // 64

_WORD = ir.IntType(64)
_PLANE = ir.VectorType(_WORD, WORDS)
_SHORTS = ir.VectorType(ir.IntType(16), 64)
_AT = types.uintp


def _pointer(context: Any, builder: Any, kind: Any, array: Any, at: Any, whole: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), whole.as_pointer())


def _load(builder: Any, pointer: Any, align: int = 8) -> Any:
    value = builder.load(pointer)
    value.align = align
    return value


def _store(builder: Any, value: Any, pointer: Any, align: int = 8) -> None:
    builder.store(value, pointer).align = align


def _all(builder: Any, value: Any, kind: Any) -> Any:
    """Return a vector that holds one value in every place."""
    none = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(none, value, ir.Constant(ir.IntType(32), 0))
    order = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    return builder.shuffle_vector(first, none, order)


def _on_planes(body: Callable[..., None]) -> Callable[..., Any]:
    """Return the code of a function whose first argument holds planes, the others saying which."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, planes = signature.args[0], arguments[0]
        places = [_pointer(context, builder, kind, planes, at, _PLANE) for at in arguments[1:]]
        body(builder, *places)
        return context.get_dummy_value()

    return code


@intrinsic
def choose(typing_context: Any, planes: Any, to: Any, asked: Any, right: Any, left: Any) -> Any:
    """Take bits of the right plane where the asked one is set, and of the left elsewhere."""

    def body(builder: Any, to: Any, asked: Any, right: Any, left: Any) -> None:
        where, one, other = (_load(builder, each) for each in (asked, right, left))
        differ = builder.and_(where, builder.xor(one, other))
        _store(builder, builder.xor(other, differ), to)

    return types.void(planes, _AT, _AT, _AT, _AT), _on_planes(body)


@intrinsic
def choose_two(typing_context: Any, planes: Any, to: Any, asked: Any, right: Any, left: Any) -> Any:
    """Do what `choose` does, and the same with the planes behind each but the asked one."""

    def body(builder: Any, to: Any, asked: Any, right: Any, left: Any) -> None:
        where = _load(builder, asked)
        for number in range(2):
            behind = [ir.Constant(ir.IntType(32), number)]
            one, other = (_load(builder, builder.gep(each, behind)) for each in (right, left))
            differ = builder.and_(where, builder.xor(one, other))
            _store(builder, builder.xor(other, differ), builder.gep(to, behind))

    return types.void(planes, _AT, _AT, _AT, _AT), _on_planes(body)


@intrinsic
def widen(typing_context: Any, planes: Any, low: Any, high: Any, bit: Any) -> Any:
    """Make the high plane ``bit & low``, and the low one ``bit | low``."""

    def body(builder: Any, low: Any, high: Any, bit: Any) -> None:
        one, other = _load(builder, low), _load(builder, bit)
        _store(builder, builder.and_(one, other), high)
        _store(builder, builder.or_(one, other), low)

    return types.void(planes, _AT, _AT, _AT), _on_planes(body)


@intrinsic
def join(typing_context: Any, planes: Any, to: Any, bit: Any) -> Any:
    """Set the bits of a plane that are set in another one."""

    def body(builder: Any, to: Any, bit: Any) -> None:
        _store(builder, builder.or_(_load(builder, to), _load(builder, bit)), to)

    return types.void(planes, _AT, _AT), _on_planes(body)


@intrinsic
def add_bit(typing_context: Any, planes: Any, to: Any, carry: Any) -> Any:
    """Add a plane to one digit of binary counters; the other becomes what is carried on."""

    def body(builder: Any, to: Any, carry: Any) -> None:
        one, other = _load(builder, to), _load(builder, carry)
        _store(builder, builder.xor(one, other), to)
        _store(builder, builder.and_(one, other), carry)

    return types.void(planes, _AT, _AT), _on_planes(body)


@intrinsic
def keep(typing_context: Any, planes: Any, to: Any, source: Any, flip: Any) -> Any:
    """Clear bits of a plane that, after XOR with the word ``flip``, are clear in another one."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, planes = signature.args[0], arguments[0]
        to, source = (_pointer(context, builder, kind, planes, at, _PLANE) for at in arguments[1:3])
        known = builder.xor(_load(builder, source), _all(builder, arguments[3], _PLANE))
        _store(builder, builder.and_(_load(builder, to), known), to)
        return context.get_dummy_value()

    return types.void(planes, _AT, _AT, types.uint64), code


@intrinsic
def bits_of(typing_context: Any, codes: Any, at: Any, bit: Any) -> Any:
    """Return which of 64 uint16 have a bit, as the bits of a word."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, (codes, at, bit) = signature.args[0], arguments
        found = _load(builder, _pointer(context, builder, kind, codes, at, _SHORTS), 2)
        found = builder.and_(found, _all(builder, bit, _SHORTS))
        some = builder.icmp_unsigned("!=", found, ir.Constant(_SHORTS, [0] * 64))
        return builder.bitcast(some, _WORD)

    return types.uint64(codes, _AT, types.uint16), code


@intrinsic
def add_where(typing_context: Any, counts: Any, at: Any, word: Any, value: Any) -> Any:
    """Add a value to those of 64 int16 whose bit of a word is set."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind, (counts, at, word, value) = signature.args[0], arguments
        pointer = _pointer(context, builder, kind, counts, at, _SHORTS)
        where = builder.bitcast(word, ir.VectorType(ir.IntType(1), 64))
        nothing = ir.Constant(_SHORTS, [0] * 64)
        more = builder.select(where, _all(builder, value, _SHORTS), nothing)
        _store(builder, builder.add(_load(builder, pointer, 2), more), pointer, 2)
        return context.get_dummy_value()

    return types.void(counts, _AT, types.uint64, types.int16), code
