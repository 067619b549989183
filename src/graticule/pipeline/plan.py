"""The plan: from a pipeline, an image and a memory budget to tiles; and views of any region."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from graticule.core.errors import GraticuleError, MemoryBudgetError, UnknownNameError, suggest
from graticule.core.image import LEVEL, spatial_dims
from graticule.core.scope import (
    ALL,
    Mapper,
    Neighbourhood,
    Pointwise,
    Reduction,
    Region,
    Whole,
)
from graticule.pipeline.coarse import coarse_inputs
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.nodes import finished, hollow, is_node
from graticule.pipeline.spec import Reference, Spec

_COPIES = 4
_SMALLEST = 16
_FLAT = 2**16


@dataclass(frozen=True)
class View:
    """A region of a result, as a screen shows it.

    Attributes
    ----------
    image : DataArray
        The values; equal to the crop of the whole result at level 0.
    level : int
        Pyramid level; 0 is full resolution.
    is_preview : bool
        Whether the values come from a coarser level, and so only show what the result will
        look like.
    """

    image: xr.DataArray
    level: int
    is_preview: bool


@dataclass(frozen=True)
class Plan:
    """How a pipeline is computed on one image.

    Attributes
    ----------
    pipeline : Spec
        What is computed.
    inputs : mapping
        Images (which may be lazy), tables and models by name.
    tile : mapping or None
        Size of a tile by dim; None where the whole image is computed at once.
    whole_bytes : int
        Estimated peak memory on the whole image at once.
    tile_bytes : int
        Estimated peak memory of one tile.
    levels : mapping
        Coarser copies of the first input by pyramid level, where the file has them: functions
        that open one.
    """

    pipeline: Spec
    inputs: Mapping[str, Any]
    tile: Mapping[str, int] | None
    whole_bytes: int
    tile_bytes: int
    levels: Mapping[int, Callable[[], xr.DataArray]]

    def evaluation(self, **options: Any) -> Evaluation:
        """Return an evaluation that follows the plan."""
        return Evaluation(self.pipeline, self.inputs, tile=self.tile, **options)

    def view(
        self,
        region: Region | Mapping[str, tuple[int, int]],
        level: int = 0,
        *,
        of: str | None = None,
        mapper: Mapper = map,
    ) -> View:
        """Compute the part of a result that is on screen, and no more than it needs.

        Parameters
        ----------
        region : Region or mapping
            Start and stop by dim, in samples of the result at that level.
        level : int
            Pyramid level; above 0 the result is a preview, made from a coarser image with
            lengths in pixels scaled to it.
        of : str, optional
            A step, input or part of one; by default the first output.
        mapper : callable
            `map`, or a parallel version of it.

        Raises
        ------
        ImageError
            If the region leaves the image.
        UnknownNameError
            If there is no such step, or no such level.
        """
        reference = self._reference(of)
        evaluation = self._evaluation_at(level, mapper)
        held = evaluation.held(reference)
        if not is_node(held):
            raise UnknownNameError(f"{reference} is no image", hint="view a step that gives one")
        sizes = {str(dim): int(size) for dim, size in held.template.sizes.items()}
        bounds = region.bounds if isinstance(region, Region) else region
        block = held.read(Region(bounds).checked(sizes))
        return View(finished(block), level, is_preview=level > 0)

    def _reference(self, of: str | None) -> Reference:
        if of is None:
            return self.pipeline.outputs[0]
        name, _, part = of.partition(".")
        known = [*self.pipeline.inputs, *self.pipeline.steps]
        if name not in known:
            raise UnknownNameError(f"there is no step {name!r}", hint=suggest(name, known))
        return Reference(name, part)

    def _evaluation_at(self, level: int, mapper: Mapper) -> Evaluation:
        kept: dict[int, Evaluation] = self.__dict__.setdefault("_evaluations", {})
        if level not in kept:
            inputs = self.inputs if level == 0 else self._coarser(level)
            image = inputs[self.pipeline.first_input]
            tile = self.tile or {str(dim): 1024 for dim in image.dims}
            kept[level] = Evaluation(self.pipeline, inputs, tile=tile, mapper=mapper)
        return kept[level]

    def _coarser(self, level: int) -> dict[str, Any]:
        if level < 0:
            raise UnknownNameError(f"a pyramid level is 0 or more, not {level}")
        name = self.pipeline.first_input
        image = self.inputs[name]
        deepest = max((image.sizes[dim] for dim in spatial_dims(image)), default=_FLAT)
        if level not in self.levels and level >= deepest.bit_length():
            raise UnknownNameError(f"the image has no pyramid level {level}")
        inputs = coarse_inputs(self.pipeline, self.inputs, level)
        if level in self.levels:
            inputs[name] = self.levels[level]().assign_attrs({LEVEL: level})
        return inputs


def make_plan(
    pipeline: Spec,
    inputs: Mapping[str, Any],
    *,
    memory: int,
    workers: int = 1,
    levels: Mapping[int, Callable[[], xr.DataArray]] | None = None,
) -> Plan:
    """Decide how a pipeline is computed on an image within a memory budget.

    Parameters
    ----------
    pipeline : Spec
        What to compute.
    inputs : mapping
        Images (lazy or in memory), tables and models by name.
    memory : int
        Bytes for arrays.
    workers : int
        Tiles under way at once.
    levels : mapping, optional
        Coarser copies the file has.

    Raises
    ------
    MemoryBudgetError
        If a step needs the whole array and it would not fit, with the estimate; or if the
        budget is below the smallest tile.
    """
    image = inputs[pipeline.first_input]
    whole = _estimate(pipeline, image.sizes, image.dtype)
    if whole <= memory:
        return Plan(pipeline, inputs, None, whole, whole, levels or {})
    _require_no_whole(pipeline, image, memory)
    tile = _tile(pipeline, image, memory // (max(1, workers) + 1))
    if tile is None:
        smallest = {str(dim): min(int(size), _SMALLEST) for dim, size in image.sizes.items()}
        needed = _estimate(pipeline, _grown(pipeline, image, smallest), image.dtype)
        raise MemoryBudgetError(
            f"{memory / 1e6:.3g} MB is too little for any tile of this image; about "
            f"{needed * (max(1, workers) + 1) / 1e6:.3g} MB are needed",
            hint="allow more with --memory, or fewer --workers",
        )
    grown = _grown(pipeline, image, tile)
    return Plan(
        pipeline, inputs, tile, whole, _estimate(pipeline, grown, image.dtype), levels or {}
    )


def _estimate(pipeline: Spec, sizes: Mapping[Any, int], dtype: np.dtype[Any]) -> int:
    """Return the peak bytes of the steps on an image of these sizes.

    Results that are still needed are held at once; the step at work takes a few copies more.
    """
    samples = math.prod(sizes.values())
    held = samples * dtype.itemsize
    for step in pipeline.steps.values():
        given = step.op.dtype_of(dtype)
        factor = step.op.scope.memory if isinstance(step.op.scope, Whole) else 0.0
        held += samples * (given.itemsize if given is not None else 0)
        held += int(samples * dtype.itemsize * factor)
    return held + _COPIES * samples * max(4, dtype.itemsize)


def _require_no_whole(pipeline: Spec, image: xr.DataArray, memory: int) -> None:
    given = _given(pipeline, image)
    for name, step in pipeline.steps.items():
        scope = step.op.scope
        takes_image = any(data.kind.is_array for data in step.op.inputs)
        if not isinstance(scope, Whole) or not takes_image:
            continue
        needed = given[name].nbytes * scope.memory
        if needed > memory:
            raise MemoryBudgetError(
                f"needs the whole array ({scope.why}): about "
                f"{needed / 1e9:.2f} GB, and {memory / 1e9:.2f} GB are allowed",
                where=f"step {name}",
                hint="allow more with --memory, or crop the image first",
            )


def _given(pipeline: Spec, image: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return what the image each step takes looks like, as far as crops and flips decide it."""
    found = {pipeline.first_input: hollow(image)}
    given = {}
    for name, step in pipeline.steps.items():
        sources = [found[w.name] for w in step.inputs if w is not None and w.name in found]
        given[name] = found[name] = sources[0] if sources else hollow(image)
        scope = step.op.scope
        if isinstance(scope, Pointwise) and scope.index is not None:
            with contextlib.suppress(GraticuleError):  # the step itself says what is wrong
                found[name] = given[name].isel(scope.index(given[name], step.params))
    return given


