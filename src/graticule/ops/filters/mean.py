"""Mean of a window."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from graticule.core import Image, Length, Neighbourhood, filtered_dims, op, with_values
from graticule.ops._morphology import footprint_of, halo_once, reach
from graticule.ops._parameters import DOC, Radius, Window
from graticule.ops._windows import over_blocks, over_windows, pad
from graticule.ops.filters._separable import Taps, smoothed

_Floats: TypeAlias = NDArray[np.float32]


@op(version=1, scope=Neighbourhood(halo_once), dtype="float32", tolerance=4e-6, doc=DOC)
def mean(image: Image, *, radius: Radius = Length(1), shape: Window = "box") -> Image:
    r"""Replace each sample by the mean of a window around it.

    The window is a box of :math:`2 r + 1` samples a side by default; the image is mirrored at
    its border (``d c b a | a b c d | d c b a``). NaN is left out of the mean; where nothing else
    is in the window, the result is NaN.

    Parameters
    ----------
    %(image)s
    %(window)s

    %(float32_raises)s

    See Also
    --------
    graticule.ops.filters.gaussian : smooths without favouring the directions of the axes.
    scipy.ndimage.uniform_filter : the same values for a box, where there is no NaN.

    %(examples)s
    >>> gt.filters.mean(np.array([0, 0, 3, 0, 6]))
    array([0., 1., 1., 3., 4.], dtype=float32)
    """
    values = np.ascontiguousarray(image.values, np.float32)
    if shape == "box":
        size = reach(image, radius)
        taps = {
            image.get_axis_num(dim): Taps(np.full(size[dim] + 1, 1 / (2 * size[dim] + 1)))
            for dim in filtered_dims(image)
        }
        return with_values(image, smoothed(values, taps))
    footprint = footprint_of(image, radius, shape)
    return with_values(image, over_blocks(image, values, lambda block: _mean(block, footprint)))


def _mean(values: _Floats, footprint: NDArray[np.bool_]) -> _Floats:
    missing = np.isnan(values)
    if not missing.any():
        return (_sums(values, footprint) / np.count_nonzero(footprint)).astype(np.float32)
    known = _sums((~missing).astype(np.float32), footprint)
    total = _sums(np.where(missing, np.float32(0), values), footprint)
    with np.errstate(invalid="ignore"):
        return np.where(known > 0, total / np.maximum(known, 1), np.nan).astype(np.float32)


def _sums(values: _Floats, footprint: NDArray[np.bool_]) -> NDArray[np.float64]:
    from graticule.ops._windows_kernels import window_sums

    padded = pad(values, [size // 2 for size in footprint.shape])
    return over_windows(window_sums, padded, footprint, dtype=np.float64, work=4096)
