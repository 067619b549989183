"""Correction of uneven light, estimated from the surroundings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, Length, Neighbourhood, filtered_dims, like, op
from graticule.core.typing import Array
from graticule.ops._morphology import footprint_of, opening_of, reach
from graticule.ops._parameters import DOC
from graticule.ops._windows import over_blocks, over_windows, pad
from graticule.ops.filters._separable import gaussian_halo, gaussian_smoothed

Correction = Annotated[Literal["subtract", "divide"], Field(title="Correction")]
CORRECTION_DOC = DOC | {
    "correction": """\
correction : {"subtract", "divide"}
    Difference from the background (light that was added), or ratio to it (uneven
    illumination).

Returns
-------
Image
    float32; in the units of ``image``, or without a unit for a ratio.""",
}
"""What the docstrings of background corrections say."""
_TRUNCATE = 3.0


def _halo(image: Image, params: Mapping[str, Any]) -> dict[str, int]:
    if params["method"] != "gaussian":
        return reach(image, params["width"], times=2)
    return gaussian_halo(image, params, _TRUNCATE, "width")


@op(version=1, scope=Neighbourhood(_halo), dtype="float32", tolerance=4e-6, doc=CORRECTION_DOC)
def background(
    image: Image,
    *,
    width: Annotated[Length, Field(title="Width", gt=0)] = Length(50),
    method: Annotated[
        Literal["gaussian", "opening", "rolling_ball"], Field(title="Method")
    ] = "gaussian",
    height: Annotated[float, Field(title="Height of the ball", gt=0)] = 50.0,
    correction: Correction = "subtract",
) -> Image:
    r"""Take away the light that varies slowly across an image.

    The background :math:`b` is the image smoothed with a Gaussian of standard deviation
    ``width``; or its grey opening by a flat footprint of that radius, which follows the darkest
    surroundings and so suits bright objects on a dark ground; or what a ball of that radius
    reaches that rolls under the image as under a landscape [1]_, which follows slopes better
    and is smoother. The result is :math:`f - b`, or :math:`f / b`. Choose a width well above
    that of the objects.

    The ball has no size in values but the one it is given: it falls off from its top by
    ``height`` over its ``width``, so that a steeper slope of the ground is taken for an object.

    NaN has no say in the background and stays NaN; so does a ratio to a background of 0.

    Parameters
    ----------
    %(image)s
    width : Length
        Standard deviation or radius, in pixels or as a length.
    method : {"gaussian", "opening", "rolling_ball"}
        How the background is estimated.
    height : float
        Height of the rolling ball in the units of ``image``; of no effect with other methods.
    %(correction)s

    %(raises)s

    See Also
    --------
    graticule.ops.filters.background_polynomial : a smooth surface over the whole image.
    skimage.restoration.rolling_ball : the erosion by the ball only, and not the dilation after.

    References
    ----------
    .. [1] Sternberg, S. R., "Biomedical image processing", Computer 16(1), 22-34, 1983.
       :doi:`10.1109/MC.1983.1654163`

    %(examples)s
    >>> gt.filters.background(np.array([3, 3, 8, 3, 3]), width=1, method="opening")
    array([0., 0., 5., 0., 0.], dtype=float32)
    """
    values = np.ascontiguousarray(image.values, np.float32)
    if method == "opening":
        level = opening_of(image, values, width, "ball")
    elif method == "rolling_ball":
        level = _under_a_ball(image, width, height)
    else:
        level = gaussian_smoothed(image, values, width, _TRUNCATE)
    return corrected(image, level, correction)


def _under_a_ball(image: Image, radius: Length, height: float) -> Array:
    """Return the grey opening by half a ball: what its surface reaches from below."""
    radii = [max(radius.samples(image, dim), 1.0) for dim in filtered_dims(image)]
    footprint = footprint_of(image, radius, "ball")
    around = (np.argwhere(footprint) - np.array(footprint.shape) // 2) / radii
    fall = height * (1 - np.sqrt(np.maximum(1 - (around**2).sum(axis=1), 0)))
    fall = fall.astype(np.float32)

    def opening(values: Array) -> Array:
        missing = np.isnan(values)
        known = np.where(missing, np.float32(np.inf), values)
        low = _lowest(known, footprint, fall)
        level = np.minimum(-_lowest(-low, footprint, fall), known)  # rounding may lift it a little
        return np.where(missing, values, level)

    return over_blocks(image, image.values.astype(np.float32), opening)


def _lowest(values: Array, footprint: Array, heights: Array) -> Array:
    from graticule.ops._windows_kernels import window_lowest

    margins = [size // 2 for size in footprint.shape]
    padded = pad(values, margins, "constant", constant_values=np.inf)
    return over_windows(window_lowest, padded, footprint, heights)


def corrected(image: Image, background: np.ndarray[Any, Any], correction: str) -> Image:
    """Return the image less its background, or divided by it; NaN where that is 0."""
    values = image.values.astype(np.float32, copy=False)
    level = background.astype(np.float32, copy=False)
    if correction == "subtract":
        unit = {key: value for key, value in image.attrs.items() if key == "units"}
        with np.errstate(invalid="ignore"):  # infinity less infinity is NaN, as it should be
            return like(image, values - level, **unit)
    ratio = np.full(values.shape, np.nan, np.float32)
    with np.errstate(invalid="ignore"):
        return like(image, np.divide(values, level, out=ratio, where=level != 0))
