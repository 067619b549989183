"""Stabilised counts."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import Image, Pointwise, like, op
from graticule.ops._parameters import DOC

Gain = Annotated[float, Field(title="Grey values for each count", gt=0)]
Readout = Annotated[float, Field(title="Readout noise (grey values)", ge=0)]
Offset = Annotated[float, Field(title="Grey value of no count")]


@op(version=1, scope=Pointwise(memory=8), dtype="float32", doc=DOC)
def anscombe(
    image: Image, *, gain: Gain = 1.0, readout: Readout = 0.0, offset: Offset = 0.0
) -> Image:
    r"""Transform counts so that their noise has a standard deviation of 1 everywhere.

    The noise of counts grows with the square root of their number; most methods expect the
    same noise in the whole image. The generalised Anscombe transform [1]_ [2]_ of grey values
    :math:`f = g\,p + n`, with :math:`p` Poisson distributed and :math:`n` normally distributed
    around the offset :math:`\mu` with standard deviation :math:`r`, is

    .. math:: z = \frac{2}{g} \sqrt{g f + \tfrac{3}{8} g^2 + r^2 - g \mu}

    and 0 where the root would be of a negative number. Below about 3 counts the noise falls short
    of 1. NaN stays NaN. `inverse_anscombe` leads back.

    Parameters
    ----------
    image : Image
        Any dims, in grey values.
    gain : float
        Grey values for each count; 1 for counts.
    readout : float
        Standard deviation of the readout noise, in grey values.
    offset : float
        Grey value where nothing is counted.

    Returns
    -------
    Image
        float32, in standard deviations of the noise, without a unit.

    References
    ----------
    .. [1] Anscombe, F. J., "The transformation of Poisson, binomial and negative-binomial data",
       Biometrika 35, 246-254, 1948. :doi:`10.1093/biomet/35.3-4.246`
    .. [2] Starck, J.-L., Murtagh, F., Bijaoui, A., "Image Processing and Data Analysis: The
       Multiscale Approach", Cambridge University Press, 1998.

    %(examples)s
    >>> counts = np.random.default_rng(0).poisson([[10], [1000]], (2, 5000))
    >>> gt.radiography.anscombe(counts).std(axis=1).round(2)
    array([1.02, 0.99], dtype=float32)
    """
    values = image.values.astype(np.float64)
    radicand = gain * (values - offset) + floor_of(gain, readout)
    return like(image, (2 / gain * np.sqrt(np.maximum(radicand, 0))).astype(np.float32))


def floor_of(gain: float, readout: float) -> float:
    """Return what the generalised Anscombe transform takes the root of where nothing is counted."""
    return 0.375 * gain**2 + readout**2
