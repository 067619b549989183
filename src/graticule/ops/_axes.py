"""The axes of an image that is seen in blocks: what turns samples into places with units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from graticule.core import BlockInfo, Image, directions_of, step_of
from graticule.core.typing import Array
from graticule.core.units import axis_scale

Named: TypeAlias = Mapping[str, tuple[Any, str]]
"""Values and unit of each column of a table."""


@dataclass(frozen=True)
class Axes:
    """The axes of a whole image, known from its blocks.

    Attributes
    ----------
    shape : mapping
        Size of the whole image, by dim.
    pieces : mapping
        Pieces of each dim's coordinate, by the index of their first sample; none where the dim
        has no coordinate. Kept, so that positions follow from the whole coordinate and not from
        one made up of tiles.
    """

    shape: Mapping[str, int]
    pieces: Mapping[str, Mapping[int, Image]]

    @classmethod
    def of(cls, image: Image, block: BlockInfo) -> Axes:
        """Return what a block tells of the axes."""
        return cls(block.shape, {str(dim): _piece(image, str(dim), block) for dim in image.dims})

    def merged(self, other: Axes) -> Axes:
        """Return what both blocks tell."""
        return Axes(
            self.shape, {dim: {**self.pieces[dim], **other.pieces[dim]} for dim in self.pieces}
        )

    @cached_property
    def _whole(self) -> dict[str, Image | None]:
        """Coordinates that were put together already."""
        return {}

    def coordinate(self, dim: str) -> Image | None:
        """Return the whole coordinate of a dim; None where it has none."""
        if dim not in self._whole:
            self._whole[dim] = self._put_together(dim)
        return self._whole[dim]

    def _put_together(self, dim: str) -> Image | None:
        import xarray as xr

        pieces = self.pieces[dim]
        if not pieces:
            return None
        ordered = [pieces[first] for first in sorted(pieces)]
        values = np.concatenate([piece.values for piece in ordered])
        attrs = ordered[0].attrs
        return xr.DataArray(values, {dim: (dim, values, attrs)}, (dim,), attrs=attrs)

    def positions(self, dim: str, samples: Array) -> tuple[Array, str]:
        """Return places along a dim in its coordinate, beyond its ends too, and their unit."""
        axis = self.coordinate(dim)
        if axis is None:
            return samples, "px"
        step, unit = step_of(axis, dim)
        counted = "px" if step == 1 else ""
        values = axis.values.astype(float)
        samples = np.asarray(samples) - self._first(dim)
        inside = np.clip(samples, 0, axis.size - 1)
        beyond = (samples - inside) * (values[-1] - values[0]) / max(1, axis.size - 1)
        return np.interp(inside, np.arange(axis.size), values) + beyond, unit or counted

    def _first(self, dim: str) -> int:
        """Return the index of the first sample of which a place is known: of a part, not 0."""
        return min(self.pieces[dim], default=0)

    def steps(self, dims: Sequence[str]) -> tuple[Array, str]:
        """Return the step along each dim in one common unit, or in pixels where there is none."""
        spacings = []
        for dim in dims:
            axis = self.coordinate(dim)
            spacings.append((1.0, "") if axis is None else step_of(axis, dim))
        units = {unit for _, unit in spacings}
        if units == {""}:
            counted = all(step == 1 for step, _ in spacings)
            return np.array([step for step, _ in spacings]), "px" if counted else ""
        scales = [axis_scale(unit) for _, unit in spacings]
        if len({base for _, base in scales}) > 1:
            return np.ones(len(spacings)), "px"
        last = scales[-1][0]
        steps = [
            step * scale / last for (step, _), (scale, _) in zip(spacings, scales, strict=True)
        ]
        return np.array([float(f"{step:.12g}") for step in steps]), spacings[-1][1]

    def directions(self, dims: Sequence[str]) -> Array:
        """Return the directions of dims in space, one a row."""
        axes = {dim: axis for dim in dims if (axis := self.coordinate(dim)) is not None}
        return directions_of(axes, dims)

    def frame_columns(self, dims: Sequence[str], frames: Array) -> Named:
        """Return where frames, counted over some dims, lie along each of them."""
        sizes = [self.shape[dim] for dim in dims]
        places = np.unravel_index(frames, sizes) if sizes else ()
        columns = {}
        for dim, place in zip(dims, places, strict=True):
            axis = self.coordinate(dim)
            unit = "" if axis is None else str(axis.attrs.get("units", ""))
            known = place if axis is None else axis.values[place - self._first(dim)]
            columns[dim] = known, unit
        return columns


def _piece(image: Image, dim: str, block: BlockInfo) -> Mapping[int, Image]:
    """Return a block's own piece of a dim's coordinate; none where it has no such."""
    import xarray as xr

    if dim not in image.coords or image.coords[dim].attrs.get("counted"):
        return {}
    coordinate = image.coords[dim]
    start, stop = block.interior.get(dim, (0, image.sizes[dim]))
    piece = xr.DataArray(coordinate.values[start:stop], dims=dim, attrs=coordinate.attrs)
    return {block.offset[dim] + start: piece}
