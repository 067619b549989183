"""What every step of a scikit-learn pipeline makes of one image."""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Literal, NamedTuple

import numpy as np
import xarray as xr

from graticule.core.errors import GraticuleError, ImageError, RequestError
from graticule.core.image import Kind, as_image, filtered_dims
from graticule.core.typing import Array

Samples = Literal["auto", "images", "pixels"]
MOST = 4
"""Features of one step that are shown."""


class StageResult(NamedTuple):
    """What a step made: a picture, or in words what cannot be drawn."""

    name: str
    op: str
    params: Mapping[str, Any]
    value: Any
    kind: Kind = Kind.IMAGE
    seconds: float | None = None
    note: str = ""
    classes: Mapping[int, str] | None = None


def is_sklearn(pipeline: Any) -> bool:
    """Whether something has the steps of a scikit-learn pipeline."""
    steps = getattr(pipeline, "steps", None)
    return isinstance(steps, list) and all(
        isinstance(step, tuple) and len(step) == 2 for step in steps
    )


def run_stages(pipeline: Any, image: xr.DataArray, samples: Samples) -> list[StageResult]:
    """Carry an image through the steps, and return what each makes of it.

    Raise `RequestError` if a step is not fitted and cannot be without labels, `ImageError` if one
    cannot take what the one before it made.
    """
    dims = _grid(image)
    transposed = image.transpose(*dims, ...)
    channels = math.prod(transposed.shape[len(dims) :])
    rows = transposed.values.reshape(-1, channels)
    steps = [(name, step) for name, step in pipeline.steps if step not in (None, "passthrough")]
    likely = _takes_pixels(steps, channels) if samples == "auto" else samples == "pixels"
    try:
        return list(_run_steps(steps, rows if likely else transposed.values, transposed, dims))
    except ImageError:
        if samples != "auto" or likely:
            raise
        # Steps that have nothing to learn do not say what they take.
        with suppress(GraticuleError):
            return list(_run_steps(steps, rows, transposed, dims))
        raise


def _run_steps(
    steps: list[tuple[str, Any]], value: Any, image: xr.DataArray, dims: list[str]
) -> Iterator[StageResult]:
    yield StageResult("image", "", {}, image)
    for name, step in steps:
        started = time.perf_counter()
        ready, note = _fit_if_needed(step, value, name)
        try:
            results = list(_results(ready, value, is_last=step is steps[-1][1]))
        except (ValueError, TypeError, IndexError, AttributeError) as error:
            raise ImageError(
                f"cannot take {_shape(value)}: {error}", where=f"step {name}"
            ) from None
        seconds = time.perf_counter() - started
        facts = (type(step).__name__, _non_default(step))
        for part, output, kind in results:
            label = f"{name}.{part}" if part else name
            for shown, picture, about in _pictures(ready, output, kind, image, dims):
                notes = ", ".join(text for text in (note, about) if text)
                whole = f"{label} {shown}".strip()
                yield StageResult(whole, *facts, picture, kind, seconds, notes, _class_names(ready))
        value = results[0][1]


def _grid(image: xr.DataArray) -> list[str]:
    """Return the dims of the samples; what is left are channels."""
    dims = [dim for dim in filtered_dims(image) if dim not in ("c", "rgb", "channel")]
    if not dims:
        raise ImageError(f"an image has at least one dim of samples, not {list(image.dims)}")
    return dims


def _takes_pixels(steps: list[tuple[str, Any]], channels: int) -> bool:
    """Whether the first step takes rows with one column per channel."""
    first = steps[0][1] if steps else None
    wanted = getattr(first, "n_features_in_", None)
    return wanted == channels if wanted is not None else not _is_stateless(first)


def _is_stateless(step: Any) -> bool:
    from sklearn.utils import get_tags

    try:
        return not get_tags(step).requires_fit
    except (AttributeError, TypeError):
        return False


def _fit_if_needed(step: Any, value: Any, name: str) -> tuple[Any, str]:
    """Return the step as it is if it is fitted, else a copy fitted to the image."""
    from sklearn.base import clone
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    with suppress(NotFittedError):
        with suppress(TypeError):  # it has no fit: there is nothing to learn
            check_is_fitted(step)
        return step, ""
    try:
        return clone(step).fit(value), "" if _is_stateless(step) else "fitted to this image"
    except (TypeError, ValueError) as error:
        raise RequestError(
            f"is not fitted, and cannot be fitted to {_shape(value)} without labels: {error}",
            where=f"step {name}",
            hint="call fit on the pipeline first",
        ) from None


