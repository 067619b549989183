"""A threshold that is given."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Image, Mask, Pointwise, op
from graticule.ops.threshold._histogram import DOC, Keep, above


@op(version=1, scope=Pointwise(), dtype="bool", doc=DOC)
def fixed(
    image: Image,
    *,
    value: Annotated[float, Field(title="Threshold", allow_inf_nan=False)] = 0.0,
    keep: Keep = "bright",
) -> Mask:
    """Keep what is above a value, :math:`f > t`.

    NaN is never in the mask.

    Parameters
    ----------
    image : Image
        Any dims.
    value : float
        The threshold, in the unit of the image's values.
    keep : {"bright", "dark"}
        What is above the threshold, or what is up to it.

    Returns
    -------
    Mask
        True where the image is above ``value``; with ``keep="dark"`` where it is not.

    Raises
    ------
    %(complex_error)s

    %(examples)s
    >>> gt.threshold.fixed(np.array([0.5, 2.0, np.nan]), value=1)
    array([False,  True, False])
    """
    return above(image, result=value, keep=keep)
