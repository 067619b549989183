"""A fold: what of every image is learned from, what is judged on, and whether both have labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, overload

import numpy as np
import xarray as xr

from graticule.core.errors import CheckError, ParameterError
from graticule.core.image import filtered_dims
from graticule.learn.splits.blocks import Block, ClassCodes

Buffer: TypeAlias = int | Mapping[str, int]
"""Samples between what is learned from and what is judged on: along all dims, or by dim."""
MaskFactory: TypeAlias = Callable[[], xr.DataArray]


class Masks(Sequence["xr.DataArray | None"]):
    """A bool mask for each image, made when it is asked for; None: nothing of that image.

    Parameters
    ----------
    factories : sequence of (callable or None)
        For each image a function that makes its mask.

    Examples
    --------
    >>> masks = Masks([None, lambda: xr.DataArray([True, False], dims="x")])
    >>> len(masks), masks.images, masks[0] is None, int(masks[1].sum())
    (2, (1,), True, 1)
    """

    def __init__(self, factories: Sequence[MaskFactory | None]) -> None:
        self._factories = tuple(factories)

    def __len__(self) -> int:
        return len(self._factories)

    @overload
    def __getitem__(self, index: int) -> xr.DataArray | None: ...
    @overload
    def __getitem__(self, index: slice) -> Masks: ...
    def __getitem__(self, index: int | slice) -> xr.DataArray | Masks | None:
        if isinstance(index, slice):
            return Masks(self._factories[index])
        factory = self._factories[index]
        return None if factory is None else factory()

    @property
    def images(self) -> tuple[int, ...]:
        """Numbers of the images that have something."""
        return tuple(
            number for number, factory in enumerate(self._factories) if factory is not None
        )


@dataclass(frozen=True)
class Fold:
    """What is learned from, and what is judged on, of every image.

    Attributes
    ----------
    train, test : sequence of (DataArray or None)
        For each image a bool mask over its spatial dims, or None where nothing of it is taken.
    name : str
        As ``blocks 1 of 4``.
    buffer : dict of int
        Samples by dim that lie at least between the two.
    blocks : tuple of Block
        The blocks that are held out; empty where whole images are.

    Examples
    --------
    >>> left = xr.DataArray([True, True, False, False], dims="x")
    >>> fold = Fold(train=[left, None], test=[~left, None], name="halves", buffer={"x": 0})
    >>> fold.tested, int(fold.test[0].sum())
    ((0,), 2)
    """

    train: Sequence[xr.DataArray | None]
    test: Sequence[xr.DataArray | None]
    name: str = ""
    buffer: Mapping[str, int] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()

    @property
    def tested(self) -> tuple[int, ...]:
        """Numbers of the images of which something is judged on."""
        if isinstance(self.test, Masks):
            return self.test.images
        return tuple(number for number, mask in enumerate(self.test) if mask is not None)


def sizes_of(image: xr.DataArray) -> dict[str, int]:
    """Return the sizes of an image by spatial dim, in its order."""
    return {dim: int(image.sizes[dim]) for dim in filtered_dims(image)}


def everywhere(image: xr.DataArray) -> xr.DataArray:
    """Return a mask of all samples of an image; it takes no memory.

    Examples
    --------
    >>> bool(everywhere(xr.DataArray([[0, 1], [2, 3]], dims=("y", "x"))).all())
    True
    """
    sizes = sizes_of(image)
    return xr.DataArray(np.broadcast_to(np.True_, tuple(sizes.values())), dims=tuple(sizes))


def margin_of(image: xr.DataArray, buffer: Buffer) -> dict[str, int]:
    """Return a buffer by spatial dim of an image."""
    dims = filtered_dims(image)
    given = buffer if isinstance(buffer, Mapping) else dict.fromkeys(dims, buffer)
    margin = {dim: int(given.get(dim, 0)) for dim in dims}
    for dim, samples in margin.items():
        if samples < 0:
            raise ParameterError(f"must be 0 or more along {dim}, not {samples}", where="buffer")
    return margin


def require_labels(folds: Sequence[Fold], class_codes: Sequence[ClassCodes] | None) -> None:
    """Refuse folds that have no label to be judged on, or labels of one class to learn from."""
    if class_codes is None or len({int(v) for _, values in class_codes for v in values}) < 2:
        return
    for fold in folds:
        if not _classes(fold.test, class_codes, 1):
            lack = "no label lies in what is held out"
        elif len(_classes(fold.train, class_codes, 2)) < 2:
            wide = ", ".join(f"{dim} {samples}" for dim, samples in fold.buffer.items())
            lack = (
                f"beyond the buffer ({wide} samples) around what is held out lie "
                "labels of fewer than two classes, so there is nothing to learn from"
            )
        else:
            continue
        raise CheckError(
            f"{fold.name}: {lack}",
            hint="draw strokes of every class in other parts of the image, or in another image; or "
            "take features that reach less far (smaller sigmas)",
        )


def _classes(
    masks: Sequence[xr.DataArray | None], class_codes: Sequence[ClassCodes], enough: int
) -> set[int]:
    """Return classes that have samples within masks; no more are looked for than are enough."""
    found: set[int] = set()
    for mask, (codes, values) in zip(masks, class_codes, strict=True):
        if mask is not None and len(found) < enough:
            own = np.unique(codes.values[mask.transpose(*codes.dims).values])
            found |= {int(value) for value in own if value in values}
    return found