def _results(step: Any, value: Any, *, is_last: bool) -> Iterator[tuple[str, Any, Kind]]:
    """Give what a step makes; the first goes on to the next step."""
    if hasattr(step, "transform") and not (is_last and _is_predictor(step)):
        yield "", _to_dense(step.transform(value)), Kind.IMAGE
    elif hasattr(step, "predict"):
        yield ("", *_encode(step, np.asarray(step.predict(value))))
        if hasattr(step, "predict_proba"):
            chances = np.asarray(step.predict_proba(value))
            yield "probability", chances[..., -1], Kind.PROBABILITY
    else:
        yield "", np.asarray(step.fit_predict(value)) + 1, Kind.LABELS


def _is_predictor(step: Any) -> bool:
    """Whether a step that has features too is there for its answer, as a clustering is."""
    from sklearn.utils import get_tags

    kinds = ("classifier", "regressor", "clusterer")
    return hasattr(step, "predict") and get_tags(step).estimator_type in kinds


def _encode(step: Any, predicted: Array) -> tuple[Array, Kind]:
    """Return predictions as numbers, and what they mean."""
    if predicted.dtype.kind == "f" and not hasattr(step, "classes_"):
        return predicted, Kind.IMAGE
    if predicted.dtype == bool:
        return predicted, Kind.MASK
    if predicted.dtype.kind not in "iu":
        classes = np.asarray(getattr(step, "classes_", np.unique(predicted)))
        return np.searchsorted(classes, predicted).astype(np.int32), Kind.LABELS
    # A clustering counts from 0, which would be drawn as background.
    is_clustering = not hasattr(step, "classes_")
    return predicted.astype(np.int32) + is_clustering, Kind.LABELS


def _class_names(step: Any) -> dict[int, str]:
    """Return the names of classes that `_encode` gives numbers."""
    classes = np.asarray(getattr(step, "classes_", ()))
    return {} if classes.dtype.kind in "buif" else dict(enumerate(map(str, classes)))


def _pictures(
    step: Any, output: Any, kind: Kind, image: xr.DataArray, dims: list[str]
) -> Iterator[tuple[str, Any, str]]:
    """Give what can be shown of an output: name of a feature, picture, what else there is."""
    sizes = image.shape[: len(dims)]
    values = np.asarray(output)
    if values.dtype.kind not in "buifc":
        yield "", None, f"{_shape(values)} of {values.dtype}"
        return
    if values.shape[: len(sizes)] != sizes and values.shape[:1] == (math.prod(sizes),):
        values = values.reshape(*sizes, *values.shape[1:])
    if values.shape[: len(sizes)] != sizes:
        alike = values.ndim in (2, 3) and min(values.shape) > 1 and kind == Kind.IMAGE
        yield "", as_image(values) if alike else None, "" if alike else _shape(values)
        return
    coords = {dim: image.coords[dim] for dim in dims if dim in image.coords}
    layers = values.reshape(*sizes, -1)
    count = layers.shape[-1]
    names = _names(step, count)
    for index in range(min(count, MOST)):
        layer = xr.DataArray(layers[..., index], dims=dims, coords=coords)
        last = index == MOST - 1 and count > MOST
        yield names[index], layer, f"and {count - MOST} more features" if last else ""


def _names(step: Any, count: int) -> list[str]:
    """Return the names of features; the only one needs none."""
    if count == 1:
        return [""]
    try:
        names = [str(name) for name in step.get_feature_names_out()]
    except (AttributeError, ValueError, TypeError):
        names = []
    return names if len(names) == count else [f"feature {index + 1}" for index in range(count)]


def _to_dense(value: Any) -> Any:
    return value.toarray() if hasattr(value, "toarray") else value


def _shape(value: Any) -> str:
    return "an array of " + " x ".join(map(str, np.shape(value)))


def _non_default(step: Any) -> dict[str, Any]:
    """Return the parameters that are not at their defaults, as far as few words say them."""
    signature = inspect.signature(type(step).__init__).parameters
    changed: dict[str, Any] = {}
    for name, value in step.get_params(deep=False).items():
        if callable(value) and hasattr(value, "__name__"):
            changed[name] = value.__name__
        elif isinstance(value, bool | int | float | str | dict):
            default = signature[name].default if name in signature else None
            changed |= {} if value == default else {name: value}
    return changed
