"""SLIC superpixels."""

from __future__ import annotations

import math
from functools import partial
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Mask, Whole, map_ranges, op
from graticule.core.typing import Array
from graticule.ops._parameters import FeatureDims
from graticule.ops.segment._superpixels import (
    DOC,
    Colour,
    Compactness,
    Segments,
    colours,
    over_planes,
    spacing_of_cells,
)


@op(
    version=2,
    scope=Whole("the grid of superpixels is laid over the whole", memory=24),
    dtype="int32",
    doc=DOC,
)
def slic(
    image: Image,
    mask: Mask | None = None,
    *,
    segments: Segments = 400,
    compactness: Compactness = 10.0,
    iterations: Annotated[int, Field(title="Iterations", ge=1, le=1000)] = 10,
    colour: Colour = "lab",
    features: FeatureDims = None,
) -> Labels:
    r"""Divide an image into compact superpixels of similar colour, by local k-means (SLIC).

    Centers start on a grid of step :math:`S`. Each sample goes to the center, among those within
    :math:`2S`, with the least

    .. math:: D^2 = \|I - I_k\|^2 + m^2 \|p - p_k\|^2 / S^2,

    colour :math:`I` and position :math:`p` against their means, :math:`m` the compactness; the
    means follow, ``iterations`` times [1]_. Then pieces smaller than half of a cell join a
    neighbour, and ones larger than three cells are cut, so each superpixel is connected across
    faces. For the same count ``segment.etps`` follows borders more closely.

    Values are brought to 0..100 from the smallest to the largest. Samples that are NaN or infinite
    in a channel belong to no superpixel, as those outside the mask.

    Parameters
    ----------
    %(image)s
    mask : Mask, optional
        Where there shall be superpixels. Centers then first even out in the mask, by position.
    segments : int
        How many are wanted, in the mask; about as many are found.
    compactness : float
        Weight of position against colour, in the units of colour (0 to 100).
    iterations : int
        At most so many; fewer if nothing changes any more.
    %(colour)s

    See Also
    --------
    segment.etps : Closer to borders, and faster.
    skimage.segmentation.slic : The same superpixels, but for rounding; of grey images it wants a
        hundredth of the compactness.

    References
    ----------
    .. [1] Achanta, R., Shaji, A., Smith, K., Lucchi, A., Fua, P., Süsstrunk, S., "SLIC superpixels
       compared to state-of-the-art superpixel methods", IEEE Trans. Pattern Anal. Mach. Intell.
       34(11), 2274-2282, 2012. :doi:`10.1109/TPAMI.2012.120`

    %(examples)s
    >>> steps = np.repeat([0, 5], 4) * np.ones((4, 1))
    >>> gt.segment.slic(steps, segments=2)[0]
    array([1, 1, 1, 1, 2, 2, 2, 2], dtype=int32)
    """
    segment = partial(_segment, wanted=segments, compactness=compactness, iterations=iterations)
    return over_planes(image, mask, segment, colour=colour, along=features)


def _segment(
    values: Array,
    known: Array | None,
    steps: Array,
    colour: str,
    *,
    wanted: int,
    compactness: float,
    iterations: int,
) -> Array:
    from graticule.ops.segment._superpixel_kernels import connect

    shape = values.shape[:3]
    samples = math.prod(shape) if known is None else int(np.count_nonzero(known))
    sides = spacing_of_cells(shape, steps, samples, wanted)
    cells = np.rint(sides).astype(int)
    centers = _grid(known, shape, cells, (sides // 2).astype(int))
    features = colours(values, known, colour=colour, robust=False) / np.float32(compactness)
    features = np.ascontiguousarray(np.moveaxis(features, -1, 0))
    scale = (steps / (cells * steps).max()) ** 2
    reach = 2 * np.rint(spacing_of_cells(shape, steps, samples, len(centers))).astype(int)
    if known is not None:
        centers, _ = _settled(features[:0], known, centers, reach, scale, iterations)
    centers, labels = _settled(features, known, centers, reach, scale, iterations)
    share = samples / len(centers)
    return np.asarray(connect(labels, int(0.5 * share), int(3 * share)))


def _grid(known: Array | None, shape: tuple[int, ...], cells: Array, first: Array) -> Array:
    """Return the positions of centers; in a mask, of those whose cell holds a sample of it."""
    axes = [np.arange(f, size, step) for f, size, step in zip(first, shape, cells, strict=True)]
    centers = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3).astype(float)
    if known is None:
        return centers
    counts = [len(axis) for axis in axes]
    at = np.minimum(np.argwhere(known) // cells, np.array(counts) - 1)
    used = np.unique(np.ravel_multi_index(tuple(at.T), counts))
    return np.asarray(centers[used])


def _settled(
    features: Array, known: Array | None, positions: Array, reach: Array, scale: Array, times: int
) -> tuple[Array, Array]:
    """Return the positions of the centers after some rounds, and the label of each sample."""
    from graticule.ops.segment._superpixel_kernels import assign_rows, windows

    depth, height, width = features.shape[1:]
    centers = np.zeros((len(positions), 3 + len(features)))
    centers[:, :3] = positions[:, :3]
    inside = np.zeros((0, 0, 0), bool) if known is None else known
    labels = np.zeros((depth, height, width), np.int32)

    for _ in range(times):
        rows, within = windows(centers, int(reach[1]), height)

        def assigned(start: int, stop: int, rows: Array = rows, within: Array = within) -> Any:
            return assign_rows(
                features, inside, centers, rows, within, reach, scale, start, stop, labels
            )

        sums = np.sum(map_ranges(assigned, depth * height, least=32), axis=0)
        counts = sums[:-1, :1]
        np.divide(sums[:-1, 1:], counts, out=centers, where=counts > 0)
        if sums[-1, 0] == 0:
            break
    return centers, labels
