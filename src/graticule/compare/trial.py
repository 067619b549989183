"""Trying every variant on an image: what they have in common is computed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import xarray as xr

from graticule.compare.variants import Variant
from graticule.core.errors import GraticuleError, MemoryBudgetError, RequestError
from graticule.core.image import Kind, is_lazy
from graticule.core.settings import array_budget
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.plan import make_plan
from graticule.pipeline.spec import Reference, Spec, step_keys

_QUICK = 3.0
"""Seconds below which a variant is computed twice to be timed."""


@dataclass(frozen=True)
class Trial:
    """What one variant gave on one image: the result that is compared, or why there is none.

    The ``measurements`` are the numbers of the pipeline's outputs, and the number of rows of its
    tables, with ``units`` where they have one; ``seconds`` is the time of the steps that are not
    common to all variants.
    """

    variant: Variant
    value: xr.DataArray | None = None
    kind: Kind = Kind.IMAGE
    measurements: Mapping[str, Any] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    fault: str = ""


def try_variants(
    variants: Sequence[Variant],
    target: Reference,
    inputs: Mapping[str, Any],
    keys: Mapping[str, str],
    *,
    memory: int,
    progress: Callable[[str], None] = lambda message: None,
) -> list[Trial]:
    """Return what every variant gives for ``target`` on one image.

    ``inputs`` of the pipeline and their ``keys`` are by name, ``memory`` is in bytes for the
    process, and ``progress`` is told which variant is tried.

    Raises
    ------
    MemoryBudgetError
        If the image does not fit whole into the memory.
    """
    pipelines = [v.pipeline for v in variants if v.pipeline is not None]
    for pipeline in pipelines:
        if make_plan(pipeline, inputs, memory=array_budget(memory)).tile is not None:
            raise MemoryBudgetError(
                "ways are compared on an image that is in memory, and this one is too large",
                hint="look at a part of it with --region y=0:512,x=0:512, or allow more --memory",
            )
    loaded = {
        name: value.compute(scheduler="synchronous")
        if isinstance(value, xr.DataArray) and is_lazy(value)
        else value
        for name, value in inputs.items()
    }
    uses = Counter(key for pipeline in pipelines for key in set(_keys(pipeline, keys).values()))
    runner = _TrialRunner(loaded, keys, uses, len(pipelines))
    trials = []
    for variant in variants:
        progress(variant.name)
        trials.append(runner.run(variant, target))
    return trials


def _keys(pipeline: Spec, keys: Mapping[str, str]) -> dict[str, str]:
    """Return the key of every step."""
    return {k: v for k, v in step_keys(pipeline, keys).items() if k in pipeline.steps}


@dataclass
class _TrialRunner:
    """Computes one variant after another, and keeps the steps that a later one will need."""

    inputs: Mapping[str, Any]
    keys: Mapping[str, str]
    uses: Counter[str]
    count: int
    shared: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, variant: Variant, target: Reference) -> Trial:
        """Return what a variant gives."""
        pipeline = variant.pipeline
        if pipeline is None:
            return Trial(variant, fault=variant.fault)
        try:
            evaluation = self._evaluated(pipeline, target)
            value = evaluation.value(target)
            measurements, units = _measurements(pipeline, evaluation)
        except GraticuleError as error:
            return Trial(variant, fault=str(error))
        if not isinstance(value, xr.DataArray):
            raise RequestError(f"{target} is no image", hint="look --of a step that gives one")
        keys = _keys(pipeline, self.keys)
        for name, key in keys.items():
            if self.uses[key] > 1 and evaluation.has(name):
                self.shared[key] = evaluation.outputs_of(name)
        differing = [key for key in set(keys.values()) if self.uses[key] < self.count]
        seconds = sum(self.seconds.get(key, 0.0) for key in differing)
        return Trial(variant, value, kind_of(pipeline, target), measurements, units, seconds)

    def _evaluated(self, pipeline: Spec, target: Reference) -> Evaluation:
        """Compute a variant; a quick one twice, for the first call may have to compile."""
        keys = _keys(pipeline, self.keys)
        for _ in range(2):
            evaluation = Evaluation(pipeline, self.inputs, self.keys)
            evaluation.adopt(self.shared)
            for wanted in (target, *pipeline.outputs):
                evaluation.value(wanted)
            made = {n: f.seconds for n, f in evaluation.facts.items() if not f.cached}
            self.seconds |= {keys[name]: seconds for name, seconds in made.items()}
            if sum(made.values()) > _QUICK:
                break
        return evaluation


def kind_of(pipeline: Spec, reference: Reference) -> Kind:
    """Return the kind of a result."""
    step = pipeline.steps.get(reference.name)
    outputs = step.op.outputs if step else ()
    return next((o.kind for o in outputs if o.name in ("", reference.part)), Kind.IMAGE)


def _measurements(pipeline: Spec, evaluation: Evaluation) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the numbers of a pipeline's outputs, and the units of those that have one."""
    row: dict[str, Any] = {}
    units: dict[str, str] = {}
    for reference in pipeline.outputs:
        value = evaluation.value(reference)
        if isinstance(value, pd.DataFrame):
            column_units = value.attrs.get("units", {})
            if kind_of(pipeline, reference) is Kind.RECORD:
                # named as in the table of a run: of two alike, the second says whose it is
                for column in map(str, value.columns):
                    name = column if column not in row else f"{reference.name}_{column}"
                    row[name] = value[column].iloc[0]
                    units[name] = str(column_units.get(column) or "")
            else:
                row[f"{reference.name}_count"] = len(value)
                for size in [n for n in ("volume", "area", "length") if n in value.columns][:1]:
                    name = f"{reference.name}_{size}_median"
                    row[name] = float(value[size].median())
                    units[name] = str(column_units.get(size) or "")
        elif not isinstance(value, xr.DataArray):
            row[str(reference)] = value
    return row, {name: unit for name, unit in units.items() if unit}
