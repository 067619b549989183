"""Hue, saturation and value of colours."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import Field

from graticule.core import Image, Neighbourhood, like, op
from graticule.core.typing import Array
from graticule.ops._parameters import DOC
from graticule.ops.transform import _colours


class Hsv(NamedTuple):
    """A colour as an angle, a strength and a brightness."""

    hue: Image
    saturation: Image
    value: Image


@op(
    version=1,
    scope=Neighbourhood(_colours.all_channels, memory=8.0),
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
    from graticule.ops.transform._colour_kernels import take_apart

    rows, plain = _colours.rows_of(image)
    full = _colours.white_of(image, white)

    def work(begin: int, end: int, out: Array) -> None:
        take_apart(rows, full, begin, end, out)

    hue, saturation, value = _colours.in_parts(work, plain)
    return Hsv(like(plain, hue, units="deg"), like(plain, saturation), like(plain, value))
