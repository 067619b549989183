"""An image that is looked at through pipelines: of each step what is on screen, at any level."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from graticule.core.errors import UnknownNameError, suggest
from graticule.core.image import Image, is_image, spatial_dims
from graticule.core.scope import Reduction, Region
from graticule.pipeline.coarse import coarse_inputs, read_as_labels, window_of
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.live.cache import TileCache
from graticule.pipeline.live.reductions import Known, Results
from graticule.pipeline.live.scene import Held, Scene, is_local
from graticule.pipeline.live.tiles import on_lattice
from graticule.pipeline.live.work import (
    behind,
    require_wanted,
    side_by_side,
    wanted_while,
    working_at,
)
from graticule.pipeline.nodes import OpNode, is_node, strip_template_marks, tile_blocks
from graticule.pipeline.spec import Reference, Spec, Step, digest, step_keys

_ENOUGH = 4 * 2**20
_MARGIN = 64
"""Samples around what is on screen that are seen by what works on that alone."""
_BLOCK = 1024
_STEPS = 512
"""Steps of pipelines of which it is kept what they look like."""

IsWanted = Callable[[], bool]


@dataclass(frozen=True)
class RegionView:
    """A region of a result, as a screen shows it.

    Attributes
    ----------
    image : DataArray or None
        The values; at level 0 and if exact, equal to the crop of the whole result.
    level : int
        Pyramid level; 0 is full resolution.
    basis : str
        What it was worked out from: ``"exact"``; ``"about, from 1/8"`` where something was taken
        from a coarser copy of the image; ``"of the part on screen"`` where a step needs all
        of the image, and was given what is on screen.
    table : DataFrame or None
        What a step gives that gives no image.
    result : Any
        What a reduction found of the whole image and its values follow from, as a threshold.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> view = RegionView(as_image([[0.5, 0.25]]), level=0, basis="about, from 1/8")
    >>> view.is_exact, view.is_preview
    (False, True)
    """

    image: Image | None
    level: int
    basis: str
    table: Any = None
    result: Any = None

    @property
    def is_preview(self) -> bool:
        """Whether it only shows what the result will look like."""
        return self.level > 0 or not self.is_exact

    @property
    def is_exact(self) -> bool:
        """Whether nothing in it was taken from less than the image of its level."""
        return self.basis == "exact"


class LiveImage:
    """What is looked at: an image with its further inputs, and all that was computed of it.

    A view computes the tiles on screen with their halos, on all processors, and keeps them by
    what they depend on; a change of a parameter leaves all that it does not touch. What needs the
    whole image answers at once from a coarser copy, or from what is on screen, until `make_exact`
    has computed it.

    Parameters
    ----------
    inputs : mapping
        Images (which may be lazy), tables and models by name.
    keys : mapping
        What each input is known by: equal for equal contents.
    kept : TileCache
        Where tiles are kept; several images may share one.
    levels : mapping, optional
        Coarser copies of the first input by pyramid level: functions that open one.
    enough : int
        Samples that stand for all. A larger image is known at once from its coarsest copy that
        has so many.
    labels : frozenset of str
        Inputs that are labels, whether a step takes them as such or not.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import as_image
    >>> from graticule.pipeline import Pipeline
    >>> image = as_image(np.random.default_rng(0).random((600, 800), dtype=np.float32))
    >>> live = LiveImage({"image": image}, {"image": "noise"}, TileCache(10**8))
    >>> smooth = Pipeline.loads("{graticule: 1, steps: {smooth: {op: filters.gaussian, sigma: 2}}}")
    >>> live.view(smooth, {"y": (0, 100), "x": (0, 200)}).image.sizes
    Frozen({'y': 100, 'x': 200})
    """

    def __init__(
        self,
        inputs: Mapping[str, Any],
        keys: Mapping[str, str],
        kept: TileCache,
        levels: Mapping[int, Callable[[], Image]] | None = None,
        enough: int = _ENOUGH,
        labels: frozenset[str] = frozenset(),
    ) -> None:
        self.inputs, self.keys, self.kept, self.levels = inputs, keys, kept, levels or {}
        self.enough, self.labels = enough, labels
        self.results = Results()
        self._coarse: dict[tuple[int, frozenset[str]], Mapping[str, Any]] = {}
        self._nodes: OrderedDict[tuple[str, str, int], Held] = OrderedDict()
        self._lock = threading.RLock()

    def view(
        self,
        pipeline: Spec,
        region: Region | Mapping[str, tuple[int, int]],
        level: int = 0,
        *,
        of: str | None = None,
        is_wanted: IsWanted = lambda: True,
        part: bool = False,
    ) -> RegionView:
        """Return the part of a result that is on screen.

        Parameters
        ----------
        pipeline : Spec
            Its inputs are those of the image.
        region : Region or mapping
            Start and stop by dim, in samples of the result at that level.
        level : int
            Pyramid level.
        of : str, optional
            A step, input or part of one; by default the first output.
        is_wanted : callable
            Asked between pieces of work, in any thread; where it says no, `Superseded` is raised.
        part : bool
            Whether what needs the whole image is worked out on the region however small the image.
        """
        reference = reference_to(pipeline, of)
        bounds = region if isinstance(region, Region) else Region(dict(region))
        with wanted_while(is_wanted):
            scene = self._scene(pipeline, level)
            held = scene.held(reference.name)
            coarsest = max(held.basis, level if held.is_windowed else 0)
            basis = f"about, from 1/{2**coarsest}" if coarsest else "exact"
            if held.is_windowed and (part or not self._is_small(pipeline, level)):
                return self._on_screen(scene, reference, held, bounds)
            found = scene.value(reference, None) if held.is_windowed else scene.found(reference)
        return self._cut(found, bounds, level, basis, is_wanted)

    def sizes(
        self,
        pipeline: Spec,
        level: int = 0,
        of: str | None = None,
        *,
        is_wanted: IsWanted = lambda: True,
        part: bool = False,
    ) -> dict[str, int]:
        """Return the size of a result at a level, by dim; nothing of what is no image.

        Of what is worked out for each window by itself that is the size of what it is given, unless
        the image is so small that it is worked out at once.
        """
        reference = reference_to(pipeline, of)
        with wanted_while(is_wanted):
            scene = self._scene(pipeline, level)
            held = scene.held(reference.name)
            frame = held.frame
            if not held.is_windowed or (not part and self._is_small(pipeline, level)):
                found = scene.value(reference, None) if held.is_windowed else scene.found(reference)
                frame = found.template if is_node(found) else found if is_image(found) else None
        return {} if frame is None else {str(dim): int(n) for dim, n in frame.sizes.items()}

    def add_levels(self, levels: Mapping[int, Callable[[], Image]]) -> None:
        """Take coarser copies of the first input that were made."""
        with self._lock:
            self.levels = {**self.levels, **levels}
            self._coarse.clear()
            self._nodes.clear()

    def _cut(
        self, found: Any, bounds: Region, level: int, basis: str, is_wanted: IsWanted
    ) -> RegionView:
        if not is_node(found) and not is_image(found):
            return RegionView(None, level, basis, table=found)
        whole = found.template if is_node(found) else found
        region = bounds.validate({str(dim): int(size) for dim, size in whole.sizes.items()})
        with wanted_while(is_wanted):
            block = found.read(region) if is_node(found) else region.cut(found)
        result = getattr(found, "result", None)
        return RegionView(strip_template_marks(block), level, basis, result=result)

    def _on_screen(
        self, scene: Scene, reference: Reference, held: Held, bounds: Region
    ) -> RegionView:
        frame = held.frame
        assert frame is not None
        region = bounds.validate({str(dim): int(size) for dim, size in frame.sizes.items()})
        window = on_lattice(region, frame, _MARGIN)
        found = scene.value(reference, window)
        basis = "of the part on screen"
        if not is_image(found):
            return RegionView(None, scene.level, basis, table=found)
        block = region.within(window).cut(found)
        return RegionView(strip_template_marks(block), scene.level, basis)

    def make_exact(
        self,
        pipeline: Spec,
        of: str | None = None,
        *,
        tile: Mapping[str, int] | None = None,
        scratch: Path | None = None,
        is_wanted: IsWanted = lambda: True,
        report: Callable[[str], None] = lambda step: None,
    ) -> None:
        """Compute what a result needs of the whole image, so that its views are exact.

        Parameters
        ----------
        pipeline, of, is_wanted
            As of `view`.
        tile : mapping, optional
            Size of a tile by dim, as the plan of a run has it; by default the whole at once.
        scratch : Path, optional
            Folder for complete results; they are held in memory without one.
        report : callable
            Told the name of each step that is begun.
        """
        reference = reference_to(pipeline, of)
        if reference.name not in pipeline.steps:
            return
        wanted = replace(pipeline, outputs=(reference,), checks={}).without_unused()
        image = self.inputs[pipeline.first_input]
        keys = step_keys(wanted, self.keys)
        evaluation = Evaluation(
            wanted,
            self.inputs,
            self.keys,
            tile=tile or {str(dim): int(size) for dim, size in image.sizes.items()},
            mapper=behind,
            scratch=scratch,
        )
        with wanted_while(is_wanted):
            for name, step in wanted.steps.items():
                if is_local(step.op.scope):
                    continue
                known = self.results.get(_exact_key(keys[name]))
                if known is not None:
                    evaluation.adopt({keys[name]: _computed(step, known.value, evaluation)})
                    continue
                require_wanted()
                report(name)
                outputs = _bare(step, evaluation.outputs_of(name))
                self.results.put(_exact_key(keys[name]), Known(outputs, 0))

    def exact(self, pipeline: Spec) -> dict[str, tuple[Any, ...]]:
        """Return what is known exactly of the steps that need the whole image, by name.

        Of a reduction that gives an image that is an `Applied`, of others their outputs.
        """
        keys = step_keys(pipeline, self.keys)
        found = {name: self.results.get(_exact_key(keys[name])) for name in pipeline.steps}
        return {name: known.value for name, known in found.items() if known is not None}

    def take_exact(self, pipeline: Spec, found: Mapping[str, tuple[Any, ...]]) -> None:
        """Take over what `exact` gave of the same image elsewhere."""
        keys = step_keys(pipeline, self.keys)
        for name, outputs in found.items():
            self.results.put(_exact_key(keys[name]), Known(outputs, 0))

    def _is_small(self, pipeline: Spec, level: int) -> bool:
        image = self._at(pipeline, level)[pipeline.first_input]
        return bool(math.prod(image.sizes.values()) <= self.enough)

    def _standing(self, pipeline: Spec) -> int:
        """Return the coarsest level that has enough samples to stand for all."""
        image = self.inputs[pipeline.first_input]
        samples, halved, level = math.prod(image.sizes.values()), 2 ** len(spatial_dims(image)), 0
        while halved > 1 and samples // halved >= self.enough:
            samples, level = samples // halved, level + 1
        return level

    def _at(self, pipeline: Spec, level: int) -> Mapping[str, Any]:
        """Return the inputs at a level."""
        if level == 0:
            return self.inputs
        image = self.inputs[pipeline.first_input]
        deepest = max((image.sizes[dim] for dim in spatial_dims(image)), default=1)
        if level < 0 or (level not in self.levels and level >= int(deepest).bit_length()):
            raise UnknownNameError(f"the image has no pyramid level {level}")
        labels = self.labels | read_as_labels(pipeline).intersection(pipeline.inputs)
        with self._lock:
            place = (level, labels)
            if place not in self._coarse:
                self._coarse[place] = coarse_inputs(
                    pipeline, self.inputs, level, self.levels, labels
                )
            return self._coarse[place]

    def _scene(self, pipeline: Spec, level: int) -> Scene:
        keys = step_keys(pipeline, self.keys)

        def known(step: Step, key: str, ins: list[Held | None]) -> Known | None:
            return self._known(pipeline, scene, step, key, keys[step.name], ins)

        with self._lock:
            while len(self._nodes) > _STEPS:
                self._nodes.popitem(last=False)
        inputs = self._at(pipeline, level)
        scene = Scene(pipeline, inputs, self.keys, level, self.kept, self._nodes, known)
        return scene

    def _known(
        self,
        pipeline: Spec,
        scene: Scene,
        step: Step,
        key: str,
        exact_key: str,
        ins: list[Held | None],
    ) -> Known | None:
        """Return what a step gives for the whole image, where that is known or can be at once."""
        scope = step.op.scope
        is_applied = isinstance(scope, Reduction) and scope.apply is not None
        exact = self.results.get(_exact_key(exact_key))
        if exact is not None:
            whole = exact.value[0].result if is_applied else _seen(exact.value, scene.level)
            return Known(whole, 0)
        if any(each is not None and each.is_windowed for each in ins):
            return None
        if not any(each is not None and each.frame is not None for each in ins):
            with working_at(f"step {step.name}"):
                out = step.op.run(scene.data(step), step.params)
            outputs = tuple(out) if len(step.op.outputs) > 1 else (out,)
            return Known(outputs, max((each.basis for each in ins if each), default=0))
        if not isinstance(scope, Reduction):
            return None
        place = digest("reduced", key)
        found = self.results.get(place)
        if found is None:
            found = self._reduced(pipeline, step)
            if found is not None:
                self.results.put(place, found)
        if found is None:
            return None
        return found if is_applied else Known((found.value,), found.level)

    def _reduced(self, pipeline: Spec, step: Step) -> Known | None:
        """Return the result of a reduction over the level that stands for all."""
        scope = step.op.scope
        assert isinstance(scope, Reduction)
        level = self._standing(pipeline)
        scene = self._scene(pipeline, level)
        if any(wire is not None and scene.held(wire.name).is_windowed for wire in step.inputs):
            return None
        data = scene.data(step)
        template = next(item.template for item in data if is_node(item))
        halo = scope.halo(template, step.params) if scope.halo else {}
        tile = dict.fromkeys(spatial_dims(template), _BLOCK)
        blocks = tile_blocks(data, tile, halo)
        basis = max(scene.held(wire.name).basis for wire in step.inputs if wire is not None)
        with working_at(f"step {step.name}"):
            result = scope.reduce(blocks, side_by_side, **step.params)
        return Known(result, max(level, basis))


def reference_to(pipeline: Spec, of: str | None) -> Reference:
    """Return what is named; by default the first output.

    Raises
    ------
    UnknownNameError
        If there is no such step or input.
    """
    if of is None:
        return pipeline.outputs[0]
    name, _, part = of.partition(".")
    known = [*pipeline.inputs, *pipeline.steps]
    if name not in known:
        raise UnknownNameError(f"there is no step {name!r}", hint=suggest(name, known))
    return Reference(name, part)


@dataclass(frozen=True)
class Applied:
    """What came of a reduction that gives an image: its values follow from it."""

    result: Any


def _exact_key(key: str) -> tuple[str, str]:
    return ("exact", key)


def _bare(step: Step, outputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the outputs of a step without what they were computed from."""
    if isinstance(step.op.scope, Reduction) and step.op.scope.apply is not None:
        return (Applied(getattr(outputs[0], "node", outputs[0]).result),)
    return outputs


