"""Attenuation from transmission."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Pointwise, like, op
from graticule.ops._parameters import DOC


@op(version=1, scope=Pointwise(memory=7), dtype="float32", doc=DOC)
def beer_lambert(
    image: Image,
    *,
    nonpositive: Annotated[Literal["missing", "floor"], Field(title="Where nothing passes")] = (
        "missing"
    ),
    floor: Annotated[float, Field(title="Least transmission", gt=0, lt=1)] = 1e-3,
) -> Image:
    r"""Turn the transmission of a sample into its attenuation, which adds up along the beam.

    By the law of Beer and Lambert the transmission :math:`T = e^{-\int \mu\,dz}`, so
    :math:`-\ln T` is the attenuation coefficient :math:`\mu` times the thickness (on the mean,
    for a beam of many wavelengths).

    Noise makes some values of dark places 0 or negative, of which there is no logarithm. They
    are ``missing`` (NaN), so that nothing is made up; or they, and all below ``floor``, are
    taken for that least transmission, as reconstruction needs a number everywhere. NaN stays NaN.

    Parameters
    ----------
    image : Image
        Any dims; the transmission, 1 where nothing is in the beam, as `flat_field` gives it.
    nonpositive : {"missing", "floor"}
        What becomes of values that are not positive.
    floor : float
        Not used where they are missing.

    Returns
    -------
    Image
        float32, without a unit: 0 where nothing is in the beam, negative above a transmission
        of 1.

    %(examples)s
    >>> transmission = np.array([1.0, np.exp(-2), 0.0, -0.01])
    >>> gt.radiography.beer_lambert(transmission).round(3) + 0
    array([ 0.,  2., nan, nan], dtype=float32)
    >>> gt.radiography.beer_lambert(transmission, nonpositive="floor", floor=0.01).round(3) + 0
    array([0.   , 2.   , 4.605, 4.605], dtype=float32)
    """
    values = image.values.astype(np.float64)
    known = np.maximum(values, floor) if nonpositive == "floor" else values
    attenuation = np.full(values.shape, np.nan)
    np.log(known, out=attenuation, where=known > 0)
    return like(image, (-attenuation).astype(np.float32))
