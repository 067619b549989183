"""Steps that ended the engine, or were stopped: not asked again until they are changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from graticule.core.errors import GraticuleError
from graticule.pipeline import Pipeline
from graticule.pipeline.live.image import reference_to
from graticule.pipeline.spec import Spec, digest, step_keys
from graticule.web.engine.process import EngineError
from graticule.web.parsed import Parsed
from graticule.web.requests import LookRequest


class Blamed:
    """Faults of steps, by what these depend on.

    Parameters
    ----------
    parsed : Parsed
        Pipelines by their text.
    """

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self._faults: dict[str, EngineError] = {}
        self._lock = threading.Lock()

    def add(self, request: LookRequest, fault: EngineError) -> None:
        """Remember under which steps of what was asked the engine ended."""
        pipeline = self.parsed.pipeline(request.text)
        keys = _keys(pipeline, request.path)
        names = [at.removeprefix("step ") for at in fault.worked_at]
        guilty = [name for name in names if name in keys]
        with self._lock:
            for name in guilty or [reference_to(pipeline, request.of or None).name]:
                self._faults[keys[name]] = fault

    def fault(self, request: LookRequest) -> EngineError | None:
        """Return the fault of a step that what is asked needs; None if there is none."""
        if not self._faults:
            return None
        try:
            pipeline = self.parsed.pipeline(request.text)
            of = reference_to(pipeline, request.of or None).name
        except GraticuleError:
            return None  # the engine says what is wrong
        keys = _keys(pipeline, request.path)
        with self._lock:
            found = (self._faults.get(keys[name]) for name in _needed(pipeline, of))
            return next((fault for fault in found if fault is not None), None)

    def forget(self) -> None:
        """Let all be asked again."""
        with self._lock:
            self._faults.clear()


def _keys(pipeline: Pipeline, path: str) -> dict[str, str]:
    return step_keys(
        pipeline, {n: digest(path, n, repr(spec)) for n, spec in pipeline.inputs.items()}
    )


def _needed(pipeline: Spec, of: str) -> Iterator[str]:
    """Give a step or input, and all that it depends on."""
    needed = {of}
    for name, step in reversed(list(pipeline.steps.items())):
        if name in needed:
            needed |= {wire.name for wire in step.inputs if wire is not None}
    yield from needed
