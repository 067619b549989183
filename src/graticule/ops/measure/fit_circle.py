"""Circles fitted to the borders of objects."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core import Labels, Reduction, Table, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops.measure._merge import Partial
from graticule.ops.measure._outlines import (
    Outlines,
    halo_of_outlines,
    map_outlines,
    outlines_of,
    table_of_fits,
)

_ROUNDS = 60
_SECTORS = 72


def _finish(merged: Partial, **_: Any) -> Table:
    outlines = outlines_of(merged)
    middle, radius = _fitted(outlines)
    away = outlines.place - middle[outlines.owner]
    off = np.hypot(*away.T) - radius[outlines.owner]
    count = np.maximum(np.bincount(outlines.owner, minlength=len(radius)), 1)
    residual = np.sqrt(np.bincount(outlines.owner, off**2, len(radius)) / count)
    columns = dict(outlines.base())
    columns |= outlines.centres(middle)
    columns["radius"] = radius, outlines.unit
    columns["residual"] = residual, outlines.unit
    columns["coverage"] = np.where(np.isnan(radius), np.nan, _coverage(outlines, away)), ""
    return table_of_fits(columns)


def _coverage(outlines: Outlines, away: Array) -> Array:
    """Return the part of the directions from the centre in which there is a border point."""
    angle = np.nan_to_num(np.arctan2(*away.T))
    sector = ((angle + np.pi) / (2 * np.pi) * _SECTORS).astype(np.int64) % _SECTORS
    there = np.unique(outlines.owner * _SECTORS + sector) // _SECTORS
    return np.bincount(there, minlength=len(outlines.label)) / _SECTORS


def _fitted(outlines: Outlines) -> tuple[Array, Array]:
    """Return centres and radii: by least squares of the equation first, then of the distances."""
    count = len(outlines.label)
    if not count:
        return np.zeros((0, 2)), np.zeros(0)
    owner = outlines.owner
    number = np.bincount(owner, minlength=count).astype(float)
    mean = outlines.sums(outlines.place) / number[:, None]
    local = outlines.place - mean[owner]
    scale = np.sqrt(outlines.sums((local**2).sum(axis=1)) / number)
    scale[scale == 0] = 1.0
    local = local / scale[owner, None]
    rows = np.column_stack([2 * local, np.ones(len(local))])
    square = outlines.sums(rows[:, :, None] * rows[:, None, :])
    right = outlines.sums(rows * (local**2).sum(axis=1, keepdims=True))
    found = np.full((count, 3), np.nan)
    sound = (number >= 3) & (np.linalg.cond(square) < 1e10)
    found[sound] = np.linalg.solve(square[sound], right[sound][..., None])[..., 0]
    with np.errstate(invalid="ignore"):
        radius = np.sqrt(found[:, 2] + (found[:, :2] ** 2).sum(axis=1))
    model = np.column_stack([found[:, :2], radius])
    model = _refined(outlines, local, model)
    return mean + model[:, :2] * scale[:, None], model[:, 2] * scale


def _refined(outlines: Outlines, local: Array, model: Array) -> Array:
    """Return the circles of least squared distances, by Levenberg and Marquardt, all at once."""
    owner = outlines.owner
    damping = np.full(len(model), 1e-3)

    def distances(tried: Array) -> tuple[Array, Array, Array]:
        way = local - tried[owner, :2]
        length = np.hypot(*way.T)
        off = length - tried[owner, 2]
        return way / np.maximum(length, 1e-12)[:, None], off, outlines.sums(off**2)

    toward, off, total = distances(model)
    for _ in range(_ROUNDS):
        slopes = np.column_stack([-toward, -np.ones(len(off))])
        square = outlines.sums(slopes[:, :, None] * slopes[:, None, :])
        right = -outlines.sums(slopes * off[:, None])
        diagonal = np.einsum("ijj->ij", square)
        damped = square + np.einsum("ij,jk->ijk", damping[:, None] * diagonal, np.eye(3))
        sound = np.isfinite(damped).all(axis=(1, 2)) & np.isfinite(right).all(axis=1)
        step = np.zeros_like(model)
        step[sound] = np.linalg.solve(damped[sound] + 1e-9 * np.eye(3), right[sound][..., None])[
            ..., 0
        ]
        tried = model + step
        their_toward, their_off, their_total = distances(tried)
        better = sound & (their_total <= total) & (tried[:, 2] > 0)
        damping = np.where(better, damping / 5, damping * 4)
        model = np.where(better[:, None], tried, model)
        moved = np.where(better, np.abs(step).max(axis=1), 0)
        toward = np.where(better[owner, None], their_toward, toward)
        off = np.where(better[owner], their_off, off)
        total = np.where(better, their_total, total)
        if not (moved > 1e-13).any():
            break
    return model


_SCOPE = Reduction(map_outlines, Partial.merged, _finish, halo=halo_of_outlines, memory=8.0)


@op(version=2, scope=_SCOPE, tolerance=1e-9, doc=DOC)
def fit_circle(labels: Labels) -> Table:
    r"""Fit a circle to the border of each object: a pore, a drop, a colony, the limb of a disk.

    The circle is that of least squared distances to the points half way between samples of the
    object and its neighbours that are not; the border of the image is not one of the object, so
    what the image cuts off is fitted by the arc that is left.

    Parameters
    ----------
    labels : Labels
        In two of ``z y x``, for every index along other dims.

    Returns
    -------
    Table
        One row for each object that has a border: ``label``, the dims that are not spatial,
        ``points``, ``centre_<dim>``, ``radius``, ``residual`` (root mean square of the distances
        to the circle) and ``coverage`` (the part of all directions, in steps of 5 degrees, that
        have a point). NaN where there is no circle, as of points in line.

    Raises
    ------
    ImageError
        If there are not two dims of space.

    See Also
    --------
    measure.fit_ellipse : with two axes.
    skimage.measure.CircleModel : a fit to points.

    %(examples)s
    >>> y, x = np.mgrid[:60, :60]
    >>> disk = ((y - 20) ** 2 + (x - 30) ** 2 < 15.5**2).astype(int)
    >>> gt.measure.fit_circle(disk)[["centre_y", "centre_x", "radius"]].round(1)
       centre_y  centre_x  radius
    0      20.0      30.0    15.4
    """
    table: Table = _SCOPE.whole(labels)
    return table
