"""Mixture of Gaussians over feature vectors."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Mask, Probability, Record, RowsOf, Table, Whole, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC, FeatureDims
from graticule.ops.segment._features import Features, Position, Scaling, Seed, Weights, features_of
from graticule.ops.segment._mixture import fit_mixture
from graticule.ops.segment.kmeans import start


class Mixture(NamedTuple):
    """What a mixture gives: where its parts are, how sure that is, and what they are."""

    labels: Labels
    probability: Probability
    clusters: Annotated[Table, RowsOf(outputs=("labels",))]
    features: Record


@op(
    version=3,
    scope=Whole("every center depends on every sample", memory=92),
    dtype="int32",
    doc=DOC,
)
def gaussian_mixture(
    image: Image,
    mask: Mask | None = None,
    *,
    clusters: Annotated[int, Field(title="Gaussians", ge=1, le=100)] = 3,
    position: Position = 0.0,
    weights: Weights = {},  # noqa: B006 - validated and never changed
    scaling: Scaling = "robust",
    iterations: Annotated[int, Field(title="Iterations", ge=1, le=10_000)] = 200,
    features: FeatureDims = None,
    seed: Seed = 0,
) -> Mixture:
    r"""Divide samples among Gaussians whose sum is fitted to the values.

    .. math:: p(v) = \sum_k \pi_k\, \mathcal N(v; \mu_k, \Sigma_k)

    over the feature vectors :math:`v` of ``segment.kmeans``, with any covariance. The fit
    (expectation maximisation, from k-means) is to 50,000 samples at most, drawn with ``seed``;
    every sample then gets its probabilities. Unlike k-means it takes clusters of different width
    and weight: a rare phase keeps its peak.

    Parameters
    ----------
    image : Image
        Any dims. All of it is clustered together.
    mask : Mask, optional
        Where to look. Samples that are not finite in a feature are left out as well.
    clusters : int
        How many Gaussians; fewer where there are fewer different vectors.
    position : float
        Weight of each position, as in ``segment.kmeans``.
    weights : mapping
        Weights by feature, as in ``segment.kmeans``. A mixture follows any scale, so weights and
        scaling decide only where it starts, and which features count: those above 0.
    scaling : {"robust", "standard", "none"}
        As in ``segment.kmeans``.
    iterations : int
        At most so many steps of the fit.
    %(feature_dims)s
    seed : int
        Of the start and of the samples drawn.

    Returns
    -------
    labels : Labels
        int32 without the dims of features: the most likely, numbered from 1 by increasing mean
        over the scaled values; 0 where nothing counts.
    probability : Probability
        float32 with the dim ``class`` first: of each Gaussian; NaN where nothing counts.
    clusters : Table
        ``label``, ``pixels``, ``fraction``, and the mean of each feature over its samples; and
        of the Gaussian itself: ``weight``.
    features : Record
        As in ``segment.kmeans``.

    Raises
    ------
    ParameterError
        If a weight names no feature, all are 0, or a dim of features is missing.
    ImageError
        If no sample is finite and inside the mask, or a dim must be decided on.

    See Also
    --------
    sklearn.mixture.GaussianMixture : The same fit.

    References
    ----------
    Dempster, A. P., Laird, N. M., Rubin, D. B., "Maximum likelihood from incomplete data via the
    EM algorithm", J. R. Stat. Soc. B 39(1), 1-38, 1977.

    %(examples)s
    >>> rng = np.random.default_rng(0)
    >>> values = np.concatenate([rng.normal(0, 1, 900), rng.normal(9, 3, 100)])
    >>> found = gt.segment.gaussian_mixture(values, clusters=2)
    >>> found.clusters[["label", "weight"]].round(1)
       label  weight
    0      1     0.9
    1      2     0.1
    """
    samples = features_of(
        image, mask, weights=weights, position=position, scaling=scaling, along=features
    )
    centers = start(samples.vectors, clusters, seed)
    mixture = fit_mixture(samples.vectors, centers, iterations, seed)
    mixture = mixture.ordered(samples.order(mixture.means))
    return _result(samples, mixture.probabilities(samples.vectors), mixture.weights)


def _result(features: Features, likely: Array, weight: Array) -> Mixture:
    import xarray as xr

    template = features.template
    labels = likely.argmax(axis=1).astype(np.int32)
    values = np.full((likely.shape[1], *template.shape), np.nan, np.float32)
    values[:, features.known] = likely.T
    probability = xr.DataArray(
        values,
        dims=("class", *template.dims),
        coords={**template.coords, "class": np.arange(1, likely.shape[1] + 1)},
        attrs={key: value for key, value in template.attrs.items() if key != "units"},
    )
    table = features.means(labels, likely.shape[1])
    table.insert(3, "weight", weight)
    return Mixture(features.labels(labels), probability, table, features.record())
