"""How an image looks, in a few numbers taken along the way: what tells it from the others.

They cost next to nothing, being taken of a grid of samples, and decide nothing of the results; the
report asks by them whether an answer can be believed (`graticule.report.doubts`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from graticule.core.image import SPATIAL, Image, Kind, is_image, is_lazy
from graticule.core.typing import Array
from graticule.pipeline.evaluate import Evaluation
from graticule.pipeline.nodes import is_node
from graticule.pipeline.spec import Reference, Step

_SAMPLES = 1 << 14
_LEVELS = 16
"""Different values below which an image is one of names or counts, and cannot be told saturated."""
_RARE = 0.01
"""Share that a threshold takes or leaves from which it is asked where it lies."""
_WINDOW = 0.02
"""Part of the range below the highest value that is compared with it."""


def appearance_of(evaluation: Evaluation) -> dict[str, dict[str, Any]]:
    """Return how the inputs of one image look, and what its thresholds took, by name.

    Of an image that was computed in tiles only sizes are told: to look at its samples would be to
    read it again.

    Returns
    -------
    dict
        Of each image among the inputs ``sizes``, ``dtype``, ``spacing`` and, where it is held,
        ``level`` (the median), ``range`` (between the quantiles .01 and .99), ``grain`` (mean
        difference of neighbours over the range) and ``saturated`` (share at the highest value, 0
        where values thin out towards it). Of each step of the family ``threshold`` that makes a
        mask ``taken`` and ``samples``, and, where these are nearly none or all and one value parts
        those that were looked at, ``place``: where it lies in their range, from 0 to 1, and
        whether it takes what is ``above``.
    """
    pipeline = evaluation.pipeline
    found: dict[str, dict[str, Any]] = {}
    for name, opened in evaluation.inputs.items():
        if is_image(opened) and not pipeline.holds_labels(name):
            held = evaluation.outputs_of(name)[0]
            found[name] = _input(opened, None if is_node(held) else held)
    for name, step in pipeline.steps.items():
        is_threshold = step.op.name.startswith("threshold.") and evaluation.has(name)
        if is_threshold and (told := _threshold(evaluation, step)):
            found[name] = told
    return found


def _input(opened: Image, held: Image | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "sizes": {str(dim): int(size) for dim, size in opened.sizes.items()},
        "dtype": str(opened.dtype),
        "spacing": _spacing(opened),
    }
    if held is None or is_lazy(held) or held.dtype.kind not in "iuf":
        return told
    with np.errstate(over="ignore", invalid="ignore"):  # values may reach to the end of floats
        told |= _statistics(*_sampled(held))
    return told


def _statistics(here: Array, beside: Array | None) -> dict[str, float]:
    known = np.isfinite(here)
    values = here[known]
    if values.size < _LEVELS:
        return {}
    low, level, high = (float(v) for v in np.quantile(values, [0.01, 0.5, 0.99]))
    told = {"level": level, "range": high - low, "saturated": _saturated(values)}
    if beside is not None and high > low:
        steps = np.abs(beside - here)
        told["grain"] = float(np.mean(steps[np.isfinite(steps)])) / (high - low)
    return told


def _spacing(image: Image) -> dict[str, str]:
    """Return the step between samples with its unit, of the spatial dims that have one."""
    found = {}
    for dim in SPATIAL:
        if dim in image.coords and image.sizes.get(dim, 0) > 1:
            coordinate = image.coords[dim]
            step = float(coordinate[1]) - float(coordinate[0])
            found[str(dim)] = f"{step:.4g} {coordinate.attrs.get('units', '')}".strip()
    return found


def _sampled(image: Image) -> tuple[Array, Array | None]:
    """Return samples of a grid over an image, and the next to each along the last long dim."""
    slices, last = _grid(image)
    values = image.data
    here = values[tuple(slices)]
    if last is None:
        return here.reshape(-1).astype(np.float64), None
    cut = list(slices)
    cut[last] = slice(1, None, slices[last].step)
    beside = values[tuple(cut)]
    count = beside.shape[last]
    trim = [slice(None)] * here.ndim
    trim[last] = slice(0, count)
    return (
        here[tuple(trim)].reshape(-1).astype(np.float64),
        beside.reshape(-1).astype(np.float64),
    )


def _grid(image: Image) -> tuple[list[slice], int | None]:
    """Return every so many samples of an image, and which dim is the last long one."""
    long = [at for at, size in enumerate(image.shape) if size > 8]
    every = math.ceil((image.size / _SAMPLES) ** (1 / len(long))) if long else 1
    slices = [slice(0, None, every if at in long else 1) for at in range(image.ndim)]
    return slices, max(long, default=None)


def _saturated(values: Array) -> float:
    """Return the share of samples at the highest value, 0 where it is the end of a tail.

    Values pile up where a detector or a file could hold no more: there more samples have the
    highest value than all within the next fiftieth of the range below.
    """
    top, bottom = float(values.max()), float(values.min())
    window = values[values > top - _WINDOW * (top - bottom)]
    at_top = int(np.count_nonzero(window == top))
    if at_top < _LEVELS or len(window) - at_top >= at_top:
        return 0.0
    if len(np.unique(values)) < _LEVELS:
        return 0.0
    return at_top / len(values)


def _threshold(evaluation: Evaluation, step: Step) -> dict[str, Any] | None:
    outputs = evaluation.outputs_of(step.name)
    masks = [n for n, each in enumerate(step.op.outputs) if each.kind is Kind.MASK]
    wires = [
        wire
        for data, wire in zip(step.op.inputs, step.inputs, strict=True)
        if wire is not None and data.kind is Kind.IMAGE
    ]
    if not masks or not wires or not is_image(outputs[masks[0]]):
        return None
    mask, image = outputs[masks[0]], _held(evaluation, wires[0])
    if is_lazy(mask) or not mask.size:
        return None
    told: dict[str, Any] = {
        "taken": int(np.count_nonzero(mask.data)),
        "samples": int(mask.size),
    }
    share = told["taken"] / told["samples"]
    is_like = image is not None and image.dims == mask.dims and image.shape == mask.shape
    if image is not None and is_like and min(share, 1 - share) <= _RARE:
        slices, _ = _grid(image)
        told |= _place(image.data[tuple(slices)], mask.data[tuple(slices)])
    return told


def _held(evaluation: Evaluation, wire: Reference) -> Image | None:
    value = evaluation.lazy_value(wire)
    return value if is_image(value) and not is_lazy(value) else None


def _place(values: Array, mask: Array) -> dict[str, Any]:
    """Return where in the range of samples the value lies that parts them as a mask does."""
    inside, outside = values[mask], values[~mask]
    if values.dtype.kind not in "iuf" or not inside.size or not outside.size:
        return {}
    if not np.isfinite(inside).all() or not np.isfinite(outside).all():
        return {}
    is_above = bool(outside.max() < inside.min())
    low, high = (outside, inside) if is_above else (inside, outside)
    below, above = float(low.max()), float(high.min())
    first, last = float(low.min()), float(high.max())
    if below >= above:
        return {}
    return {"place": (below / 2 + above / 2 - first) / (last - first), "above": is_above}
