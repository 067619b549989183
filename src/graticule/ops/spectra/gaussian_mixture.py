"""A mixture of Gaussians of spectra, of a cube of any size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Labels, Mask, Reduction, like, op
from graticule.core.scope import Block, Mapper
from graticule.core.typing import Array
from graticule.ops.segment._features import Count, Seed
from graticule.ops.spectra._axis import DOC, whole_spectra
from graticule.ops.spectra._rows import Rows, Sample, map_sample

_LEAST_VARIANCE = 1e-6
"""Of a component along any axis, where that of the whole is 1."""
_FEW = 1e-10


class _Mixture(NamedTuple):
    """A mixture in the space of a few principal components.

    Attributes
    ----------
    mean, axes : ndarray
        What a spectrum is moved by, and the axes it is told along, scaled to a variance of 1.
    weights : ndarray
        Logarithm of the weight of each component, with the factor of its density.
    means, roots : ndarray
        Of each component the mean, and the lower triangular factor of the inverse covariance.
    """

    mean: Array
    axes: Array
    weights: Array
    means: Array
    roots: Array


class _Sums(NamedTuple):
    """Sums over rows, in whole steps."""

    parts: Array
    told: Array

    def merged(self, other: _Sums) -> _Sums:
        """Return the sums over both."""
        return _Sums(self.parts + other.parts, self.told + other.told)


def _map_sums(
    image: Image,
    mask: Image | None,
    *,
    block: BlockInfo,
    scaling: str,
    mixture: _Mixture,
    **_: Any,
) -> _Sums:
    from graticule.ops.spectra._mixture_kernels import sums

    rows = np.ascontiguousarray(Rows(image, mask, scaling, block).values)
    return _Sums(*sums(rows, *mixture))


@dataclass(frozen=True)
class _Expectation(Reduction):
    """The scope: a sample is fitted first, and then all until it gets no more likely."""

    def reduce(self, blocks: Sequence[Block], mapper: Mapper = map, **params: Any) -> Any:
        """Pass over the blocks until the mean likelihood rises by no more than is asked for."""
        sample: Sample = Reduction(map_sample, Sample.merged).reduce(blocks, mapper, **params)
        sample.require_spectra()
        mixture = _first(sample, params["clusters"], params["components"], params["seed"])
        before = -np.inf
        for _ in range(params["iterations"]):
            job = partial(_map_sums, mixture=mixture)
            found: _Sums = Reduction(job, _Sums.merged).reduce(blocks, mapper, **params)
            likelihood = _mean_likelihood(found)
            if likelihood - before < params["tolerance"]:
                break
            before, mixture = likelihood, _next(mixture, found)
        middles = mixture.mean + mixture.means @ _back(mixture.axes)
        rank = np.argsort(middles.mean(axis=1), kind="stable")
        return mixture._replace(
            weights=mixture.weights[rank], means=mixture.means[rank], roots=mixture.roots[rank]
        )


def _mean_likelihood(found: _Sums) -> float:
    from graticule.ops.spectra._mixture_kernels import STEPS

    return float(found.told[0]) / STEPS / max(int(found.told[1]), 1)


def _back(axes: Array) -> Array:
    """Return what places along scaled axes are multiplied by to be spectra again."""
    return np.asarray(axes / np.maximum((axes**2).sum(axis=1, keepdims=True), 1e-300))


def _first(sample: Sample, clusters: int, components: int, seed: int) -> _Mixture:
    """Return principal components of the sample, and a mixture fitted to it.

    Rows that are far out along one of them are left out, and the components are those of the rest.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    from graticule.ops.spectra._mixture_kernels import FAR

    rows = sample.vectors[np.argsort(sample.places)].astype(np.float64)
    with threadpool_limits(1):  # sums in the same order on any machine
        far: Array = np.ones(len(rows), bool)
        while far.any():
            mean, scaled = _components(rows, components)
            places = (rows - mean) @ scaled.T
            far = np.asarray((np.abs(places) > FAR).any(axis=1))
            rows, places = rows[~far], places[~far]
        if not scaled.any():  # all spectra are one
            return _as_mixture(mean, scaled, np.ones(1), np.zeros((1, 1)), np.eye(1)[None])
        clusters = min(clusters, len(np.unique(rows, axis=0)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it goes on over all rows
            fitted = GaussianMixture(
                clusters, reg_covar=_LEAST_VARIANCE, random_state=seed, n_init=3, max_iter=200
            ).fit(places)
    return _as_mixture(mean, scaled, fitted.weights_, fitted.means_, fitted.covariances_)


def _components(rows: Array, components: int) -> tuple[Array, Array]:
    """Return the mean of rows, and their first principal components scaled to a variance of 1.

    Of rows that are all one it is an axis of zeros.
    """
    mean = rows.mean(axis=0)
    _, sizes, axes = np.linalg.svd(rows - mean, full_matrices=False)
    spread = sizes / np.sqrt(max(len(rows) - 1, 1))
    kept = int(np.count_nonzero(spread > _FEW * max(float(spread[0]), 1e-300)))
    kept = min(kept, components)
    scaled = axes[:kept] / spread[:kept, None]
    return mean, scaled if kept else np.zeros((1, len(mean)))


def _as_mixture(
    mean: Array, axes: Array, shares: Array, means: Array, covariances: Array
) -> _Mixture:
    """Return a mixture with what its densities are computed from."""
    dims = means.shape[1]
    roots = np.linalg.inv(np.linalg.cholesky(covariances))
    factors = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    weights = np.log(np.maximum(shares, 1e-300)) + factors - 0.5 * dims * np.log(2 * np.pi)
    return _Mixture(mean, np.ascontiguousarray(axes), weights, means, np.ascontiguousarray(roots))


def _next(mixture: _Mixture, found: _Sums) -> _Mixture:
    """Return the mixture that the sums make; a component of too few rows stays where it is."""
    from graticule.ops.spectra._mixture_kernels import STEPS

    dims = mixture.means.shape[1]
    parts = found.parts / STEPS
    number = np.maximum(parts[:, 0], 1e-9)
    means = parts[:, 1 : 1 + dims] / number[:, None]
    lower = np.tril_indices(dims)
    covariances = np.empty((len(number), dims, dims))
    covariances[:, lower[0], lower[1]] = parts[:, 1 + dims :] / number[:, None]
    covariances[:, lower[1], lower[0]] = covariances[:, lower[0], lower[1]]
    covariances -= means[:, :, None] * means[:, None, :]
    least = _LEAST_VARIANCE * np.eye(dims)
    alone = parts[:, 0] < dims + 1
    factors = np.linalg.inv(mixture.roots[alone])
    covariances[alone], means[alone] = factors @ factors.transpose(0, 2, 1), mixture.means[alone]
    values, vectors = np.linalg.eigh(covariances)
    floor = np.maximum(values, _LEAST_VARIANCE)
    covariances = (vectors * floor[:, None]) @ vectors.transpose(0, 2, 1) + least
    shares = number / number.sum()
    return _as_mixture(mixture.mean, mixture.axes, shares, means, covariances)


def _apply(image: Image, mask: Image | None, *, result: _Mixture, scaling: str, **_: Any) -> Image:
    from graticule.ops.spectra._mixture_kernels import most_likely

    rows = Rows(image, mask, scaling, BlockInfo.of(image))
    found = np.empty(len(rows.values), np.int32)
    most_likely(np.ascontiguousarray(rows.values), *result, found)
    labels = np.zeros(rows.known.size, np.int32)
    labels[rows.known] = found + 1
    return like(image.isel({rows.dim: 0}, drop=True), labels.reshape(rows.sizes))


_SCOPE = _Expectation(_map_sums, _Sums.merged, apply=_apply, halo=whole_spectra, memory=6)


@op(version=2, scope=_SCOPE, dtype="int32", doc=DOC)
def gaussian_mixture(
    image: Image,
    mask: Mask | None = None,
    *,
    clusters: Count = 3,
    components: Annotated[int, Field(title="Principal components", ge=1, le=64)] = 6,
    scaling: Annotated[Literal["none", "unit"], Field(title="Scaling of a spectrum")] = "none",
    iterations: Annotated[int, Field(title="Iterations", ge=1, le=10_000)] = 50,
    tolerance: Annotated[float, Field(title="Least gain of likelihood", ge=0)] = 1e-4,
    seed: Seed = 0,
) -> Labels:
    r"""Divide the pixels of a cube among Gaussians of any shape, of whatever size the cube is.

    Spectra are told along the first principal components of up to 20,000 of them, scattered over
    the whole, and a mixture is fitted to these (the best of three starts). From there expectation
    and maximisation [1]_ pass over all pixels until the mean logarithm of the likelihood rises by
    less than ``tolerance``. A pass needs a block of the cube at a time, so the cube may be larger
    than memory; sums are of whole steps of :math:`2^{-20}`, so that the groups are the same in any
    tiles. Spectra more than 100 standard deviations out along a component, as those of hot pixels,
    take no part in the estimate; they too get the label of the likeliest.

    Unlike k-means it finds groups that are long, as one material of any thickness, and of unequal
    spread.

    Parameters
    ----------
    %(cube)s
    mask : Mask, optional
        Which places count.
    clusters : int
        How many Gaussians; fewer where there are fewer different spectra.
    components : int
        How many principal components; fewer where the spectra have fewer.
    scaling : {"none", "unit"}
        Spectra as they are, or divided by the root of the sum of their squares.
    iterations : int
        At most so many passes over all pixels.
    tolerance : float
        Of the mean logarithm of the likelihood.
    seed : int
        Of the starts.

    Returns
    -------
    Labels
        int32 without the spectral dim: the most likely Gaussian, from 1 by increasing mean of its
        middle spectrum; 0 where a spectrum is not finite in every bin, or does not count.

    Raises
    ------
    %(spectral_error)s
        Or no spectrum is finite.

    See Also
    --------
    spectra.kmeans : groups that are round, and faster.
    learn.spectral_clusters : by material and not by thickness, of cubes that fit into memory.
    sklearn.mixture.GaussianMixture : the same algorithm.

    References
    ----------
    .. [1] Dempster, A. P., Laird, N. M., Rubin, D. B., "Maximum likelihood from incomplete data
       via the EM algorithm", J. R. Stat. Soc. B 39(1), 1-38, 1977.

    %(examples)s
    >>> spectra = np.array([[1.0, 1.1, 5.0, 5.1], [1.0, 0.9, 7.0, 7.2]])
    >>> cube = gt.core.as_image(spectra, dims=["band", "x"])
    >>> gt.spectra.gaussian_mixture(cube, clusters=2, components=1).values
    array([1, 1, 2, 2], dtype=int32)
    """
    labels: Image = _SCOPE.whole(
        image,
        mask,
        clusters=clusters,
        components=components,
        scaling=scaling,
        iterations=iterations,
        tolerance=tolerance,
        seed=seed,
    )
    return labels
