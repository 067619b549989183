"""White and black tophat."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Neighbourhood, op
from graticule.ops._morphology import Radius, Shape, dilated, eroded, halo_twice, with_values


@op(version=1, scope=Neighbourhood(halo_twice), dtype="same")
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
    image : Image
        Any dims; worked on along ``z y x``, or along all where it has none of these.
    radius : Length
        Reach of the footprint from its middle, in pixels or as a length; below one pixel the
        result is 0.
    shape : {"ball", "box", "diamond"}
        Samples within the radius by Euclidean, chessboard or city-block distance.
    method : {"white", "black"}
        Bright structures or dark ones.

    Returns
    -------
    Image
        In the dtype and units of ``image``.

    Raises
    ------
    UnitsError
        If ``radius`` has a unit and a filtered dim has none.
    ImageError
        If the values are complex.

    See Also
    --------
    skimage.morphology.white_tophat, skimage.morphology.black_tophat : equal with
        ``mode="ignore"``.

    References
    ----------
    Meyer, F., "Contrast features extraction", in Chermant (ed.), *Quantitative Analysis of
    Microstructures in Materials Sciences, Biology and Medicine*, Riederer, 1978, 374-380.

    Examples
    --------
    >>> import graticule as gt
    >>> import numpy as np
    >>> gt.filters.tophat(np.array([1, 9, 1, 5, 5, 5, 1]), radius=1)
    array([0, 8, 0, 0, 0, 0, 0])
    """
    values = image.values
    if method == "white":
        low = dilated(image, eroded(image, values, radius, shape), radius, shape)
        return with_values(image, _less(values, low))
    high = eroded(image, dilated(image, values, radius, shape), radius, shape)
    return with_values(image, _less(high, values))


def _less(high: Any, low: Any) -> Any:
    """Return the difference of what is nowhere less and what is nowhere more."""
    if high.dtype == np.bool_:
        return high & ~low
    with np.errstate(invalid="ignore", over="ignore"):
        found = high - low
    if found.dtype.kind == "i":  # what does not fit comes round as a negative number
        found[found < 0] = np.iinfo(found.dtype).max
    elif found.dtype.kind == "f":  # infinity less infinity: nothing stands out
        found[np.isinf(high) & (high == low)] = 0
    return found