def _tile(pipeline: Spec, image: xr.DataArray, memory: int) -> dict[str, int] | None:
    """Halve the longest dim until a tile with its halos fits."""
    tile = {str(dim): int(size) for dim, size in image.sizes.items()}
    uncut = _uncut(pipeline, image)
    while _estimate(pipeline, _grown(pipeline, image, tile), image.dtype) > memory:
        dims = [dim for dim, size in tile.items() if dim not in uncut and size > _SMALLEST]
        if not dims:
            return None
        longest = max(dims, key=lambda dim: tile[dim])
        tile[longest] = -(-tile[longest] // 2)
    return tile


def _halos(pipeline: Spec, image: xr.DataArray) -> list[Mapping[str, int]]:
    template = hollow(image)
    return [
        step.op.scope.halo(template, step.params)
        for step in pipeline.steps.values()
        if isinstance(step.op.scope, (Neighbourhood, Reduction)) and step.op.scope.halo
    ]


def _uncut(pipeline: Spec, image: xr.DataArray) -> set[str]:
    """Return the dims some step needs in full."""
    return {d for halo in _halos(pipeline, image) for d, reach in halo.items() if reach == ALL}


def _grown(pipeline: Spec, image: xr.DataArray, tile: Mapping[str, int]) -> dict[str, int]:
    """Return a tile's sizes with the halos of a chain of all steps."""
    reach = dict.fromkeys(tile, 0)
    for halo in _halos(pipeline, image):
        for dim, extent in halo.items():
            if dim in reach and extent != ALL:
                reach[dim] += extent
    return {d: min(int(image.sizes[d]), size + 2 * reach[d]) for d, size in tile.items()}
