"""The graph of regions that touch, and regions merged along it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from graticule.core.typing import Array


@dataclass(frozen=True)
class Graph:
    """Regions ``0..n-1`` and the borders between them.

    Attributes
    ----------
    ends : ndarray
        The two regions of each border, the smaller first; sorted, each pair once.
    jumps, faces : ndarray
        Sum of the steps between the samples on both sides of a border, and how many there are.
    sums, sizes : ndarray
        Sum of the values of each region by channel, and how many there are.
    """

    ends: Array
    jumps: Array
    faces: Array
    sums: Array
    sizes: Array


def graph_of(labels: Array, values: Array, axes: tuple[int, ...], count: int) -> Graph:
    """Return the graph of labels ``1..count`` that touch across faces along some axes.

    ``values`` have channels along one more axis, the last. A sample that is not finite in a channel
    has no say.
    """
    known = np.asarray(np.isfinite(values).all(axis=-1))
    values = np.where(known[..., None], values, 0).astype(np.float64)
    pairs, steps = [np.zeros((0, 2), np.int64)], [np.zeros(0)]
    for axis in axes:
        low = (slice(None),) * axis + (slice(None, -1),)
        high = (slice(None),) * axis + (slice(1, None),)
        apart = (labels[low] != labels[high]) & (labels[low] > 0) & (labels[high] > 0)
        pairs.append(np.sort(np.stack([labels[low][apart], labels[high][apart]], 1).astype(int), 1))
        step = np.sqrt(((values[low][apart] - values[high][apart]) ** 2).sum(axis=-1))
        steps.append(np.where(known[low][apart] & known[high][apart], step, np.nan))
    pair, step = np.concatenate(pairs) - 1, np.concatenate(steps)
    ends, edge = np.unique(pair[:, 0] * count + pair[:, 1], return_inverse=True)
    jumps = np.bincount(edge, np.nan_to_num(step), len(ends))
    faces = np.bincount(edge, np.isfinite(step), len(ends))
    inside = (labels > 0) & known
    number = labels[inside] - 1
    sums = [np.bincount(number, channel[inside], count) for channel in np.moveaxis(values, -1, 0)]
    sizes = np.bincount(number, minlength=count).astype(float)
    both = np.stack([ends // max(count, 1), ends % max(count, 1)], axis=1)
    return Graph(both, jumps, faces.astype(float), np.stack(sums, axis=1), sizes)


def merged(graph: Graph, *, by: str, most: float, number: int) -> Array:
    """Return the region each one went to when the most alike neighbours are merged, in turn."""
    from graticule.ops.segment._rag_kernels import merge

    changing = (graph.jumps.copy(), graph.faces.copy(), graph.sums.copy(), graph.sizes.copy())
    return np.asarray(merge(graph.ends, *changing, by == "mean", most, number))
