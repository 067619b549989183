"""A fold: what of every image is learned from, and what is judged on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, overload

import numpy as np
import xarray as xr

from graticule.core.errors import ParameterError
from graticule.core.image import filtered_dims
from graticule.learn.splits.blocks import Cut

Buffer: TypeAlias = int | Mapping[str, int]
Maker: TypeAlias = Callable[[], xr.DataArray]


class Masks(Sequence["xr.DataArray | None"]):
    """A bool mask for each image, made when it is asked for; None: nothing of that image."""

    def __init__(self, makers: Sequence[Maker | None]) -> None:
        self._makers = tuple(makers)

    def __len__(self) -> int:
        return len(self._makers)

    @overload
    def __getitem__(self, index: int) -> xr.DataArray | None: ...
    @overload
    def __getitem__(self, index: slice) -> Masks: ...
    def __getitem__(self, index: int | slice) -> xr.DataArray | Masks | None:
        if isinstance(index, slice):
            return Masks(self._makers[index])
        maker = self._makers[index]
        return None if maker is None else maker()

    @property
    def images(self) -> tuple[int, ...]:
        """Numbers of the images that have something."""
        return tuple(number for number, maker in enumerate(self._makers) if maker is not None)


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
    units : tuple of Cut
        The blocks that are held out; empty where whole images are.
    """

    train: Sequence[xr.DataArray | None]
    test: Sequence[xr.DataArray | None]
    name: str = ""
    buffer: Mapping[str, int] = field(default_factory=dict)
    units: tuple[Cut, ...] = ()


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
    margin = (
        {dim: int(buffer.get(dim, 0)) for dim in dims}
        if isinstance(buffer, Mapping)
        else dict.fromkeys(dims, int(buffer))
    )
    for dim, samples in margin.items():
        if samples < 0:
            raise ParameterError(f"must be 0 or more along {dim}, not {samples}", where="buffer")
    return margin
