"""How far the outlines of a mask and its truth lie apart, and whether centrelines are met."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core.errors import ImageError, ParameterError
from graticule.core.typing import Array
from graticule.evaluate._inputs import mask_pair, sampling
from graticule.evaluate.empty import distance, overlap

__all__ = ["OutlineDistances", "centreline_dice", "outline_distances"]


@dataclass(frozen=True)
class OutlineDistances:
    """Distances from each outline to the nearest place of the other.

    Attributes
    ----------
    to_truth : ndarray
        From each sample of the answer's outline, rising; empty where the answer is.
    to_answer : ndarray
        From each sample of the true outline, rising; infinite where the answer is empty.
    unit : str
        Of the distances: ``"px"``, the unit of the axes, or ``""`` where spacing was given.

    Examples
    --------
    >>> truth = np.zeros((9, 9), bool)
    >>> truth[2:7, 2:7] = True
    >>> found = outline_distances(np.roll(truth, 1, axis=1), truth)
    >>> found.unit, found.hausdorff, found.dice(1.0)
    ('px', 1.0, 1.0)
    """

    to_truth: Array
    to_answer: Array
    unit: str

    def _distance(self, statistic: Callable[[Array, Array], float]) -> float:
        none = (self.to_answer.size == 0, self.to_truth.size == 0)
        value = math.nan if any(none) else float(statistic(self.to_truth, self.to_answer))
        return distance(value, truth_empty=none[0], answer_empty=none[1])

    def percentile(self, q: float) -> float:
        """Return the larger of the two ``q``-th percentiles: 100 is Hausdorff's distance."""
        return self._distance(lambda *both: max(np.percentile(each, q) for each in both))

    @property
    def hausdorff(self) -> float:
        """The largest distance."""
        return self.percentile(100)

    @property
    def hd95(self) -> float:
        """The distance that 95 % of either outline keep to."""
        return self.percentile(95)

    @property
    def average(self) -> float:
        """Average symmetric surface distance: the mean over the samples of both outlines."""
        return self._distance(lambda *both: np.concatenate(both).mean())

    def dice(self, tolerance: float) -> float:
        """Return the part of both outlines that is within a tolerance of the other [1]_.

        Normalised surface Dice, with each sample of an outline counted alike.

        Parameters
        ----------
        tolerance : float
            In the unit of the distances, from 0 on.

        References
        ----------
        .. [1] S. Nikolov et al., J. Med. Internet Res. 23, e26151 (2021), arXiv:1809.04430.
        """
        if not tolerance >= 0:
            raise ParameterError(f"must be 0 or more, not {tolerance!r}", where="tolerance")
        both = (self.to_truth, self.to_answer)
        near = sum(int(np.count_nonzero(part <= tolerance)) for part in both)
        return overlap(near, self.to_truth.size + self.to_answer.size)


def outline_distances(
    mask: Any,
    truth: Any,
    *,
    spacing: Sequence[float] | None = None,
    where: Array | None = None,
) -> OutlineDistances:
    """Measure how far the outline of a mask is from the true one, both ways.

    The outline is the samples of a mask that have a face neighbour outside it; outside the
    image counts as outside the mask. Distances are Euclidean, between centres of samples.

    Parameters
    ----------
    mask, truth : array_like or DataArray
        Masks of one shape, in two or three dims (or any other number).
    spacing : sequence of float, optional
        Distance between samples along each axis; by default that of the coordinates of
        ``mask``, or 1 pixel.
    where : ndarray, optional
        Samples that are judged, of the same shape; see `graticule.evaluate.judged`. An outline
        then lies between two of them, so the border of what is left out is none.

    Returns
    -------
    OutlineDistances
        The distances; HD95, average and surface Dice are properties of it. What they are for
        empty masks: `graticule.evaluate.empty`.

    Raises
    ------
    ImageError
        If the shapes differ, or one is no mask.
    UnitsError
        If the axes have units of different kinds.
    ParameterError
        If ``spacing`` is not one positive number for each axis.

    Examples
    --------
    >>> truth = np.zeros((9, 9), bool)
    >>> truth[2:7, 2:7] = True
    >>> found = outline_distances(np.roll(truth, 1, axis=1), truth)
    >>> found.hausdorff, round(found.average, 3), found.dice(0), found.dice(1)
    (1.0, 0.5, 0.5, 1.0)
    >>> outline_distances(np.roll(truth, 1, axis=1), truth, spacing=(1, 0.2)).hausdorff
    0.2
    """
    answer, true = mask_pair(mask, truth)
    steps, unit = sampling(mask, answer.ndim, spacing)
    if where is not None:
        answer, true = answer & where, true & where
    box = _box(answer | true)
    ours, theirs = (_outline(part, box, where) for part in (answer, true))
    return OutlineDistances(_distances(ours, theirs, steps), _distances(theirs, ours, steps), unit)


