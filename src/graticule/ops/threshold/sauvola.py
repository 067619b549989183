"""Sauvola's local threshold."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Mask, Neighbourhood, op
from graticule.ops.threshold._histogram import Keep
from graticule.ops.threshold._local import DOC, WindowRadius, halo, local


@op(version=1, scope=Neighbourhood(halo, memory=16), dtype="bool", doc=DOC)
def sauvola(
    image: Image,
    mask: Mask | None = None,
    *,
    radius: WindowRadius = Length(7),
    k: Annotated[float, Field(title="Weight of the deviation", ge=0, le=1)] = 0.2,
    largest_deviation: Annotated[float | None, Field(title="Largest deviation", gt=0)] = None,
    keep: Keep = "bright",
) -> Mask:
    r"""Separate bright ground from dark signs by mean and deviation around each sample.

    The threshold is :math:`t = m (1 + k (s / R - 1))`, with the mean :math:`m` and the standard
    deviation :math:`s` in a window around the sample, and the largest deviation :math:`R` there can
    be [1]_. Made for dark text on bright paper: where nothing is written, the threshold is far
    below the paper.

    %(box)s
    %(deviation)s

    Parameters
    ----------
    %(parameters)s
    k : float
        Weight of the deviation.
    largest_deviation : float, optional
        By default half of what the integer type of the image spans (127.5 for 8 bits), and 1 for
        floats, which is right for values from -1 to 1 only.
    %(keep)s

    See Also
    --------
    skimage.filters.threshold_sauvola : the same thresholds where there is no NaN.

    References
    ----------
    .. [1] Sauvola, J., Pietikainen, M., "Adaptive document image binarization", Pattern Recognition
       33(2), 225-236, 2000. :doi:`10.1016/S0031-3203(99)00055-2`

    %(examples)s
    >>> gt.threshold.sauvola(np.array([200, 210, 90, 205, 200], np.uint8), radius=1)
    array([ True,  True, False,  True,  True])
    """
    top = _default(image.dtype) if largest_deviation is None else largest_deviation
    return local(
        image,
        mask,
        radius,
        lambda mean, deviation: mean * (1 + k * (deviation / top - 1)),
        border="reflect",
        deviation=True,
        keep=keep,
    )


def _default(dtype: np.dtype[Any]) -> float:
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return (int(info.max) - int(info.min)) / 2
    return 0.5 if dtype == np.bool_ else 1.0
