"""Niblack's local threshold."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Image, Length, Mask, Neighbourhood, op
from graticule.ops.threshold._histogram import Keep
from graticule.ops.threshold._local import DOC, WindowRadius, halo, local


@op(version=1, scope=Neighbourhood(halo, memory=16), dtype="bool", doc=DOC)
def niblack(
    image: Image,
    mask: Mask | None = None,
    *,
    radius: WindowRadius = Length(7),
    k: Annotated[float, Field(title="Weight of the deviation", ge=-5, le=5)] = 0.2,
    keep: Keep = "bright",
) -> Mask:
    r"""Separate bright from dark by mean and deviation around each sample.

    The threshold is :math:`t = m - k s`, with the mean :math:`m` and the standard deviation
    :math:`s` in a window around the sample [1]_. With a negative ``k`` what stands out above its
    surroundings is left. In windows without an object, noise is parted into bright and dark;
    `sauvola` is not misled in this way.

    %(box)s
    %(deviation)s

    Parameters
    ----------
    %(parameters)s
    k : float
        Weight of the deviation.
    %(keep)s

    See Also
    --------
    skimage.filters.threshold_niblack : the same thresholds where there is no NaN.

    References
    ----------
    .. [1] Niblack, W., *An introduction to digital image processing*, Prentice-Hall, 1986.

    %(examples)s
    >>> gt.threshold.niblack(np.array([1, 1, 9, 1, 1, 5]), radius=1, k=-0.2)
    array([False, False,  True, False, False,  True])
    """
    return local(
        image,
        mask,
        radius,
        lambda mean, deviation: mean - k * deviation,
        border="reflect",
        deviation=True,
        keep=keep,
    )
