"""k-means of spectra, of a cube of any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Labels, Mask, Reduction, like, op
from graticule.core.scope import Block, Mapper
from graticule.core.typing import Array
from graticule.ops.segment._features import Count, Seed
from graticule.ops.segment.kmeans import start
from graticule.ops.spectra._axis import DOC, whole_spectra
from graticule.ops.spectra._rows import Rows, Sample, map_sample

_GRID, _CUT = 2.0**24, 2.0**12
"""Steps of the usual largest value, and how many times as large the others may be: sums of whole
steps are exact in whatever order they are made."""
_USUAL = 0.99
"""Part of the spectra whose largest values are no more than the usual one."""


def _map_sums(
    image: Image,
    mask: Image | None,
    *,
    block: BlockInfo,
    scaling: str,
    centers: Array,
    step: float,
    **_: Any,
) -> Array:
    """Return for each center the sum of the spectra that are nearest to it, and their number."""
    from graticule.ops.segment._cluster_kernels import assign

    vectors = _on_grid(Rows(image, mask, scaling, block).values, step)
    labels = np.full(len(vectors), -1, np.int32)
    return np.asarray(assign(vectors, centers, labels, 0, len(vectors))[:-1])


def _on_grid(values: Array, step: float) -> Array:
    """Return values in whole steps, cut where sums of them would not be exact any more."""
    most = step * _GRID * _CUT
    return np.ascontiguousarray(np.clip(np.rint(values / step) * step, -most, most), np.float32)


@dataclass(frozen=True)
class _Lloyd(Reduction):
    """The scope: a sample is clustered first, and then all until no center moves."""

    def reduce(self, blocks: Sequence[Block], mapper: Mapper = map, **params: Any) -> Any:
        """Pass over the blocks until no center moves, or as often as is allowed."""
        sample: Sample = Reduction(map_sample, Sample.merged).reduce(blocks, mapper, **params)
        sample.require_spectra()
        usual = float(np.quantile(sample.peaks, _USUAL, method="higher"))
        step = float(2.0 ** np.ceil(np.log2(usual or sample.largest or 1.0)) / _GRID)
        order = np.argsort(sample.places)
        centers = start(_on_grid(sample.vectors[order], step), params["clusters"], params["seed"])
        for _ in range(params["iterations"]):
            job = partial(_map_sums, centers=centers, step=step)
            sums = Reduction(job, np.add).reduce(blocks, mapper, **params)
            number = sums[:, -1:]
            means = sums[:, :-1] / np.maximum(number, 1)
            moved = np.where(number > 0, means, centers).astype(np.float32)
            if np.array_equal(moved, centers):
                break
            centers = moved
        rank = np.argsort(centers.mean(axis=1, dtype=np.float64), kind="stable")
        return np.ascontiguousarray(centers[rank]), step


def _apply(
    image: Image, mask: Image | None, *, result: tuple[Array, float], scaling: str, **_: Any
) -> Image:
    from graticule.ops.segment._cluster_kernels import assign

    centers, step = result
    rows = Rows(image, mask, scaling, BlockInfo.of(image))
    vectors = _on_grid(rows.values, step)
    nearest = np.full(len(vectors), -1, np.int32)
    assign(vectors, centers, nearest, 0, len(vectors))
    labels = np.zeros(rows.known.size, np.int32)
    labels[rows.known] = nearest + 1
    return like(image.isel({rows.dim: 0}, drop=True), labels.reshape(rows.sizes))


_SCOPE = _Lloyd(_map_sums, np.add, apply=_apply, halo=whole_spectra, memory=6)


@op(version=2, scope=_SCOPE, dtype="int32", doc=DOC)
def kmeans(
    image: Image,
    mask: Mask | None = None,
    *,
    clusters: Count = 3,
    scaling: Annotated[Literal["none", "unit"], Field(title="Scaling of a spectrum")] = "none",
    iterations: Annotated[int, Field(title="Iterations", ge=1, le=10_000)] = 20,
    seed: Seed = 0,
) -> Labels:
    r"""Divide the pixels of a cube into groups of similar spectra, of whatever size it is.

    The groups minimise the squared distances to their mean spectra (Lloyd's algorithm). Up to
    20,000 pixels, scattered over the whole, are clustered first (the best of five starts by
    k-means++); from the mean spectra of these all pixels are passed over again and again until no
    mean changes, or as often as ``iterations``. A pass needs a block of the cube at a time, so the
    cube may be larger than memory; and the sums are of whole steps of :math:`2^{-24}` of a value
    that 99 %% of the sample stay below, so that the groups are the same in any tiles. Values are
    cut at 4,096 times that: a hot pixel is far from all others then too.

    It knows thickness as gladly as material. With ``scaling="unit"`` each spectrum is divided by
    its length, so that what differs by a factor is the same (spherical k-means, to the first
    order); `spectra.regions` gives the spectra of the groups and their errors.

    Parameters
    ----------
    %(cube)s
    mask : Mask, optional
        Which places count.
    clusters : int
        How many groups; fewer are found where there are fewer different spectra.
    scaling : {"none", "unit"}
        Spectra as they are, or divided by the root of the sum of their squares.
    iterations : int
        At most so many passes over all pixels.
    seed : int
        Of the starts.

    Returns
    -------
    Labels
        int32 without the spectral dim: from 1 by increasing mean of the group's spectrum; 0 where
        a spectrum is not finite in every bin, or does not count.

    Raises
    ------
    %(spectral_error)s
        Or no spectrum is finite.

    See Also
    --------
    segment.kmeans : with positions and weights, of images that fit into memory.
    learn.spectral_clusters : by material and not by thickness, with borders told apart.
    sklearn.cluster.KMeans : the same algorithm.

    %(examples)s
    >>> spectra = np.array([[1.0, 1.1, 5.0, 5.1], [1.0, 0.9, 7.0, 7.2]])
    >>> gt.spectra.kmeans(gt.core.as_image(spectra, dims=["band", "x"]), clusters=2).values
    array([1, 1, 2, 2], dtype=int32)
    """
    labels: Image = _SCOPE.whole(
        image, mask, clusters=clusters, scaling=scaling, iterations=iterations, seed=seed
    )
    return labels
