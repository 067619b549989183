"""The parameters of a bank, checked and in their types."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from graticule.core import Length
from graticule.core.errors import GraticuleError, ParameterError
from graticule.learn.features.feature import PLAIN, TENSORS
from graticule.learn.features.local import STATISTICS

if TYPE_CHECKING:
    from graticule.learn.features.bank import Features

_CHOICES = {
    "kinds": ("value", *PLAIN, *TENSORS),
    "rank": STATISTICS,
    "derivatives": ("gaussian", "difference"),
    "border": ("mirror", "nearest"),
}


def checked(bank: Features) -> None:
    """Bring the parameters into their types.

    Raises
    ------
    ParameterError
        If one is out of its range, or there is nothing to compute.
    """
    for name in ("sigmas", "radii"):
        object.__setattr__(bank, name, _lengths(getattr(bank, name), name))
    for name in ("kinds", "rank"):
        object.__setattr__(bank, name, tuple(_several(getattr(bank, name), name)))
    for name, allowed in _CHOICES.items():
        chosen = getattr(bank, name)
        for one in chosen if isinstance(chosen, tuple) else (chosen,):
            if one not in allowed:
                raise ParameterError(f"must be of {', '.join(allowed)}, not {one!r}", where=name)
    object.__setattr__(bank, "position", _number(bank.position, "position", -math.inf))
    object.__setattr__(bank, "rho", _number(bank.rho, "rho", 0))
    object.__setattr__(bank, "polynomial", _whole(bank.polynomial, "polynomial"))
    object.__setattr__(bank, "window", _whole(bank.window, "window", odd=True))
    if "sobel" in bank.kinds and bank.derivatives != "difference":
        raise ParameterError(
            "sobel is a difference of neighbours", where="kinds",
            hint="set derivatives='difference', or take gradient",
        )  # fmt: skip
    scaled = bank.sigmas and set(bank.kinds) - {"value"}
    single = "value" in bank.kinds or bank.window > 1 or bank.position
    if not (scaled or single or (bank.rank and bank.radii)):
        raise ParameterError("there is no feature to compute", where="kinds")


def _several(given: Any, name: str) -> list[Any]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ParameterError(f"must be a list, not {given!r}", where=name)
    found = list(given)
    for number, one in enumerate(found):
        if one in found[:number]:
            raise ParameterError(f"has {one} twice", where=name)
    return found


def _lengths(given: Any, name: str) -> tuple[Length, ...]:
    found = []
    for one in _several(given, name):
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


def _number(given: Any, name: str, least: float) -> float:
    real = isinstance(given, Real) and not isinstance(given, bool)
    if not real or not math.isfinite(given) or given < least:
        least_text = f" of at least {least:g}" if math.isfinite(least) else ""
        raise ParameterError(f"must be a number{least_text}, not {given!r}", where=name)
    return float(given)


def _whole(given: Any, name: str, *, odd: bool = False) -> int:
    whole = isinstance(given, Integral) and not isinstance(given, bool)
    if not whole or given < 1 or (odd and given % 2 == 0):
        kind = "odd number" if odd else "whole number"
        raise ParameterError(
            f"must be an {kind} from 1 on, not {given!r}"
            if odd
            else f"must be a {kind} from 1 on, not {given!r}",
            where=name,
        )
    return int(given)
