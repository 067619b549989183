"""One pipeline on one image: each step's value, whole or in tiles, from the store or computed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.errors import GraticuleError, ImageError, RequestError
from graticule.core.image import Image, is_image, is_lazy
from graticule.core.scope import Mapper, Neighbourhood, Pointwise, Reduction
from graticule.io.lazy import source_of
from graticule.pipeline.nodes import SourceNode, StoredNode, assemble, compute_together, is_node
from graticule.pipeline.scratch import ScratchArray
from graticule.pipeline.spec import Reference, Spec, Step, step_keys
from graticule.pipeline.store import StepStore
from graticule.pipeline.tiles import apply_to_nodes

_DEAR = 4.0
"""Samples decoded for one that is wanted, from which a file is unpacked to disk first."""
_WRITE_RATE = 300e6
_WRITE_START = 0.03
"""Seconds that a step must take to be stored, however small its result. To write an entry takes a
tenth of that, and few are ever read: most images are looked at once."""


@dataclass
class StepFacts:
    """What is known of a step after it was made."""

    seconds: float = 0.0
    tiles: int = 1
    stored: bool = False
    cached: bool = False


@dataclass
class Evaluation:
    """The values of a pipeline on one image.

    Parameters
    ----------
    pipeline : Spec
        What to compute.
    inputs : mapping
        Images, tables or models by the name of the input; images may be lazy.
    input_keys : mapping
        Content hash of every input; needed for the store.
    tile : mapping, optional
        Largest size of a tile by dim. None computes each step on the whole image.
    mapper : callable
        `map`, or a parallel version of it that keeps the order; used over tiles.
    store : StepStore, optional
        Where results are looked up and kept when computing cost more than writing.
    scratch : Path, optional
        Folder for results that must be complete but do not fit into memory.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> from graticule.pipeline import Pipeline
    >>> pipeline = Pipeline.loads("{graticule: 1, steps: {bright: {op: threshold.otsu}}}")
    >>> evaluation = Evaluation(pipeline, {"image": as_image(np.eye(16))})
    >>> int(evaluation.value(Reference("bright")).sum())
    16
    """

    pipeline: Spec
    inputs: Mapping[str, Any]
    input_keys: Mapping[str, str] = field(default_factory=dict)
    tile: Mapping[str, int] | None = None
    mapper: Mapper = map
    store: StepStore | None = None
    scratch: Path | None = None
    facts: dict[str, StepFacts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_bound(self.pipeline)
        self._values: dict[str, tuple[Any, ...]] = {
            name: (self._as_node_or_array(value),) for name, value in self.inputs.items()
        }
        self._dear = {name: found for name in self.inputs if (found := self._dear_blocks(name))}
        known = set(self.input_keys) >= set(self.inputs)
        self._keys = step_keys(self.pipeline, self.input_keys) if known else {}

    def _as_node_or_array(self, value: Any) -> Any:
        if not is_image(value):
            return value
        if self.tile is not None:
            return SourceNode(value)
        if not is_lazy(value):
            return value
        source = source_of(value) if value.data.npartitions == 1 else None
        if source is None:
            return value.compute(scheduler="synchronous")
        whole = source[(slice(None),) * source.ndim]  # as dask would, without its planning
        return value.copy(deep=False, data=whole)

    def _dear_blocks(self, name: str) -> dict[str, int]:
        """Return blocks to unpack an image by once, where to read it in tiles costs far more."""
        image = self.inputs[name]
        if self.tile is None or self.scratch is None or not is_image(image) or not is_lazy(image):
            return {}
        source = source_of(image)
        tile = [min(self.tile.get(str(dim), size), size) for dim, size in image.sizes.items()]
        if source is None or source.decoded(tile) < _DEAR:
            return {}
        blocks = source.blocks(math.prod(tile) * image.dtype.itemsize)
        return dict(zip(map(str, image.dims), blocks, strict=True))

    def outputs_of(self, name: str) -> tuple[Any, ...]:
        """Return the outputs of a step or input, computing what is needed."""
        if name in self._dear:
            blocks = self._dear.pop(name)
            self._values[name] = tuple(self._spill(self._values[name], blocks))
        if name not in self._values:
            step = self.pipeline.steps[name]
            for reference in step.inputs:
                if reference is not None:
                    self.outputs_of(reference.name)
            self._values[name] = self._compute_or_load(step)
        return self._values[name]

    def lazy_value(self, reference: Reference) -> Any:
        """Return a value as it is held: a node where the image is computed in tiles."""
        outputs = self.outputs_of(reference.name)
        return select_output(self.pipeline.steps.get(reference.name), outputs, reference)

    def value(self, reference: Reference) -> Any:
        """Return a value in full."""
        held = self.lazy_value(reference)
        if not is_node(held):
            return held
        return assemble(held, self.tile or {}, self.mapper)

    def adopt(self, known: Mapping[str, tuple[Any, ...]]) -> None:
        """Take over results that were made elsewhere, by their keys."""
        for name, key in self._keys.items():
            if key in known:
                self._values[name] = known[key]
                self.facts[name] = StepFacts(cached=True)

    def has(self, name: str) -> bool:
        """Whether the value of a step is there already."""
        return name in self._values

    def _compute_or_load(self, step: Step) -> tuple[Any, ...]:
        facts = self.facts.setdefault(step.name, StepFacts())
        key = self._keys.get(step.name)
        if self.store is not None and key is not None:
            stored = self.store.get(key)
            if stored is not None:
                facts.cached = True
                return tuple(self._as_node_or_array(item) for item in stored)
        started, worked = time.perf_counter(), time.process_time()
        try:
            outputs = self._compute_step(step)
        except GraticuleError as error:
            raise error.at(f"step {step.name}") from None
        spent = time.perf_counter() - started
        facts.seconds += spent
        cost = min(spent, time.process_time() - worked)  # to wait for a processor costs nothing
        if self.store is not None and key is not None and self.tile is None:
            size = sum(int(getattr(item, "nbytes", 0)) for item in outputs if item is not None)
            if cost > _WRITE_START + size / _WRITE_RATE:  # to write costs less
                facts.stored = self.store.put(key, outputs)
        return outputs

    def _compute_step(self, step: Step) -> tuple[Any, ...]:
        data = [None if wire is None else self.lazy_value(wire) for wire in step.inputs]
        if self.tile is None:
            out = step.op.run(step.op.prepare(data), step.params)
            return out if len(step.op.outputs) > 1 else (out,)
        _require_nodes(step, data)
        outputs = apply_to_nodes(
            step.op, data, step.params, tile=self.tile, mapper=self.mapper, scratch=self._allocate
        )
        if self._is_read_often(step):
            read = self._parts_read(step)
            places = [
                place
                for place, declared in enumerate(step.op.outputs)
                if is_node(outputs[place]) and declared.name in read
            ]
            kept = dict(zip(places, self._spill([outputs[n] for n in places]), strict=True))
            return tuple(kept.get(place, item) for place, item in enumerate(outputs))
        return outputs

    def _is_read_often(self, step: Step) -> bool:
        """Whether a result that is costly to compute would be computed more than once."""
        if not self._is_costly(step):
            return False
        readers = sum(reference.name == step.name for reference in self.pipeline.references())
        for other in self.pipeline.steps.values():
            if any(wire is not None and wire.name == step.name for wire in other.inputs):
                readers += _count_reads(other)
        return readers > 1

    def _is_costly(self, step: Step) -> bool:
        """Whether a tile of a result takes neighbourhoods, or what was not kept of such."""
        if isinstance(step.op.scope, Neighbourhood):
            return True
        if not isinstance(step.op.scope, Pointwise):
            return False
        before = {wire.name for wire in step.inputs if wire is not None}
        return any(
            self._is_costly(self.pipeline.steps[name])
            for name in before & self.pipeline.steps.keys()
            if not isinstance(self.outputs_of(name)[0], StoredNode)
        )

    def _parts_read(self, step: Step) -> set[str]:
        """Return the outputs of a step that others, checks or the run read, by name."""
        wires = [wire for other in self.pipeline.steps.values() for wire in other.inputs]
        wires += self.pipeline.references()
        first = step.op.outputs[0].name
        return {wire.part or first for wire in wires if wire is not None and wire.name == step.name}

    def _spill(
        self, nodes: Sequence[Any], blocks: Mapping[str, int] | None = None
    ) -> list[StoredNode]:
        """Return nodes as complete results; those of one size are computed together."""
        templates = [node.template for node in nodes]
        targets = [self._allocate(template.sizes, template.dtype) for template in templates]
        by_size: dict[tuple[Any, ...], list[int]] = {}
        for place, template in enumerate(templates):
            by_size.setdefault(tuple(template.sizes.items()), []).append(place)
        for places in by_size.values():
            compute_together(
                [targets[place] for place in places],
                [nodes[place] for place in places],
                blocks or self.tile or {},
                self.mapper,
            )
        return [StoredNode(*pair) for pair in zip(templates, targets, strict=True)]

    def _allocate(self, sizes: Mapping[Any, int], dtype: Any) -> Any:
        """Return an array to fill: on disk where there is a folder for it, else in memory."""
        if self.scratch is None:
            return np.empty(list(sizes.values()), dtype)
        return ScratchArray.for_tiles(self.scratch, sizes, dtype, self.tile or {})


def _count_reads(step: Step) -> int:
    """Return how often a step reads its inputs."""
    scope = step.op.scope
    if not isinstance(scope, Reduction):
        return 1
    prior = scope.prior
    first = prior is not None and (prior.needed is None or prior.needed(step.params))
    return 1 + (scope.apply is not None) + first


def _require_nodes(step: Step, data: list[Any]) -> None:
    for declared, value in zip(step.op.inputs, data, strict=True):
        if value is not None and is_node(value) != declared.kind.is_array:
            raise ImageError(
                f"{declared.name} must be {declared.kind.with_article}", where=step.op.name
            )


def select_output(step: Step | None, outputs: Sequence[Any], reference: Reference) -> Any:
    """Return one of the outputs of a step; a column of a record (its number) or table."""
    import pandas as pd

    names = [output.name for output in step.op.outputs] if step else []
    if not reference.part:
        return outputs[0]
    if reference.part in names:
        return outputs[names.index(reference.part)]
    table = outputs[0]
    known = list(table.columns) if isinstance(table, pd.DataFrame) else []
    if reference.part not in known:
        raise ImageError(f"{reference.name} has no {reference.part!r}", hint=f"it has {known}")
    column = table[reference.part]
    return column.iloc[0] if len(column) == 1 else column


def apply(pipeline: Spec, image: Any) -> dict[str, Any]:
    """Run the steps on one image in memory.

    Parameters
    ----------
    image : DataArray or array_like
        The first input; an array is given the dims and the spacing of the document.

    Returns
    -------
    dict
        The outputs by name: DataArrays or arrays, like the image, and tables.

    Raises
    ------
    RequestError
        If the pipeline takes further inputs.
    GraticuleError
        If a step cannot be done on this image.

    Examples
    --------
    >>> from graticule.pipeline import Pipeline
    >>> text = "{graticule: 1, steps: {bright: {op: threshold.otsu}}}"
    >>> Pipeline.loads(text).apply(np.array([[0, 0, 9, 9]]))["bright"]
    array([[False, False,  True,  True]])
    """
    further = [name for name in pipeline.inputs if name != pipeline.first_input]
    if further:
        raise RequestError(
            f"the pipeline takes {', '.join(further)} beside the image",
            hint="run it on files, or give an Evaluation every input",
        )
    first = pipeline.first_input
    evaluation = Evaluation(pipeline, {first: pipeline.inputs[first].prepare(image)})
    values = {str(r): evaluation.value(r) for r in pipeline.outputs}
    if is_image(image):
        return values
    return {k: v.values if is_image(v) else v for k, v in values.items()}


def make_rerun(evaluation: Evaluation, at: Reference, of: Reference) -> Callable[[Image], Any]:
    """Return a function from another image in the place of ``at`` to the value ``of`` it gives.

    Only the steps between the two are run; everything else keeps its value.
    """
    pipeline = evaluation.pipeline
    downstream = {step.name: step for step in _between(pipeline, at.name, of.name)}
    fixed: dict[Reference | None, Any] = {
        wire: evaluation.value(wire)
        for step in downstream.values()
        for wire in step.inputs
        if wire is not None and wire != at and wire.name not in downstream
    }

    def rerun(image: Image) -> Any:
        known = {None: None, **fixed, at: image}
        made: dict[str, tuple[Any, ...]] = {}

        def value(wire: Reference | None) -> Any:
            if wire is None or wire in known:
                return known[wire]
            return select_output(downstream[wire.name], made[wire.name], wire)

        for name, step in downstream.items():
            out = step.op.run([value(wire) for wire in step.inputs], step.params)
            made[name] = out if len(step.op.outputs) > 1 else (out,)
        return value(of)

    return rerun


def _between(pipeline: Spec, at: str, of: str) -> list[Step]:
    """Return the steps that depend on ``at`` and on which ``of`` depends, in order."""
    below = {at}
    for name, step in pipeline.steps.items():
        if name != at and any(wire is not None and wire.name in below for wire in step.inputs):
            below.add(name)
    needed = {of}
    for name, step in reversed(list(pipeline.steps.items())):
        if name in needed and name != at:
            needed |= {wire.name for wire in step.inputs if wire is not None}
    return [s for n, s in pipeline.steps.items() if n in below & needed and n != at]


def _require_bound(pipeline: Spec) -> None:
    """Refuse a pipeline of which a parameter has no value yet."""
    for step in pipeline.steps.values():
        for name, column in step.columns.items():
            raise RequestError(
                f"{step.name}.{name} is that of the column {column}, of each image another",
                where=pipeline.source,
                hint="run it on a study with its sheet, or give it a value: "
                f"--set {step.name}.{name}=...",
            )
