"""A pipeline on an image at one level, as it is looked at: every step's value in a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graticule.core.errors import GraticuleError, ImageError
from graticule.core.image import Image, is_image
from graticule.core.scope import (
    Block,
    BlockInfo,
    Neighbourhood,
    Pointwise,
    Reduction,
    Region,
    Scope,
)
from graticule.pipeline.evaluate import select_output
from graticule.pipeline.live.cache import TileCache
from graticule.pipeline.live.reductions import Known
from graticule.pipeline.live.tiles import TiledNode
from graticule.pipeline.live.work import working_at
from graticule.pipeline.nodes import OpNode, SourceNode, is_node, strip_template_marks
from graticule.pipeline.spec import Reference, Spec, Step, digest


@dataclass(frozen=True)
class Held:
    """A step or input as it is looked at.

    Attributes
    ----------
    outputs : tuple
        A node for each image and the value of anything else; None where it is worked out for each
        window by itself.
    frame : DataArray or None
        Dims, sizes and coordinates of its first image; None of what is no image.
    key : str
        What it depends on: the op, its parameters, and what is known of the whole image.
    basis : int
        The coarsest level that something in it was taken from.
    """

    outputs: tuple[Any, ...] | None
    frame: Image | None
    key: str
    basis: int

    @property
    def is_windowed(self) -> bool:
        """Whether it is worked out for each window by itself."""
        return self.outputs is None


class _Made(tuple[Any, ...]):
    """The outputs of a step in a window, of which a cache asks how large they are."""

    @property
    def nbytes(self) -> int:
        return 256 + sum(int(getattr(item, "nbytes", 0)) for item in self)


def is_local(scope: Scope) -> bool:
    """Whether a result at a place depends on what is near alone."""
    return isinstance(scope, (Pointwise, Neighbourhood))


class Scene:
    """Values of a pipeline at one level.

    Parameters
    ----------
    pipeline : Spec
        What is looked at.
    inputs : mapping
        Images at the level, tables and models by name.
    keys : mapping
        What each input is known by.
    level : int
        The pyramid level.
    kept : TileCache
        Where tiles and windows are kept.
    nodes : mapping
        Steps of earlier scenes by their name, key and level, added to here.
    known : callable
        ``known(step, key, held)``: what a step gives for the whole image, of which ``key`` says
        what it depends on and ``held`` its inputs; None where only a window can be had.
    """

    def __init__(
        self,
        pipeline: Spec,
        inputs: Mapping[str, Any],
        keys: Mapping[str, str],
        level: int,
        kept: TileCache,
        nodes: dict[tuple[str, str, int], Held],
        known: Callable[[Step, str, list[Held | None]], Known | None],
    ) -> None:
        self.pipeline, self.inputs, self.keys, self.level = pipeline, inputs, keys, level
        self.kept, self._nodes, self._known = kept, nodes, known
        self._held: dict[str, Held] = {}

    def held(self, name: str) -> Held:
        """Return a step or input."""
        if name not in self._held:
            step = self.pipeline.steps.get(name)
            try:
                self._held[name] = self._input(name) if step is None else self._step(step)
            except GraticuleError as error:
                is_placed = step is None or error.where == f"step {name}"
                raise error if is_placed else error.at(f"step {name}") from None
        return self._held[name]

    def _input(self, name: str) -> Held:
        key, value = self.keys[name], self.inputs[name]
        if not is_image(value):
            return Held((value,), None, key, 0)
        return self._kept(name, key, lambda: self._tiled((SourceNode(value),), name, key, 0))

    def _kept(self, name: str, key: str, make: Callable[[], Held]) -> Held:
        place = (name, key, self.level)
        if place not in self._nodes:
            self._nodes[place] = make()
        return self._nodes[place]

    def _tiled(self, nodes: tuple[Any, ...], name: str, key: str, basis: int) -> Held:
        tiled = tuple(
            TiledNode(nodes, place, (key, self.level), self.kept, name) if is_node(node) else node
            for place, node in enumerate(nodes)
        )
        frame = next((node.template for node in nodes if is_node(node)), None)
        return Held(tiled, frame, key, basis)

    def _step(self, step: Step) -> Held:
        ins = [None if wire is None else self.held(wire.name) for wire in step.inputs]
        basis = max((each.basis for each in ins if each), default=0)
        wires = [
            None if wire is None or each is None else [each.key, wire.part]
            for wire, each in zip(step.inputs, ins, strict=True)
        ]
        key = digest("live", step.op.name, step.op.version, step.canonical, wires)
        known = None if is_local(step.op.scope) else self._known(step, key, ins)
        if known is not None:
            applied = isinstance(step.op.scope, Reduction) and step.op.scope.apply is not None
            key = digest(key, known.key if applied else known.level)
            basis = max(basis, known.level)
        if known is None and (
            any(each and each.is_windowed for each in ins) or not self._cuts(step)
        ):
            return Held(None, self._frame(step, ins), key, basis)
        with working_at(f"step {step.name}"):
            return self._kept(step.name, key, lambda: self._made(step, known, key, basis))

    def _cuts(self, step: Step) -> bool:
        return is_local(step.op.scope) and any(is_node(item) for item in self.data(step))

    def found(self, wire: Reference) -> Any:
        """Return a value that is worked out for no window: a node, or no image."""
        return self._selected(wire, self.held(wire.name).outputs or ())

    def data(self, step: Step) -> list[Any]:
        """Return what a step is given, of which nothing is worked out for each window."""
        return [None if wire is None else self.found(wire) for wire in step.inputs]

    def _selected(self, wire: Reference, outputs: tuple[Any, ...]) -> Any:
        return select_output(self.pipeline.steps.get(wire.name), outputs, wire)

    def _made(self, step: Step, known: Known | None, key: str, basis: int) -> Held:
        op, name = step.op, f"step {step.name}"
        if known is None:
            node = OpNode(op, self.data(step), step.params)
            return self._tiled(node.outputs(), name, key, basis)
        if isinstance(op.scope, Reduction) and op.scope.apply is not None:
            node = OpNode(op, self.data(step), step.params, result=known.value)
            return self._tiled(node.outputs(), name, key, basis)
        nodes = tuple(known.value)
        frame = next((node.template for node in nodes if is_node(node)), None)
        return Held(nodes, frame, key, basis)

    def _frame(self, step: Step, ins: list[Held | None]) -> Image | None:
        """Return what an op is taken to give in a window: the frame of what it is given."""
        frame = next((each.frame for each in ins if each and each.frame is not None), None)
        scope = step.op.scope
        if frame is not None and isinstance(scope, Pointwise) and scope.index is not None:
            return frame.isel(scope.index(frame, step.params))
        return frame

    def value(self, wire: Reference, window: Region | None) -> Any:
        """Return a value in a window of its frame; of None, all of it."""
        held = self.held(wire.name)
        outputs = self._in_window(wire.name, held, window) if held.is_windowed else held.outputs
        found = self._selected(wire, outputs or ())
        if not is_node(found):
            return found
        return found.read(_within(found, window))

    def _in_window(self, name: str, held: Held, window: Region | None) -> tuple[Any, ...]:
        bounds = None if window is None else tuple(sorted(window.bounds.items()))
        place = (held.key, self.level, bounds)
        step = self.pipeline.steps[name]
        made = self.kept.get_all([place], lambda keys: {place: self._run(step, window)})
        outputs: tuple[Any, ...] = made[place]
        return outputs

    def _run(self, step: Step, window: Region | None) -> _Made:
        """Return the outputs of a step on a window of its inputs."""
        op, scope = step.op, step.op.scope
        first = next(wire for wire in step.inputs if wire is not None)
        frame = self.held(first.name).frame
        if isinstance(scope, Pointwise) and scope.index is not None and frame is not None:
            return _Made([self._indexed(step, first, frame, window)])
        data = [None if wire is None else self.value(wire, window) for wire in step.inputs]
        with working_at(f"step {step.name}"):
            try:
                if isinstance(scope, Reduction) and scope.apply is None and window is not None:
                    assert frame is not None
                    sizes = {str(dim): int(size) for dim, size in frame.sizes.items()}
                    offset = {dim: window.bounds.get(dim, (0, 0))[0] for dim in sizes}
                    block = Block(lambda: data, BlockInfo(offset, sizes))
                    return _Made([scope.reduce([block], **step.params)])
                bare = [strip_template_marks(item) if is_image(item) else item for item in data]
                out = op.run(op.prepare(bare), step.params)
            except GraticuleError as error:
                if window is not None:
                    hint = "this was tried on the part on screen alone"
                    error = ImageError(error.what, where=error.where, hint=hint)
                raise error.at(f"step {step.name}") from None
        return _Made(self._placed(item, data, window) for item in _outputs(step, out))

    def _placed(self, item: Any, data: list[Any], window: Region | None) -> Any:
        """Return an output with the coordinates of what it was made from."""
        if not is_image(item):
            return item
        of = next(each for each in data if is_image(each))
        same = {str(d): int(n) for d, n in item.sizes.items() if d in of.sizes}
        if window is not None and any(of.sizes[dim] != size for dim, size in same.items()):
            raise ImageError(
                "gives another size than it is given, and so needs the whole image",
                hint="it is shown when the whole was computed",
            )
        coords = {dim: of.coords[dim] for dim in item.dims if dim in of.coords}
        return item if window is None else item.assign_coords(coords)

    def _indexed(self, step: Step, first: Reference, frame: Image, window: Region | None) -> Any:
        node = OpNode(step.op, [_Window(self, first, frame)], step.params)
        return node.read(window or Region.full(node.template.sizes))


class _Window:
    """A value that is worked out for each window, as a node."""

    def __init__(self, scene: Scene, wire: Reference, template: Image) -> None:
        self.scene, self.wire, self.template = scene, wire, template

    def read(self, region: Region) -> Any:
        return self.scene.value(self.wire, region)


def _outputs(step: Step, out: Any) -> tuple[Any, ...]:
    return tuple(out) if len(step.op.outputs) > 1 else (out,)


def _within(node: Any, window: Region | None) -> Region:
    """Return the part of a window that a node has, all of a dim the window does not name."""
    bounds = {} if window is None else window.bounds
    sizes = node.template.sizes
    return Region({str(d): bounds.get(str(d), (0, int(sizes[d]))) for d in sizes})
