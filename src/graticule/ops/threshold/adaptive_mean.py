"""The local mean as a threshold."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Image, Length, Mask, Neighbourhood, op
from graticule.ops.threshold._histogram import Keep
from graticule.ops.threshold._local import DOC, WindowRadius, halo, local


@op(version=1, scope=Neighbourhood(halo, memory=14), dtype="bool", doc=DOC)
def adaptive_mean(
    image: Image,
    mask: Mask | None = None,
    *,
    radius: WindowRadius = Length(7),
    offset: Annotated[float, Field(title="Offset, subtracted")] = 0.0,
    keep: Keep = "bright",
) -> Mask:
    r"""Keep what is above the mean around each sample.

    The threshold is :math:`t = m - c`, with the mean :math:`m` in a window around the sample and an
    offset :math:`c` [1]_. The window must be larger than the objects; with a negative offset what
    stands out by that much is left.

    %(box)s
    The image is mirrored at its border (``c b a | a b c``).

    Parameters
    ----------
    %(parameters)s
    offset : float
        What the threshold is below the mean, in the unit of the image's values.
    %(keep)s

    See Also
    --------
    skimage.filters.threshold_local : the same with its method ``mean``, where there is no NaN.

    References
    ----------
    .. [1] Gonzalez, R. C., Woods, R. E., *Digital image processing*, 2nd edition, Prentice-Hall,
       2002, section 10.3.

    %(examples)s
    >>> gt.threshold.adaptive_mean(np.array([1, 5, 2, 11, 17, 12]), radius=1)
    array([False,  True, False,  True,  True, False])
    """
    return local(
        image,
        mask,
        radius,
        lambda mean, _: mean - offset,
        border="symmetric",
        deviation=False,
        keep=keep,
    )
