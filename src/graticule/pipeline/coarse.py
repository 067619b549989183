"""Coarser copies of images, averaged over windows of 2, 4, 8, ... samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from graticule.core.image import LEVEL, Image, Kind, is_image, is_lazy, spatial_dims
from graticule.pipeline.spec import Spec

_READ = 8 * 2**20
"""Bytes that are read at once."""


def coarsen(image: Image, level: int, *, labels: bool = False) -> Image:
    """Return an image averaged over 2 by 2 (by 2) samples, ``level`` times; lazy stays lazy.

    A dim that has come down to one sample is not halved further. Of ``labels``, which have no
    average, one sample of each window is taken.
    """
    window = window_of(image, level)
    if all(factor == 1 for factor in window.values()):
        return image.assign_attrs({LEVEL: level})
    coarse = _averaged(image, window, labels=labels).assign_attrs({LEVEL: level})
    if not is_lazy(image):
        return coarse
    import dask.array as da

    pieces = _Windows(image, {str(dim): factor for dim, factor in window.items()}, labels, coarse)
    data = da.from_array(pieces, pieces.chunks(), name=False, asarray=False, meta=coarse.data._meta)
    return coarse.copy(data=data)


def _averaged(image: Image, window: Mapping[Any, int], *, labels: bool) -> Image:
    """Return the average of each window, or of ``labels`` one sample of it."""
    if labels:
        taken = {d: slice(f // 2, image.sizes[d] // f * f, f) for d, f in window.items()}
        sparse = image.isel(taken)
        return sparse.assign_coords(_averaged_coords(image, window))
    coarse = image.coarsen(window, boundary="trim").mean()
    dtype = image.dtype if image.dtype.kind in "ui" else np.float32
    return (coarse > 0.5) if image.dtype == np.bool_ else coarse.astype(dtype)


def _averaged_coords(image: Image, window: Mapping[Any, int]) -> Mapping[Any, Any]:
    """Return the coordinates of the averages of an image, whose values are not looked at."""
    bare = image.coords.to_dataset()
    here = {dim: factor for dim, factor in window.items() if dim in bare.dims}
    return bare.coarsen(here, boundary="trim").mean().coords if here else bare.coords


def window_of(image: Image, level: int) -> dict[str, int]:
    """Return by dim how many samples of an image a sample of a level stands for.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import as_image
    >>> window_of(as_image(np.zeros((5, 64, 64)), dims=("z", "y", "x")), 3)
    {'z': 4, 'y': 8, 'x': 8}
    """
    sizes = {dim: int(image.sizes[dim]) for dim in spatial_dims(image)}
    return {dim: min(2**level, 2 ** (size.bit_length() - 1)) for dim, size in sizes.items()}


class _Windows:
    """The averages of a lazy image as dask wants an array: only the windows asked for are read."""

    def __init__(
        self, image: Image, window: Mapping[str, int], labels: bool, coarse: Image
    ) -> None:
        self.image, self.window, self.labels = image, window, labels
        self.shape, self.dtype, self.ndim = coarse.shape, coarse.dtype, coarse.ndim

    def chunks(self) -> tuple[int, ...]:
        """Return the size of blocks of which each reads few bytes, and whole blocks of the image.

        What is decoded at once is then decoded once.
        """
        of_one = math.prod(self.window.values()) * self.image.dtype.itemsize
        sizes = [
            max(1, max(each) // self.window.get(str(dim), 1))
            for dim, each in zip(self.image.dims, self.image.data.chunks, strict=True)
        ]
        for axis in reversed(range(self.ndim)):
            fits = _READ // max(1, of_one * math.prod(sizes))
            sizes[axis] = min(self.shape[axis], sizes[axis] * max(1, fits))
        return tuple(sizes)

    def __getitem__(self, index: tuple[slice, ...]) -> np.ndarray[Any, Any]:
        part = {}
        for dim, span, size in zip(self.image.dims, index, self.shape, strict=True):
            factor, taken = self.window.get(str(dim), 1), range(size)[span]
            part[dim] = slice(taken.start * factor, taken.stop * factor)
        block = self.image.isel(part).compute(scheduler="synchronous")
        return np.asarray(_averaged(block, self.window, labels=self.labels).values)


def coarse_inputs(
    pipeline: Spec,
    inputs: Mapping[str, Any],
    level: int,
    levels: Mapping[int, Callable[[], Image]] | None = None,
    labels: Collection[str] | None = None,
) -> dict[str, Any]:
    """Return a pipeline's inputs with every image at a coarser level.

    ``levels`` opens coarser copies of the first input that its file has; from the coarsest that
    will do, less is to be read. Those named by ``labels``, by default those `read_as_labels`, have
    no average.
    """
    labels = read_as_labels(pipeline) if labels is None else labels
    coarse = {}
    for name, value in inputs.items():
        image, done = value, 0
        if name == pipeline.first_input:
            done = max((have for have in levels or {} if have <= level), default=0)
            image = (levels or {})[done]() if done else value
        if is_image(image):
            image = coarsen(image, level - done, labels=name in labels)
            image = image.assign_attrs({LEVEL: level})
        coarse[name] = image
    return coarse


def read_as_labels(pipeline: Spec) -> frozenset[str]:
    """Return the names that a step takes as labels."""
    return frozenset(
        wire.name
        for step in pipeline.steps.values()
        for data, wire in zip(step.op.inputs, step.inputs, strict=True)
        if wire is not None and data.kind is Kind.LABELS
    )
