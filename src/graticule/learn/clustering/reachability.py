"""Mutual reachability: the tree that HDBSCAN cuts, and where new rows join it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graticule.core import map_ranges
from graticule.core.typing import Array
from graticule.learn.clustering._tiles import tiled
from graticule.learn.clustering.indices import distances
from graticule.learn.clustering.step import NOISE

_BLOCK = 1 << 22
_BY_TREE = 8
"""Features up to which a tree finds neighbours faster than products of matrices."""


@dataclass(frozen=True)
class DensityTree:
    """A minimum spanning tree of mutual reachability distances.

    Attributes
    ----------
    core_distances : ndarray
        Distance of each row to its ``min_samples``-th neighbour, itself counted.
    ends : ndarray
        (rows - 1, 2): the rows that each edge joins.
    reachability : ndarray
        Mutual reachability distance of each edge: the largest of their distance and both core
        distances.
    """

    core_distances: Array
    ends: Array
    reachability: Array

    def groups(self, parameters: Any) -> Array:
        """Return the groups that scikit-learn takes of such a tree, -1 for noise."""
        # the estimator takes no tree, only what it makes one of
        from sklearn.cluster._hdbscan._linkage import MST_edge_dtype, make_single_linkage
        from sklearn.cluster._hdbscan._tree import tree_to_labels

        order = np.argsort(self.reachability)
        edges = np.empty(len(order), MST_edge_dtype)
        edges["current_node"], edges["next_node"] = self.ends[order].T
        edges["distance"] = self.reachability[order]
        labels, _ = tree_to_labels(
            make_single_linkage(edges),
            parameters.min_cluster_size,
            parameters.cluster_selection_method,
            parameters.allow_single_cluster,
        )
        return np.asarray(labels)

    def reach(self, labels: Array) -> Array:
        """Return the largest mutual reachability distance within each group."""
        groups = int(labels.max(initial=-1)) + 1
        found = np.zeros(groups)
        own = labels[self.ends]
        within = (own[:, 0] == own[:, 1]) & (own[:, 0] >= 0)
        np.maximum.at(found, own[within, 0], self.reachability[within])
        return found


def density_tree(rows: Array, min_samples: int) -> DensityTree:
    """Return the minimum spanning tree of the mutual reachability distances of rows."""
    from graticule.learn.clustering._density_kernels import reachability_tree

    rows = np.ascontiguousarray(rows)
    core = core_distances(rows, min_samples)
    tiles = tiled(rows)
    ends, apart = reachability_tree(
        tiles.values, tiles.rows, tiles.centres, tiles.radii, tiles.spread(core, np.inf), len(rows)
    )
    return DensityTree(core, ends, apart)


def core_distances(rows: Array, min_samples: int) -> Array:
    """Return the distance of each row to its ``min_samples``-th neighbour, itself counted."""
    from sklearn.neighbors import NearestNeighbors

    from graticule.learn.clustering._density_kernels import exact_distances

    # by products of matrices the search is fast and not exact, so a few more are looked at
    centred = rows - rows.mean(axis=0)
    count = min(len(rows), min_samples + 4)
    algorithm = "brute" if rows.shape[1] > _BY_TREE else "kd_tree"
    near = NearestNeighbors(n_neighbors=count, algorithm=algorithm).fit(centred)
    found = near.kneighbors(centred, return_distance=False)
    apart = np.empty(found.shape)
    map_ranges(lambda a, b: exact_distances(rows, found, apart, a, b), len(rows), least=1024)
    return np.ascontiguousarray(np.sort(apart, axis=1)[:, min_samples - 1])


def assign_by_reachability(
    rows: Array, known: Array, groups: Array, core: Array, reach: Array, min_samples: int
) -> Array:
    """Return the group of the known row of smallest mutual reachability, within its reach.

    The core distance of a new row is that to its ``min_samples``-th neighbour among itself and the
    known rows. Of equally reachable rows the nearest counts.
    """
    centre = known.mean(axis=0)
    known, limit = known - centre, np.append(reach, -1.0)
    found = np.full(len(rows), NOISE, np.int32)
    size = max(1, _BLOCK // len(known))
    for start in range(0, len(rows), size):
        apart = distances(rows[start : start + size] - centre, known)
        at = np.arange(len(apart))
        nearest = apart.argmin(axis=1)
        known_already = (rows[start : start + size] - centre == known[nearest]).all(axis=1)
        own = _core_distances(apart, min_samples, known_already)
        mutual = np.maximum(np.maximum(apart, core), own[:, None])
        least = mutual.min(axis=1)
        tied = np.where(mutual <= least[:, None], apart, np.inf).argmin(axis=1)
        chosen = np.where(known_already, nearest, tied)
        group = groups[chosen]
        within = mutual[at, chosen] <= limit[group] * (1 + 1e-9)
        found[start : start + size] = np.where(known_already | within, group, NOISE)
    return found


def _core_distances(apart: Array, min_samples: int, known_already: Array) -> Array:
    """Return the distance to the last of the neighbours; a row that is known is one of them."""
    count = apart.shape[1]
    last = min(min_samples, count) - 1
    part = np.partition(apart, [max(last - 1, 0), last], axis=1)
    before = part[:, last - 1] if last else np.zeros(len(apart))
    return np.where(known_already, part[:, last], before)
