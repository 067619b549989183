"""Small pictures of images."""

from __future__ import annotations

import io

import numpy as np

from graticule.core.image import Image
from graticule.core.typing import Array
from graticule.pipeline import Pipeline
from graticule.web.frames import plane_dims
from graticule.web.images import OpenImages

SIDE = 160
"""Pixels along the longer side."""
_ANY = "{graticule: 1, steps: {seen: {op: transform.negative}}}"
"""A pipeline of which only the input is looked at."""


def thumbnail(images: OpenImages, path: str) -> bytes:
    """Return a small picture of an image, as PNG; of further dims the middle sample."""
    from PIL import Image as Picture

    about, pipeline = images.about(path), Pipeline.loads(_ANY)
    opened, drawn = images.opened(path, pipeline), plane_dims(about["sizes"])
    longest, level = max(about["sizes"][dim] for dim in drawn), 0
    while longest / 2**level > 2 * SIDE and level < about["depth"]:
        level += 1
    if level:
        opened.make_copies(is_wanted=lambda: True, report=lambda share: None)
    sizes = opened.live.sizes(pipeline, level, "image")
    middle = {
        dim: (size // 2, size // 2 + 1)
        for dim, size in sizes.items()
        if dim not in drawn and not (dim == "c" and size in (3, 4))
    }
    view = opened.live.view(pipeline, middle, level, of="image")
    assert view.image is not None
    picture = Picture.fromarray(_shown(view.image.isel(dict.fromkeys(middle, 0)), drawn))
    picture.thumbnail((SIDE, SIDE))
    held = io.BytesIO()
    picture.save(held, "PNG")
    return held.getvalue()


def _shown(image: Image, drawn: list[str]) -> Array:
    """Return grey values or colours of 8 bits, between the ends of what most values are."""
    values = np.atleast_2d(image.transpose(*drawn, ...).values.astype(np.float32))
    values = np.nan_to_num(values if values.ndim == 2 else values[..., :3])
    low, high = np.percentile(values, [0.5, 99.5])
    shown = np.clip((values - low) / max(float(high - low), 1e-12), 0, 1) * 255
    return np.asarray(shown.astype(np.uint8))
