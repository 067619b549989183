"""From nodes as estimators keep them to the arrays that are walked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from graticule.core.errors import ParameterError
from graticule.core.typing import Array

LEAF = np.int32(2**31 - 1)
"""Threshold of a leaf: no value lies above it, so a row stays there."""


@dataclass(frozen=True)
class RawTree:
    """One tree, node by node; children of -1 mark a leaf.

    Attributes
    ----------
    feature, left, right : ndarray
        Of ints, (nodes,).
    threshold : ndarray
        Floats; a value up to it, and equal to it, goes left.
    value : ndarray
        What a leaf says, (nodes, channels) floats.
    weight : ndarray
        Training weight that came to each node.
    """

    feature: Array
    left: Array
    right: Array
    threshold: Array
    value: Array
    weight: Array


def bits_for(features: int) -> int:
    """Return the bits that hold the number of a feature."""
    return max(1, int(features - 1).bit_length())


def as_ordered(thresholds: Array) -> Array:
    """Return thresholds as int32 in the order of floats: the largest float32 not above each.

    Comparing a float32 with that one and with the float64 gives the same.

    Examples
    --------
    >>> as_ordered(np.array([-1.5, -0.0, 0.0, 2.5])).tolist()
    [-1069547521, 0, 0, 1075838976]
    """
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
    above = near.astype(np.float64) > thresholds
    near = np.where(above, np.nextafter(near, np.float32(-np.inf)), near) + np.float32(0)
    bits: Array = near.view(np.int32)
    flipped: Array = bits ^ ((bits >> np.int32(31)) & np.int32(0x7FFFFFFF))
    return flipped


def as_floats(ordered: Array) -> Array:
    """Return the float32 that ordered integers stand for."""
    bits: Array = ordered ^ ((ordered >> np.int32(31)) & np.int32(0x7FFFFFFF))
    return bits.astype(np.int32).view(np.float32)


def pack_trees(trees: Sequence[RawTree], features: int) -> dict[str, Array]:
    """Return ``nodes, outputs, table, starts, weights, used`` of `CompiledForest`.

    Raises
    ------
    ParameterError
        If a tree has more nodes than 32 bits can number beside the feature.
    """
    used = _used(trees, features)
    parts = [_pack_tree(tree, used, bits_for(used.size)) for tree in trees]
    sizes = [nodes.size for nodes, _, _ in parts]
    outputs, table = _leaf_table(np.concatenate([said for _, _, said in parts]))
    return {
        "nodes": np.concatenate([nodes for nodes, _, _ in parts]),
        "outputs": outputs,
        "table": table,
        "starts": np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        "weights": np.concatenate([weight for _, weight, _ in parts]).astype(np.float32),
        "used": used,
    }


def _leaf_table(said: Array) -> tuple[Array, Array]:
    """Return the line of each node in a table of values, and the table.

    Where every leaf is sure of one channel, the table has one line for each channel; otherwise one
    for each leaf. Nodes within a tree, which say NaN here, have the first line.
    """
    leaf = ~np.isnan(said[:, 0])
    told = said[leaf]
    if ((told.max(axis=1) == 1) & (np.count_nonzero(told, axis=1) == 1)).all():
        lines, table = told.argmax(axis=1), np.eye(said.shape[1])
    else:
        lines, table = np.arange(told.shape[0]), told
    outputs = np.zeros(leaf.size, np.int32)
    outputs[leaf] = lines
    return outputs, table


def _used(trees: Sequence[RawTree], features: int) -> Array:
    seen = np.zeros(features, np.bool_)
    for tree in trees:
        seen[tree.feature[tree.left >= 0]] = True
    return np.flatnonzero(seen).astype(np.int64) if seen.any() else np.zeros(1, np.int64)


def _pack_tree(tree: RawTree, used: Array, bits: int) -> tuple[Array, Array, Array]:
    from graticule.learn.forest._layout_kernels import depth_first

    count = tree.left.size
    if count >= 2 ** (32 - bits):
        raise ParameterError(
            f"a tree must have fewer than {2 ** (32 - bits)} nodes with {used.size} features, "
            f"not {count}",
            hint="limit max_depth, or set min_samples_leaf",
        )
    weight = tree.weight.astype(np.float64)
    place = depth_first(tree.left.astype(np.int64), tree.right.astype(np.int64), weight)
    leaf = tree.left < 0
    threshold = np.where(leaf, LEAF, as_ordered(tree.threshold.astype(np.float64)))
    child = np.where(leaf, place, place[tree.left]).astype(np.uint64)
    feature = np.where(leaf, 0, np.searchsorted(used, tree.feature)).astype(np.uint64)
    above = threshold.astype(np.int32).view(np.uint32).astype(np.uint64) << np.uint64(32)
    order = np.empty(count, np.int64)
    order[place] = np.arange(count)
    said = np.where(leaf[:, None], tree.value, np.nan)
    words = above | (child << np.uint64(bits)) | feature
    return words[order], tree.weight[order], said[order]
