"""How far values are from the usual one."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core import Image, like, op
from graticule.core.errors import ImageError
from graticule.core.typing import Array
from graticule.ops._order_statistics import order_statistics
from graticule.ops._parameters import DOC


def _middle(count: int, **_: Any) -> Array:
    return np.array([(count - 1) // 2])


def _median(values: Array, **_: Any) -> float:
    if not values.size:
        raise ImageError("has no finite value, so there is no usual one", hint="is it all NaN?")
    return float(values[0])


def _apart(image: Image, *, result: float, **_: Any) -> Image:
    units = {key: value for key, value in image.attrs.items() if key == "units"}
    apart = np.abs(np.asarray(image.values, np.float64) - result)
    return like(image, apart.astype(np.float32), **units)


_SCOPE = order_statistics(_middle, _median, _apart)


@op(version=2, scope=_SCOPE, dtype="float32", doc=DOC)
def deviation(image: Image) -> Image:
    r"""Return how far each value is from the usual one, :math:`|f - \mathrm{median}(f)|`.

    Where most of a picture is background, objects stand out whether they are brighter or darker:
    one threshold then serves for fluorescence and for stained sections.

    The median is a value of the image (the lower of the two in the middle), whatever else is in it,
    rounded to float32. It does not depend on tiles.

    Parameters
    ----------
    image : Image
        Any dims; one median for all of it. NaN and infinite values are not counted; NaN stays.

    Returns
    -------
    Image
        float32, in the unit of ``image``; not negative.

    Raises
    ------
    ImageError
        If no value is finite.

    %(examples)s
    >>> gt.transform.deviation(np.array([[10, 10, 10], [10, 3, 30]]))
    array([[ 0.,  0.,  0.],
           [ 0.,  7., 20.]], dtype=float32)
    """
    apart: Image = _SCOPE.whole(image)
    return apart
