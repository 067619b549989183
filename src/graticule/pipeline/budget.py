"""Memory: what a pipeline takes on an image, and what will not fit."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from graticule.core.errors import GraticuleError, MemoryBudgetError
from graticule.core.image import Image, is_lazy
from graticule.core.scope import Pointwise, Whole
from graticule.core.settings import enough_bytes, format_bytes
from graticule.io.lazy import source_of
from graticule.pipeline.nodes import as_template
from graticule.pipeline.spec import Reference, Spec

_COPIES = 4


def estimate_bytes(
    pipeline: Spec, sizes: Mapping[Any, int], dtype: np.dtype[Any], input_itemsize: int
) -> int:
    """Return the peak bytes of the steps on an image of these sizes.

    Results that are still needed are held at once; the step at work takes what its scope says.
    ``input_itemsize`` is what one sample of all input images takes.
    """
    samples = math.prod(sizes.values())
    held = samples * input_itemsize
    working = float(_COPIES)
    for step in pipeline.steps.values():
        made = step.op.dtype_of(dtype)
        if not isinstance(step.op.scope, Whole):
            working = max(working, step.op.scope.memory)
        factor = step.op.scope.memory if isinstance(step.op.scope, Whole) else 0.0
        held += samples * (made.itemsize if made is not None else 0)
        held += int(samples * dtype.itemsize * factor)
    return held + int(working * samples * max(4, dtype.itemsize))


def require_whole_fit(
    pipeline: Spec, image: Image, memory: int, setting: Callable[[int], int]
) -> int:
    """Refuse steps that need the whole array where it would not fit; return what they keep.

    What a step gives that needs the whole array is held until the image is done. ``setting`` says
    which ``--memory`` gives as many bytes for arrays as are needed.
    """
    templates = _step_inputs(pipeline, image)
    kept = 0
    for name, step in pipeline.steps.items():
        scope = step.op.scope
        takes_image = any(data.kind.is_array for data in step.op.inputs)
        if not isinstance(scope, Whole) or not takes_image:
            continue
        needed = int(templates[name].nbytes * scope.memory) + kept
        if needed > memory:
            enough = enough_bytes(setting(needed))
            raise MemoryBudgetError(
                f"needs the whole array ({scope.why}): about "
                f"{format_bytes(needed)}, and {format_bytes(memory)} are allowed",
                where=f"step {name}",
                hint=f"allow more, --memory {enough}, or crop the image first",
            )
        kept += sum(
            _bytes_of(pipeline, templates, image, Reference(name, output.name))
            for output in step.op.outputs
        )
    return kept


def require_checks_fit(
    pipeline: Spec, image: Image, memory: int, setting: Callable[[int], int]
) -> None:
    """Refuse checks of images that would not fit: a check sees the whole of what it looks at."""
    templates = _step_inputs(pipeline, image)
    for name, check in pipeline.checks.items():
        looked_at = [check.of, check.at, *([check.against] if check.against else [])]
        needed = sum(_bytes_of(pipeline, templates, image, wire) for wire in set(looked_at))
        if needed > memory:
            raise MemoryBudgetError(
                f"looks at whole images: about {format_bytes(needed)}, "
                f"and {format_bytes(memory)} are allowed",
                where=f"check {name}",
                hint=f"allow more, --memory {enough_bytes(setting(needed))}, or check a crop",
            )


def _bytes_of(pipeline: Spec, templates: Mapping[str, Image], image: Image, wire: Reference) -> int:
    """Return the size of a result in memory; 0 for tables and numbers."""
    step = pipeline.steps.get(wire.name)
    if step is None:
        return int(image.nbytes)
    kind = pipeline.kind_of(wire)
    if kind is None or not kind.is_array:
        return 0
    dtype = step.op.dtype_of(templates[wire.name].dtype) or np.dtype(np.float32)
    return int(templates[wire.name].size) * dtype.itemsize


def _step_inputs(pipeline: Spec, image: Image) -> dict[str, Image]:
    """Return what the image each step takes looks like, as far as crops and flips decide it."""
    outputs = {pipeline.first_input: as_template(image)}
    templates = {}
    for name, step in pipeline.steps.items():
        sources = [outputs[w.name] for w in step.inputs if w is not None and w.name in outputs]
        templates[name] = outputs[name] = sources[0] if sources else as_template(image)
        scope = step.op.scope
        if isinstance(scope, Pointwise) and scope.index is not None:
            with contextlib.suppress(GraticuleError):  # the step itself says what is wrong
                outputs[name] = templates[name].isel(scope.index(templates[name], step.params))
    return templates


def too_little(
    needs: Mapping[str, int], memory: int, setting: Callable[[int], int]
) -> MemoryBudgetError:
    """Return the error of an image for which there is too little memory in any tiles."""
    needed = sum(needs.values())
    parts = {"interpreter and libraries": setting(0), **needs}
    counted = ", ".join(f"{format_bytes(size)} for {what}" for what, size in parts.items() if size)
    floor = enough_bytes(setting(needed))
    return MemoryBudgetError(
        f"needs at least {floor} of memory: {counted}; {format_bytes(setting(memory))} are allowed",
        hint=f"allow more, --memory {floor}, or fewer --workers",
    )


def decoding_bytes(image: Image) -> int:
    """Return what decoding the smallest part of an image takes: as it is stored, and unpacked."""
    source = source_of(image) if is_lazy(image) else None
    if source is None:
        return 0
    return 2 * math.prod(source.unit) * source.dtype.itemsize if source.unit else 0
