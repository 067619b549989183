"""Filling a file with an image that may be larger than memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from graticule.core.image import Image
from graticule.core.settings import settings


def store(image: Image, target: Any, *, threads: int | None = None) -> None:
    """Compute an image block by block into anything that takes ``target[slices] = values``.

    Threads of this process do it whatever dask's default scheduler is: the target is an open
    file, which no other process could fill.
    """
    if image.chunks is None:
        target[...] = image.values
        return
    import dask.array as da

    workers = threads or settings().workers
    da.store(image.data, target, lock=False, scheduler="threads", num_workers=workers)


def computed(image: Image) -> Image:
    """Return an image in memory, made block by block by threads of this process."""
    if image.chunks is None:
        return image
    values = np.empty(image.shape, image.dtype)
    store(image, values)
    return image.copy(data=values)


def native(image: Image) -> np.dtype[Any]:
    """Return the dtype of an image in native byte order."""
    return image.dtype.newbyteorder("=")