def _computed(step: Step, bare: tuple[Any, ...], evaluation: Evaluation) -> tuple[Any, ...]:
    """Return the outputs of a step as an evaluation has them."""
    if not isinstance(bare[0], Applied):
        return bare
    data = [None if wire is None else evaluation.lazy_value(wire) for wire in step.inputs]
    return OpNode(step.op, data, step.params, result=bare[0].result).outputs()


def _seen(outputs: tuple[Any, ...], level: int) -> tuple[Any, ...]:
    """Return the outputs of a step at a level."""
    return tuple(_Coarser(item, level) if is_node(item) and level else item for item in outputs)


class _Coarser:
    """A complete result at a coarser level: of each window of samples the middle one."""

    def __init__(self, node: Any, level: int) -> None:
        self.node = node
        sizes = node.template.sizes
        self.factor = window_of(node.template, level)
        self.template = node.template.isel(
            {d: slice(f // 2, int(sizes[d]) // f * f, f) for d, f in self.factor.items()}
        )

    def read(self, region: Region) -> Image:
        """Return the values in a region."""
        fine = {
            dim: (start * self.factor.get(dim, 1), stop * self.factor.get(dim, 1))
            for dim, (start, stop) in region.bounds.items()
        }
        block = self.node.read(Region(fine))
        taken = {dim: slice(f // 2, None, f) for dim, f in self.factor.items()}
        seen: Image = self.template.isel(region.slices())
        return seen.copy(data=block.isel(taken).values)
