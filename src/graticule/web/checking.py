"""Checks beside what is on screen: what each finds, and whether the image clears its bars."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graticule.core.check import Bar, Measure
from graticule.core.errors import GraticuleError
from graticule.core.image import Image
from graticule.core.scope import Region
from graticule.pipeline.evidence import judge
from graticule.pipeline.live.image import LiveImage
from graticule.pipeline.spec import CheckStep, Reference, Spec, digest, step_keys
from graticule.web.requests import ViewRequest

_MOST = 2**24
"""Samples of a part that a screen waits for."""


@dataclass(frozen=True)
class Found:
    """What a check found of the whole image: its columns, or why there are none."""

    columns: Mapping[str, Any] = field(default_factory=dict)
    what: str = ""
    hint: str = ""


class RepeatsError(Exception):
    """A check repeats the analysis, or looks at what a screen does not have."""


def check_key(pipeline: Spec, step: CheckStep, inputs: Mapping[str, str]) -> str:
    """Return what the outcome of a check on an image depends on."""
    keys = step_keys(pipeline, inputs)
    looked_at = [step.of, step.at, *([step.against] if step.against else [])]
    told = [[keys[wire.name], wire.part] for wire in looked_at]
    return digest("check", step.check.name, step.check.version, step.canonical, told)


class ScreenChecks:
    """The checks of a pipeline on the part of an image that is on screen.

    Parameters
    ----------
    live : LiveImage
        What is looked at.
    pipeline : Spec
        With its checks.
    request : ViewRequest
        Which part of a large image is on screen, if at full resolution; a small image is looked at
        whole.
    found : mapping
        What is known exactly, by `check_key`; what is found of all of the image is added.
    is_wanted : callable
        As of `LiveImage.view`.
    """

    def __init__(
        self,
        live: LiveImage,
        pipeline: Spec,
        request: ViewRequest,
        found: dict[str, Found],
        is_wanted: Callable[[], bool],
    ) -> None:
        self.live, self.pipeline, self.found = live, pipeline, found
        self._is_wanted = is_wanted
        image = live.inputs[pipeline.first_input]
        is_small = math.prod(image.sizes.values()) <= live.enough
        self._is_coarse = not is_small and request.level > 0
        self._bounds = {} if is_small else self._on_screen(request)
        self._bases: set[str] = set()

    def told(self) -> list[dict[str, Any]]:
        """Return what a page is told of each check."""
        return [self._one(step) for step in self.pipeline.checks.values()]

    def is_exact(self) -> bool:
        """Whether all that can be is found of the whole image."""
        keys = (self._key(step) for step in self.pipeline.checks.values())
        return all(key in self.found for key in keys)

    def _on_screen(self, request: ViewRequest) -> dict[str, tuple[int, int]]:
        sizes = self.live.sizes(
            self.pipeline, 0, self.pipeline.first_input, is_wanted=self._is_wanted
        )
        return {
            dim: (max(0, start), min(stop, sizes[dim]))
            for dim, (start, stop) in request.region.items()
            if dim in sizes
        }

    def _key(self, step: CheckStep) -> str:
        return check_key(self.pipeline, step, self.live.keys)

    def _one(self, step: CheckStep) -> dict[str, Any]:
        about = _about(step)
        key = self._key(step)
        if key in self.found:
            return {**about, **outcome(step, self.found[key]), "basis": "exact"}
        self._bases = set()
        try:
            columns = judge(step, self._value, _refuse).columns
        except RepeatsError:
            return {**about, "state": "pending", "basis": ""}
        except GraticuleError as error:
            found = Found(what=error.what, hint=error.hint)
        else:
            found = Found(columns)
        if self._basis() == "exact":
            self.found[key] = found
        return {**about, **outcome(step, found), "basis": self._basis()}

    def _value(self, wire: Reference) -> Any:
        if self._is_coarse:  # bars in samples would be others
            raise RepeatsError
        of = str(wire)
        sizes = self.live.sizes(self.pipeline, 0, of, is_wanted=self._is_wanted)
        region = Region({dim: span for dim, span in self._bounds.items() if dim in sizes})
        if sizes and math.prod(b - a for a, b in region.validate(sizes).bounds.values()) > _MOST:
            raise RepeatsError
        view = self.live.view(self.pipeline, region, 0, of=of, is_wanted=self._is_wanted)
        self._bases.add(view.basis)
        return view.table if view.image is None else view.image

    def _basis(self) -> str:
        if self._bounds:
            return "of the part on screen"
        others = sorted(basis for basis in self._bases if basis != "exact")
        return others[0] if others else "exact"


def _refuse(image: Image) -> Any:
    raise RepeatsError


def _about(step: CheckStep) -> dict[str, Any]:
    return {
        "name": step.name, "check": step.check.name, "of": str(step.of), "at": str(step.at),
        "against": str(step.against) if step.against else "",
        "summary": step.check.summary, "meaning": step.check.meaning(step.canonical),
    }  # fmt: skip


def outcome(step: CheckStep, found: Found) -> dict[str, Any]:
    """Return whether an image passes a check, by which bars, and what else was measured."""
    if not found.columns:
        return {"state": "fault", "fault": {"what": found.what, "hint": found.hint}}
    columns = found.columns
    bars = [_cleared(bar, columns) for bar in step.check.bars(step.params)]
    passed = all(bar["cleared"] for bar in bars)
    measured = [_measured(m, columns) for m in step.check.measures(step.canonical)]
    return {
        "state": ("passed" if passed else "failed") if bars else "measured",
        "bars": bars,
        "values": measured,
    }


def _cleared(bar: Bar, columns: Mapping[str, Any]) -> dict[str, Any]:
    value = columns[bar.column]
    return {
        "column": bar.column, "title": bar.title, "value": _plain(value),
        "at_least": bar.at_least, "at_most": bar.at_most, "cleared": bar.is_cleared(value),
    }  # fmt: skip


def _measured(measure: Measure, columns: Mapping[str, Any]) -> dict[str, Any]:
    name = measure.column
    return {
        "column": name, "title": measure.title, "value": _plain(columns.get(name)),
        "low": _plain(columns.get(f"{name}_low")), "high": _plain(columns.get(f"{name}_high")),
        "unit": str(columns.get(measure.unit_column, "")),
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: nothing of what is no number, a sign of what is infinite."""
    if hasattr(value, "item"):
        value = value.item()
    if not isinstance(value, float) or math.isfinite(value):
        return value
    return None if math.isnan(value) else "∞" if value > 0 else "-∞"
