"""Kinds of methods: how a section of ``methods:`` is read, and what is built of it.

A kind is one module of a package that an entry point of the group ``graticule.methods`` names: it
declares the keys of its section (a `MethodSpec`), the method, and a `MethodKind` called as the
module. ``graticule.testing.methods.MethodContract`` tests it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BeforeValidator,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

from graticule.core.document import Section
from graticule.core.errors import Fault, GraticuleError, ParameterError, PipelineError, suggest
from graticule.core.registry import Registry
from graticule.learn.methods.method import REAL, Method


def _sources(value: Any, info: ValidationInfo) -> tuple[str, ...]:
    """Return what a method learns from; the context names what there is."""
    chosen = tuple(value) if isinstance(value, list | tuple) and value else (value,)
    known = (info.context or {}).get("sources", chosen)
    for source in chosen:
        if source not in known:
            raise ParameterError(f"there is no {str(source)!r}", hint=suggest(str(source), known))
    if len(set(chosen)) < len(chosen):
        raise ParameterError("names the same images twice")
    return chosen


class MethodSpec(Section):
    """What every method says, whatever its kind; that of a kind adds its own keys.

    Attributes
    ----------
    kind : str
        The name of its kind, as that of its module.
    on : tuple of str
        What it learns from: ``real`` and names of extra images.
    description : str
        For people.
    """

    kind: ClassVar[str]
    on: Annotated[tuple[str, ...], BeforeValidator(_sources)] = (REAL,)
    description: str = ""
    _options: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _keep_options(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        spec = handler(values)
        if isinstance(values, dict):
            spec._options = {k: v for k, v in values.items() if k not in MethodSpec.model_fields}
        return spec

    @property
    def options(self) -> Mapping[str, Any]:
        """The keys of its kind, as they were written."""
        return self._options


@dataclass(frozen=True)
class BuildContext:
    """What a method is built among.

    Attributes
    ----------
    regression : bool
        Whether continuous targets are learned.
    folder : Path
        What paths are relative to.
    above : mapping of MethodSpec
        The methods that stand above it in the document, by name.
    build : callable
        Gives one of these, built once.
    """

    regression: bool = False
    folder: Path = Path()
    above: Mapping[str, MethodSpec] = field(default_factory=dict)
    build: Callable[[str], Method] | None = None


@dataclass(frozen=True)
class MethodKind:
    """A kind of method.

    Attributes
    ----------
    label : str
        For people, as ``U-Net``.
    spec : type of MethodSpec
        Its keys, validated; the context of validation holds ``task`` (``pixels`` or
        ``regression``) and ``sources`` (names of images).
    build : callable
        ``build(name, spec, context) -> Method``.
    fits_model : bool
        Whether it learns a model that can be saved: its methods are `ModelMethod`.
    describe : callable
        What it learns from, in words.
    """

    label: str
    spec: type[MethodSpec]
    build: Callable[[str, Any, BuildContext], Method]
    fits_model: bool = True
    describe: Callable[[Any], str] = lambda spec: ", ".join(spec.on)

    @property
    def name(self) -> str:
        """What it is called; a section with this key is of the kind."""
        return self.spec.kind


METHOD_KINDS: Registry[MethodKind] = Registry("kind of method", "graticule.methods")
"""All kinds of methods, built in or plugged in."""


def kind_of(section: Mapping[Any, Any]) -> MethodKind:
    """Return the kind of a section: the one that a key names, else that of most of its keys.

    Examples
    --------
    >>> kind_of({"unet": {}, "validation": 0.2}).label, kind_of({"estimator": "tree"}).label
    ('U-Net', 'features and estimator')
    """

    def fit(kind: MethodKind) -> tuple[bool, int, bool]:
        keys = sum(key in kind.spec.model_fields for key in section)
        return kind.name in section, keys, kind.name == "pixels"

    return max(METHOD_KINDS.values(), key=fit)


def construct(make: Callable[[], Any], key: str) -> Any:
    """Return what a constructor makes of the values of a key; what it refuses is a fault there."""
    try:
        return make()
    except GraticuleError as error:
        if error.where in ("", key):
            raise ParameterError(error.what, hint=error.hint) from None
        raise PipelineError([Fault(error.where, error.what, hint=error.hint)]) from None
    except (TypeError, ValueError) as error:
        raise ParameterError(str(error)) from None


def require_parameters(
    callee: Callable[..., Any], values: Mapping[str, Any], shared: Mapping[str, str] | None = None
) -> None:
    """Refuse keys that are no parameter of a function, or that the document says for all methods.

    Parameters
    ----------
    callee : callable
        What the values are for.
    values : mapping
        By key.
    shared : mapping, optional
        Parameters that are keys at the top of the document, with these keys.
    """
    names, shared = list(inspect.signature(callee).parameters), shared or {}
    same, hint = "is the same for all methods", "say {}: at the top of the document"
    faults = [Fault(k, same, hint=hint.format(shared[k])) for k in shared if k in values]
    what = "there is no such parameter"
    faults += [Fault(k, what, hint=suggest(k, names)) for k in values if k not in names]
    if faults:
        raise PipelineError(faults)


def task_of(info: ValidationInfo) -> Literal["pixels", "regression"]:
    """Return the task of the document that is validated."""
    return "regression" if (info.context or {}).get("task") == "regression" else "pixels"
