"""The local mean as a threshold."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Image, Length, Mask, Neighbourhood, op
from graticule.ops.threshold._histogram import Keep
from graticule.ops.threshold._local import halo, local


@op(version=1, scope=Neighbourhood(halo), dtype="bool")
def adaptive_mean(
    image: Image,
    mask: Mask | None = None,
    *,
    radius: Annotated[Length, Field(title="Radius of the window", ge=0)] = Length(7),
    offset: Annotated[float, Field(title="Offset, subtracted")] = 0.0,
    keep: Keep = "bright",
) -> Mask:
    r"""Keep what is above the mean around each sample.

    The threshold is :math:`t = m - c`, with the mean :math:`m` in a window around the sample and an
    offset :math:`c` [1]_. The window must be larger than the objects; with a negative offset what
    stands out by that much is left.

    The window is a box that reaches ``radius`` to all sides: of 15 samples by default. NaN,
    infinite values and what is outside ``mask`` are left out of the windows and are never in the
    result. The image is mirrored at its border (``c b a | a b c``).

    Parameters
    ----------
    image : Image
        Any dims; windows along ``z y x``, or along all where it has none of these.
    mask : Mask, optional
        Where to look; everywhere by default.
    radius : Length
        In pixels or as a length (anisotropic spacing is respected); whole samples count.
    offset : float
        What the threshold is below the mean, in the unit of the image's values.

    keep : {"bright", "dark"}
        What is above the threshold, or what is up to it.

    Returns
    -------
    Mask
        True where the image is above the threshold of its window; with ``keep="dark"`` where it is
        not.

    Raises
    ------
    ImageError
        If the values are complex.
    UnitsError
        If ``radius`` has a unit and a dim has none.

    See Also
    --------
    skimage.filters.threshold_local : the same with its method ``mean``, where there is no NaN.

    References
    ----------
    .. [1] Gonzalez, R. C., Woods, R. E., *Digital image processing*, 2nd edition, Prentice-Hall,
       2002, section 10.3.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
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
