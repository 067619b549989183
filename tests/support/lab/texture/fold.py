"""Distance from a level."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from graticule.core import Image, Pointwise, like, op


@op(version=1, scope=Pointwise(), dtype="float32")
def fold(image: Image, *, level: Annotated[float, Field(title="Level")] = 0.0) -> Image:
    """Return how far each value is from a level."""
    return like(image, np.abs(image.values.astype(np.float32) - np.float32(level)))
