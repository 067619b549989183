"""Tables of groups: their mean spectra with intervals, and what they are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from graticule.core import Image, Table
from graticule.core.typing import Array
from graticule.learn.clustering.end_members import unit_rows
from graticule.learn.spectra.cube import SpectralCube
from graticule.ops.spectra._axis import has_axis, unit_of

_BLOCK = 8
"""Pixels along a side of the blocks that are taken as independent."""


def spectra_table(
    cube: SpectralCube, image: Image, labels: Array, counted: Array, names: Mapping[int, str]
) -> Table:
    r"""Return the mean spectrum of each group with its 95 % interval, a row for each bin.

    Neighbouring pixels have thickness and instrument in common, so not pixels but blocks of 8 along
    each dim are taken as independent. With :math:`d_b` the sum over a block of the deviations from
    the mean of :math:`n` pixels in :math:`B` blocks,

    .. math:: s^2 = \frac{B}{B - 1} \frac{\sum_b d_b^2}{n^2}

    and the interval is the mean :math:`\pm t_{B-1}\, s`; NaN where there is one block.
    """
    import pandas as pd
    from scipy.stats import t as student

    blocks = _blocks(cube)
    axis = _axis(cube.dim, image)
    parts = []
    for label, name in names.items():
        rows = np.flatnonzero((labels == label) & counted)
        if not len(rows):
            rows = np.flatnonzero(labels == label)
        values = cube.raw[rows].astype(np.float64) * cube.scale
        mean = values.mean(axis=0) if len(rows) else np.full(cube.raw.shape[1], np.nan)
        _, block = np.unique(blocks[rows], return_inverse=True)
        count = int(block.max(initial=-1)) + 1
        half = np.full(mean.shape, np.nan)
        if count > 1:
            summed = np.zeros((count, mean.size))
            np.add.at(summed, block, values - mean)
            variance = count / (count - 1) * (summed**2).sum(axis=0) / len(rows) ** 2
            half = float(student.ppf(0.975, count - 1)) * np.sqrt(variance)
        columns = {"mean": mean, "low": mean - half, "high": mean + half, "pixels": len(rows)}
        parts.append(pd.DataFrame({"group": name, "label": label, **axis, **columns}))
    table = pd.concat(parts, ignore_index=True)
    unit, of_axis = str(image.attrs.get("units", "")), unit_of(image, cube.dim)
    table.attrs["units"] = {
        **(dict.fromkeys(axis, of_axis) if of_axis else {}),
        **(dict.fromkeys(("mean", "low", "high"), unit) if unit else {}),
    }
    return table


def _axis(dim: str, image: Image) -> dict[str, Array]:
    counted = np.arange(image.sizes[dim], dtype=np.float64)
    found = {dim: image[dim].values.astype(np.float64) if has_axis(image, dim) else counted}
    sides = [side for side in (f"{dim}_left", f"{dim}_right") if side in image.coords]
    return {**found, **{side: image.coords[side].values for side in sides}}


def _blocks(cube: SpectralCube) -> Array:
    """Return the number of the block that each row lies in."""
    places = np.nonzero(cube.known)
    found = np.zeros(len(places[0]), np.int64)
    for size, place in zip(cube.known.shape, places, strict=True):
        found = found * (-(-size // _BLOCK)) + place // _BLOCK
    return found


def groups_table(
    cube: SpectralCube, labels: Array, mixed: Array, names: Mapping[int, str]
) -> Table:
    """Return what groups are: how many pixels, how bright, and how far the nearest other is."""
    import pandas as pd

    sizes = {label: int((labels == label).sum()) for label in names}
    held = [label for label in names if label and sizes[label]]
    means = np.array([cube.telling[labels == label].mean(axis=0, dtype=float) for label in held])
    angles = np.full((len(held),) * 2, np.inf)
    if held:
        directions = unit_rows(means)
        angles = np.degrees(np.arccos(np.clip(directions @ directions.T, -1, 1)))
        np.fill_diagonal(angles, np.inf)
    rows = []
    for label, name in names.items():
        own = labels == label
        near, angle = "", np.nan
        if label in held and len(held) > 1:
            at = held.index(label)
            near, angle = names[held[int(angles[at].argmin())]], float(angles[at].min())
        rows.append(
            {
                "label": label,
                "group": name,
                "pixels": sizes[label],
                "fraction": sizes[label] / len(labels),
                "mixed": int((own & mixed).sum()),
                "mean": float(cube.raw[own].mean(dtype=np.float64)) * cube.scale
                if sizes[label]
                else np.nan,
                "nearest": near,
                "angle_to_nearest": angle,
            }
        )
    table = pd.DataFrame(rows)
    table.attrs["units"] = {"angle_to_nearest": "deg"}
    return table
