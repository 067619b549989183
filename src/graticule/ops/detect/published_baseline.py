"""The published method, as it was: the baseline ours is shown beside."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Image, Record, Whole, op, step_of
from graticule.core.units import axis_scale
from graticule.ops.detect._curves import DOC, Across, Along, plane_of


@op(version=2, scope=Whole("a column is normalised and rolled whole", memory=4), doc=DOC)
def published_baseline(
    image: Image,
    *,
    a: Annotated[float, Field(title="Samples per root of a column", ge=0)] = 5.0,
    first: Annotated[int, Field(title="First column", ge=0)] = 25,
    columns: Annotated[int, Field(title="How many columns", ge=1)] = 50,
    along: Along = "time",
    across: Across = "distance",
) -> Record:
    """Detect an arc as the published sunquake workshop did [1]_.

    Every column is brought to mean 0 and standard deviation 1; columns ``first`` to
    ``first + columns`` are rolled back by ``int(a * sqrt(column))`` samples, *around the edge*;
    the statistic is the largest value of their mean over time. The same on the time-flipped
    image is its only null. Nothing here is improved: whole samples, one curve, no mask. It counts
    in samples of 45 s and 0.348 Mm: an image whose units say others is interpolated to them.

    Parameters
    ----------
    image : Image
        With the dims ``along`` and ``across``.
    a : float
        In samples per square root of a column.
    first, columns : int
        First column and how many.
    %(axes)s

    Returns
    -------
    Record
        One row: ``baseline_statistic`` and ``baseline_flipped``; NaN where a column is
        constant or holds NaN, or the image has too few columns.

    Raises
    ------
    ImageError
        If a dim is missing.

    References
    ----------
    .. [1] ADACS Australia, "Building an expert system for image feature recognition",
       workshop lesson (2024), CC-BY 4.0.

    %(examples)s
    >>> noise = np.random.default_rng(0).normal(size=(120, 80))
    >>> gt.detect.published_baseline(noise, along="y", across="x").round(2)
       baseline_statistic  baseline_flipped
    0                0.42               0.3
    """
    import pandas as pd

    plane = plane_of(image, along, across)
    values = _at_its_sampling(plane, along, across)[:, first : first + columns]
    if values.shape[1] < columns:
        values = np.full((1, columns), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    shifts = (a * np.sqrt(np.arange(first, first + columns))).astype(int)
    row = {
        "baseline_statistic": _statistic(scaled, shifts),
        "baseline_flipped": _statistic(scaled[::-1], shifts),
    }
    return pd.DataFrame([row])


def _at_its_sampling(
    plane: Image, along: str, across: str
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    values = np.asarray(plane.values, dtype=float)
    for axis, (dim, wanted, base) in enumerate(((along, 45.0, "s"), (across, 0.348e6, "m"))):
        step, unit = step_of(plane, dim)
        factor, kind = axis_scale(unit)
        if kind != base or abs(step * factor / wanted - 1) < 0.01:
            continue
        size = values.shape[axis]
        at = np.arange(int((size - 1) * step * factor / wanted + 1e-9) + 1)
        position = at * wanted / (step * factor)
        low = np.minimum(position.astype(int), max(size - 2, 0))
        part = np.expand_dims(position - low, 1 - axis)
        before = np.take(values, low, axis=axis)
        values = before + part * (
            np.take(values, np.minimum(low + 1, size - 1), axis=axis) - before
        )
    return values


def _statistic(scaled: np.ndarray[Any, Any], shifts: np.ndarray[Any, Any]) -> float:
    size, columns = scaled.shape[:2]
    rows = (np.arange(size)[:, None] + shifts) % size
    return float(scaled[rows, np.arange(columns)].mean(axis=1).max())
