"""The negative of an image."""

from __future__ import annotations

import numpy as np

from graticule.core import Image, Pointwise, like, op
from graticule.ops._parameters import DOC


@op(version=1, scope=Pointwise(), dtype="float32", doc=DOC)
def negative(image: Image) -> Image:
    """Return the negative, :math:`-f`: what was dark is bright.

    For steps that look for bright things. Lengths, thresholds and backgrounds keep their meaning,
    with the sign turned.

    Parameters
    ----------
    image : Image
        Any dims.

    Returns
    -------
    Image
        float32, in the unit of ``image``; NaN stays.

    %(examples)s
    >>> gt.transform.negative(np.array([3, 0, -1]))
    array([-3.,  0.,  1.], dtype=float32)
    """
    units = {key: value for key, value in image.attrs.items() if key == "units"}
    return like(image, np.float32(0) - image.values.astype(np.float32), **units)
