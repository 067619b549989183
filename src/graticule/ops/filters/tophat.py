"""White and black tophat."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Neighbourhood, op, with_values
from graticule.ops._morphology import closing_of, halo_twice, opening_of
from graticule.ops._parameters import DOC, Radius, Shape


@op(version=1, scope=Neighbourhood(halo_twice), dtype="same", doc=DOC)
def tophat(
    image: Image,
    *,
    radius: Radius = Length(1),
    shape: Shape = "ball",
    method: Annotated[Literal["white", "black"], Field(title="Which")] = "white",
) -> Image:
    r"""Keep bright or dark structures narrower than a footprint.

    White: what an opening takes away, :math:`f - f \circ B`, the narrow bright structures. Black:
    what a closing adds, :math:`f \bullet B - f`, the narrow dark ones. Either is nowhere
    negative, and what is as wide as the footprint is gone, uneven light too. A difference that
    a signed integer cannot hold becomes its largest. NaN and samples outside the image have no
    say, and NaN stays NaN.

    Parameters
    ----------
    %(image)s
    radius : Length
        Reach of the footprint from its middle, in pixels or as a length; below one pixel the
        result is 0.
    %(shape)s
    method : {"white", "black"}
        Bright structures or dark ones.

    %(same_raises)s

    See Also
    --------
    skimage.morphology.white_tophat, skimage.morphology.black_tophat : equal with
        ``mode="ignore"``.

    References
    ----------
    Meyer, F., "Contrast features extraction", in Chermant (ed.), *Quantitative Analysis of
    Microstructures in Materials Sciences, Biology and Medicine*, Riederer, 1978, 374-380.

    %(examples)s
    >>> gt.filters.tophat(np.array([1, 9, 1, 5, 5, 5, 1]), radius=1)
    array([0, 8, 0, 0, 0, 0, 0])
    """
    values = image.values
    if method == "white":
        return with_values(image, _less(values, opening_of(image, values, radius, shape)))
    return with_values(image, _less(closing_of(image, values, radius, shape), values))


def _less(high: Any, low: Any) -> Any:
    """Return the difference of what is nowhere less and what is nowhere more."""
    if high.dtype == np.bool_:
        return high & ~low
    with np.errstate(invalid="ignore", over="ignore"):
        difference = high - low
    if difference.dtype.kind == "i":  # what does not fit comes round as a negative number
        difference[difference < 0] = np.iinfo(difference.dtype).max
    elif difference.dtype.kind == "f":  # infinity less infinity: nothing stands out
        difference[np.isinf(high) & (high == low)] = 0
    return difference
