"""Lengths, durations and areas: a number of samples, or a number with a unit.

A `Length` or `Duration` is resolved against an image's coordinates, dim by dim, so that
``"0.5 um"`` is 5 pixels along an axis of 100 nm spacing and 2.5 along one of 200 nm. The
canonical form is in base units, so ``500 nm`` and ``0.5 um`` are the same parameter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import total_ordering
from typing import Any, ClassVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from graticule.core.errors import UnitsError
from graticule.core.image import SPATIAL, Image, directions_of, level_of, step_of
from graticule.core.units import QUANTITY_PATTERN, in_usual_unit, split_quantity, unit_scale


def _clean(value: float) -> float:
    """Return 2 for 1.9999999999999998, so that 1 um is 2 samples of 500 nm and not 1."""
    return float(f"{value:.12g}")


@total_ordering
class Amount:
    """A number of samples, or a number with a unit, kept in base units.

    Parameters
    ----------
    value : float or str or Quantity
        ``3`` (samples) or ``"0.5 um"``.

    Raises
    ------
    UnitsError
        If it cannot be read, is not finite, or has a unit of another kind.
    """

    bases: ClassVar[tuple[str, ...]] = ()
    kind: ClassVar[str] = "amount"
    __slots__ = ("base", "value")
    value: float
    base: str

    def __init__(self, value: object) -> None:
        if isinstance(value, Amount):
            self.value, self.base = value.value, value.base
        else:
            number, unit = split_quantity(value)
            factor, self.base = unit_scale(unit) if unit else (1.0, "")
            self.value = _clean(number * factor)
        if not math.isfinite(self.value):
            raise UnitsError(f"a {self.kind} must be finite, not {value!r}")
        if self.base and self.base not in self.bases:
            raise UnitsError(f"{value!r} is not a {self.kind}")

    def _step(self, image: Image, dim: str, what: str) -> tuple[float, str, str]:
        """Return the distance of samples along a dim in its base unit, this unit, and its own."""
        step, unit = step_of(image, dim)
        if not unit:
            article = "an" if self.kind[0] in "aeiou" else "a"
            raise UnitsError(
                f"{article} {self.kind} of {self} has no size in pixels: the dim {dim} has no unit",
                hint=f"give the spacing along {dim} when reading, or the {what} in pixels",
            )
        factor, base = unit_scale(unit)
        return step * factor, base, unit

    def canonical(self) -> float | str:
        """Return the form that is hashed and written: a number, or number and base unit."""
        return f"{self.value!r} {self.base}" if self.base else self.value

    def __str__(self) -> str:
        return in_usual_unit(self.value, self.base) if self.base else f"{self.value:g} px"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.canonical()!r})"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Amount):
            return (self.value, self.base) == (other.value, other.base)
        return isinstance(other, (int, float)) and self.value == other

    def __lt__(self, other: object) -> bool:
        number = other.value if isinstance(other, Amount) else other
        return self.value < number if isinstance(number, (int, float)) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.value, self.base))

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.canonical(),))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda quantity: quantity.canonical()
            ),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "anyOf": [{"type": "number"}, {"type": "string", "pattern": QUANTITY_PATTERN.pattern}],
            "format": cls.kind,
        }


class Quantity(Amount):
    """A distance along a dim: samples, or a unit of length, angle or time.

    Parameters
    ----------
    value : float or str or Quantity
        ``3`` (samples) or ``"0.5 um"``.

    Raises
    ------
    UnitsError
        If it cannot be read, is not finite, or has a unit of another kind.

    Examples
    --------
    >>> from graticule.core import as_image
    >>> Quantity("1 um").samples(as_image([0, 0], spacing={"x": "500 nm"}), "x")
    2.0
    """

    bases: ClassVar[tuple[str, ...]] = ("m", "rad", "s")
    kind: ClassVar[str] = "quantity"
    __slots__ = ()

    def samples(self, image: Image, dim: str) -> float:
        """Return how many samples of an image this is along a dim.

        A number without a unit counts samples of the full resolution: at pyramid level ``n``
        it is divided by ``2**n`` along the spatial dims.
        """
        if not self.base:
            return self.value / 2 ** level_of(image) if dim in SPATIAL else self.value
        step, base, unit = self._step(image, dim, self.kind)
        if base != self.base:
            raise UnitsError(f"a {self.kind} of {self} does not fit the dim {dim}, which is {unit}")
        return _clean(self.value / step)


class Length(Quantity):
    """A distance along a spatial dim: pixels, or a unit of length or angle.

    Examples
    --------
    >>> Length("500 nm") == Length("0.5 um"), Length(2)
    (True, Length(2.0))
    """

    bases = ("m", "rad")
    kind = "length"
    __slots__ = ()


class Duration(Quantity):
    """A distance along a dim of time: samples, or a unit of time.

    Examples
    --------
    >>> Duration("45 s") == Duration("0.75 min")
    True
    """

    bases = ("s",)
    kind = "duration"
    __slots__ = ()


class Area(Amount):
    """The size of an object: a number of pixels, or a unit of area, solid angle or volume.

    Examples
    --------
    >>> Area("1 um2") == Area("1e6 nm2"), Area(20)
    (True, Area(20.0))
    """

    bases = ("m2", "rad2", "m3")
    kind = "area"
    __slots__ = ()

    def pixels(self, image: Image, dims: Sequence[str]) -> float:
        """Return how many pixels of an image this is, counted over some of its dims.

        Raises
        ------
        UnitsError
            If it has a unit, and the dims have none or span another kind of size: an area
            fits two dims, a volume three.
        """
        if not self.base:
            spatial = sum(dim in SPATIAL for dim in dims)
            return self.value / 2.0 ** (level_of(image) * spatial)
        size, bases = float(directions_of(image.coords, dims).diagonal().prod()), []
        for dim in dims:
            step, base, _ = self._step(image, dim, "size")
            size *= step
            bases.append(base)
        if len(set(bases)) != 1 or f"{bases[0]}{len(bases)}" != self.base:
            raise UnitsError(f"a size of {self} does not fit the dims {', '.join(dims)}")
        return _clean(self.value / size)
