"""Objects drawn on a picture."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from graticule.core import BlockInfo, Image, Labels, Reduction, like, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._parameters import DOC

# Okabe and Ito's colours, which the colour-blind can tell apart; black and grey would not show.
_COLOURS = np.array(
    [[230, 159, 0], [86, 180, 233], [0, 158, 115], [240, 228, 66], [0, 114, 178], [213, 94, 0],
     [204, 121, 167]], np.float64,
)  # fmt: skip


def _map(image: Image, labels: Image, *, block: BlockInfo, **_: Any) -> Array:
    """Return the smallest and largest finite value of a block."""
    if "c" in image.dims or labels.dims != image.dims:
        raise ImageError(
            f"the labels must have the dims of the image, and neither a dim c; "
            f"they have {', '.join(map(str, labels.dims))} and {', '.join(map(str, image.dims))}",
            hint="select one channel first",
        )
    values = image.values[np.isfinite(image.values)].astype(np.float64)
    return np.array([values.min(initial=np.inf), values.max(initial=-np.inf)])


def _merge(one: Array, other: Array) -> Array:
    return np.array([min(one[0], other[0]), max(one[1], other[1])])


def _finish(ends: Array, *, low: float | None, high: float | None, **_: Any) -> tuple[float, float]:
    dark = float(ends[0]) if low is None else low
    return dark, float(ends[1]) if high is None else high


def _apply(image: Image, labels: Image, *, result: tuple[float, float], **params: Any) -> Image:
    import xarray as xr

    dark, bright = result
    span = bright - dark
    values = np.nan_to_num(image.values.astype(np.float64), nan=dark, posinf=bright, neginf=dark)
    known = np.isfinite(span) and span > 0
    grey = np.clip((values - dark) / span, 0, 1) * 255 if known else np.zeros(image.shape)
    picture = np.repeat(grey[..., None], 3, axis=-1)
    drawn = labels.values > 0
    colours = _COLOURS[(labels.values[drawn].astype(np.int64) - 1) % len(_COLOURS)]
    opacity = params["opacity"]
    picture[drawn] = (1 - opacity) * picture[drawn] + opacity * colours
    coords = {name: c for name, c in image.coords.items() if name != "c"}
    attrs = like(image, image.values).attrs
    rounded = np.rint(picture).astype(np.uint8)
    return xr.DataArray(rounded, dims=(*image.dims, "c"), coords=coords, attrs=attrs)


_SCOPE = Reduction(_map, _merge, _finish, _apply, memory=29)
_Level = Annotated[float, Field(allow_inf_nan=False)]


@op(version=1, scope=_SCOPE, dtype="uint8", doc=DOC)
def overlay(
    image: Image,
    labels: Labels,
    *,
    opacity: Annotated[float, Field(title="Opacity", ge=0, le=1)] = 1.0,
    low: Annotated[_Level | None, Field(title="Value shown black")] = None,
    high: Annotated[_Level | None, Field(title="Value shown white")] = None,
) -> Image:
    """Draw labelled objects in colour on a grey picture.

    Give it the labels for filled objects, or their `segment.outline` for outlines. The colour
    follows from the label, so an object has the same one in every picture. NaN is black; a
    constant image is black altogether.

    Parameters
    ----------
    image : Image
        Any dims but ``c``.
    labels : Labels
        With the dims of ``image``.
    opacity : float
        0 leaves the picture as it is, 1 hides it under the objects.
    low, high : float, optional
        The values shown black and white; by default the smallest and the largest.

    Returns
    -------
    Image
        uint8, with a last dim ``c`` of red, green and blue.

    Raises
    ------
    ImageError
        If the dims do not agree, or the values are complex.

    References
    ----------
    Okabe, M., Ito, K., "Color universal design", 2008, https://jfly.uni-koeln.de/color/

    %(examples)s
    >>> gt.transform.overlay(np.array([0.0, 5.0, 10.0]), np.array([0, 0, 1]))
    array([[  0,   0,   0],
           [128, 128, 128],
           [230, 159,   0]], dtype=uint8)
    """
    picture: Image = _SCOPE.whole(image, labels, opacity=opacity, low=low, high=high)
    return picture
