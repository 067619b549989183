"""The section ``methods:`` of a training document."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from graticule.core.document import is_texts, plain
from graticule.core.errors import GraticuleError, suggest
from graticule.learn._faults import Faults

Kind: TypeAlias = Literal["pixels", "unet", "pipeline"]

_KEYS: dict[Kind, tuple[str, ...]] = {
    "pixels": ("features", "estimator", "balance", "max_samples", "seed"),
    "unet": ("unet", "fit", "validation"),
    "pipeline": ("pipeline", "output", "threshold"),
}
ESTIMATORS = (
    "forest", "extra_trees", "boosting", "neighbours", "logistic", "linear", "tree",
)  # fmt: skip
"""Estimators that a document can name."""

_COMMON = ("on", "description")


@dataclass(frozen=True)
class MethodSpec:
    """One method of a training document.

    Attributes
    ----------
    name, description : str
        For people.
    kind : {"pixels", "unet", "pipeline"}
        What it is.
    options : dict
        Its own keys, as plain values.
    on : tuple of str
        What it learns from: ``real`` and names of extra images.
    """

    name: str
    kind: Kind
    options: Mapping[str, Any] = field(default_factory=dict)
    on: tuple[str, ...] = ("real",)
    description: str = ""


def method_specs(
    document: Any, faults: Faults, sources: Sequence[str], task: str
) -> dict[str, MethodSpec]:
    """Return the methods of a document by name, noting every fault."""
    if not document.get("methods"):
        hint = "as methods: {forest: {features: {sigmas: [1, 2, 4]}, estimator: forest}}"
        faults.add("methods", "must hold at least one method", document, "methods", hint)
        return {}
    return {
        name: _method(name, body, faults, sources, task)
        for name, body in faults.named(document, "methods").items()
    }


def _method(name: str, body: Any, faults: Faults, sources: Sequence[str], task: str) -> MethodSpec:
    path = f"methods.{name}"
    kind: Kind = "unet" if "unet" in body else "pipeline" if "pipeline" in body else "pixels"
    faults.known(body, (*_KEYS[kind], *_COMMON), path)
    if kind == "pipeline":
        faults.text(body, "pipeline", "", f"{path}.pipeline")
        faults.text(body, "output", "", f"{path}.output")
        if task == "regression":
            faults.add(
                path, "a fixed pipeline cannot be compared in a regression", body, "pipeline"
            )
    elif kind == "unet":
        _unet(body, path, faults)
    else:
        _pixels(body, path, faults)
    on = body.get("on", "real")
    chosen = tuple(on) if is_texts(on) and on else (on,)
    for source in chosen:
        if source not in sources:
            faults.unknown(f"{path}.on", str(source), sources, body, "on")
    options = {key: plain(body[key]) for key in body if key in _KEYS[kind]}
    about = faults.text(body, "description", "", f"{path}.description")
    return MethodSpec(name, kind, options, tuple(map(str, chosen)), about)


def _pixels(body: Any, path: str, faults: Faults) -> None:
    from graticule.learn.features import Features

    if "features" in body:
        _called(Features, faults.mapping(body, "features", f"{path}.features"),
                f"{path}.features", body, faults)  # fmt: skip
    if "estimator" not in body and "features" not in body:
        faults.add(path, "must say estimator, features, unet or pipeline", body, "estimator")
    estimator = body.get("estimator", "forest")
    given = estimator.get("name") if isinstance(estimator, dict) else estimator
    if not isinstance(given, str):
        what = f"must be a name, or a mapping with one, not {plain(estimator)!r}"
        faults.add(f"{path}.estimator", what, body, "estimator", "as {name: forest}")
        return
    if given not in ESTIMATORS:
        faults.unknown(f"{path}.estimator", given, ESTIMATORS, body, "estimator")


def _unet(body: Any, path: str, faults: Faults) -> None:
    from graticule.learn.unet import UNet

    _called(UNet, faults.mapping(body, "unet", f"{path}.unet"), f"{path}.unet", body, faults)
    fit = faults.mapping(body, "fit", f"{path}.fit")
    taken = list(inspect.signature(UNet.fit).parameters)
    given = ("self", "images", "labels", "where", "validation", "on_step")
    faults.known(fit, [name for name in taken if name not in given], f"{path}.fit")


def _called(what: Callable[..., Any], given: Any, path: str, parent: Any, faults: Faults) -> None:
    """Note what is wrong with the arguments of a constructor."""
    names = [name for name in inspect.signature(what).parameters if name != "self"]
    good = {}
    for key in given:
        if key in names:
            good[key] = plain(given[key])
        else:
            hint = suggest(str(key), names)
            faults.add(f"{path}.{key}", "there is no such parameter", given, key, hint)
    _tried(lambda: what(**good), path, parent, path.rpartition(".")[2], faults)


def _tried(make: Callable[[], Any], path: str, parent: Any, key: str, faults: Faults) -> None:
    try:
        make()
    except GraticuleError as error:
        where = f"{path}.{error.where}" if error.where else path
        faults.add(where, error.what, parent, key, error.hint)
    except (TypeError, ValueError) as error:
        faults.add(path, str(error), parent, key)
