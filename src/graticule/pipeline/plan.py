"""The plan: from a pipeline, an image and a memory budget to tiles; and views of any region."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from graticule.core.image import Image, is_image, is_lazy
from graticule.core.scope import Mapper, Region
from graticule.pipeline.budget import (
    decoding_bytes,
    estimate_bytes,
    require_checks_fit,
    require_whole_fit,
    too_little,
)
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.live.cache import TileCache
from graticule.pipeline.live.image import LiveImage, RegionView
from graticule.pipeline.spec import Spec
from graticule.pipeline.store import StepStore
from graticule.pipeline.tiling import Room, faster, soonest, tilings

_KEPT = 512 * 2**20
"""Bytes of tiles that are kept for views."""


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
    threads : int
        Tiles that are computed and written at once.
    advice : tuple of int and float, optional
        The ``--memory`` with which it takes much less time, and what share of it, about.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import as_image
    >>> from graticule.pipeline import Pipeline, Reference
    >>> pipeline = Pipeline.loads("{graticule: 1, steps: {bright: {op: threshold.otsu}}}")
    >>> plan = make_plan(pipeline, {"image": as_image(np.eye(8, dtype="uint8"))}, memory=10**6)
    >>> plan.tile is None, plan.whole_bytes <= 10**6
    (True, True)
    >>> int(plan.evaluation().value(Reference("bright")).sum())
    8
    """

    pipeline: Spec
    inputs: Mapping[str, Any]
    tile: Mapping[str, int] | None
    whole_bytes: int
    tile_bytes: int
    levels: Mapping[int, Callable[[], Image]]
    threads: int = 1
    advice: tuple[int, float] | None = None

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
    ) -> RegionView:
        """Compute the part of a result that is on screen, and no more than it needs.

        What was computed for a view is kept for the next. A step that needs all of a large image
        answers from less, and the view says so, until `LiveImage.make_exact` was called of
        ``live``.

        Parameters
        ----------
        region : Region or mapping
            Start and stop by dim, in samples of the result at that level.
        level : int
            Pyramid level; above 0 the result is a preview, made from a coarser image with
            lengths in pixels scaled to it.
        of : str, optional
            A step, input or part of one; by default the first output.

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
        return self.live.view(self.pipeline, region, level, of=of)

    @cached_property
    def live(self) -> LiveImage:
        """What was computed for views."""
        keys = {name: f"input {name}" for name in self.inputs}
        return LiveImage(self.inputs, keys, TileCache(_KEPT), self.levels)


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
        Whole where that fits, else in the tiles that are done soonest: large ones overlap little,
        and small ones let all workers be at work.

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
    count = max(1, workers)
    if whole <= memory:
        threads = max(1, min(count, memory // max(1, whole + writing)))
        return Plan(pipeline, inputs, None, whole, whole, levels or {}, threads)
    held = sum(int(v.nbytes) for v in inputs.values() if is_image(v) and not is_lazy(v))
    kept = require_whole_fit(pipeline, image, memory - held, lambda size: setting(size + held))
    require_checks_fit(pipeline, image, memory, setting)
    decoding = count * max(map(decoding_bytes, filter(is_image, inputs.values())))
    room = Room(memory - held - kept, count, decoding, writing)
    ways = list(tilings(pipeline, image, itemsize))
    way, threads = soonest(ways, room)
    if threads:
        better = faster(ways, room, whole - held - kept, way.cost(threads))
        advice = (setting(better[0] + held + kept), better[1]) if better else None
        return Plan(pipeline, inputs, way.tile, whole, way.peak, levels or {}, threads, advice)
    needs = {"the image": held, "steps that need it whole": kept}
    if way.peak * (count + 1) + decoding >= way.peak + writing:
        needs |= {
            f"{count + 1} of the smallest tiles": way.peak * (count + 1),
            "decoding": decoding,
        }
    else:
        needs |= {"a tile": way.peak, "a piece of the result as it is written": writing}
    raise too_little(needs, memory, setting)
