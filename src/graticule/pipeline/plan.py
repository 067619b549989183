"""The plan: from a pipeline, an image and a memory budget to tiles; and views of any region."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graticule.core.errors import UnknownNameError, suggest
from graticule.core.image import Image, is_image, is_lazy, spatial_dims
from graticule.core.scope import Mapper, Region
from graticule.pipeline.budget import (
    decoding_bytes,
    estimate_bytes,
    require_checks_fit,
    require_whole_fit,
    tile_bytes,
    tiles,
    too_little,
)
from graticule.pipeline.coarse import coarse_inputs
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.nodes import is_node, strip_template_marks
from graticule.pipeline.spec import Reference, Spec
from graticule.pipeline.store import StepStore

_FLAT = 2**16


@dataclass(frozen=True)
class RegionView:
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

    image: Image
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
    levels: Mapping[int, Callable[[], Image]]

    def evaluation(
        self,
        *,
        input_keys: Mapping[str, str] | None = None,
        mapper: Mapper = map,
        store: StepStore | None = None,
        scratch: Path | None = None,
    ) -> Evaluation:
        """Return an `Evaluation` that follows the plan; the parameters are as of that."""
        return Evaluation(
            self.pipeline,
            self.inputs,
            input_keys or {},
            tile=self.tile,
            mapper=mapper,
            store=store,
            scratch=scratch,
        )

    def view(
        self,
        region: Region | Mapping[str, tuple[int, int]],
        level: int = 0,
        *,
        of: str | None = None,
        mapper: Mapper = map,
    ) -> RegionView:
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

        Returns
        -------
        RegionView
            The values in the region.

        Raises
        ------
        ImageError
            If the region leaves the image.
        UnknownNameError
            If there is no such step, or no such level.

        Examples
        --------
        >>> import numpy as np
        >>> from graticule.core import as_image
        >>> from graticule.pipeline import Pipeline
        >>> pipeline = Pipeline.loads("{graticule: 1, steps: {smooth: {op: filters.gaussian}}}")
        >>> plan = make_plan(pipeline, {"image": as_image(np.eye(64))}, memory=10**9)
        >>> plan.view({"y": (8, 16), "x": (0, 32)}).image.shape
        (8, 32)
        """
        reference = self._reference(of)
        evaluation = self._evaluation_at(level, mapper)
        held = evaluation.lazy_value(reference)
        if not is_node(held):
            raise UnknownNameError(f"{reference} is no image", hint="view a step that gives one")
        sizes = {str(dim): int(size) for dim, size in held.template.sizes.items()}
        bounds = region.bounds if isinstance(region, Region) else region
        block = held.read(Region(bounds).validate(sizes))
        return RegionView(strip_template_marks(block), level, is_preview=level > 0)

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
        image = self.inputs[self.pipeline.first_input]
        deepest = max((image.sizes[dim] for dim in spatial_dims(image)), default=_FLAT)
        if level not in self.levels and level >= deepest.bit_length():
            raise UnknownNameError(f"the image has no pyramid level {level}")
        return coarse_inputs(self.pipeline, self.inputs, level, self.levels)


def make_plan(
    pipeline: Spec,
    inputs: Mapping[str, Any],
    *,
    memory: int,
    workers: int = 1,
    levels: Mapping[int, Callable[[], Image]] | None = None,
    writing: int = 0,
    setting: Callable[[int], int] = int,
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
    writing : int
        Bytes that a thread takes to write a piece of a result, beside the tile it computes for it.
    setting : callable
        From bytes for arrays to the ``--memory`` that gives as many; for messages.

    Returns
    -------
    Plan
        Whole where that fits, else in the largest tiles that do.

    Raises
    ------
    MemoryBudgetError
        If a step needs the whole array and it would not fit, with the estimate; or if there is
        too little for the smallest tile, with what is needed.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import as_image
    >>> from graticule.pipeline import Pipeline
    >>> pipeline = Pipeline.loads("{graticule: 1, steps: {smooth: {op: filters.gaussian}}}")
    >>> image = as_image(np.zeros((512, 512), np.float32))
    >>> make_plan(pipeline, {"image": image}, memory=10**9).tile is None
    True
    >>> make_plan(pipeline, {"image": image}, memory=4 * 10**6).tile
    {'y': 128, 'x': 256}
    """
    image = inputs[pipeline.first_input]
    itemsize = sum(v.dtype.itemsize for v in inputs.values() if is_image(v))
    whole = estimate_bytes(pipeline, image.sizes, image.dtype, itemsize)
    if whole <= memory:
        return Plan(pipeline, inputs, None, whole, whole, levels or {})
    held = sum(int(v.nbytes) for v in inputs.values() if is_image(v) and not is_lazy(v))
    kept = require_whole_fit(pipeline, image, memory - held, lambda size: setting(size + held))
    require_checks_fit(pipeline, image, memory, setting)
    parts, room = max(1, workers) + 1, memory - held - kept
    decoding = max(1, workers) * max(map(decoding_bytes, filter(is_image, inputs.values())))
    peak = 0
    for tile in tiles(pipeline, image):
        peak = tile_bytes(pipeline, image, tile, itemsize)
        if max(peak * parts + decoding, peak + writing) <= room:
            return Plan(pipeline, inputs, tile, whole, peak, levels or {})
    needs = {"the image": held, "steps that need it whole": kept}
    if peak * parts + decoding >= peak + writing:
        needs |= {f"{parts} of the smallest tiles": peak * parts, "decoding": decoding}
    else:
        needs |= {"a tile": peak, "a piece of the result as it is written": writing}
    raise too_little(needs, memory, setting)
