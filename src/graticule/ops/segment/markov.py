"""Markov random field: phases that prefer to be with their like."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Labels, Mask, Whole, filtered_dims, op
from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC, FeatureDims
from graticule.ops.segment._features import Features, Seed, features_of
from graticule.ops.segment._mixture import fit_mixture
from graticule.ops.segment._potts import UNIT, Potts
from graticule.ops.segment._superpixels import relative_steps
from graticule.ops.segment.kmeans import start

_LEAST = 1e-12
"""Least probability of a phase for a value; none is impossible."""
_BINS = 256


@op(
    version=2,
    scope=Whole("every label may depend on every other", memory=200),
    dtype="int32",
    doc=DOC,
)
def markov(
    image: Image,
    mask: Mask | None = None,
    *,
    phases: Annotated[int, Field(title="Phases", ge=1, le=50)] = 2,
    beta: Annotated[float, Field(title="Cost of a border", ge=0, le=1000)] = 1.0,
    fractions: Annotated[tuple[float, ...] | None, Field(title="Prior fractions")] = None,
    likelihood: Annotated[Literal["mixture", "histogram"], Field(title="Likelihood")] = "mixture",
    method: Annotated[Literal["graph_cut", "icm"], Field(title="Method")] = "graph_cut",
    iterations: Annotated[int, Field(title="Rounds", ge=1, le=1000)] = 10,
    features: FeatureDims = None,
    seed: Seed = 0,
) -> Labels:
    r"""Divide an image into phases by their values, with a cost for every border (Potts model).

    The labels :math:`l` minimise

    .. math:: E = -\sum_p \log \bigl(\pi_{l_p}\, P(f_p \mid l_p)\bigr)
              + \beta \sum_{p \sim q} a_{pq} [l_p \ne l_q]

    over samples :math:`p` and pairs across a face: what a value says of the phase, the prior
    fraction :math:`\pi`, and the border, whose face :math:`a` counts by its area where spacing is
    anisotropic. A single sample of noise is no phase: it must be worth its border.

    With two phases the cut of least cost is found, exactly; with more, each phase in turn may
    take over what it gains by (alpha expansion [1]_), which ends at most at twice the least
    border. Flows are whole numbers, of :math:`10^{-4}`.

    Parameters
    ----------
    image : Image
        Any dims. Neighbours lie along ``z y x``, or along all dims but features where there is
        none of these; the phases are the same for all of it.
    mask : Mask, optional
        Where to look. Samples that are not finite in a feature are left out as well.
    phases : int
        How many; fewer where there are fewer different values.
    beta : float
        :math:`\beta`. At 0 every sample is for itself; at 1 a sample among four others gives in
        where they are :math:`e^4` times as likely to be right.
    fractions : sequence of float, optional
        :math:`\pi`, from the darkest phase to the brightest; by default those of the mixture.
    likelihood : {"mixture", "histogram"}
        Of values in a phase: the Gaussians of ``segment.gaussian_mixture``; or the histogram (256
        bins, smoothed) of what the first gives to the phase, for values that are not normal. The
        latter takes one channel.
    method : {"graph_cut", "icm"}
        ``icm`` lets every sample in turn do what is best for it (iterated conditional modes): a
        local minimum, with less memory.
    iterations : int
        Rounds over the phases, or over the samples, at most.
    %(feature_dims)s
    seed : int
        Of the mixture.

    Returns
    -------
    Labels
        int32 without the dims of features: 1 is the darkest phase; 0 where nothing counts.

    Raises
    ------
    ParameterError
        If there are not as many fractions as phases, or one is not above 0.
    ImageError
        If no sample is finite and inside the mask, a dim must be decided on, or a histogram is
        wanted of several features.

    See Also
    --------
    segment.gaussian_mixture : The same without borders.

    References
    ----------
    .. [1] Boykov, Y., Veksler, O., Zabih, R., "Fast approximate energy minimization via graph
       cuts", IEEE Trans. Pattern Anal. Mach. Intell. 23(11), 1222-1239, 2001.
       :doi:`10.1109/34.969114`

    %(examples)s
    >>> truth = np.repeat([[1, 2]], 20, axis=1) * np.ones((40, 1))
    >>> noisy = truth + np.random.default_rng(0).normal(0, 0.5, truth.shape)
    >>> found = {beta: gt.segment.markov(noisy, beta=beta) for beta in (0, 1)}
    >>> {beta: round(float((labels == truth).mean()), 2) for beta, labels in found.items()}
    {0: 0.82, 1: 0.98}
    """
    samples = features_of(image, mask, weights={}, position=0.0, scaling="robust", along=features)
    mixture = fit_mixture(samples.vectors, start(samples.vectors, phases, seed), 200, seed)
    mixture = mixture.ordered(samples.order(mixture.means))
    count = len(mixture.weights)
    prior = _prior(fractions, phases, mixture.weights)[:count]
    likely = mixture.probabilities(samples.vectors).astype(np.float64)
    cost = _cost(likely / np.maximum(mixture.weights, _LEAST), prior)
    solve = Potts(samples.known, _borders(samples, beta), method, iterations)
    labels = solve(cost)
    if likelihood == "histogram":
        if samples.vectors.shape[1] > 1:
            raise ImageError("must have one feature for a histogram", hint="take the mixture")
        labels = solve(_cost(_histograms(samples.vectors[:, 0], labels, count), prior))
    return samples.labels(labels)


def _prior(fractions: tuple[float, ...] | None, phases: int, estimated: Array) -> Array:
    if fractions is None:
        return np.asarray(estimated)
    if len(fractions) != phases or min(fractions) <= 0:
        raise ParameterError(
            f"must be {phases} numbers above 0, one for each phase, not {list(fractions)}",
            where="fractions",
        )
    return np.array([fraction / sum(fractions) for fraction in fractions])


def _cost(likely: Array, prior: Array) -> Array:
    """Return what each phase (row) costs each sample (column), as whole numbers from 0 on."""
    odds = likely * prior
    odds = odds / np.maximum(odds.sum(axis=1, keepdims=True), 1e-300)
    cost = -np.log(np.maximum(odds, _LEAST))
    cost -= cost.min(axis=1, keepdims=True)
    return np.asarray(np.rint(UNIT * cost.T), np.int32)


def _histograms(values: Array, labels: Array, count: int) -> Array:
    """Return how likely each value is in each phase, from what the phase was given."""
    from scipy import ndimage

    low, high = float(values.min()), float(values.max())
    scale = (_BINS - 1) / (high - low) if high > low else 0.0
    at = np.rint((values - low) * scale).astype(np.int64)
    densities = np.empty((len(values), count))
    for phase in range(count):
        histogram = np.bincount(at[labels == phase], minlength=_BINS).astype(float)
        smooth = ndimage.gaussian_filter1d(histogram, 2.0, mode="nearest")
        densities[:, phase] = (smooth / max(smooth.sum(), 1.0))[at]
    return densities


def _borders(features: Features, beta: float) -> dict[int, float]:
    """Return what a border costs across each axis of the grid."""
    template = features.template
    dims = filtered_dims(template)
    faces = _faces(template, dims).tolist()
    return {
        int(template.get_axis_num(dim)): beta * area for dim, area in zip(dims, faces, strict=True)
    }


def _faces(template: Image, dims: tuple[str, ...]) -> Array:
    """Return the area of a face across each dim, 1 for equal steps."""
    steps = relative_steps(template, dims)
    return np.asarray(steps.prod() / steps / steps.prod() ** (1 - 1 / len(steps)))
