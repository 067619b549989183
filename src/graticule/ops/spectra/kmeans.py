"""k-means of spectra, of a cube of any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Labels, Mask, Reduction, like, op
from graticule.core.errors import ImageError
from graticule.core.scope import Block, Mapper
from graticule.core.typing import Array
from graticule.ops.segment._features import Count, Seed
from graticule.ops.segment.kmeans import start
from graticule.ops.spectra._axis import DOC, spectral_dim, whole_spectra

_GRID = 2.0**24
"""Steps of a value in the largest: sums of such are exact in whatever order they are made."""
_SAMPLE, _VALUES = 20_000, 2**24
"""Most spectra of the sample, and most values of it."""


@dataclass(frozen=True)
class _Sample:
    """Some spectra, and what all tell.

    Attributes
    ----------
    dim : str
        The spectral dim.
    most : int
        How many spectra are taken at most.
    places : ndarray
        The place of each in the whole.
    vectors : ndarray
        The spectra, one a row.
    largest : float
        The largest value of all.
    finite : ndarray
        How many values of each bin are finite.
    """

    dim: str
    most: int
    places: Array
    vectors: Array
    largest: float
    finite: Array

    def merged(self, other: _Sample) -> _Sample:
        """Return the sample of both."""
        return replace(
            self,
            places=np.concatenate([self.places, other.places]),
            vectors=np.concatenate([self.vectors, other.vectors]),
            largest=max(self.largest, other.largest),
            finite=self.finite + other.finite,
        ).cut()

    def cut(self) -> _Sample:
        """Return it with no more spectra than are taken: those of the lowest lots.

        The lots are multiples of the golden section, so they are scattered evenly over the places
        and no two are the same; which are the lowest does not depend on the tiles.
        """
        lots = self.places.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        chosen = np.sort(np.argsort(lots)[: self.most])
        return replace(self, places=self.places[chosen], vectors=self.vectors[chosen])

    def require_spectra(self) -> None:
        """Raise `ImageError` unless there is a spectrum; name the bins without any value."""
        if len(self.places):
            return
        empty = np.flatnonzero(self.finite == 0)
        some = ", ".join(map(str, empty[:6])) + (", ..." if len(empty) > 6 else "")
        bins = f"; along {self.dim} bins without any value are {some}" if len(empty) > 0 else ""
        raise ImageError(
            f"has no spectrum that is finite in every bin{bins}",
            hint="cut off bins that miss values with transform.crop, or join some with "
            "spectra.rebin before the division by the open beam; or look at the mask",
        )


class _Rows:
    """The spectra of a block that count, one a row; each is of the block that has its first bin."""

    def __init__(self, image: Image, mask: Image | None, scaling: str, block: BlockInfo) -> None:
        self.dim = spectral_dim(image)
        self.places = [str(dim) for dim in image.dims if str(dim) != self.dim]
        self.block = block
        own = block.interior.get(self.dim, (0, 1))[0] + block.offset[self.dim] == 0
        inner = {dim: slice(*block.interior[dim]) for dim in self.places if dim in block.interior}
        turned = image.isel(inner).transpose(*self.places, self.dim)
        values = turned.values.reshape(-1, image.sizes[self.dim]).astype(np.float32)
        finite = np.isfinite(values)
        self.finite = finite.sum(axis=0) * own
        known = finite.all(axis=1) & own
        if mask is not None:
            known &= _over(mask.isel({d: s for d, s in inner.items() if d in mask.dims}), turned)
        if scaling == "unit":
            with np.errstate(over="ignore", invalid="ignore"):
                lengths = np.sqrt((values.astype(np.float64) ** 2).sum(axis=1))
            known &= (lengths > 0) & np.isfinite(lengths)
            values = (values / np.where(known, lengths, 1)[:, None]).astype(np.float32)
        self.known = known
        self.values = values[known]
        self.sizes = [turned.sizes[dim] for dim in self.places]
        self.offsets = [
            block.offset[dim] + block.interior.get(dim, (0, 0))[0] for dim in self.places
        ]

    @property
    def numbers(self) -> Array:
        """Place of each row in the whole, in raster order of its dims by name."""
        number = np.zeros(self.sizes, np.int64)
        for dim in sorted(self.places):
            axis = self.places.index(dim)
            at = np.arange(self.sizes[axis]) + self.offsets[axis]
            at = at.reshape([-1 if n == axis else 1 for n in range(len(self.sizes))])
            number = number * self.block.shape[dim] + at
        return np.asarray(number.reshape(-1)[self.known])


def _over(mask: Image, turned: Image) -> Array:
    """Return a mask for every place of a cube whose spectral dim is the last."""
    places = [str(dim) for dim in turned.dims[:-1]]
    more = [str(dim) for dim in mask.dims if dim not in places]
    if more:
        raise ImageError(
            f"mask has the dim {more[0]}, and a place has {', '.join(places)}",
            hint=f"take one index along {more[0]} first",
        )
    shared = [dim for dim in places if dim in mask.dims]
    sizes = [turned.sizes[dim] if dim in shared else 1 for dim in places]
    values = mask.transpose(*shared).values.reshape(sizes)
    return np.broadcast_to(values, turned.shape[:-1]).reshape(-1)


def _map_sample(
    image: Image, mask: Image | None, *, block: BlockInfo, scaling: str, **_: Any
) -> _Sample:
    rows = _Rows(image, mask, scaling, block)
    most = min(_SAMPLE, max(1, _VALUES // block.shape[rows.dim]))
    largest = float(np.abs(rows.values).max(initial=0.0))
    return _Sample(rows.dim, most, rows.numbers, rows.values, largest, rows.finite).cut()


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

    vectors = _on_grid(_Rows(image, mask, scaling, block).values, step)
    labels = np.full(len(vectors), -1, np.int32)
    return np.asarray(assign(vectors, centers, labels, 0, len(vectors))[:-1])


def _on_grid(values: Array, step: float) -> Array:
    """Return values in whole steps: no further from them than float32 is from the largest."""
    return np.ascontiguousarray(np.rint(values / step) * step, np.float32)


@dataclass(frozen=True)
class _Lloyd(Reduction):
    """The scope: a sample is clustered first, and then all until no center moves."""

    def reduce(self, blocks: Sequence[Block], mapper: Mapper = map, **params: Any) -> Any:
        """Pass over the blocks until no center moves, or as often as is allowed."""
        sample: _Sample = Reduction(_map_sample, _Sample.merged).reduce(blocks, mapper, **params)
        sample.require_spectra()
        step = float(2.0 ** np.ceil(np.log2(sample.largest or 1.0)) / _GRID)
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
    rows = _Rows(image, mask, scaling, BlockInfo.of(image))
    vectors = _on_grid(rows.values, step)
    nearest = np.full(len(vectors), -1, np.int32)
    assign(vectors, centers, nearest, 0, len(vectors))
    labels = np.zeros(rows.known.size, np.int32)
    labels[rows.known] = nearest + 1
    return like(image.isel({rows.dim: 0}, drop=True), labels.reshape(rows.sizes))


_SCOPE = _Lloyd(_map_sums, np.add, apply=_apply, halo=whole_spectra, memory=6)


@op(version=1, scope=_SCOPE, dtype="int32", doc=DOC)
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
    cube may be larger than memory; and the sums are of whole steps of :math:`2^{-24}` of the
    largest value, so that the groups are the same in any tiles.

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
