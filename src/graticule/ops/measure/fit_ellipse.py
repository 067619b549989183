"""Ellipses fitted to the borders of objects."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from graticule.core import Labels, Reduction, Table, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops.measure._merge import Partial
from graticule.ops.measure._outlines import (
    halo_of_outlines,
    map_outlines,
    outlines_of,
    table_of_fits,
)

_LEAST = 5
_CONSTRAINT = np.array([[0.0, 0.0, 2.0], [0.0, -1.0, 0.0], [2.0, 0.0, 0.0]])


def _finish(merged: Partial, **_: Any) -> Table:
    outlines = outlines_of(merged)
    ends = np.append(outlines.start, len(outlines.owner))
    rows = np.full((len(outlines.label), 6), np.nan)
    for number, (begin, end) in enumerate(itertools.pairwise(ends)):
        points = outlines.place[begin:end]
        found = _ellipse(points)
        if found is not None:
            off = distances_to_ellipse(points, *found)
            rows[number] = (*found, np.sqrt(np.mean(off**2)))
    middle_y, middle_x, half_one, half_two, angle, residual = rows.T
    columns = dict(outlines.base())
    columns |= outlines.centres(np.column_stack([middle_y, middle_x]))
    columns["major_axis"] = 2 * half_one, outlines.unit
    columns["minor_axis"] = 2 * half_two, outlines.unit
    columns["orientation"] = angle, "rad"
    columns["residual"] = residual, outlines.unit
    return table_of_fits(columns)


def _ellipse(points: Array) -> tuple[float, float, float, float, float] | None:
    """Return centre, half axes and the angle from the first dim to the longer; None for none.

    The direct fit of Halir and Flusser: least squares of the equation of a conic under the
    condition that it is an ellipse.
    """
    if len(points) < _LEAST:
        return None
    mean = points.mean(axis=0)
    scale = float(np.sqrt(((points - mean) ** 2).sum(axis=1).mean())) or 1.0
    y, x = ((points - mean) / scale).T
    curved, plain = np.column_stack([x * x, x * y, y * y]), np.column_stack([x, y, np.ones_like(x)])
    linear = plain.T @ plain
    if np.linalg.cond(linear) > 1e10:
        return None
    back = -np.linalg.solve(linear, plain.T @ curved)
    reduced = np.linalg.inv(_CONSTRAINT) @ (curved.T @ curved + curved.T @ plain @ back)
    values, vectors = np.linalg.eig(reduced)
    real = np.abs(values.imag) < 1e-9 * np.abs(values).max(initial=1e-300)
    each = vectors.real
    fits = real & (4 * each[0] * each[2] - each[1] ** 2 > 0)
    if not fits.any():
        return None
    first = each[:, np.flatnonzero(fits)[0]]
    axes = _axes(np.concatenate([first, back @ first]))
    if axes is None:
        return None
    middle, half_one, half_two, angle = axes
    place = mean + scale * middle
    return float(place[0]), float(place[1]), scale * half_one, scale * half_two, angle


def _axes(conic: Array) -> tuple[Array, float, float, float] | None:
    """Return centre, half axes and angle of ``a xx + b xy + c yy + d x + e y + f = 0``."""
    a, b, c, d, e, f = conic
    matrix = np.array([[c, b / 2], [b / 2, a]])  # y first
    middle = np.linalg.solve(matrix, [-e / 2, -d / 2])
    level = f + (e * middle[0] + d * middle[1]) / 2
    values, vectors = np.linalg.eigh(matrix)
    squares = -level / values
    if not (squares > 0).all():
        return None
    order = np.argsort(-squares)
    half_one, half_two = np.sqrt(squares[order])
    way = vectors[:, order[0]]
    angle = float(np.arctan2(way[1], way[0]))
    angle = (angle + np.pi / 2) % np.pi - np.pi / 2
    return middle, float(half_one), float(half_two), angle


def distances_to_ellipse(
    points: Array, y: float, x: float, half_one: float, half_two: float, angle: float
) -> Array:
    """Return how far points are from an ellipse.

    The nearest point of the ellipse is found by turning to the circle of curvature, ten times;
    each turn leaves about a tenth of the error.

    Examples
    --------
    >>> distances_to_ellipse(np.array([[5.0, 0.0], [0.0, 1.0], [0.0, 3.0]]), 0, 0, 4, 2, 0)
    array([1., 1., 1.])
    """
    one = np.cos(angle) * (points[:, 0] - y) + np.sin(angle) * (points[:, 1] - x)
    two = -np.sin(angle) * (points[:, 0] - y) + np.cos(angle) * (points[:, 1] - x)
    one, two = np.abs(one), np.abs(two)
    cosine = np.full(len(points), np.sqrt(0.5))
    sine = cosine.copy()
    for _ in range(10):
        evolute_one = (half_one**2 - half_two**2) / half_one * cosine**3
        evolute_two = (half_two**2 - half_one**2) / half_two * sine**3
        at_one, at_two = half_one * cosine - evolute_one, half_two * sine - evolute_two
        to_one, to_two = one - evolute_one, two - evolute_two
        radius, length = np.hypot(at_one, at_two), np.maximum(np.hypot(to_one, to_two), 1e-300)
        cosine = np.clip((to_one * radius / length + evolute_one) / half_one, 0, 1)
        sine = np.clip((to_two * radius / length + evolute_two) / half_two, 0, 1)
        total = np.maximum(np.hypot(cosine, sine), 1e-300)
        cosine, sine = cosine / total, sine / total
    return np.asarray(np.hypot(half_one * cosine - one, half_two * sine - two))


_SCOPE = Reduction(map_outlines, Partial.merged, _finish, halo=halo_of_outlines, memory=8.0)


@op(version=2, scope=_SCOPE, tolerance=1e-9, doc=DOC)
def fit_ellipse(labels: Labels) -> Table:
    """Fit an ellipse to the border of each object.

    The ellipse of `measure.regions` has the moments of the object; this one follows its border,
    so that an object that the image cuts off, or that has a bite, keeps its axes. It is the direct
    fit of least squares [1]_ to the points half way between samples of the object and its
    neighbours that are not; the border of the image is not one of the object.

    Parameters
    ----------
    labels : Labels
        In two of ``z y x``, for every index along other dims.

    Returns
    -------
    Table
        One row for each object that has a border: ``label``, the dims that are not spatial,
        ``points``, ``centre_<dim>``, ``major_axis`` and ``minor_axis``, ``orientation`` (the angle
        in radians from the first dim to the major axis, from -pi/2 to pi/2) and ``residual`` (root
        mean square of the distances to the ellipse). NaN where there is no ellipse.

    Raises
    ------
    ImageError
        If there are not two dims of space.

    See Also
    --------
    skimage.measure.EllipseModel : the same fit to points.

    References
    ----------
    .. [1] Halir, R., Flusser, J., "Numerically stable direct least squares fitting of ellipses",
       WSCG 1998, 125-132.

    %(examples)s
    >>> y, x = np.mgrid[:60, :60]
    >>> disk = (((y - 20) / 9) ** 2 + ((x - 30) / 18) ** 2 < 1).astype(int)
    >>> gt.measure.fit_ellipse(disk)[["centre_y", "major_axis", "minor_axis"]].round(1)
       centre_y  major_axis  minor_axis
    0      20.0        35.9        17.8
    """
    table: Table = _SCOPE.whole(labels)
    return table
