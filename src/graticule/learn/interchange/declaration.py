"""What is declared of a network: its axes, sizes, scaling and halo, as by an ``rdf.yaml``.

The BioImage Model Zoo's descriptions are read in the formats 0.4 and 0.5
(https://github.com/bioimage-io/spec-bioimage-io). Only what has the same effect on every part of
an image is taken from them: what is computed from a whole image, as its mean, is a step of its
own in a pipeline, before the network.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from graticule.core.errors import FormatError
from graticule.core.typing import Array

SPACE = "zyx"
BATCH, CHANNELS = "b", "c"
Operation: TypeAlias = tuple[str, tuple[float, ...]]
"""``("linear", (gain, offset))``, ``("clip", (low, high))``, ``("binarize", (threshold,))``,
``("sigmoid", ())`` or ``("softmax", ())``."""
_WHOLE = ("zero_mean_unit_variance", "scale_range", "scale_mean_variance")
_NOTHING = ("ensure_dtype", "cast")
_TINY = 1e-6
"""What descriptions add to a deviation where they do not say it."""
_MOST = 65536
"""Samples of a size, a step or a halo."""
_LONGEST = 1000
"""Letters of a name."""


@dataclass(frozen=True)
class Declaration:
    """What is known of a network beside its graph.

    Attributes
    ----------
    axes : str
        Letters of the axes of the input, as ``"bcyx"``.
    output_axes : str
        Of the output.
    output : str
        Name of the output; empty for the only one.
    least, multiple : mapping
        By letter: the smallest size, and what sizes must be a multiple of beyond it.
    fixed : mapping
        By letter: the only size.
    halo : mapping
        By letter: samples at each border of a window whose values are not good.
    before, after : tuple of operations
        On the values of the input, and of the output.
    whole : tuple of str
        What the description computes from a whole image, which is left to steps before.
    classes : tuple of str
        Names of the channels of the output.
    name : str
        Of the network.
    """

    axes: str = ""
    output_axes: str = ""
    output: str = ""
    least: Mapping[str, int] = field(default_factory=dict)
    multiple: Mapping[str, int] = field(default_factory=dict)
    fixed: Mapping[str, int] = field(default_factory=dict)
    halo: Mapping[str, int] = field(default_factory=dict)
    before: tuple[Operation, ...] = ()
    after: tuple[Operation, ...] = ()
    whole: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    name: str = ""


def declared(description: Mapping[str, Any]) -> Declaration:
    """Return what a description of the BioImage Model Zoo declares.

    Raises
    ------
    FormatError
        If it is none, or tells of what is not supported.
    """
    try:
        inputs, outputs = list(description["inputs"]), list(description["outputs"])
        if len(inputs) != 1:
            raise FormatError(f"takes {len(inputs)} images; a network of one is supported")
        taken, given = _axes(inputs[0]), _axes(outputs[0])
        before, whole = _operations(inputs[0].get("preprocessing") or ())
        after, whole_after = _operations(outputs[0].get("postprocessing") or ())
        if whole_after:
            raise FormatError(f"its output is changed by {whole_after[0]}, which is not supported")
        _require_same_size(outputs[0], given)
        sizes = {axis.letter: axis for axis in taken}
        return Declaration(
            axes="".join(axis.letter for axis in taken),
            output_axes="".join(axis.letter for axis in given),
            output=_word(outputs[0].get("id") or outputs[0].get("name") or ""),
            least={a: x.least for a, x in sizes.items() if x.least and a in SPACE},
            multiple={a: x.step for a, x in sizes.items() if x.step and a in SPACE},
            fixed={a: x.fixed for a, x in sizes.items() if x.fixed and a in SPACE},
            halo={axis.letter: axis.halo for axis in given if axis.letter in SPACE},
            before=before,
            after=after,
            whole=whole,
            classes=next((axis.names for axis in given if axis.letter == CHANNELS), ()),
            name=_word(description.get("name", "")),
        )
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise FormatError(
            f"the description of the network is not understood: {error!r}",
            hint="it must have inputs and outputs as rdf.yaml of the BioImage Model Zoo has them",
        ) from None


@dataclass(frozen=True)
class _Axis:
    letter: str
    least: int = 0
    step: int = 0
    fixed: int = 0
    halo: int = 0
    names: tuple[str, ...] = ()


def _axes(tensor: Mapping[str, Any]) -> list[_Axis]:
    axes = tensor["axes"]
    found = _axes_04(tensor, axes) if isinstance(axes, str) else [_axis_05(each) for each in axes]
    letters = "".join(axis.letter for axis in found)
    if len(set(letters)) < len(letters) or not set(letters) <= set("bctzyx"):
        raise FormatError(f"has axes {letters!r}, which are not supported")
    return found


def _axes_04(tensor: Mapping[str, Any], letters: str) -> list[_Axis]:
    shape = tensor.get("shape")
    halo = tensor.get("halo") or [0] * len(letters)
    least: Sequence[int] = [0] * len(letters)
    step = fixed = least
    if isinstance(shape, Mapping):
        least, step = shape.get("min", least), shape.get("step", step)
    elif shape is not None:
        fixed = shape
    parts = zip(letters, least, step, fixed, halo, strict=True)
    return [_Axis(a, _whole(m), _whole(s), _whole(f), _whole(h)) for a, m, s, f, h in parts]


def _axis_05(axis: Mapping[str, Any]) -> _Axis:
    kind = _word(axis["type"])
    letter = {"batch": BATCH, "channel": CHANNELS, "time": "t"}.get(kind) or _word(axis.get("id"))
    if kind == "channel":
        return _Axis(letter, names=tuple(map(_word, axis.get("channel_names") or ())))
    size, halo = axis.get("size"), _whole(axis.get("halo") or 0)
    if isinstance(size, Mapping) and "min" in size:
        return _Axis(letter, _whole(size["min"]), _whole(size.get("step", 1)), 0, halo)
    return _Axis(letter, fixed=_whole(size) if isinstance(size, int) else 0, halo=halo)


def _word(value: Any) -> str:
    if not isinstance(value, (str, int, float)) or len(str(value)) > _LONGEST:
        raise FormatError(f"must have a name of up to {_LONGEST} letters, not {value!r:.100}")
    return str(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        what = f"must have sizes and halos that are whole numbers from 0 to {_MOST}"
        raise FormatError(f"{what}, not {value!r:.100}")
    return value


def _require_same_size(tensor: Mapping[str, Any], axes: Sequence[_Axis]) -> None:
    """Raise `FormatError` if a description says that the output is of another size."""
    letters = [axis.letter for axis in axes]
    shape = tensor.get("shape")
    changes: dict[str, tuple[float, float]] = {}
    if isinstance(shape, Mapping) and "scale" in shape:
        pairs = zip(letters, shape["scale"], shape.get("offset", [0] * len(letters)), strict=True)
        changes = {a: (float(s or 1), float(o)) for a, s, o in pairs}
    for axis in tensor["axes"] if not isinstance(tensor["axes"], str) else ():
        size = axis.get("size")
        offset = float(size.get("offset") or 0) if isinstance(size, Mapping) else 0.0
        changes[_word(axis.get("id") or axis["type"])] = (float(axis.get("scale") or 1), offset)
    for letter, change in changes.items():
        if letter in SPACE and change != (1.0, 0.0):
            raise FormatError(
                f"gives an image of another size along {letter}; networks that keep it are "
                "supported"
            )


def _operations(steps: Sequence[Any]) -> tuple[tuple[Operation, ...], tuple[str, ...]]:
    """Return what is done to each value by itself, and the names of what is not."""
    found: list[Operation] = []
    whole: list[str] = []
    for step in steps:
        name = _word(step.get("id") or step.get("name"))
        told = step.get("kwargs") or {}
        if name in _NOTHING:
            continue
        is_fixed = name == "fixed_zero_mean_unit_variance" or told.get("mode") == "fixed"
        if name in _WHOLE and not is_fixed:
            whole.append(name)
            continue
        if whole:
            raise FormatError(
                f"does {name} after {whole[-1]}, which is of whole images; that is not supported"
            )
        found.append(_operation(name, told))
    return tuple(found), tuple(whole)


def _operation(name: str, told: Mapping[str, Any]) -> Operation:
    if name == "scale_linear":
        return "linear", (_number(told.get("gain", 1.0)), _number(told.get("offset", 0.0)))
    if name in ("zero_mean_unit_variance", "fixed_zero_mean_unit_variance"):
        mean, deviation = _number(told["mean"]), _number(told["std"])
        gain = 1 / (deviation + float(told.get("eps", _TINY)))
        return "linear", (gain, -mean * gain)
    if name == "clip":
        return "clip", (float(told.get("min", -math.inf)), float(told.get("max", math.inf)))
    if name == "binarize":
        return "binarize", (_number(told["threshold"]),)
    if name in ("sigmoid", "softmax"):
        return name, ()
    raise FormatError(f"asks for {name}, which is not supported")


def _number(value: Any) -> float:
    """Return the one number that a description gives, where it might give one for each channel."""
    values = np.ravel(np.asarray(value, np.float64))
    if values.size != 1 or not np.isfinite(values[0]):
        raise FormatError("scales each channel by a number of its own, which is not supported")
    return float(values[0])


def carry_out(operations: Sequence[Operation], values: Array, channels: int | None) -> Array:
    """Return values after operations, in float32.

    Parameters
    ----------
    operations : sequence
        As of a `Declaration`.
    values : ndarray
        Values.
    channels : int or None
        Their axis of channels.

    Examples
    --------
    >>> carry_out([("linear", (2.0, 1.0)), ("clip", (0.0, 4.0))], np.array([0.0, 1, 5]), None)
    array([1., 3., 4.], dtype=float32)
    """
    found: Array = np.asarray(values, np.float32)
    for kind, numbers in operations:
        if kind == "linear":
            found = found * np.float32(numbers[0]) + np.float32(numbers[1])
        elif kind == "clip":
            found = np.clip(found, np.float32(numbers[0]), np.float32(numbers[1]))
        elif kind == "binarize":
            found = (found > np.float32(numbers[0])).astype(np.float32)
        elif kind == "sigmoid":
            with np.errstate(over="ignore"):
                found = 1 / (1 + np.exp(-found))
        else:
            found = _softmax(found, channels)
    return found


def _softmax(values: Array, channels: int | None) -> Array:
    if channels is None:
        raise FormatError("asks for softmax over channels, and its output has none")
    raised = np.exp(values - values.max(axis=channels, keepdims=True))
    found: Array = raised / raised.sum(axis=channels, keepdims=True)
    return found
