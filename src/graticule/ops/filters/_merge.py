"""Order statistics of boxes by merging what is sorted already."""

from __future__ import annotations

import math

import numpy as np

from graticule.core import map_ranges
from graticule.core.typing import Array
from graticule.ops._windows import strides_of
from graticule.ops.filters._merge_plan import plan_of

_WORK = 1 << 18
"""Bytes of rows that are worked on at once: they stay in the second cache."""
_TOGETHER = 8


def merged_in_boxes(padded: Array, box: tuple[int, ...], rank: int) -> Array:
    """Return the sample of a rank, from 0, of each box in an array that has its margins on it.

    Examples
    --------
    >>> merged_in_boxes(np.array([5, 1, 4, 2, 3]), (3,), rank=1)
    array([4, 2, 3])
    """
    from graticule.ops.filters._merge_kernels import BYTES, merged_ranks

    shape = tuple(n - m + 1 for n, m in zip(padded.shape, box, strict=True))
    height, lines = (box[-2], shape[-2]) if len(box) > 1 else (1, 1)
    plan = plan_of(math.prod(box[:-2]), height, box[-1], rank, min(lines, _TOGETHER))
    lanes = BYTES // padded.itemsize
    most = max(_WORK // padded.itemsize // plan.rows, box[-1]) + lanes
    stride = -(-min(shape[-1] + box[-1] - 1, most) // lanes) * lanes + lanes
    fixed = plan.slots * lanes
    rows = plan.places >= plan.slots
    steps = np.where(rows, fixed + (plan.places - plan.slots) * stride, plan.places * lanes)
    steps[:, 2:] += plan.shifts
    out = np.empty((math.prod(shape[:-1]), shape[-1]), padded.dtype)
    flat = padded.reshape(-1)
    tiles, offsets = _tiles(padded.shape, shape, box, plan.tile)

    def part(first: int, last: int) -> None:
        work = np.zeros(fixed + plan.rows * stride, padded.dtype)
        merged_ranks(
            flat, out, tiles[first:last], offsets, steps, plan.stages,
            work, fixed, stride, box[-1], lanes,
        )  # fmt: skip

    map_ranges(part, len(tiles), least=max(1, 4096 // (shape[-1] * plan.tile)))
    return out.reshape(shape)


def _tiles(
    padded: tuple[int, ...], shape: tuple[int, ...], box: tuple[int, ...], tile: int
) -> tuple[Array, Array]:
    """Return where tiles begin, their first row of the result and what they put there.

    And the offsets of the lines that each needs. The last tile of a column ends with it, and
    puts only what the one before has not.
    """
    strides = strides_of(padded)[:-1]
    height = shape[-2] if len(shape) > 1 else 1
    rows = np.arange(math.prod(shape[:-1])).reshape(*shape[:-2], height)
    tops = np.minimum(np.arange(0, height, tile), height - tile)
    first_rows = rows[..., tops].ravel()
    at = np.array(np.unravel_index(first_rows, shape[:-1]) if len(shape) > 1 else (), np.int64)
    starts = strides @ at.reshape(len(strides), first_rows.size)
    skipped = np.broadcast_to(np.arange(0, height, tile) - tops, rows[..., tops].shape).ravel()
    tiles = np.stack([starts, first_rows, skipped, np.full_like(starts, tile)], axis=1)
    needed = (*box[:-2], box[-2] + tile - 1) if len(box) > 1 else ()
    lines = np.indices(needed).reshape(len(needed), math.prod(needed))
    return tiles, np.asarray(strides @ lines, np.int64).reshape(-1)
