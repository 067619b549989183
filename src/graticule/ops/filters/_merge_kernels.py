"""Compiled comparisons of a plan, for as many samples at once as the processor takes."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

BYTES = 256
"""Bytes of neighbouring samples that one comparison is done for."""


def _comparison(low: bool, high: bool) -> Any:
    """Return a function ``f(values, lower, upper, one, other)`` of flat places in an array.

    It compares the samples from ``one`` and ``other`` on, and puts the smaller of each two from
    ``lower`` on and the larger from ``upper`` on. All are read before any is written.
    """

    def compare(typing: Any, values: Any, lower: Any, upper: Any, one: Any, other: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = signature.args[0].dtype
            size = context.get_abi_sizeof(context.get_data_type(kind))
            lanes = ir.VectorType(context.get_data_type(kind), BYTES // size).as_pointer()
            data = context.make_array(signature.args[0])(context, builder, args[0]).data

            def at(place: Any) -> Any:
                return builder.bitcast(builder.gep(data, [place]), lanes)

            a, b = (builder.load(at(place), align=size) for place in args[3:])
            if isinstance(kind, types.Float):
                less = builder.fcmp_ordered("<", a, b)
            elif kind.signed:
                less = builder.icmp_signed("<", a, b)
            else:
                less = builder.icmp_unsigned("<", a, b)
            if low:
                builder.store(builder.select(less, a, b), at(args[1]), align=size)
            if high:
                builder.store(builder.select(less, b, a), at(args[2]), align=size)
            return context.get_dummy_value()

        return types.void(values, *(types.intp,) * 4), code

    return intrinsic(compare)


_both, _lower, _upper = _comparison(True, True), _comparison(True, False), _comparison(False, True)


@njit(cache=True, nogil=True)
def _compare(values: Any, steps: Any, fixed: int, end: int, lanes: int) -> None:
    """Do comparisons at each place before ``end``; flat places from ``fixed`` on move with it."""
    for x in range(0, end, lanes):
        for step in range(steps.shape[0]):
            low, high = steps[step, 0], steps[step, 1]
            one, other = steps[step, 2], steps[step, 3]
            low += x if low >= fixed else 0
            high += x if high >= fixed else 0
            one += x if one >= fixed else 0
            other += x if other >= fixed else 0
            if high < 0:
                _lower(values, low, high, one, other)
            elif low < 0:
                _upper(values, low, high, one, other)
            else:
                _both(values, low, high, one, other)


@njit(cache=True, nogil=True)
def merged_ranks(
    values: Any,
    out: Any,
    tiles: Any,
    offsets: Any,
    steps: Any,
    stages: Any,
    work: Any,
    fixed: int,
    stride: int,
    width: int,
    lanes: int,
) -> None:
    """Put the order statistics of windows ``width`` samples wide into rows of ``out``.

    ``values`` is flat and has its margins on it. By tile: where its first line begins there, its
    first row of ``out``, its first and last result that are put there. ``steps`` are
    comparisons of flat places in ``work``, that begins with slots and has rows of ``stride``
    samples from ``fixed`` on: the lines of the image first, the results last.
    """
    block = stride - width + 1 - lanes
    for start, row, first, last in tiles:
        for begin in range(0, out.shape[1], block):
            size = min(block, out.shape[1] - begin)
            read = size + width - 1
            for line in range(offsets.size):
                to, here = fixed + line * stride, start + offsets[line] + begin
                work[to : to + read] = values[here : here + read]
            for stage in range(stages.size - 1):
                end = read if stage < stages.size - 2 else size
                _compare(work, steps[stages[stage] : stages[stage + 1]], fixed, end, lanes)
            for result in range(first, last):
                here = work.size - (last - result) * stride
                out[row + result, begin : begin + size] = work[here : here + size]
