"""Coarser copies of images, for previews."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graticule.core.image import LEVEL, Image, is_image, spatial_dims
from graticule.core.kinds import Kind
from graticule.pipeline.spec import Spec


def coarsened(image: Image, level: int, *, labels: bool = False) -> Image:
    """Return an image averaged over 2 by 2 (by 2) samples, ``level`` times; lazy stays lazy.

    A dim that has come down to one sample is not halved further. Of ``labels``, which have no
    average, one sample of each window is taken.
    """
    sizes = {dim: image.sizes[dim] for dim in spatial_dims(image)}
    window = {dim: min(2**level, 2 ** (size.bit_length() - 1)) for dim, size in sizes.items()}
    if all(factor == 1 for factor in window.values()):
        return image.assign_attrs({LEVEL: level})
    coarse = image.coarsen(window, boundary="trim").mean()
    if labels:
        taken = {d: slice(f // 2, sizes[d] // f * f, f) for d, f in window.items()}
        return coarse.copy(data=image.isel(taken).data).assign_attrs({**image.attrs, LEVEL: level})
    dtype = image.dtype if image.dtype.kind in "ui" else np.float32
    coarse = (coarse > 0.5) if image.dtype == np.bool_ else coarse.astype(dtype)
    return coarse.assign_attrs({**image.attrs, LEVEL: level})


def coarse_inputs(
    pipeline: Spec,
    inputs: Mapping[str, Any],
    level: int,
    levels: Mapping[int, Callable[[], Image]] | None = None,
) -> dict[str, Any]:
    """Return a pipeline's inputs with every image at a coarser level.

    ``levels`` opens coarser copies of the first input that its file has; from the coarsest that
    will do, less is to be read.
    """
    labels = {
        wire.name
        for step in pipeline.steps.values()
        for given, wire in zip(step.op.inputs, step.inputs, strict=True)
        if wire is not None and given.kind is Kind.LABELS
    }
    found = {}
    for name, value in inputs.items():
        image, done = value, 0
        if name == pipeline.first_input:
            done = max((have for have in levels or {} if have <= level), default=0)
            image = (levels or {})[done]() if done else value
        if is_image(image):
            image = coarsened(image, level - done, labels=name in labels)
            image = image.assign_attrs({LEVEL: level})
        found[name] = image
    return found
