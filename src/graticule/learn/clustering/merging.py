"""Components of a mixture that belong to one group: those that rows could be of either."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graticule.core.typing import Array


@dataclass(frozen=True)
class Merging:
    """How components were merged, the least distinct first.

    Attributes
    ----------
    pairs : tuple of (int, int)
        The two groups merged at each step, by the smallest component in each.
    overlaps : ndarray
        The larger of the shares of each that would be taken for the other.
    components : int
        How many there are.
    """

    pairs: tuple[tuple[int, int], ...]
    overlaps: Array
    components: int

    def owners(self, groups: int) -> Array:
        """Return the group of each component, from 0, when so many groups are left."""
        owner = np.arange(self.components)
        for kept, taken in self.pairs[: max(0, self.components - groups)]:
            owner[owner == taken] = kept
        return np.asarray(np.unique(owner, return_inverse=True)[1], np.int64)


def merging(posterior: Array, least: float = 0.02) -> Merging:
    r"""Return in which order components merge by what rows would be mistaken for another's [1]_.

    Of the rows that the component :math:`j` makes, the share

    .. math:: q_{ij} = \frac{\sum_{r \to i} p_{rj}}{\sum_r p_{rj}}

    is given to :math:`i`, the likeliest of row :math:`r`. The two with the largest :math:`q_{ij}`
    or :math:`q_{ji}` become one, whose posterior is the sum of theirs. So a group that is bent or
    long, as that of one material of many thicknesses, is what several Gaussians hold together, and
    what no rows lie between stays apart.

    Parameters
    ----------
    posterior : ndarray
        (rows, components): probability of each component.
    least : float
        Share of the rows below which a component is of stray rows, no group: those are merged
        first, each with what it overlaps most.

    References
    ----------
    .. [1] C. Hennig, Adv. Data Anal. Classif. 4, 3 (2010), :doi:`10.1007/s11634-010-0058-3`.

    Examples
    --------
    >>> near = np.array([[0.6, 0.4, 0.0], [0.4, 0.6, 0.0], [0.0, 0.0, 1.0]])
    >>> merging(near).owners(2).tolist()
    [0, 0, 1]
    """
    shares, names = np.asarray(posterior, np.float64).copy(), list(range(posterior.shape[1]))
    pairs, overlaps = [], []
    while len(names) > 1:
        taken_for = np.zeros((len(names), len(names)))
        np.add.at(taken_for, shares.argmax(axis=1), shares)
        taken_for /= np.maximum(shares.sum(axis=0), 1e-300)
        either = np.maximum(taken_for, taken_for.T)
        np.fill_diagonal(either, -1)
        weights = shares.mean(axis=0)
        if weights.min() < least:
            stray = int(weights.argmin())
            first, second = sorted((stray, int(either[stray].argmax())))
        else:
            first, second = sorted(divmod(int(either.argmax()), len(names)))
        pairs.append((names[first], names[second]))
        overlaps.append(float(either[first, second]))
        shares[:, first] += shares[:, second]
        shares = np.delete(shares, second, axis=1)
        del names[second]
    return Merging(tuple(pairs), np.array(overlaps), posterior.shape[1])
