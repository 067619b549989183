"""Hue, saturation and value of colours."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from graticule.core import Image, Neighbourhood, like, op
from graticule.ops._parameters import DOC
from graticule.ops.transform import _colours


class Hsv(NamedTuple):
    """A colour as an angle, a strength and a brightness."""

    hue: Image
    saturation: Image
    value: Image


@op(
    version=1,
    scope=Neighbourhood(_colours.all_channels, memory=20.0),
    dtype="float32",
    doc=DOC | _colours.DOC,
)
def hsv(
    image: Image,
    *,
    white: Annotated[float | None, Field(title="Value of full light", gt=0)] = None,
) -> Hsv:
    r"""Take colours apart into hue, saturation and value.

    With :math:`V = \max(R, G, B)` and :math:`\Delta = V - \min(R, G, B)` the saturation is
    :math:`\Delta / V`, and the hue the angle on the hexagon of colours: 0 is red, 60 yellow, 120
    green, 180 cyan, 240 blue and 300 magenta. Grey has hue and saturation 0.

    Parameters
    ----------
    %(colours)s
    %(white)s

    Returns
    -------
    hue : Image
        float32 in degrees, from 0 to below 360. It is an angle: 359 and 1 are close.
    saturation, value : Image
        float32, from 0 to 1 for colours of no more than full light.

    Raises
    ------
    %(colours_error)s

    See Also
    --------
    skimage.color.rgb2hsv : the same, with the hue from 0 to 1.

    %(examples)s
    >>> image = gt.core.as_image(np.uint8([[[255, 0, 0], [0, 51, 51]]]), dims=["y", "x", "c"])
    >>> found = gt.transform.hsv(image)
    >>> found.hue.values, found.value.values.round(2)
    (array([[  0., 180.]], dtype=float32), array([[1. , 0.2]], dtype=float32))
    """
    colours, plain = _colours.colours_of(image, white)
    red, green, blue = colours
    with np.errstate(invalid="ignore", divide="ignore"):
        value = colours.max(axis=0)
        spread = value - colours.min(axis=0)
        saturation = np.where(spread == 0, 0.0, spread / value)
        sector = np.select(
            [spread == 0, value == red, value == green],
            [0.0, (green - blue) / spread, 2 + (blue - red) / spread],
            4 + (red - green) / spread,
        )
        hue = 60 * (sector % 6)
    missing = np.isnan(value)
    parts = [np.where(missing, np.nan, part).astype(np.float32) for part in (hue, saturation)]
    parts[0][parts[0] >= 360] = 0
    return Hsv(
        like(plain, parts[0], units="deg"),
        like(plain, parts[1]),
        like(plain, value.astype(np.float32)),
    )
