"""Two-point correlation."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Length, Mask, Table, Whole, filtered_dims, op
from graticule.core.errors import ParameterError
from graticule.core.typing import Array
from graticule.ops._axes import Axes
from graticule.ops._parameters import DOC
from graticule.ops.measure._fractions import require_same_dims
from graticule.ops.measure._objects import layout_of

_SLAB = 2**20
"""Offsets that are worked on at once."""


@op(
    version=2,
    scope=Whole("every two samples are compared, by Fourier transform", memory=200),
    doc=DOC,
)
def two_point_correlation(
    mask: Mask,
    within: Mask | None = None,
    *,
    reach: Annotated[Length | None, Field(title="Largest distance", ge=0)] = None,
    periodic: Annotated[bool, Field(title="The image goes on where it began")] = False,
) -> Table:
    r"""Return how often two samples at a distance are both in the mask.

    .. math:: S_2(r) = P\left[x \in M,\; x + r \in M\right], \quad
              \chi(r) = \frac{S_2(r) - p^2}{p\,(1 - p)}

    over all pairs of samples that lie in the image (and within ``within``), counted exactly by
    Fourier transform and gathered in rings (shells) as wide as the smallest sample [1]_.
    :math:`S_2(0) = p` is the fraction of the mask; where :math:`\chi` has fallen to 0 the image
    has no memory of itself. Its slope at 0 gives the surface: :math:`-S_2'(0)` is the surface by
    volume over 4, or the boundary length by area over :math:`\pi`.

    Parameters
    ----------
    mask : Mask
        Along up to three dims ``z y x``, for every index along other dims (as ``t``), which are
        columns then; along all dims where it has none of ``z y x``.
    within : Mask, optional
        Where samples count; by default everywhere.
    reach : Length, optional
        The largest distance; by default half of the shortest side.
    periodic : bool
        Whether what leaves the image on one side comes in on the other; without it, only pairs
        within the image are counted.

    Returns
    -------
    Table
        One row for each ring with a pair: ``distance``, the mean over its pairs;
        ``probability`` :math:`S_2`; ``correlation`` :math:`\chi`, NaN where the mask is empty or
        full; ``pairs``, each in both directions.

    Raises
    ------
    ParameterError
        If ``reach`` is larger than the image, or than half of it where it is periodic.
    %(length_error)s

    References
    ----------
    .. [1] Torquato, S., "Random Heterogeneous Materials", Springer, 2002.
       :doi:`10.1007/978-1-4757-6355-3`

    %(examples)s
    >>> stripes = np.tile([True, True, False, False], (8, 4))
    >>> table = gt.measure.two_point_correlation(stripes[0], periodic=True, reach=4)
    >>> table[["distance", "probability", "correlation"]]
       distance  probability  correlation
    0       0.0         0.50          1.0
    1       1.0         0.25          0.0
    2       2.0         0.00         -1.0
    3       3.0         0.25          0.0
    4       4.0         0.50          1.0
    """
    import pandas as pd

    require_same_dims(mask, within, "within")
    layout = layout_of(mask, None)
    axes = Axes.of(mask, BlockInfo.of(mask))
    steps, unit = axes.steps(layout.space)
    lags, limit = _lags(mask, steps, reach, periodic)
    order = (*layout.frames, *layout.space)
    shape = (-1, *(mask.sizes[dim] for dim in layout.space))
    images = mask.transpose(*order).values.reshape(shape)
    valid = None if within is None else within.transpose(*order).values.reshape(shape)
    parts, frames = [], []
    for number, image in enumerate(images):
        where = None if valid is None else valid[number]
        both, pairs = _counts(image, where, lags, periodic)
        parts.append(_rings(both, pairs, lags, steps, limit))
        frames += [number] * len(parts[-1])
    table = pd.concat(parts, ignore_index=True)
    units = {"distance": unit} if unit else {}
    located = axes.frame_columns(layout.frames, np.array(frames))
    for position, (name, (values, of)) in enumerate(located.items()):
        table.insert(position, name, values)
        units |= {name: of} if of else {}
    table.attrs["units"] = units
    return table


def _lags(
    mask: Image, steps: Array, reach: Length | None, periodic: bool
) -> tuple[list[int], float]:
    """Return the largest offset along each dim in samples, and the largest distance."""
    dims = filtered_dims(mask)
    sizes = np.array([mask.sizes[dim] for dim in dims])
    most = sizes // 2 if periodic else sizes - 1
    if reach is None:
        limit = float((sizes * steps).min() / 2)
    else:
        limit = float(min(reach.samples(mask, d) * s for d, s in zip(dims, steps, strict=True)))
    lags = np.floor(limit / steps * (1 + 1e-12)).astype(int)
    if reach is not None and (lags > most).any():
        axis = int(np.argmax(lags - most))
        raise ParameterError(
            f"reaches {lags[axis]} samples along {dims[axis]}; the image has {sizes[axis]}, so "
            f"at most {most[axis]} make sense",
            where="reach",
        )
    return [int(lag) for lag in np.minimum(lags, most)], limit


def _counts(
    image: Array, valid: Array | None, lags: list[int], periodic: bool
) -> tuple[Array, Array]:
    """Return, by offset, in how many pairs both are in the mask, and how many pairs there are."""
    both = _paired(image if valid is None else image & valid, lags, periodic)
    if valid is not None:
        return both, _paired(valid, lags, periodic)
    pairs = np.ones([1] * image.ndim)
    for axis, (size, lag) in enumerate(zip(image.shape, lags, strict=True)):
        number = np.full(len(_offsets(lag, size, periodic)), float(size))
        if not periodic:
            number -= np.abs(_offsets(lag, size, periodic))
        pairs = pairs * number.reshape([-1 if a == axis else 1 for a in range(image.ndim)])
    return both, pairs


def _offsets(lag: int, size: int, periodic: bool) -> Array:
    """Return the offsets along an axis; half of a period is the same forwards and backwards."""
    last = lag + 1 if not periodic or 2 * lag < size else lag
    return np.concatenate([np.arange(lag + 1), np.arange(1 - last, 0)])


def _paired(mask: Array, lags: list[int], periodic: bool) -> Array:
    """Return, by offset, how many samples of the mask have another one at the offset."""
    from scipy import fft

    sizes = [
        size if periodic else fft.next_fast_len(size + lag, real=True)
        for size, lag in zip(mask.shape, lags, strict=True)
    ]
    chosen = [
        _offsets(lag, size, periodic) % wide
        for lag, size, wide in zip(lags, mask.shape, sizes, strict=True)
    ]
    # axis by axis and in place: the transform is the largest array there is
    others = range(mask.ndim - 1)
    waves = fft.rfft(mask.astype(np.float64), sizes[-1])
    for axis in reversed(others):
        waves = fft.fft(waves, sizes[axis], axis=axis, overwrite_x=True)
    for part in waves.reshape(-1, waves.shape[-1]):
        part[:] = part.real**2 + part.imag**2
    for axis in others:
        waves = fft.ifft(waves, axis=axis, overwrite_x=True).take(chosen[axis], axis=axis)
    rows = waves.reshape(-1, waves.shape[-1])
    counts = np.empty((len(rows), len(chosen[-1])))
    thick = max(1, _SLAB // sizes[-1])
    for start in range(0, len(rows), thick):
        slab = slice(start, start + thick)
        counts[slab] = np.rint(fft.irfft(rows[slab], sizes[-1])[:, chosen[-1]])
    return counts.reshape([len(offsets) for offsets in chosen])


def _rings(both: Array, pairs: Array, lags: list[int], steps: Array, limit: float) -> Table:
    """Return the counts gathered by distance."""
    import pandas as pd

    squares = []
    for axis, (lag, step) in enumerate(zip(lags, steps, strict=True)):
        away = np.concatenate([np.arange(lag + 1), np.arange(lag + 1 - both.shape[axis], 0)])
        distance = (away[: both.shape[axis]] * step) ** 2
        squares.append(distance.reshape([-1 if a == axis else 1 for a in range(both.ndim)]))
    rings = int(np.rint(limit * (1 + 1e-9) / steps.min())) + 1
    number, hits, total = np.zeros((3, rings))
    thick = max(1, _SLAB // max(1, both[0].size))
    for start in range(0, len(both), thick):
        slab = slice(start, start + thick)
        distance = np.sqrt(sum(squares[1:], squares[0][slab]))
        each = np.broadcast_to(pairs[slab], distance.shape)
        kept = (distance <= limit * (1 + 1e-9)) & (each > 0)
        distance, each = distance[kept], each[kept]
        ring = np.rint(distance / steps.min()).astype(np.int64)
        number += np.bincount(ring, each, rings)
        hits += np.bincount(ring, both[slab][kept], rings)
        total += np.bincount(ring, distance * each, rings)
    used = number > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        probability = (hits / number)[used]
        middle = (total / number)[used]
    p = probability[0] if len(probability) else np.nan
    spread = p * (1 - p)
    chi = (probability - p**2) / spread if spread > 0 else np.full(len(probability), np.nan)
    columns = {"distance": middle, "probability": probability, "correlation": chi}
    return pd.DataFrame({**columns, "pairs": number[used].astype(np.int64)})
