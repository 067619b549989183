"""Pipelines by their text, and what a page shows of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

from graticule.core.document import parse_document, plain
from graticule.core.errors import GraticuleError, PipelineError
from graticule.core.op import Op
from graticule.core.registry import get_op, op_names
from graticule.pipeline import Pipeline
from graticule.web.folder import ServedFolder

_MOST = 256


class Parsed:
    """Pipelines that were read, by their text.

    Parameters
    ----------
    source : Path
        A file in the folder that paths of a pipeline are relative to.
    """

    def __init__(self, source: Path) -> None:
        self.source = source
        self._pipelines: OrderedDict[str, tuple[Pipeline, tuple[int, ...]]] = OrderedDict()
        self._lock = threading.Lock()

    @classmethod
    def of(cls, folder: ServedFolder) -> Parsed:
        """Return the pipelines of a folder."""
        return cls(folder.own / "pipelines" / "pipeline.yaml")

    def pipeline(self, text: str) -> Pipeline:
        """Return the pipeline of a text, with its models as they are in their files now.

        Raises
        ------
        PipelineError
            If it is none.
        """
        with self._lock:
            made, times = self._pipelines.get(text, (None, ()))
            if made is not None and _changes(made) == times:
                self._pipelines.move_to_end(text)
                return made
        made = Pipeline.loads(text, source=self.source)
        with self._lock:
            self._pipelines[text] = (made, _changes(made))
            while len(self._pipelines) > _MOST:
                self._pipelines.popitem(last=False)
        return made

    def check(self, text: str) -> dict[str, Any]:
        """Return the steps of a text, and all that is wrong with it."""
        try:
            pipeline = self.pipeline(text)
        except PipelineError as error:
            faults = [
                {"line": f.line, "path": f.path, "what": f.what, "hint": f.hint}
                for f in error.faults
            ]
            return {"faults": faults, **_outline(text)}
        except GraticuleError as error:
            fault = {"line": None, "path": error.where, "what": error.what, "hint": error.hint}
            return {"faults": [fault], **_outline(text)}
        steps = []
        for name, step in pipeline.steps.items():
            wires = zip(step.op.inputs, step.inputs, strict=True)
            inputs = {data.name: str(wire) for data, wire in wires if wire is not None}
            kind = step.op.outputs[0].kind
            steps.append({"name": name, "op": step.op.name, "inputs": inputs, "kind": kind.value})
        return {
            "faults": [],
            "inputs": list(pipeline.inputs),
            "steps": steps,
            "outputs": [str(reference) for reference in pipeline.outputs],
        }


def _changes(pipeline: Pipeline) -> tuple[int, ...]:
    """Return when the files that its parameters name were changed; 0 of one that is gone."""
    values = [value for step in pipeline.steps.values() for value in step.params.values()]
    files = [path for value in values if isinstance(path := getattr(value, "path", None), Path)]
    return tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)


def _outline(text: str) -> dict[str, Any]:
    """Return what can be read of a text that is no pipeline yet."""
    try:
        document = plain(parse_document(text, "<text>"))
    except GraticuleError:
        document = {}
    steps, inputs = document.get("steps"), document.get("inputs")
    bodies = steps if isinstance(steps, dict) else {}
    return {
        "inputs": [str(name) for name in inputs] if isinstance(inputs, dict) else ["image"],
        "steps": [
            {
                "name": str(name),
                "op": str(body.get("op", "")) if isinstance(body, dict) else "",
                "inputs": {},
                "kind": "image",
            }
            for name, body in bodies.items()
        ],
        "outputs": [],
    }


def described_ops() -> list[dict[str, Any]]:
    """Return all ops as a page offers them."""
    return [_described(get_op(name)) for name in op_names()]


def _described(op: Op) -> dict[str, Any]:
    family, _, title = op.name.partition(".")
    return {
        "name": op.name,
        "family": family,
        "title": title.replace("_", " "),
        "summary": op.summary,
        "inputs": [
            {"name": d.name, "kind": d.kind.value, "optional": d.optional} for d in op.inputs
        ],
        "outputs": [{"name": o.name, "kind": o.kind.value} for o in op.outputs],
        "parameters": op.parameters.schema(),
    }
