"""k-means clustering of feature vectors."""

from __future__ import annotations

from functools import partial
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Mask, Record, RowsOf, Table, Whole, map_ranges, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC, FeatureDims
from graticule.ops.segment._features import Count, Position, Scaling, Seed, Weights, features_of

_SAMPLE = 20_000
_STARTS = 5


class Clusters(NamedTuple):
    """What a clustering gives: where the clusters are, what they are, and what decided it."""

    labels: Labels
    clusters: Annotated[Table, RowsOf(outputs=("labels",))]
    features: Record


@op(
    version=3,
    scope=Whole("every center depends on every sample", memory=48),
    dtype="int32",
    doc=DOC,
)
def kmeans(
    image: Image,
    mask: Mask | None = None,
    *,
    clusters: Count = 3,
    position: Position = 0.0,
    weights: Weights = {},  # noqa: B006 - validated and never changed
    scaling: Scaling = "robust",
    iterations: Annotated[int, Field(title="Iterations", ge=1, le=10_000)] = 100,
    features: FeatureDims = None,
    seed: Seed = 0,
) -> Clusters:
    r"""Divide samples into clusters of similar values, and of near positions if so wanted.

    Each sample is a vector of its features (its value, its channels, its spectrum) and its
    position. A feature :math:`f` counts as :math:`w_f (f - m_f) / s_f`, and the clusters minimise
    the squared distances to their centers (Lloyd's algorithm, started by k-means++ [1]_: the best
    of five starts on up to 20,000 samples, then all samples until none changes).

    What is called near depends on the scales. Values in thousands beside positions in tens
    let position have no say, and values between 0 and 1 let it have all: with
    ``scaling="none"`` the clusters are then stripes of space. The output ``features`` shows
    by ``share_value``, ``share_x`` and so on who decides.

    Parameters
    ----------
    image : Image
        Any dims. All of it is clustered together.
    mask : Mask, optional
        Where to look. Samples that are not finite in a feature are left out as well.
    clusters : int
        How many; fewer are found where there are fewer different vectors.
    position : float
        Weight of each position: along ``z y x``, or all dims where there is none of these.
        Positions count in steps of the finest dim, and share one scale.
    weights : mapping
        Weights by feature: ``value``, or ``c0``, ``c1`` ..., or what the coordinate says, as
        ``red`` or ``wavelength=550 nm``; and the dims of position. By default 1 for values and
        ``position`` for positions.
    scaling : {"robust", "standard", "none"}
        Median and quartiles (divided by 1.349, so that it is the standard deviation of normal
        values), mean and standard deviation, or values as they are.
    iterations : int
        At most so many passes over all samples.
    %(feature_dims)s
    seed : int
        Of the starts.

    Returns
    -------
    labels : Labels
        int32 without the dims of features: from 1 by increasing mean over the scaled values; 0
        where nothing counts.
    clusters : Table
        ``label``, ``pixels``, ``fraction`` and the mean of each feature that has a weight.
    features : Record
        For each feature: ``share_<feature>``, the part of the squared distance of two samples that
        it makes, on average; ``scale_<feature>`` and ``weight_<feature>``.

    Raises
    ------
    ParameterError
        If a weight names no feature, all are 0, or a dim of features is missing.
    ImageError
        If no sample is finite and inside the mask, or a dim must be decided on.

    See Also
    --------
    segment.gaussian_mixture : Clusters of different widths.
    sklearn.cluster.KMeans : The same algorithm.

    Notes
    -----
    It works on whole images. Of a volume that does not fit into memory take a crop, and use
    the borders between the clusters as thresholds.

    References
    ----------
    .. [1] Arthur, D., Vassilvitskii, S., "k-means++: the advantages of careful seeding", SODA
       2007, 1027-1035.

    %(examples)s
    >>> found = gt.segment.kmeans(np.array([[1.0, 1.1, 9.0], [1.2, 5.0, 5.2]]))
    >>> found.labels
    array([[1, 1, 3],
           [1, 2, 2]], dtype=int32)
    >>> found.features[["share_value", "share_y", "share_x"]]
       share_value  share_y  share_x
    0          1.0      0.0      0.0
    """
    samples = features_of(
        image, mask, weights=weights, position=position, scaling=scaling, along=features
    )
    centers = start(samples.vectors, clusters, seed)
    nearest = converged(samples.vectors, centers, iterations)[0]
    numbers = samples.ordered(nearest, len(centers))
    table = samples.means(numbers, int(numbers.max()) + 1)
    return Clusters(samples.labels(numbers), table, samples.record())


def start(vectors: Array, clusters: int, seed: int) -> Array:
    """Return the centers of the best of some starts on a part of the vectors."""
    rng = np.random.default_rng(seed)
    chosen = np.arange(len(vectors))
    if len(vectors) > _SAMPLE:
        chosen = np.sort(rng.choice(len(vectors), _SAMPLE, replace=False))
    part = np.ascontiguousarray(vectors[chosen])
    tries = [converged(part, _plus_plus(part, clusters, rng), 100) for _ in range(_STARTS)]
    return min(tries, key=lambda each: each[2])[1]


def _plus_plus(vectors: Array, clusters: int, rng: np.random.Generator) -> Array:
    """Return vectors drawn one by one, with the squared distance to those before as weight."""
    from graticule.ops.segment._cluster_kernels import nearest_squares

    centers = [vectors[rng.integers(len(vectors))]]
    squares = np.full(len(vectors), np.inf)
    while len(centers) < clusters:
        map_ranges(
            partial(nearest_squares, vectors, centers[-1], squares), len(vectors), least=4096
        )
        sums = np.cumsum(squares)
        if not sums[-1] > 0:
            break
        place = np.searchsorted(sums, rng.random() * sums[-1], side="right")
        centers.append(vectors[min(int(place), len(vectors) - 1)])
    return np.stack(centers)


def converged(vectors: Array, centers: Array, iterations: int) -> tuple[Array, Array, float]:
    """Return the cluster of every vector, the centers, and the sum of squared distances.

    The sum is less that of the squared vectors themselves, so it serves to compare only. A center
    that loses all of its vectors stays where it is.
    """
    from graticule.ops.segment._cluster_kernels import assign

    labels = np.full(len(vectors), -1, np.int32)
    centers = centers.copy()
    total = np.inf
    for _ in range(iterations):
        parts = map_ranges(partial(assign, vectors, centers, labels), len(vectors), least=2048)
        sums = np.sum(parts, axis=0)
        total = float(sums[-1, -1])
        if sums[-1, 0] == 0:
            break
        number = sums[:-1, -1:]
        means = sums[:-1, :-1] / np.maximum(number, 1)
        centers = np.where(number > 0, means, centers).astype(np.float32)
    return labels, centers, total
