"""Histograms of oriented gradients."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.learn.embedding.embedding import EmbeddingKind, EmbeddingParameters

_SMALL = 1e-5
_MOST = 0.2


class HOG(EmbeddingParameters):
    """Parameters.

    Attributes
    ----------
    orientations : int
        Directions that are told apart, of half a turn.
    cell : int
        Samples along the side of a cell.
    block : int
        Cells along the side of a block, which is normalised as one.
    """

    orientations: Annotated[int, Field(ge=1, le=64, strict=True)] = 9
    cell: Annotated[int, Field(ge=2, le=512, strict=True)] = 16
    block: Annotated[int, Field(ge=1, le=16, strict=True)] = 2


def _blocks(shape: tuple[int, int], parameters: HOG) -> tuple[int, int]:
    rows, columns = (size // parameters.cell - parameters.block + 1 for size in shape)
    return rows, columns


def _columns(shape: tuple[int, int], parameters: HOG) -> list[str]:
    rows, columns = _blocks(shape, parameters)
    if min(rows, columns) < 1:
        least = parameters.cell * parameters.block
        raise ImageError(
            f"is too small for a block of {least} x {least} samples: {shape[0]} x {shape[1]}",
            hint="choose a smaller cell or block",
        )
    inner = range(parameters.block)
    return [
        f"hog_{y}_{x}_{j}_{i}_{angle}"
        for y in range(rows)
        for x in range(columns)
        for j in inner
        for i in inner
        for angle in range(parameters.orientations)
    ]


def _transform(planes: Array, parameters: HOG) -> Array:
    """Return histograms, normalised by block, cut off and normalised again [1]_.

    References
    ----------
    .. [1] Dalal, N. and Triggs, B., "Histograms of oriented gradients for human detection", IEEE
       Conf. Computer Vision and Pattern Recognition, 886-893, 2005.
    """
    from graticule.learn.embedding._hog_kernels import cell_histograms

    count, *shape = planes.shape
    high, wide = (size // parameters.cell for size in shape)
    cells = np.empty((count, high, wide, parameters.orientations))
    cell_histograms(planes, parameters.cell, parameters.orientations, cells)
    size = (parameters.block, parameters.block)
    blocks = np.lib.stride_tricks.sliding_window_view(cells, size, axis=(1, 2))
    blocks = np.moveaxis(blocks, 3, -1).reshape(*blocks.shape[:3], -1)
    blocks = blocks / np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + _SMALL**2)
    blocks = np.minimum(blocks, _MOST)
    blocks = blocks / np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + _SMALL**2)
    return np.asarray(blocks.reshape(count, -1))


hog = EmbeddingKind("hog", "oriented gradients", HOG, _columns, _transform)
