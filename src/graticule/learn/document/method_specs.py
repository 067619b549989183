"""The section ``methods:`` of a training document."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from graticule.core.document import is_texts, plain
from graticule.core.errors import GraticuleError, suggest
from graticule.learn.document.faults import Faults

Kind: TypeAlias = Literal["pixels", "unet", "pipeline"]

_KEYS: dict[Kind, tuple[str, ...]] = {
    "pixels": ("features", "estimator", "balance", "max_samples", "seed"),
    "unet": ("unet", "fit", "validation"),
    "pipeline": ("pipeline", "output", "threshold"),
}
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
        threshold = body.get("threshold", "fit")
        if threshold != "fit" and (isinstance(threshold, bool)
                                   or not isinstance(threshold, int | float)):  # fmt: skip
            what = f"must be a number, or fit, not {plain(threshold)!r}"
            faults.add(f"{path}.threshold", what, body, "threshold")
        if task == "regression":
            faults.add(
                path, "a fixed pipeline cannot be compared in a regression", body, "pipeline"
            )
    elif kind == "unet":
        _unet(body, path, faults, task)
    else:
        _pixels(body, path, faults, task)
    on = body.get("on", "real")
    chosen = tuple(on) if is_texts(on) and on else (on,)
    for source in chosen:
        if source not in sources:
            faults.unknown(f"{path}.on", str(source), sources, body, "on")
    if len(set(map(str, chosen))) < len(chosen):
        faults.add(f"{path}.on", "names the same images twice", body, "on")
    options = {key: plain(body[key]) for key in body if key in _KEYS[kind]}
    about = faults.text(body, "description", "", f"{path}.description")
    return MethodSpec(name, kind, options, tuple(map(str, chosen)), about)


def _pixels(body: Any, path: str, faults: Faults, task: str) -> None:
    from graticule.learn.features import Features
    from graticule.learn.models.estimators import NAMED, estimator_of, require_sound

    if task == "regression" and "balance" in body:
        faults.add(f"{path}.balance", "is for classes only", body, "balance")
    elif body.get("balance", True) not in (True, False, "auto"):
        faults.add(f"{path}.balance", "must be auto, true or false", body, "balance")
    if body.get("max_samples", 1) is not None:
        faults.whole(body, "max_samples", 1, 1, f"{path}.max_samples", "or null for all")
    faults.whole(body, "seed", 0, 0, f"{path}.seed")
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
    if given not in NAMED:
        faults.unknown(f"{path}.estimator", given, list(NAMED), body, "estimator")
    elif isinstance(estimator, dict) or task == "regression":
        kind: Literal["classification", "regression"] = (
            "regression" if task == "regression" else "classification"
        )
        _tried(lambda: require_sound(estimator_of(plain(estimator), kind, 0)),
               f"{path}.estimator", body, "estimator", faults)  # fmt: skip


def _unet(body: Any, path: str, faults: Faults, task: str) -> None:
    from graticule.learn.unet import UNet

    settings = faults.mapping(body, "unet", f"{path}.unet")
    for key, top in {"labels": "labels", "names": "classes"}.items():
        if key in settings:
            what, hint = "is the same for all methods", f"say {top}: at the top of the document"
            faults.add(f"{path}.unet.{key}", what, settings, key, hint)
    made = _called(UNet, settings, f"{path}.unet", body, faults)
    if made is not None and made.regression != (task == "regression"):
        wanted = "mae or mse" if task == "regression" else "of classes, as dice+ce"
        what = f"must be {wanted} for task: {task}, not {made.loss}"
        faults.add(f"{path}.unet.loss", what, settings, "loss")
    fit = faults.mapping(body, "fit", f"{path}.fit")
    taken = list(inspect.signature(UNet.fit).parameters)
    given = ("self", "images", "labels", "where", "validation", "on_step", "checkpoint")
    faults.known(fit, [name for name in taken if name not in given], f"{path}.fit")
    _fit(body, fit, path, faults)


def _fit(body: Any, fit: Any, path: str, faults: Faults) -> None:
    """Note what is wrong with how long, from where and watched by what a network is trained."""
    share = body.get("validation", 0)
    watched = isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share < 1
    if not watched:
        what = f"must be a share from 0 to below 1, not {plain(share)!r}"
        faults.add(f"{path}.validation", what, body, "validation")
    for key in ("steps", "every", "patience"):
        if fit.get(key, 1) is not None or key != "patience":
            faults.whole(fit, key, 1, 1, f"{path}.fit.{key}")
    if fit.get("patience") is not None and watched and not share:
        what, hint = "progress is seen on validation alone", "say validation: 0.2 beside fit:"
        faults.add(f"{path}.fit.patience", what, fit, "patience", hint)
    init = faults.text(fit, "init", "", f"{path}.fit.init")
    if fit.get("freeze", "encoder") != "encoder":
        what = f"must be encoder, not {plain(fit['freeze'])!r}"
        faults.add(f"{path}.fit.freeze", what, fit, "freeze")
    elif "freeze" in fit and not init:
        what, hint = "there are no weights to leave as they are", "say init: FILE.model"
        faults.add(f"{path}.fit.freeze", what, fit, "freeze", hint)


def _called(what: Callable[..., Any], given: Any, path: str, parent: Any, faults: Faults) -> Any:
    """Note what is wrong with the arguments of a constructor; return what it makes, or None."""
    names = [name for name in inspect.signature(what).parameters if name != "self"]
    good = {}
    for key in given:
        if key in names:
            good[key] = plain(given[key])
        else:
            hint = suggest(str(key), names)
            faults.add(f"{path}.{key}", "there is no such parameter", given, key, hint)
    return _tried(lambda: what(**good), path, parent, path.rpartition(".")[2], faults)


def _tried(make: Callable[[], Any], path: str, parent: Any, key: str, faults: Faults) -> Any:
    try:
        return make()
    except GraticuleError as error:
        own = error.where if error.where != key else ""
        faults.add(f"{path}.{own}" if own else path, error.what, parent, key, error.hint)
    except (TypeError, ValueError) as error:
        faults.add(path, str(error), parent, key)
    return None
