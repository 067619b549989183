"""Fractions of phases."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Labels, Mask, Reduction, Table, op
from graticule.core.errors import ImageError
from graticule.ops._parameters import DOC
from graticule.ops.measure._fractions import counts_of, dense, interval, merged_counts
from graticule.ops.measure._merge import Partial


def _map(labels: Image, mask: Image | None, *, block: BlockInfo, **_: Any) -> Partial:
    return counts_of(labels, mask, block)


def _finish(partial: Partial, *, confidence: float, names: tuple[str, ...]) -> Table:
    import pandas as pd

    counts = merged_counts(partial)
    pairs = np.unique(np.stack([counts["frame"], counts["phase"]], axis=1), axis=0)
    phases = np.unique(counts["phase"])
    if names and len(names) != len(phases):
        raise ImageError(
            f"there are {len(phases)} phases, {', '.join(map(str, phases[:8]))}, and "
            f"{len(names)} names",
            hint="names holds one for each phase, in rising order of their values",
        )
    rows = []
    for frame, phase in pairs:
        within = counts["frame"] == frame
        of_phase = dense(partial, counts, within & (counts["phase"] == phase))
        rows.append(
            (of_phase.sum(), interval(of_phase, dense(partial, counts, within), confidence))
        )
    columns = {
        "phase": (pairs[:, 1], ""),
        **(
            {"name": (np.array(names, object)[np.searchsorted(phases, pairs[:, 1])], "")}
            if names
            else {}
        ),
        **partial.axes.frame_columns(partial.layout.frames, pairs[:, 0]),
    }
    columns["pixels"] = np.array([number for number, _ in rows], np.int64), ""
    for name, part in (("", "fraction"), ("_low", "low"), ("_high", "high")):
        columns[f"fraction{name}"] = np.array([getattr(i, part) for _, i in rows], float), ""
    columns["blocks"] = np.array([each.blocks for _, each in rows], np.int64), ""
    table = pd.DataFrame({name: values for name, (values, _) in columns.items()})
    table.attrs["units"] = {name: unit for name, (_, unit) in columns.items() if unit}
    return table


_SCOPE = Reduction(_map, Partial.merged, _finish)


@op(version=1, scope=_SCOPE, doc=DOC)
def phase_fractions(
    labels: Labels,
    mask: Mask | None = None,
    *,
    confidence: Annotated[float, Field(title="Confidence of the interval", gt=0, lt=1)] = 0.95,
    names: Annotated[tuple[str, ...], Field(title="Names of the phases")] = (),
) -> Table:
    r"""Return which fraction of an image each phase takes, with a confidence interval.

    Neighbouring samples belong to the same grain or pore, so an interval over samples would be
    far too narrow. The image is cut into blocks; with :math:`n_b` samples in a block, of which
    :math:`c_b` are of the phase, the variance of the fraction :math:`p = \sum c_b / \sum n_b` is

    .. math:: \frac{B}{B - 1} \, \frac{\sum_b (c_b - p\, n_b)^2}{(\sum_b n_b)^2} .

    It is taken for blocks of several sizes, each twice the last, as long as there are eight of
    them; the largest counts, and if the last doubling made it grow, as much again is added
    [1]_. The interval is that of Student's t for the logarithm of the odds. It speaks of a
    larger sample of the same kind, of which the image is a part, and not of errors of the
    segmentation. Where grains or pores are as large as a tenth of the image, it is too narrow.

    Parameters
    ----------
    labels : Labels
        The phase of every sample, 0 among them. Along ``z y x``, for every index along other
        dims (as ``t``), which are columns then; along all dims where it has none of ``z y x``.
    mask : Mask, optional
        Where to count; by default everywhere.
    confidence : float
        How often such intervals hold the fraction.
    names : tuple of str
        A name for each phase, in rising order of their values; by default none has a name.

    Returns
    -------
    Table
        One row for each phase: ``phase``, its ``name`` where it has one, ``pixels``, ``fraction``,
        ``fraction_low``, ``fraction_high``, and ``blocks``, how many blocks the interval comes
        from. The ends are NaN where the image is a single block.

    Raises
    ------
    ImageError
        If there are more than 256 phases, or not as many as names.

    References
    ----------
    .. [1] Flyvbjerg, H. and Petersen, H. G., "Error estimates on averages of correlated data",
       J. Chem. Phys. 91, 461-466, 1989. :doi:`10.1063/1.457480`

    %(examples)s
    >>> phases = np.tile([0, 1, 1, 2], (64, 16))
    >>> gt.measure.phase_fractions(phases)[["phase", "pixels", "fraction"]]
       phase  pixels  fraction
    0      0    1024      0.25
    1      1    2048      0.50
    2      2    1024      0.25
    """
    table: Table = _SCOPE.whole(labels, mask, confidence=confidence, names=names)
    return table
