"""Bringing every line of an image to mean 0 and standard deviation 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import ALL, Image, Neighbourhood, like, op, require_dims
from graticule.ops._parameters import DOC


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    return {params["dim"]: ALL}


@op(version=1, scope=Neighbourhood(_halo, memory=11), dtype="float32", tolerance=1e-6, doc=DOC)
def zscore(
    image: Image,
    *,
    dim: Annotated[str, Field(title="Dim to normalise along")],
    ddof: Annotated[int, Field(title="Degrees of freedom taken off", ge=0, le=1)] = 0,
) -> Image:
    r"""Bring every line along ``dim`` to mean 0 and standard deviation 1.

    .. math:: z = \frac{x - \bar x}{\sqrt{\sum (x - \bar x)^2 / (n - \mathrm{ddof})}}

    Parameters
    ----------
    image : Image
        Any dims. NaN samples stay NaN and are not counted.
    dim : str
        The line: ``time``, to make every distance of a time-distance image alike.
    ddof : int
        0 for the population, 1 for the sample standard deviation.

    Returns
    -------
    Image
        float32, without unit. A line that is constant, or has no more than ``ddof`` samples, has
        no z-score: it is NaN.

    Raises
    ------
    ImageError
        If there is no such dim.

    See Also
    --------
    scipy.stats.zscore : the same values.

    %(examples)s
    >>> gt.transform.zscore(np.array([1.0, 2.0, 3.0]), dim="x").round(3)
    array([-1.225,  0.   ,  1.225], dtype=float32)
    """
    require_dims(image, [dim])
    axis = image.get_axis_num(dim)
    values = np.asarray(image.values, dtype=float)
    finite = np.isfinite(values)
    count = finite.sum(axis=axis, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(finite, values, 0).sum(axis=axis, keepdims=True) / count
        apart = values - mean
        squares = np.where(finite, apart, 0) ** 2
        deviation = np.sqrt(squares.sum(axis=axis, keepdims=True) / (count - ddof))
        constant = deviation <= 1e-12 * np.abs(mean)
        result = np.where(finite & ~constant, apart / deviation, np.nan)
    return like(image, result.astype(np.float32))
