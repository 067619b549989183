"""Correction of uneven light by a polynomial surface."""

from __future__ import annotations

import itertools
import math
from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Reduction, filtered_dims, op, with_values
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops.filters.background import CORRECTION_DOC, Correction, corrected

Ends: TypeAlias = dict[str, tuple[float, float]]


class _Surface(NamedTuple):
    """A polynomial: where its variables run from -1 to 1, and its coefficients."""

    ends: Ends
    coefficients: Array


def _positions(image: Image, dim: str) -> Array:
    """Return the coordinate of a dim, or its indices; a tile has these as a coordinate."""
    if dim not in image.coords:
        return np.arange(image.sizes[dim], dtype=np.float64)
    if image.coords[dim].dtype.kind not in "iuf":
        raise ImageError(f"the coordinate of {dim} must be numbers to fit a polynomial along it")
    return np.asarray(image.coords[dim].values, np.float64)


def _map_ends(image: Image, *, block: BlockInfo, **_: Any) -> Ends:
    positions = {dim: _positions(image, dim) for dim in filtered_dims(image)}
    return {dim: (float(p.min()), float(p.max())) for dim, p in positions.items()}


def _merge_ends(one: Ends, other: Ends) -> Ends:
    return {d: (min(one[d][0], other[d][0]), max(one[d][1], other[d][1])) for d in one}


def _factors(image: Image, ends: Ends, degree: int) -> list[Array]:
    """Return Legendre polynomials 0..degree along each filtered dim; orthogonal, so stable."""
    factors = []
    for dim, (low, high) in ends.items():
        span = high - low
        positions = _positions(image, dim)
        inside = 2 * (positions - low) / span - 1 if span else np.zeros(positions.size)
        factors.append(np.polynomial.legendre.legvander(inside, degree))
    return factors


def _terms(ndim: int, degree: int) -> list[tuple[int, ...]]:
    """Return the exponents of all terms up to a total degree, as (0, 0), (0, 1), (1, 0)."""
    every = itertools.product(range(degree + 1), repeat=ndim)
    return [exponents for exponents in every if sum(exponents) <= degree]


def _sums(values: Array, columns: list[Array]) -> Array:
    """Return sums over all samples of values times a column along each of the last axes.

    One axis after the other, so that no product of columns is ever made for every sample.
    """
    sums = values
    for column in reversed(columns):
        sums = np.moveaxis(sums @ column, -1, values.ndim - len(columns))
    over_frames: Array = sums.reshape(-1, *(each.shape[1] for each in columns)).sum(axis=0)
    return over_frames


def _ordered(image: Image) -> Image:
    dims = filtered_dims(image)
    return image.transpose(*(dim for dim in image.dims if dim not in dims), *dims)


def _map(
    image: Image, *, block: BlockInfo, prior: Ends, degree: int, **_: Any
) -> tuple[Array, Array]:
    """Return the two sides of the normal equations over a block."""
    ordered = _ordered(image)
    factors = _factors(image, {dim: prior[dim] for dim in filtered_dims(image)}, degree)
    values = ordered.values.astype(np.float64)
    known = np.isfinite(values)
    values[~known] = 0
    pairs = [(each[:, :, None] * each[:, None, :]).reshape(len(each), -1) for each in factors]
    if known.all():
        frames = values.size // math.prod(map(len, factors))
        products = np.asarray(frames, np.float64)
        for pair in pairs:
            products = np.multiply.outer(products, pair.sum(axis=0))
    else:
        products = _sums(known.astype(np.float64), pairs)
    terms = np.array(_terms(len(factors), degree))
    places = terms[:, None, :] * (degree + 1) + terms[None, :, :]
    return products[tuple(places.transpose(2, 0, 1))], _sums(values, factors)[tuple(terms.T)]


def _merge(one: tuple[Array, Array], other: tuple[Array, Array]) -> tuple[Array, Array]:
    return one[0] + other[0], one[1] + other[1]


def _finish(sums: tuple[Array, Array], *, prior: Ends, **_: Any) -> _Surface:
    left, right = sums
    if left[0, 0] == 0:
        return _Surface(prior, np.full(len(right), np.nan))
    return _Surface(prior, np.linalg.lstsq(left, right, rcond=1e-10)[0])


def _apply(image: Image, *, result: _Surface, degree: int, correction: str) -> Image:
    ordered = _ordered(image)
    ends = {dim: result.ends[dim] for dim in filtered_dims(image)}
    factors = _factors(image, ends, degree)
    surface = np.zeros((degree + 1,) * len(factors))
    surface[tuple(np.array(_terms(len(factors), degree)).T)] = result.coefficients
    for factor in factors:
        surface = np.moveaxis(surface, 0, -1) @ factor.T
    level = with_values(ordered, np.broadcast_to(surface, ordered.shape))
    return corrected(image, level.transpose(*image.dims).values, correction)


_SCOPE = Reduction(_map, _merge, _finish, _apply, prior=Reduction(_map_ends, _merge_ends))


@op(version=1, scope=_SCOPE, dtype="float32", tolerance=1e-5, doc=CORRECTION_DOC)
def background_polynomial(
    image: Image,
    *,
    degree: Annotated[int, Field(title="Degree", ge=0, le=6)] = 2,
    correction: Correction = "subtract",
) -> Image:
    r"""Take away a smooth surface fitted to the whole image.

    The background :math:`b` is the polynomial of total degree ``degree`` in the positions along
    the dims that is closest to the image in least squares,
    :math:`\min_b \sum (f - b)^2`, solved by its normal equations in Legendre polynomials. The
    result is :math:`f - b`, or :math:`f / b`.

    NaN and infinite values are left out of the fit; NaN stays NaN, and so does a ratio to a
    background of 0. Where there are fewer samples than terms, the smallest coefficients are
    taken.

    Parameters
    ----------
    image : Image
        Any dims; one surface along ``z y x``, or along all where it has none of these, for
        every index of the others.
    degree : int
        Total degree: 0 is the mean, 1 a plane, 2 a paraboloid.
    %(correction)s

    Raises
    ------
    ImageError
        If the values are complex, or a coordinate is not made of numbers.

    See Also
    --------
    graticule.ops.filters.background : a background that follows the surroundings.
    numpy.linalg.lstsq : solves the same problem on one array.

    References
    ----------
    Likar, B., Maintz, J. B. A., Viergever, M. A., Pernus, F., "Retrospective shading correction
    based on entropy minimization", J. Microscopy 197(3), 285-295, 2000.
    :doi:`10.1046/j.1365-2818.2000.00669.x`

    %(examples)s
    >>> y, x = np.mgrid[0:5, 0:5]
    >>> flat = gt.filters.background_polynomial(3 + y - 2 * x, degree=1)
    >>> float(abs(flat).max()) < 1e-5
    True
    """
    flat: Image = _SCOPE.whole(image, degree=degree, correction=correction)
    return flat
