"""Counts back from their stabilised form."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Pointwise, like, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops.radiography.anscombe import Gain, Offset, Readout


@op(version=1, scope=Pointwise(memory=11), dtype="float32", doc=DOC)
def inverse_anscombe(
    image: Image,
    *,
    gain: Gain = 1.0,
    readout: Readout = 0.0,
    offset: Offset = 0.0,
    method: Annotated[Literal["unbiased", "algebraic"], Field(title="Inverse")] = "unbiased",
) -> Image:
    r"""Lead stabilised values, denoised by now, back to grey values.

    ``algebraic`` undoes the formula of `anscombe`. Of a denoised image, which holds means, that
    is too low by a quarter of a count and more: the mean of roots is not the root of the mean.
    ``unbiased`` gives the mean of the counts from the mean :math:`z` of their transform, by
    the closed form [1]_ [2]_

    .. math:: \frac{z^2}{4} + \frac14 \sqrt{\frac32}\, z^{-1} - \frac{11}{8} z^{-2}
              + \frac58 \sqrt{\frac32}\, z^{-3} - \frac18 - \frac{r^2}{g^2}

    times the gain :math:`g`, plus the offset; it is within 0.02 counts of the exact inverse
    without readout noise. No count (``offset``) is given where :math:`z` is not above what no
    count transforms to, and for negative results. NaN stays NaN.

    Parameters
    ----------
    image : Image
        Any dims, as `anscombe` gives them.
    gain : float
        Grey values for each count.
    readout : float
        Standard deviation :math:`r` of the readout noise, in grey values.
    offset : float
        Grey value where nothing is counted.
    method : {"unbiased", "algebraic"}
        For means of transformed values, or for single ones.

    Returns
    -------
    Image
        float32, in grey values, without a unit.

    References
    ----------
    .. [1] Mäkitalo, M., Foi, A., "A closed-form approximation of the exact unbiased inverse of
       the Anscombe variance-stabilizing transformation", IEEE Trans. Image Processing 20(9),
       2697-2698, 2011. :doi:`10.1109/TIP.2011.2121085`
    .. [2] Mäkitalo, M., Foi, A., "Optimal inversion of the generalized Anscombe transformation
       for Poisson-Gaussian noise", IEEE Trans. Image Processing 22(1), 91-103, 2013.
       :doi:`10.1109/TIP.2012.2202675`

    %(examples)s
    >>> counts = np.random.default_rng(0).poisson(2, 100_000)
    >>> mean = gt.radiography.anscombe(counts).mean(keepdims=True)
    >>> gt.radiography.inverse_anscombe(mean).round(2)
    array([1.99], dtype=float32)
    >>> gt.radiography.inverse_anscombe(mean, method="algebraic").round(2)
    array([1.77], dtype=float32)
    """
    stable = image.values.astype(np.float64)
    variance = (readout / gain) ** 2
    if method == "algebraic":
        counts = np.maximum((np.maximum(stable, 0) / 2) ** 2 - 0.375 - variance, 0)
    else:
        counts = _unbiased(stable, variance)
    with np.errstate(over="ignore"):  # beyond the largest number of 32 bits is infinite
        return like(image, (gain * counts + offset).astype(np.float32))


def _unbiased(stable: Array, variance: float) -> Array:
    least = 2 * np.sqrt(0.375)
    z = np.maximum(stable, least)  # below it the series turns up again
    half = np.sqrt(1.5)
    counts = z**2 / 4 + half / 4 / z - 11 / 8 / z**2 + 5 / 8 * half / z**3 - 1 / 8 - variance
    return np.asarray(np.where(stable <= least, 0.0, np.maximum(counts, 0)))
