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
from graticule.core.image import Kind
from graticule.pipeline.budget import array_budget
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.plan import make_plan
from graticule.pipeline.spec import Reference, Spec, step_keys

_QUICK = 3.0
"""Seconds below which a variant is computed twice to be timed."""


@dataclass(frozen=True)
class Trial:
    """What one variant gave on one image.

    Attributes
    ----------
    variant : Variant
        What was tried.
    value : DataArray or None
        The result that is compared.
    kind : Kind
        Its kind.
    measurements : mapping
        The numbers of the pipeline's outputs, and the number of rows of its tables.
    units : mapping
        Units of these numbers, where they have one.
    seconds : float
        Time of the steps that are not common to all variants.
    fault : str
        Why there is no value.
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
    """Return what every variant gives on one image.

    Parameters
    ----------
    variants : sequence of Variant
        What to try.
    target : Reference
        The result that is compared.
    inputs, keys : mapping
        The inputs of the pipeline and their keys, by name.
    memory : int
        Bytes for the process; the image must fit into them whole.
    progress : callable
        Told which variant is tried.

    Raises
    ------
    MemoryBudgetError
        If the image is too large to be held whole.
    """
    pipelines = [v.pipeline for v in variants if v.pipeline is not None]
    for pipeline in pipelines:
        if make_plan(pipeline, inputs, memory=array_budget(memory)).tile is not None:
            raise MemoryBudgetError(
                "ways are compared on an image that is in memory, and this one is too large",
                hint="look at a part of it with --region y=0:512,x=0:512, or allow more --memory",
            )
    loaded = {name: _loaded(value) for name, value in inputs.items()}
    uses = Counter(key for pipeline in pipelines for key in set(_keys(pipeline, keys).values()))
    runner = _TrialRunner(loaded, keys, uses, len(pipelines))
    trials = []
    for variant in variants:
        progress(variant.name)
        trials.append(runner.run(variant, target))
    return trials


def _loaded(value: Any) -> Any:
    lazy = isinstance(value, xr.DataArray) and value.chunks is not None
    return value.compute(scheduler="synchronous") if lazy else value


def _keys(pipeline: Spec, keys: Mapping[str, str]) -> dict[str, str]:
    """Return the key of every step."""
    return {k: v for k, v in step_keys(pipeline, keys).items() if k in pipeline.steps}


class _TrialRunner:
    """Computes one variant after another, and keeps the steps that a later one will need."""

    def __init__(
        self, inputs: Mapping[str, Any], keys: Mapping[str, str], uses: Counter[str], count: int
    ) -> None:
        self.inputs = inputs
        self.keys = keys
        self.uses = uses
        self.count = count
        self.shared: dict[str, tuple[Any, ...]] = {}
        self.seconds: dict[str, float] = {}

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
                for size in _sizes(value):
                    name = f"{reference.name}_{size}_median"
                    row[name] = float(value[size].median())
                    units[name] = str(column_units.get(size) or "")
        elif not isinstance(value, xr.DataArray):
            row[str(reference)] = value
    return row, {name: unit for name, unit in units.items() if unit}


def _sizes(table: pd.DataFrame) -> list[str]:
    """Return the column with the size of a table's objects, where it has one."""
    return [name for name in ("volume", "area", "length") if name in table.columns][:1]
