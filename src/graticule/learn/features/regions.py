"""Where features are wanted: strips of an image, or single samples gathered in boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array
from graticule.learn.features.box import Span
from graticule.learn.features.feature import dims_of

_BLOCK = 64_000_000
"""Bytes of features in a strip, by default."""
_SIDES = {2: (128, 256), 3: (24, 48, 64)}
"""Boxes in which single samples are gathered."""


def strips_of(
    box: Sequence[Span], count: int, size: int | None = None
) -> Iterator[tuple[Span, ...]]:
    """Cut a box into strips along its first dim, each with so many lines, in order.

    Raises
    ------
    ParameterError
        If the size is no positive number.
    """
    if size is None:
        line = 4 * max(1, count) * int(np.prod([stop - start for start, stop in box[1:]]))
        size = max(1, _BLOCK // max(1, line))
    elif size < 1:
        raise ParameterError(f"must be 1 or more, not {size!r}", where="size")
    if any(start >= stop for start, stop in box):
        return
    first, last = box[0]
    for start in range(first, last, size):
        yield ((start, min(last, start + size)), *box[1:])


def as_positions(image: xr.DataArray, where: object) -> Array:
    """Return the positions ``(n, dims)`` of a mask, of positions or of flat positions.

    Raises
    ------
    ImageError
        If they do not fit the image.
    """
    dims = dims_of(image)
    shape = tuple(image.sizes[dim] for dim in dims)
    if isinstance(where, xr.DataArray) and set(where.dims) == set(dims):
        where = where.transpose(*dims).values
    given = np.asarray(where)
    if given.dtype == np.bool_:
        if given.shape != shape:
            raise ImageError(f"the mask must have the shape {shape}, not {given.shape}")
        return np.argwhere(given)
    if given.dtype.kind not in "iu" and given.size:
        raise ImageError(f"must be a mask or positions, not {given.dtype}", where="where")
    if given.ndim == 1:
        size = int(np.prod(shape))
        if given.size and not (given.min() >= 0 and given.max() < size):
            raise ImageError(f"flat positions must be of 0 to {size - 1}", where="where")
        return np.stack(np.unravel_index(given.astype(np.int64), shape), -1)
    if given.ndim != 2 or given.shape[1] != len(shape):
        raise ImageError(f"positions must be (n, {len(shape)}), not {given.shape}", where="where")
    if given.size and not ((given >= 0).all() and (given < shape).all()):
        raise ImageError(f"positions must lie within {shape}", where="where")
    return given.astype(np.int64)


def boxes_around(positions: Array) -> Iterator[tuple[Array, tuple[Span, ...]]]:
    """Gather positions by the boxes of a grid; give their numbers and the box around them."""
    if not len(positions):
        return
    cells = positions // np.array(_SIDES[positions.shape[1]])
    _, which = np.unique(cells, axis=0, return_inverse=True)
    order = np.argsort(which, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(which[order])) + 1):
        low, high = positions[members].min(axis=0), positions[members].max(axis=0) + 1
        yield members, tuple(zip(low.tolist(), high.tolist(), strict=True))
