"""Hysteresis: a strict threshold that grows into a loose one."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Mask, Whole, filtered_dims, like, op
from graticule.core.errors import ImageError, ParameterError
from graticule.ops._morphology import opening_of
from graticule.ops._parameters import DOC, Connectivity
from graticule.ops.threshold._histogram import above


@op(
    version=1,
    scope=Whole("whether a sample is kept depends on all that it is connected to", memory=16.0),
    dtype="bool",
    doc=DOC,
)
def hysteresis(
    image: Image,
    mask: Mask | None = None,
    *,
    low: Annotated[float, Field(title="Loose threshold")],
    high: Annotated[float, Field(title="Strict threshold")],
    opening: Annotated[Length, Field(title="Opening of the strict mask", ge=0)] = Length(0),
    connectivity: Connectivity = 1,
) -> Mask:
    """Keep what is above a loose threshold where it is connected to what is above a strict one.

    The strict threshold says where there is an object, the loose one how far it reaches [1]_.
    With an ``opening``, what is above the strict threshold but thinner than a ball of that
    radius does not count: single bright samples of noise start no object.

    Parameters
    ----------
    %(image)s
    %(where)s
    low, high : float
        The thresholds, in the unit of the image's values.
    opening : Length
        Radius of the ball the strict mask is opened with, in pixels or as a length; 0 for none.
    %(connectivity)s

    Returns
    -------
    Mask
        Parts of ``image > low`` that hold a sample of the (opened) ``image > high``. NaN is
        never in it.

    Raises
    ------
    ParameterError
        If ``low`` is more than ``high``, or ``connectivity`` more than the number of dims.
    %(length_error)s
    ImageError
        If the values are complex, or none is a number.

    See Also
    --------
    skimage.filters.apply_hysteresis_threshold : the same without an opening.

    References
    ----------
    .. [1] Canny, J., "A computational approach to edge detection", IEEE Trans. Pattern Anal. Mach.
       Intell. 8(6), 679-698, 1986. :doi:`10.1109/TPAMI.1986.4767851`

    %(examples)s
    >>> gt.threshold.hysteresis(np.array([1, 5, 9, 5, 1, 5, 1]), low=4, high=8)
    array([False,  True,  True,  True, False, False, False])
    """
    from graticule.ops.segment.label import label

    if low > high:
        raise ParameterError(f"must be at most high ({high:g}), not {low:g}", where="low")
    if image.dtype.kind == "f" and np.isnan(image.values).all():
        raise ImageError("has no value, so there is no mask", hint="is it all NaN?")
    strict = above(image, mask, result=high).values
    if any(opening.samples(image, dim) >= 1 for dim in filtered_dims(image)):
        strict = opening_of(image, strict, opening, "ball")
    parts = label.function(above(image, mask, result=low), connectivity=connectivity).values
    keep = np.zeros(int(parts.max(initial=0)) + 1, bool)
    keep[parts[strict]] = True
    return like(image, keep[parts])
