"""The test image of a model file: a small input and the answer that opening must reproduce."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graticule.core import Image, Table, as_image, filtered_dims, step_of
from graticule.core.errors import FormatError, ParameterError
from graticule.core.typing import Array
from graticule.learn.data.input_spec import CHANNEL, InputSpec

TOLERANCE = 1e-4
_LOOSEST = 0.05
_FEW = 0.002
"""Share of samples that may differ: the last digit of a feature is another on another processor,
and a tree whose threshold lies there goes the other way."""
_LARGEST = {1: 1024, 2: 64, 3: 24}
_ROWS = 100


def example_for(model: Any, given: Any) -> Image | Table:
    """Return a small input: of what is given, of what the model keeps, or simulated noise.

    Raises
    ------
    ParameterError
        If the model works on tables and there is none.
    """
    import pandas as pd

    example = getattr(model, "example", None) if given is None else given
    if isinstance(example, pd.DataFrame):
        return example.iloc[:_ROWS].reset_index(drop=True)
    if example is not None:
        image = as_image(example)
        if getattr(model, "has_fixed_size", False):
            return image.compute()
        worked = [dim for dim in filtered_dims(image) if dim != CHANNEL]
        most = _LARGEST.get(len(worked), 16)
        return image.isel({dim: slice(0, most) for dim in worked}).compute()
    expects = getattr(model, "expects", None)
    if not isinstance(expects, InputSpec):
        raise ParameterError(
            "needs a small example of what it works on, by which its file is verified",
            hint="pass example=, a few rows of the table",
        )
    return _noise(expects)


def _noise(expects: InputSpec) -> Image:
    """Return seeded noise of the kind of image a model expects."""
    size = _LARGEST.get(len(expects.dims), 16)
    shape = [size] * len(expects.dims) + ([expects.channels] if expects.channels else [])
    dims = [*expects.dims, *([CHANNEL] if expects.channels else [])]
    values = np.random.default_rng(0).normal(size=shape)
    if expects.dtype == "bool":
        return as_image(values > 0, dims=dims)
    if np.dtype(expects.dtype).kind in "iu":
        values = np.clip(np.round(values * 20 + 100), 0, 127)
    image = as_image(values.astype(expects.dtype), dims=dims)
    spacing: dict[str, float | str] = {d: f"{s!r} {u}" for d, (s, u) in expects.spacing.items()}
    return as_image(image, spacing=spacing) if spacing else image


def pack_example(example: Image | Table) -> tuple[dict[str, Any], Array]:
    """Return an example as JSON values and an array."""
    import pandas as pd

    if isinstance(example, pd.DataFrame):
        names = [str(column) for column in example.columns]
        units = {str(key): str(value) for key, value in example.attrs.get("units", {}).items()}
        return {"columns": names, "units": units}, example.to_numpy(np.float64)
    steps = {str(dim): step_of(example, dim) for dim in example.dims if dim in example.coords}
    spacing = {dim: [step, unit] for dim, (step, unit) in steps.items()}
    dims = [str(dim) for dim in example.dims]
    about = {"dims": dims, "spacing": spacing, "units": str(example.attrs.get("units", ""))}
    return about, example.values


def unpack_example(about: Mapping[str, Any], values: Array) -> Image | Table:
    """Return the example that `pack_example` took apart."""
    import pandas as pd

    if "columns" in about:
        table = pd.DataFrame(values, columns=list(about["columns"]))
        table.attrs["units"] = dict(about.get("units", {}))
        return table
    spacing: dict[str, float | str] = {
        str(dim): f"{float(step)!r} {unit}".strip()
        for dim, (step, unit) in about["spacing"].items()
    }
    return as_image(
        values, dims=about["dims"], spacing=spacing or None, units=about.get("units") or None
    )


def predictions_of(model: Any, example: Image | Table) -> dict[str, Array]:
    """Return what a model says of an example: its prediction, and probabilities where it has."""
    found = {"output": _as_plain_array(model.predict(example))}
    if getattr(model, "classes", ()) and hasattr(model, "predict_proba"):
        found["probability"] = _as_plain_array(model.predict_proba(example))
    return found


def _as_plain_array(answer: Any) -> Array:
    values = np.asarray(answer)
    return values.astype(str) if values.dtype.hasobject else values


def require_same(expected: Mapping[str, Array], found: Mapping[str, Array], slack: float) -> None:
    """Raise `FormatError` unless a model says of its example what it said when it was saved.

    Probabilities and values may differ by ``slack`` (of the largest, for values); classes not at
    all, but where the two most probable are that close. Of many samples, a few may be quite other.
    """
    slack = min(slack, _LOOSEST)
    tied = _tied(expected.get("probability"), 2 * slack)
    for name, values in expected.items():
        other = found.get(name)
        if other is None or other.shape != values.shape:
            raise FormatError(f"the {name} of its test image has another shape")
        if values.dtype.kind in "fc":
            scale = 1.0 if name == "probability" else _largest_magnitude(values)
            same = np.isclose(other, values, rtol=0, atol=slack * scale, equal_nan=True)
        else:
            same = other == values
            same = same | tied if tied is not None and tied.shape == same.shape else same
        apart, size = int(np.size(same) - np.count_nonzero(same)), int(np.size(same))
        if apart > _FEW * size:
            raise FormatError(
                f"does not say of its test image what it said when it was saved: "
                f"{apart} of {size} samples of the {name} differ"
            )


def _tied(probability: Array | None, slack: float) -> Array | None:
    if probability is None or probability.ndim < 2 or len(probability) < 2:
        return None
    top = np.sort(probability, axis=0)[-2:]
    close: Array = top[1] - top[0] <= slack
    return close


def _largest_magnitude(values: Array) -> float:
    known = np.abs(values[np.isfinite(values)])
    return float(known.max()) if known.size else 1.0
