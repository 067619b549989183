"""A sum of Gaussians, and its fit by expectation maximisation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from graticule.core import map_ranges
from graticule.core.typing import Array

_SAMPLE = 50_000
_FLOOR = 1e-6
"""Added to each variance, in squared scales of a feature, so that none vanishes."""
_STILL = 1e-7
"""What the mean log-likelihood must grow by; steps are small where clusters overlap."""


@dataclass(frozen=True)
class Gaussians:
    """Weights, means (one in a row) and covariances."""

    weights: Array
    means: Array
    covariances: Array

    def expected(self, vectors: Array, likely: Array) -> Array:
        """Return the sums of `expect`, and fill in the probabilities where there is room."""
        from graticule.ops.segment._cluster_kernels import expect

        lower = np.linalg.cholesky(self.covariances)
        whitening = np.linalg.inv(lower)
        diagonal = np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
        constant = self.means.shape[1] / 2 * np.log(2 * np.pi)
        heights = np.log(np.maximum(self.weights, 1e-300)) - diagonal - constant
        work = partial(expect, vectors, heights, self.means, whitening, likely)
        return np.asarray(np.sum(map_ranges(work, len(vectors), least=2048), axis=0))

    def probabilities(self, vectors: Array) -> Array:
        """Return how likely each vector (row) is of each Gaussian (column)."""
        likely = np.empty((len(vectors), len(self.weights)), np.float32)
        self.expected(vectors, likely)
        return likely

    def ordered(self, order: Array) -> Gaussians:
        """Return the same Gaussians in another order."""
        return Gaussians(self.weights[order], self.means[order], self.covariances[order])


def fit_mixture(vectors: Array, centers: Array, iterations: int, seed: int) -> Gaussians:
    """Return the mixture fitted to vectors, 50,000 of them at most, from centers of clusters on."""
    if len(vectors) > _SAMPLE:
        rng = np.random.default_rng(seed)
        vectors = vectors[np.sort(rng.choice(len(vectors), _SAMPLE, replace=False))]
    nearest = np.stack([((vectors - each) ** 2).sum(axis=1) for each in centers]).argmin(axis=0)
    hard = np.stack([_sums(vectors[nearest == k]) for k in range(len(centers))])
    mixture, before = _from_sums(hard, centers), -np.inf
    nothing = np.empty((0, 0), np.float32)
    for _ in range(iterations):
        sums = mixture.expected(vectors, nothing)
        likelihood = float(sums[0, -1]) / len(vectors)
        if likelihood - before <= _STILL:
            break
        before = likelihood
        mixture = _from_sums(sums, mixture.means)
    return mixture


def _sums(vectors: Array) -> Array:
    wide = vectors.astype(np.float64)
    squares = np.einsum("ni,nj->ij", wide, wide)
    return np.concatenate([[len(wide)], wide.sum(axis=0), squares.ravel(), [0.0]])


def _from_sums(sums: Array, means: Array) -> Gaussians:
    """Return the Gaussians of sums; one that is left with nothing keeps its mean."""
    count, length = means.shape
    number = sums[:, 0]
    some = np.maximum(number, 1e-12)[:, None]
    middle = np.where(number[:, None] > 1e-12, sums[:, 1 : 1 + length] / some, means)
    squares = (sums[:, 1 + length : -1] / some).reshape(count, length, length)
    spread_of = squares - middle[:, :, None] * middle[:, None, :]
    spread_of = np.where(number[:, None, None] > 1e-12, spread_of, 0)
    values, axes = np.linalg.eigh(spread_of)
    floor = np.maximum(values, 0) + _FLOOR
    covariances = np.einsum("kij,kj,klj->kil", axes, floor, axes)
    return Gaussians(number / number.sum(), middle, covariances)
