"""Weights of the branching loss: what is thin counts as much as what is thick."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from graticule.core.typing import Array

MOST = 16.0
"""Largest weight."""


def branch_weights(codes: Array, dims: int, first: int = 1) -> Array:
    r"""Return weights that make every branch count by its length and not by its width.

    .. math:: w(x) = m \, t(x)^{-(d-1)}

    on the samples of each object class, with t the local thickness of the class there
    (`segment.thickness`), d the number of dims, and m such that the mean over the class is 1; at
    most 16, and 1 elsewhere. A branch of thickness t has :math:`t^{d-1}` samples for each unit of
    its length up to a constant, so that :math:`\sum w` over a branch goes with its length.

    Parameters
    ----------
    codes : ndarray of int
        Class of each sample, -1 where there is none; the last ``dims`` axes are the image.
    dims : {2, 3}
        Dims of the structures; further axes in front are planes, each of its own.
    first : int
        First class that is weighted: 1 where class 0 is background.

    Returns
    -------
    ndarray
        float32, of the same shape.

    Examples
    --------
    >>> codes = np.zeros((9, 12), int)
    >>> codes[2, :6] = 1  # thin
    >>> codes[4:8, 6:] = 1  # thick
    >>> weights = branch_weights(codes, 2)
    >>> bool(weights[2, 0] > weights[5, 9]), float(weights[0, 0])
    (True, 1.0)
    """
    weights = np.ones(codes.shape, np.float32)
    for code in range(first, int(codes.max(initial=-1)) + 1):
        inside = codes == code
        if not inside.any() or inside.all():
            continue
        thickness = _thickness(inside, dims)[inside]
        raw = np.maximum(thickness, 1).astype(np.float64) ** -(dims - 1)
        mean = math.fsum(raw) / raw.size
        weights[inside] = np.minimum(raw / mean, MOST) if mean > 0 else 1
    return weights


def _thickness(mask: Array, dims: int) -> Array:
    from graticule.core.registry import get_op

    lead = [f"plane{axis}" for axis in range(mask.ndim - dims)]
    image = xr.DataArray(mask, dims=[*lead, *("z", "y", "x")[-dims:]])
    values: Array = get_op("segment.thickness")(image).values
    return values
