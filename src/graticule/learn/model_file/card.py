"""A model as the bytes of its file, and back."""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from graticule.core.errors import FormatError, GraticuleError, ParameterError, UnsafeFileError
from graticule.learn.data.input_spec import InputSpec
from graticule.learn.model_file.archive import ESTIMATOR, WEIGHTS, from_npy, pack, to_npy, unpack
from graticule.learn.model_file.examples import (
    TOLERANCE,
    example_for,
    pack_example,
    predictions_of,
    require_same,
    unpack_example,
)
from graticule.learn.model_file.kinds import class_of
from graticule.learn.model_file.skops_bytes import dump_estimator, load_estimator
from graticule.learn.models.model import State
from graticule.version import installed_versions

FORMAT = 1
_PACKAGES = ("graticule", "numpy", "scipy", "scikit-learn", "skops")
_DEEP = ("torch", "monai", "safetensors")


def to_bytes(
    model: Any,
    *,
    example: Any = None,
    scores: Mapping[str, Any] | None = None,
    data: Mapping[str, str] | Sequence[str | Path] | None = None,
    description: str = "",
) -> bytes:
    """Return a model as the bytes of its file; parameters as of `graticule.learn.save_model`."""
    state: State = model.state()
    entries = {f"arrays/{name}.npy": to_npy(a, name) for name, a in state.arrays.items()}
    if state.estimator is not None:
        entries[ESTIMATOR] = dump_estimator(state.estimator)
    if state.weights is not None:
        entries[WEIGHTS] = _safetensors().save(
            {name: np.ascontiguousarray(array) for name, array in state.weights.items()}
        )
    about, values = pack_example(example_for(model, example))
    entries["example/input.npy"] = to_npy(values, "the example")
    for name, answer in predictions_of(model, unpack_example(about, values)).items():
        entries[f"example/{name}.npy"] = to_npy(answer, name)
    deep = _DEEP if state.weights is not None else ()
    card = {
        "format": FORMAT,
        "kind": model.kind,
        "description": description,
        "classes": [{"value": c.value, "name": c.name} for c in getattr(model, "classes", ())],
        "expects": None if state.expects is None else state.expects.to_json(),
        "model": state.card,
        "data": _hashes(data),
        "scores": scores or {},
        "versions": installed_versions((*_PACKAGES, *deep)),
        "example": {"input": about, "tolerance": getattr(model, "tolerance", TOLERANCE)},
    }
    return pack(_to_json(card, "card"), entries)


def _hashes(data: Mapping[str, str] | Sequence[str | Path] | None) -> list[dict[str, str]]:
    from graticule.io import content_hash

    if isinstance(data, Mapping):
        return [{"file": str(name), "sha256": str(sha)} for name, sha in data.items()]
    paths = [Path(path) for path in data or ()]
    names = zip(_distinct_names(paths), paths, strict=True)
    return [{"file": name, "sha256": content_hash(path)} for name, path in names]


def _distinct_names(paths: Sequence[Path]) -> list[str]:
    """Return the names of files; of equal ones, with the folder before.

    Examples
    --------
    >>> _distinct_names([Path("in/images/a.tif"), Path("in/masks/a.tif"), Path("in/images/b.tif")])
    ['images/a.tif', 'masks/a.tif', 'b.tif']
    """
    many = Counter(path.name for path in paths)
    return [
        f"{path.absolute().parent.name}/{path.name}" if many[path.name] > 1 else path.name
        for path in paths
    ]


def _to_json(value: Any, path: str) -> Any:
    """Return JSON values, with null for numbers that are not finite."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): _to_json(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_json(item, f"{path}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, Path):
        return str(value)
    raise ParameterError(f"{path} must be JSON, not {type(value).__name__}")


def read_entries(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the card of a file's bytes, and the entries, which are as the card says."""
    card, entries = unpack(data)
    number = card.get("format")
    if number != FORMAT:
        raise FormatError(
            f"has the format {str(number)[:20]!r}, and this version of Graticule reads {FORMAT}",
            hint="update graticule",
        )
    return card, entries


def from_bytes(data: bytes, source: str = "model") -> tuple[Any, dict[str, Any]]:
    """Return the model that a file's bytes hold, verified by its test image, and its card.

    Raises
    ------
    FormatError
        If it is damaged, of another format, or says something else of its test image.
    UnsafeFileError
        If it holds what no model file may hold.
    """
    card, entries = read_entries(data)
    try:
        model = class_of(card["kind"]).from_state(_state(card, entries, source))
        _verify(model, card, entries)
    except UnsafeFileError:
        raise
    except FormatError as error:
        raise FormatError(error.what + _version_changes(card), hint=error.hint) from None
    except GraticuleError as error:
        what = f"cannot be opened: {error.what}{_version_changes(card)}"
        raise FormatError(what, hint=error.hint) from None
    except Exception as error:  # a card of the right form may still say anything
        reason = f"{type(error).__name__}: {str(error)[:160]}"
        what = f"cannot be opened, for its content does not fit its kind ({reason})"
        raise FormatError(
            what + _version_changes(card),
            hint="copy or export the file again, or train again",
        ) from None
    return model, card


def _state(card: Mapping[str, Any], entries: Mapping[str, bytes], source: str) -> State:
    arrays = {
        name.removeprefix("arrays/").removesuffix(".npy"): from_npy(data, name)
        for name, data in entries.items()
        if name.startswith("arrays/")
    }
    weights = entries.get(WEIGHTS)
    estimator = entries.get(ESTIMATOR)
    return State(
        card["model"],
        arrays,
        None if estimator is None else load_estimator(estimator),
        None if weights is None else _safetensors().load(weights),
        None if card["expects"] is None else InputSpec.from_json(card["expects"]),
        source,
    )


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ImportError:
        raise ParameterError(
            "a model with weights needs the package safetensors",
            hint="pip install 'graticule[deep]'",
        ) from None
    return safetensors.numpy


def _verify(model: Any, card: Mapping[str, Any], entries: Mapping[str, bytes]) -> None:
    held = {
        name.removeprefix("example/").removesuffix(".npy"): from_npy(data, name)
        for name, data in entries.items()
        if name.startswith("example/")
    }
    example = unpack_example(card["example"]["input"], held.pop("input"))
    require_same(held, predictions_of(model, example), float(card["example"]["tolerance"]))
    with contextlib.suppress(AttributeError):
        model.example = example  # so that it is saved as it was opened


def _version_changes(card: Mapping[str, Any]) -> str:
    """Return which packages have changed since a file was written, as the end of an error."""
    then = card.get("versions")
    if not isinstance(then, dict):
        return ""
    now = installed_versions(map(str, then))
    changed = [
        f"{name} {str(old)[:20]} (here {now.get(name, 'not installed')})"
        for name, old in then.items()
        if now.get(name) != old
    ]
    return f"; it was written with {', '.join(changed)}" if changed else ""