def _box(mask: Array) -> tuple[slice, ...]:
    """Return the smallest box that holds a mask."""
    slices = []
    for axis in range(mask.ndim):
        held = np.flatnonzero(mask.any(axis=tuple(a for a in range(mask.ndim) if a != axis)))
        slices.append(slice(held[0], held[-1] + 1) if held.size else slice(0, 0))
    return tuple(slices)


def _outline(mask: Array, box: tuple[slice, ...], where: Array | None) -> Array:
    from scipy import ndimage

    # outside the box is outside both masks, as is outside the image
    part = mask[box]
    if not part.size or where is None:
        return np.asarray(part & ~ndimage.binary_erosion(part)) if part.size else part
    # what is left out may lie just outside the box, too
    wide = tuple(slice(max(0, side.start - 1), side.stop + 1) for side in box)
    filled = ndimage.binary_erosion(mask[wide] | ~where[wide])
    return np.asarray(mask[wide] & ~filled)


def _distances(edge: Array, other: Array, steps: Sequence[float]) -> Array:
    """Return the distance of each sample of an outline to another one, rising."""
    from scipy.spatial import KDTree

    here, there = (np.argwhere(part) * np.asarray(steps) for part in (edge, other))
    if not len(here) or not len(there):
        return np.full(len(here), math.inf)
    # outlines are thin: a tree of their samples is smaller than a map of distances
    tree = KDTree(there, balanced_tree=False, compact_nodes=False)
    return np.sort(np.asarray(tree.query(here)[0], dtype=float))


def centreline_dice(mask: Any, truth: Any) -> float:
    r"""Return the harmonic mean of how much of each centreline lies in the other mask [1]_.

    Of thin branching things (vessels, roots, cracks) it asks whether they hang together, not
    how wide they are. Centrelines are skeletons as `skimage.morphology.skeletonize` finds them;
    an object of which that leaves nothing (in three dims, one of an even number of samples
    across) counts with all its samples.

    Parameters
    ----------
    mask, truth : array_like or DataArray
        Masks of one shape, in two or three dims.

    Returns
    -------
    float
        From 0 to 1; for empty masks see `graticule.evaluate.empty`.

    Raises
    ------
    ImageError
        If the shapes differ, one is no mask, or there are not two or three dims.

    References
    ----------
    .. [1] S. Shit et al., "clDice: a novel topology-preserving loss function for tubular
       structure segmentation", Proc. CVPR (2021), arXiv:2003.07311.

    Examples
    --------
    >>> truth = np.zeros((9, 40), bool)
    >>> truth[3:6] = True
    >>> thin, cut = np.zeros_like(truth), truth.copy()
    >>> thin[4] = True
    >>> cut[:, 20:] = False
    >>> round(centreline_dice(thin, truth), 2), round(centreline_dice(cut, truth), 2)
    (0.99, 0.68)
    """
    answer, true = mask_pair(mask, truth)
    if answer.ndim not in (2, 3):
        raise ImageError(f"a centreline is found in two or three dims, not in {answer.ndim}")
    if not answer.any() or not true.any():
        return 0.0 if answer.any() or true.any() else 1.0
    lines = [_centreline(part) for part in (answer, true)]
    inside = [
        np.count_nonzero(line & other) / np.count_nonzero(line)
        for line, other in zip(lines, (true, answer), strict=True)
    ]
    return float(2 * inside[0] * inside[1] / sum(inside)) if sum(inside) else 0.0


def _centreline(mask: Array) -> Array:
    """Return the skeleton of a mask, and whole those of its objects that have none."""
    from scipy import ndimage
    from skimage.morphology import skeletonize

    line = np.asarray(skeletonize(mask)).astype(bool)
    numbers, count = ndimage.label(mask, np.ones((3,) * mask.ndim))
    lost = np.ones(count + 1, bool)
    lost[numbers[line]] = lost[0] = False
    return np.asarray(line | lost[numbers])
