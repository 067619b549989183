"""The parameters of a bank of features: fields, validation, JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any, Self

from graticule.core import Length
from graticule.core.errors import GraticuleError, ParameterError

FILTERS = ("gaussian", "dog", "gradient", "laplacian", "sobel")
"""Kinds that give one feature a scale."""
TENSORS = ("hessian", "structure")
"""Kinds that give one for each eigenvalue."""
STATISTICS = ("min", "median", "max", "std", "deviation")
_CHOICES = {
    "kinds": ("value", *FILTERS, *TENSORS),
    "rank": STATISTICS,
    "derivatives": ("gaussian", "difference"),
    "border": ("mirror", "nearest"),
}


@dataclass(frozen=True, kw_only=True)
class FeatureSpec:
    """The parameters of `Features`, where they are described; in their types and valid."""

    sigmas: tuple[Any, ...] = (1, 2, 4, 8)
    kinds: tuple[str, ...] = ("gaussian", "gradient", "laplacian", "dog", "hessian", "structure")
    position: float = 0.0
    polynomial: int = 1
    window: int = 1
    rank: tuple[str, ...] = ()
    radii: tuple[Any, ...] = (1,)
    rho: float = 0.5
    derivatives: str = "gaussian"
    border: str = "mirror"

    def __post_init__(self) -> None:
        for name in ("sigmas", "radii"):
            object.__setattr__(self, name, _lengths(getattr(self, name), name))
        for name in ("kinds", "rank"):
            object.__setattr__(self, name, tuple(_distinct(getattr(self, name), name)))
        for name, allowed in _CHOICES.items():
            chosen = getattr(self, name)
            for one in chosen if isinstance(chosen, tuple) else (chosen,):
                if one not in allowed:
                    raise ParameterError(
                        f"must be of {', '.join(allowed)}, not {one!r}", where=name
                    )
        object.__setattr__(self, "position", _finite_number(self.position, "position", -math.inf))
        object.__setattr__(self, "rho", _finite_number(self.rho, "rho", 0))
        object.__setattr__(self, "polynomial", _positive_integer(self.polynomial, "polynomial"))
        object.__setattr__(self, "window", _positive_integer(self.window, "window", odd=True))
        self._require_features()

    def _require_features(self) -> None:
        """Refuse parameters that do not go together, or leave nothing to compute."""
        if "sobel" in self.kinds and self.derivatives != "difference":
            raise ParameterError(
                "sobel is a difference of neighbours", where="kinds",
                hint="set derivatives='difference', or take gradient",
            )  # fmt: skip
        scaled = self.sigmas and set(self.kinds) - {"value"}
        single = "value" in self.kinds or self.window > 1 or self.position
        if not (scaled or single or (self.rank and self.radii)):
            raise ParameterError("there is no feature to compute", where="kinds")

    def to_json(self) -> dict[str, Any]:
        """Return the parameters as JSON values; `from_json` gives the same bank again."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in ("sigmas", "radii"):
            plain[name] = [length.canonical() for length in plain[name]]
        return {**plain, "kinds": list(self.kinds), "rank": list(self.rank)}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """Return the bank of the parameters that `to_json` gave, or of a document.

        Raises
        ------
        ParameterError
            If a name is none of the parameters.

        Examples
        --------
        >>> from graticule.learn import Features
        >>> bank = Features(sigmas=(1, "2 um"), window=3)
        >>> Features.from_json(bank.to_json()) == bank
        True
        """
        known = [field.name for field in fields(cls)]
        if not isinstance(plain, Mapping):
            raise ParameterError(f"must be a mapping of {', '.join(known)}, not {plain!r}")
        for name in plain:
            if name not in known:
                raise ParameterError(f"is none of {', '.join(known)}", where=str(name))
        return cls(**plain)


def _distinct(given: Any, name: str) -> list[Any]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ParameterError(f"must be a list, not {given!r}", where=name)
    found = list(given)
    for number, one in enumerate(found):
        if one in found[:number]:
            raise ParameterError(f"has {one} twice", where=name)
    return found


def _lengths(given: Any, name: str) -> tuple[Length, ...]:
    found = []
    for one in _distinct(given, name):
        if isinstance(one, bool):
            raise ParameterError(f"must be lengths, not {one!r}", where=name)
        try:
            length = Length(one)
        except GraticuleError as error:
            raise error.at(name) from None
        if length.value < 0:
            raise ParameterError(f"must be 0 or more, not {length}", where=name)
        found.append(length)
    if len(set(found)) < len(found):
        raise ParameterError("has the same length twice", where=name)
    return tuple(found)


def _finite_number(given: Any, name: str, least: float) -> float:
    real = isinstance(given, Real) and not isinstance(given, bool)
    if not real or not math.isfinite(given) or given < least:
        least_text = f" of at least {least:g}" if math.isfinite(least) else ""
        raise ParameterError(f"must be a number{least_text}, not {given!r}", where=name)
    return float(given)


def _positive_integer(given: Any, name: str, *, odd: bool = False) -> int:
    whole = isinstance(given, Integral) and not isinstance(given, bool)
    if not whole or given < 1 or (odd and given % 2 == 0):
        kind = "an odd number" if odd else "a whole number"
        raise ParameterError(f"must be {kind} from 1 on, not {given!r}", where=name)
    return int(given)
