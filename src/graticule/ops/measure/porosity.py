"""Porosity."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Labels, Mask, Record, Reduction, Table, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops.measure._fractions import (
    counts_of,
    dense,
    interval,
    merged_counts,
    require_same_dims,
)
from graticule.ops.measure._merge import Partial, combined
from graticule.ops.measure._objects import objects_of


class _Pores(NamedTuple):
    """Counts of pores and the rest in blocks; and of each labelled pore."""

    blocks: Partial
    pores: tuple[dict[str, Array], ...]

    def merged(self, other: _Pores) -> _Pores:
        return _Pores(self.blocks.merged(other.blocks), self.pores + other.pores)


def _map(
    pores: Image,
    mask: Image | None,
    labels: Image | None,
    *,
    block: BlockInfo,
    **_: Any,
) -> _Pores:
    require_same_dims(pores, labels, "labels")
    blocks = counts_of(pores.astype(np.uint8), mask, block)
    if labels is None:
        return _Pores(blocks, ())
    return _Pores(blocks, (_open(pores, mask, labels, block),))


def _open(pores: Image, mask: Image | None, labels: Image, block: BlockInfo) -> dict[str, Array]:
    """Return how many samples within the mask each label has, and whether it leads out of it."""
    objects = objects_of(labels, None, block)
    order = (*objects.layout.frames, *objects.layout.space)
    ranks = objects.ranks.reshape([labels.sizes[dim] for dim in order])
    in_pore = pores.transpose(*order).values
    within = np.ones(in_pore.shape, bool) if mask is None else mask.transpose(*order).values
    edge = ~within
    for axis, dim in enumerate(order):
        if dim in objects.layout.space:
            across = edge.swapaxes(0, axis)
            across[0] |= block.offset[dim] == 0
            across[-1] |= block.offset[dim] + labels.sizes[dim] == block.shape[dim]
    size = int(ranks.max()) + 1
    count = np.bincount(ranks[in_pore & within], minlength=size)
    out = np.bincount(ranks[edge & in_pore], minlength=size) > 0
    kept = np.flatnonzero((count > 0) | out)
    return {"label": objects.labels_of(kept), "count": count[kept], "out": out[kept]}


def _finish(partial: _Pores, *, confidence: float) -> Table:
    import pandas as pd

    counts = merged_counts(partial.blocks)
    everywhere = np.ones(len(counts["block"]), bool)
    totals = dense(partial.blocks, counts, everywhere)
    known = interval(dense(partial.blocks, counts, counts["phase"] == 1), totals, confidence)
    row: dict[str, Any] = {
        "porosity": known.fraction,
        "porosity_low": known.low,
        "porosity_high": known.high,
        "blocks": known.blocks,
    }
    if partial.pores:
        rules = {"count": np.add.reduceat, "out": np.logical_or.reduceat}
        pores = combined(partial.pores, ["label"], rules)
        numbered = pores["label"] > 0
        total = totals.sum() or np.nan
        row["open_porosity"] = pores["count"][numbered & pores["out"]].sum() / total
        row["closed_porosity"] = pores["count"][numbered & ~pores["out"]].sum() / total
    return pd.DataFrame([row])


_SCOPE = Reduction(_map, _Pores.merged, _finish)


@op(version=1, scope=_SCOPE, doc=DOC)
def porosity(
    pores: Mask,
    mask: Mask | None = None,
    labels: Labels | None = None,
    *,
    confidence: Annotated[float, Field(title="Confidence of the interval", gt=0, lt=1)] = 0.95,
) -> Record:
    r"""Return the fraction of pores, with a confidence interval, and how much of it is open.

    The interval comes from how much blocks of the image differ, and not from the number of
    samples, which are not independent; see `phase_fractions`. With the pores numbered by
    `segment.label`, a pore is open if it reaches the border of the image or leads out of the
    mask, and closed if it does not.

    Parameters
    ----------
    pores : Mask
        True in pores. Any dims; blocks are cut along ``z y x``, or along all where it has none
        of these.
    mask : Mask, optional
        The sample; by default the whole image.
    labels : Labels, optional
        The number of the pore at every sample, for open and closed porosity.
    confidence : float
        How often such intervals hold the porosity.

    Returns
    -------
    Record
        One row: ``porosity``, ``porosity_low``, ``porosity_high``; ``blocks``, how many blocks
        the interval comes from; with labels ``open_porosity`` and ``closed_porosity``.

    Raises
    ------
    ImageError
        If the inputs do not have the same dims.

    See Also
    --------
    graticule.measure.phase_fractions : the same of several phases.

    %(examples)s
    >>> pores = np.zeros((8, 8), bool)
    >>> pores[2:4, 2:4] = pores[6:, 6:] = True
    >>> labels = gt.segment.label(pores)
    >>> row = gt.measure.porosity(pores, None, labels)
    >>> row[["porosity", "open_porosity", "closed_porosity"]]
       porosity  open_porosity  closed_porosity
    0     0.125         0.0625           0.0625
    """
    record: Record = _SCOPE.whole(pores, mask, labels, confidence=confidence)
    return record
