"""Compiled count of the objects above every threshold at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _root(parents: Any, place: Any) -> Any:
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = parents[place]
    return place


@njit(cache=True, nogil=True)
def objects_above(order: Any, starts: Any, offsets: Any, size: int, least: int) -> Any:
    """Count the objects of at least ``least`` samples, and their samples, level by level.

    Samples are added from the brightest down, and objects that meet become one.

    Parameters
    ----------
    order : ndarray
        Places of the samples in a padded array, from the brightest level down.
    starts : ndarray
        Where each level starts in ``order``, and its length.
    offsets : ndarray
        From a place to its neighbours.
    size : int
        Places of the padded array.
    least : int
        Samples of the smallest object that counts.

    Returns
    -------
    ndarray
        For each level: the number of objects, and of samples in them, down to this level.
    """
    parents = np.full(size, -1, np.int64)
    sizes = np.ones(size, np.int64)
    found = np.zeros((starts.size - 1, 2), np.int64)
    number, samples = 0, 0
    for level in range(starts.size - 1):
        for i in range(starts[level], starts[level + 1]):
            root = order[i]
            parents[root] = root
            if least <= 1:
                number += 1
                samples += 1
            for offset in offsets:
                near = order[i] + offset
                if parents[near] < 0:
                    continue
                other = _root(parents, near)
                if other == root:
                    continue
                both = sizes[root] + sizes[other]
                for part in (sizes[root], sizes[other]):
                    if part >= least:
                        number -= 1
                        samples -= part
                if both >= least:
                    number += 1
                    samples += both
                if sizes[root] < sizes[other]:
                    root, other = other, root
                parents[other] = root
                sizes[root] = both
        found[level, 0], found[level, 1] = number, samples
    return found
