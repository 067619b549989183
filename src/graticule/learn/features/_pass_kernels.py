"""Compiled sums over taps: a Gaussian and its first two derivatives from the same samples.

Each sum is one chain of fused products, from the outermost pair of samples to the middle one: it
is the same to the bit wherever its block begins. Sums stay in registers for all taps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.learn.features._vectors import (
    LANES,
    entry,
    fused,
    load,
    minus,
    plus,
    splat,
    store,
)
from graticule.learn.forest._lean import lean

WIDE = 512
"""Columns of a line that are worked on at once, a multiple of ``BLOCK``."""
BLOCK = 4 * LANES
"""Columns of one line whose sums are made at once; values must have so many."""
ROWS = 4
"""Lines whose sums across lines are made at once."""
SLACK = 2 * LANES
_TWO, _THREE = 2 * LANES, 3 * LANES


@lean
def _values_of_four(
    values: Any,
    index: Any,
    here: int,
    across: int,
    c: int,
    w: Any,
    into: Any,
    at: int,
    apart: int,
) -> None:
    """Put the sums across lines of four lines and 32 columns into ``into``."""
    none = splat(np.float32(0))
    a0, a1, a2, a3 = none, none, none, none
    b0, b1, b2, b3 = none, none, none, none
    reach = w.shape[1] - 1
    p = entry(index, here - reach) * across + c
    l0, m0 = load(values, p), load(values, p + LANES)
    p = entry(index, here - reach + 1) * across + c
    l1, m1 = load(values, p), load(values, p + LANES)
    p = entry(index, here - reach + 2) * across + c
    l2, m2 = load(values, p), load(values, p + LANES)
    p = entry(index, here + reach + 1) * across + c
    h1, n1 = load(values, p), load(values, p + LANES)
    p = entry(index, here + reach + 2) * across + c
    h2, n2 = load(values, p), load(values, p + LANES)
    p = entry(index, here + reach + 3) * across + c
    h3, n3 = load(values, p), load(values, p + LANES)
    for k in range(reach, 0, -1):
        p = entry(index, here - k + 3) * across + c
        l3, m3 = load(values, p), load(values, p + LANES)
        p = entry(index, here + k) * across + c
        h0, n0 = load(values, p), load(values, p + LANES)
        s = splat(entry(w, k))
        a0, b0 = fused(s, plus(h0, l0), a0), fused(s, plus(n0, m0), b0)
        a1, b1 = fused(s, plus(h1, l1), a1), fused(s, plus(n1, m1), b1)
        a2, b2 = fused(s, plus(h2, l2), a2), fused(s, plus(n2, m2), b2)
        a3, b3 = fused(s, plus(h3, l3), a3), fused(s, plus(n3, m3), b3)
        l0, l1, l2, m0, m1, m2 = l1, l2, l3, m1, m2, m3
        h3, h2, h1, n3, n2, n1 = h2, h1, h0, n2, n1, n0
    s = splat(entry(w, 0))
    p = entry(index, here + 3) * across + c
    l3, m3 = load(values, p), load(values, p + LANES)
    store(into, at, fused(s, l0, a0))
    store(into, at + LANES, fused(s, m0, b0))
    store(into, at + apart, fused(s, l1, a1))
    store(into, at + apart + LANES, fused(s, m1, b1))
    store(into, at + 2 * apart, fused(s, l2, a2))
    store(into, at + 2 * apart + LANES, fused(s, m2, b2))
    store(into, at + 3 * apart, fused(s, l3, a3))
    store(into, at + 3 * apart + LANES, fused(s, m3, b3))


@lean
def _slopes_of_four(
    values: Any, index: Any, here: int, across: int, c: int, w: Any, order: int, into: Any,
    at: int, apart: int,
) -> None:  # fmt: skip
    """Put the sums of the first and, for order 2, second derivative of 16 columns too."""
    none = splat(np.float32(0))
    a0, a1, a2, a3 = none, none, none, none
    b0, b1, b2, b3 = none, none, none, none
    c0, c1, c2, c3 = none, none, none, none
    n = w.shape[1]
    reach = n - 1
    l0 = load(values, entry(index, here - reach) * across + c)
    l1 = load(values, entry(index, here - reach + 1) * across + c)
    l2 = load(values, entry(index, here - reach + 2) * across + c)
    h1 = load(values, entry(index, here + reach + 1) * across + c)
    h2 = load(values, entry(index, here + reach + 2) * across + c)
    h3 = load(values, entry(index, here + reach + 3) * across + c)
    for k in range(reach, 0, -1):
        l3 = load(values, entry(index, here - k + 3) * across + c)
        h0 = load(values, entry(index, here + k) * across + c)
        s, t = splat(entry(w, k)), splat(entry(w, n + k))
        x0, x1, x2, x3 = plus(h0, l0), plus(h1, l1), plus(h2, l2), plus(h3, l3)
        a0, a1, a2, a3 = (
            fused(s, x0, a0),
            fused(s, x1, a1),
            fused(s, x2, a2),
            fused(s, x3, a3),
        )
        b0, b1 = fused(t, minus(h0, l0), b0), fused(t, minus(h1, l1), b1)
        b2, b3 = fused(t, minus(h2, l2), b2), fused(t, minus(h3, l3), b3)
        if order > 1:
            s = splat(entry(w, 2 * n + k))
            c0, c1, c2, c3 = (
                fused(s, x0, c0),
                fused(s, x1, c1),
                fused(s, x2, c2),
                fused(s, x3, c3),
            )
        l0, l1, l2, h3, h2, h1 = l1, l2, l3, h2, h1, h0
    l3 = load(values, entry(index, here + 3) * across + c)
    _put_four(into, at, apart, splat(entry(w, 0)), l0, l1, l2, l3, a0, a1, a2, a3)
    at += ROWS * apart
    _put_four(into, at, apart, splat(entry(w, n)), l0, l1, l2, l3, b0, b1, b2, b3)
    if order > 1:
        at += ROWS * apart
        _put_four(into, at, apart, splat(entry(w, 2 * n)), l0, l1, l2, l3, c0, c1, c2, c3)


@lean
def _put_four(
    into: Any, at: int, apart: int, s: Any, x0: Any, x1: Any, x2: Any, x3: Any, a0: Any, a1: Any,
    a2: Any, a3: Any,
) -> None:  # fmt: skip
    """Add the weighted middles to four sums and store them, ``apart`` from each other."""
    store(into, at, fused(s, x0, a0))
    store(into, at + apart, fused(s, x1, a1))
    store(into, at + 2 * apart, fused(s, x2, a2))
    store(into, at + 3 * apart, fused(s, x3, a3))


@lean
def sum_lines(
    values: Any, across: int, index: Any, row: int, span: Any, w: Any, order: int, into: Any,
    at: int, apart: int,
) -> None:  # fmt: skip
    """Put the sums across lines around four, of a span of columns, into ``into`` from ``at``.

    ``values`` are lines of ``across`` samples end to end, at least ``BLOCK``; ``index`` gives the
    line at each position, ``w.shape[1] - 1`` of them before the first. Line ``q`` of derivative
    ``k`` is put ``(4 * k + q) * apart`` further. Up to ``SLACK`` on either side may be overwritten.
    """
    here, low = row + w.shape[1] - 1, span[0]
    if order == 0:
        for c in range(low, span[1], 2 * LANES):
            p = min(c, across - 2 * LANES)
            _values_of_four(values, index, here, across, p, w, into, at + p - low, apart)
    else:
        for c in range(low, span[1], LANES):
            p = min(c, across - LANES)
            _slopes_of_four(values, index, here, across, p, w, order, into, at + p - low, apart)


@lean
def _sum_block(
    values: Any, index: Any, here: int, across: int, c: int, w: Any, order: int, into: Any,
    at: Any, x: int,
) -> None:  # fmt: skip
    """Put the sums across lines of one line and 64 columns ``x`` after each place in ``at``."""
    none = splat(np.float32(0))
    a0, a1, a2, a3 = none, none, none, none
    b0, b1, b2, b3 = none, none, none, none
    c0, c1, c2, c3 = none, none, none, none
    n = w.shape[1]
    for k in range(n - 1, 0, -1):
        p, q = entry(index, here - k) * across + c, entry(index, here + k) * across + c
        l0, h0 = load(values, p), load(values, q)
        l1, h1 = load(values, p + LANES), load(values, q + LANES)
        l2, h2 = load(values, p + _TWO), load(values, q + _TWO)
        l3, h3 = load(values, p + _THREE), load(values, q + _THREE)
        x0, x1, x2, x3 = plus(h0, l0), plus(h1, l1), plus(h2, l2), plus(h3, l3)
        s = splat(entry(w, k))
        a0, a1, a2, a3 = (
            fused(s, x0, a0),
            fused(s, x1, a1),
            fused(s, x2, a2),
            fused(s, x3, a3),
        )
        if order > 0:
            s = splat(entry(w, n + k))
            b0, b1 = fused(s, minus(h0, l0), b0), fused(s, minus(h1, l1), b1)
            b2, b3 = fused(s, minus(h2, l2), b2), fused(s, minus(h3, l3), b3)
        if order > 1:
            s = splat(entry(w, 2 * n + k))
            c0, c1, c2, c3 = (
                fused(s, x0, c0),
                fused(s, x1, c1),
                fused(s, x2, c2),
                fused(s, x3, c3),
            )
    p = entry(index, here) * across + c
    l0, l1 = load(values, p), load(values, p + LANES)
    l2, l3 = load(values, p + _TWO), load(values, p + _THREE)
    _put_four(into, at[0] + x, LANES, splat(entry(w, 0)), l0, l1, l2, l3, a0, a1, a2, a3)
    if order > 0:
        _put_four(into, at[1] + x, LANES, splat(entry(w, n)), l0, l1, l2, l3, b0, b1, b2, b3)
    if order > 1:
        _put_four(
            into,
            at[2] + x,
            LANES,
            splat(entry(w, 2 * n)),
            l0,
            l1,
            l2,
            l3,
            c0,
            c1,
            c2,
            c3,
        )


@lean
def sum_line(
    values: Any, index: Any, here: int, across: int, span: Any, w: Any, order: int, into: Any,
    at: Any,
) -> None:  # fmt: skip
    """Put the sums across lines around one, of a span of columns, into ``into``.

    As `sum_lines`, but the line is at position ``here`` of ``index``, and derivative ``k`` is put
    from ``at[k]`` on. The span has at least ``BLOCK`` columns.
    """
    for c in range(span[0], span[1], BLOCK):
        p = min(c, span[1] - BLOCK)
        _sum_block(values, index, here, across, p, w, order, into, at, p - span[0])


@lean
def sum_along(
    line: Any, begin: int, steps: Any, size: int, w: Any, order: int, into: Any, at: Any
) -> None:
    """Put the sums along a line, which has its margins on it and begins at ``begin``.

    ``steps`` counts from 0. Derivative ``k`` is put from ``at[k]`` on; up to ``BLOCK - 1`` sums
    past ``size`` are made too.
    """
    for x in range(0, size, BLOCK):
        _sum_block(line, steps, w.shape[1] - 1, 1, begin + x, w, order, into, at, x)
