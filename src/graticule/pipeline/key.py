"""Keys: what a result is made from, and nothing else.

``key = H(op, version, validated parameters, keys of inputs)``; the key of a file is the hash of
its content. Equal keys mean equal results, on any machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from graticule.pipeline.spec import Reference, Spec


def digest(*parts: Any) -> str:
    """Return the SHA-256 of JSON values.

    Examples
    --------
    >>> digest({"b": 1, "a": 2.0}) == digest({"a": 2.0, "b": 1})
    True
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def step_keys(pipeline: Spec, inputs: Mapping[str, str]) -> dict[str, str]:
    """Return the key of every input and step, given the keys of the inputs."""
    keys = dict(inputs)
    for name, step in pipeline.steps.items():
        keys[name] = digest(
            "step",
            step.op.name,
            step.op.version,
            step.op.parameters.canonical(step.params),
            [None if wire is None else _key_of(wire, keys) for wire in step.inputs],
        )
    return keys


def _key_of(reference: Reference, keys: Mapping[str, str]) -> list[str]:
    return [keys[reference.name], reference.part]


def pipeline_key(pipeline: Spec) -> str:
    """Return the key of a pipeline: everything that decides its numbers."""
    plain = pipeline.normalised()
    return digest("pipeline", *(plain[part] for part in ("inputs", "steps", "checks", "outputs")))
