"""What all background corrections do with the background, once they have it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from graticule.core import Image, like

Correction = Annotated[Literal["subtract", "divide"], Field(title="Correction")]


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
