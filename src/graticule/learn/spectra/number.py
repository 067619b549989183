"""How many groups spectra have: as many as another half of them shows again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from graticule.core.typing import Array
from graticule.learn.clustering.agreement import adjusted_rand
from graticule.learn.clustering.merging import Merging, merging
from graticule.learn.clustering.steps import gaussian_mixture
from graticule.learn.clustering.steps.merged_mixture import LEAST_COMPONENTS
from graticule.learn.spectra.one_material import OneMaterial, one_material

_STABLE = 0.9
"""Adjusted Rand index of groups that another half shows again."""
_DISTINCT = 0.02
"""Share of a group that may be taken for another."""
_PAIRS, _ROWS = 5, 6000


@dataclass(frozen=True)
class Number:
    """How many groups there are, and what speaks for it.

    Attributes
    ----------
    groups : int
        The number.
    null : OneMaterial or None
        The spectra beside one material of any thickness; None where they are too few to say.
    stability : mapping of float
        By number of groups: mean adjusted Rand index of the groups of two halves. Empty where one
        material explains all.
    overlap : mapping of float
        By number of groups: the largest share of one that would be taken for another.
    """

    groups: int
    null: OneMaterial | None
    stability: Mapping[int, float] = field(default_factory=dict)
    overlap: Mapping[int, float] = field(default_factory=dict)


def number_of_groups(
    spectra: Array,
    noise: Array,
    directions: Array,
    *,
    wanted: int | None,
    most: int,
    smallest: float,
    alpha: float,
    n: int,
    seed: int,
) -> Number:
    """Return how many groups there are, and what speaks for them.

    Where no number is wanted: one, where one material explains the spectra at the level ``alpha``
    (of which too few pixels or bins say nothing);
    else the largest number up to ``most`` whose groups are the same (adjusted Rand index of 0.9 in
    the mean) when the mixture is fitted to either half of the spectra, and of which no more than
    2 % would be taken for another. Where there is none, one: what is more than one material has no
    distinct groups.

    Parameters
    ----------
    spectra, noise, directions : ndarray
        Of pixels that are no border: (rows, bins), (rows,) and (rows, coordinates).
    wanted : int or None
        Groups, whatever speaks for them.
    most : int
        Groups that are tried where none are wanted.
    smallest : float
        Share of the spectra that a group has at least.
    alpha, n, seed : float, int, int
        Level of the null, its surrogates, and of what is drawn.
    """
    null = one_material(spectra, noise, n=n, seed=seed) if n else None
    if wanted is not None:
        return Number(wanted, null, *agreement_of_halves(directions, wanted, seed, smallest))
    if (null is not None and null.p.p > alpha) or most < 2:
        return Number(1, null)
    stability, overlap = agreement_of_halves(directions, most, seed, smallest)
    there = [k for k in stability if stability[k] >= _STABLE and overlap[k] <= _DISTINCT]
    return Number(max(there, default=1), null, stability, overlap)


def agreement_of_halves(
    rows: Array, most: int, seed: int, smallest: float = 0.02
) -> tuple[dict[int, float], dict[int, float]]:
    """Return, by number of groups, how far the merged mixtures of two halves of rows agree.

    And the largest share of a group that would be taken for another, the mean of all halves.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.normal(0, 0.1, (900, 2)) + np.repeat([[0, 0], [1, 0], [0, 1]], 300, axis=0)
    >>> found, overlap = agreement_of_halves(rows, 4, 0)
    >>> found[3] > 0.99, overlap[3] < 0.01, overlap[4] > 0.05
    (True, True, True)
    """
    rng = np.random.default_rng(seed)
    if len(rows) > _ROWS:
        rows = rows[np.sort(rng.choice(len(rows), _ROWS, replace=False))]
    components = min(max(LEAST_COMPONENTS, 2 * most), len(rows) // (20 * rows.shape[1]))
    counts = range(2, min(most, components) + 1)
    told: dict[int, list[float]] = {count: [] for count in counts}
    shared: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(_PAIRS if components > 1 else 0):
        order = rng.permutation(len(rows))
        halves = order[: len(rows) // 2], order[len(rows) // 2 :]
        fits = [
            _fit(rows[half], rows, components, int(rng.integers(2**31)), smallest)
            for half in halves
        ]
        for count in counts:
            told[count].append(_agreement(*(fit.groups(count) for fit in fits)))
            shared[count] += [float(fit.order.overlaps[components - count]) for fit in fits]
    means = ({k: float(np.mean(v)) for k, v in each.items() if v} for each in (told, shared))
    return next(means), next(means)


@dataclass(frozen=True)
class _HalfFit:
    """The components of a mixture fitted to a half, of all rows."""

    posterior: Array
    order: Merging

    def groups(self, count: int) -> Array:
        """Return the group of each row when so many are left."""
        owners = self.order.owners(count)
        shares = [self.posterior[:, owners == each].sum(axis=1) for each in range(count)]
        return np.asarray(np.stack(shares).argmax(axis=0))


def _fit(half: Array, rows: Array, components: int, seed: int, smallest: float) -> _HalfFit:
    least = max(1e-6 * float(half.var(axis=0).max()), 1e-12)
    parameters = gaussian_mixture.GaussianMixture(
        n_components=components, n_init=1, reg_covar=least
    )
    content = gaussian_mixture.fit(half, parameters, seed).content
    posterior = gaussian_mixture.posterior(rows, content, parameters)
    if posterior.shape[1] < components:  # one that no row is likeliest of
        empty = np.zeros((len(rows), components - posterior.shape[1]))
        posterior = np.concatenate([posterior, empty], axis=1)
    return _HalfFit(posterior, merging(posterior, smallest))


def _agreement(one: Array, other: Array) -> float:
    width = int(other.max()) + 1
    counts = np.bincount(one * width + other, minlength=(int(one.max()) + 1) * width)
    return adjusted_rand(counts.reshape(-1, width))
