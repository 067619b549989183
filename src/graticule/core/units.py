"""Units: texts such as ``0.5 um`` taken apart, and factors to base units."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from numbers import Real
from typing import Any

from graticule.core.errors import UnitsError

QUANTITY_PATTERN = re.compile(
    r"^\s*(?P<value>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?P<unit>\S.*?)?\s*$"
)
_PIXELS = frozenset({"", "px", "pix", "pixel", "pixels", "sample", "samples"})
_USUAL = frozenset(
    [
        "m",
        "cm",
        "mm",
        "um",
        "nm",
        "km",
        "Mm",
        "Angstrom",
        "s",
        "ms",
        "us",
        "min",
        "h",
        "d",
        "deg",
        "arcmin",
        "arcsec",
        "rad",
    ]
)
"""Units that are known without asking astropy, which is slow to import."""
_IMPERIAL = ("inch", "ft", "mil")
_BASES = {
    "length": "m",
    "angle": "rad",
    "time": "s",
    "area": "m2",
    "solid angle": "rad2",
    "volume": "m3",
}


_SHOWN: dict[str, tuple[tuple[str, float, float], ...]] = {
    "m": (("Mm", 1e6, 1e5), ("km", 1e3, 1e3), ("m", 1.0, 1.0), ("mm", 1e-3, 1e-3),
          ("um", 1e-6, 1e-7), ("nm", 1e-9, 0.0)),
    "s": (("d", 86_400.0, 172_800.0), ("h", 3_600.0, 7_200.0), ("min", 60.0, 120.0),
          ("s", 1.0, 0.1), ("ms", 1e-3, 1e-4), ("us", 1e-6, 0.0)),
    "rad": (("deg", math.pi / 180, math.pi / 180), ("arcmin", math.pi / 10_800, math.pi / 5_400),
            ("arcsec", math.pi / 648_000, 0.0)),
}  # fmt: skip
"""For each base the units that people read, with their size and from where each is taken."""


def in_usual_unit(value: float, base: str) -> str:
    """Return a number of base units as people write it.

    Examples
    --------
    >>> in_usual_unit(5e-7, "m"), in_usual_unit(2e-11, "m2"), in_usual_unit(45, "s")
    ('0.5 um', '20 um2', '45 s')
    """
    if value == 0:
        return f"0 {base}"
    power = int(base[-1]) if base[-1].isdigit() else 1
    reach = abs(value) ** (1 / power) * (1 + 1e-9)
    unit, size = next(
        (unit, size) for unit, size, least in _SHOWN[base.rstrip("23")] if reach >= least
    )
    return f"{value / size**power:.6g} {unit}{power if power > 1 else ''}"


def shown_quantity(text: str) -> str:
    """Return a canonical quantity as people write it, and any other text as it is.

    Examples
    --------
    >>> shown_quantity("5e-07 m"), shown_quantity("0.5 um"), shown_quantity("gaussian")
    ('0.5 um', '0.5 um', 'gaussian')
    """
    match = QUANTITY_PATTERN.match(text)
    unit = (match["unit"] or "") if match else ""
    if match is None or unit not in _BASES.values():
        return text
    return in_usual_unit(float(match["value"]), unit)


def split_quantity(value: object) -> tuple[float, str]:
    """Split ``"0.5 um"`` into ``(0.5, "um")``; a plain number has the unit ``""``.

    Raises
    ------
    UnitsError
        If it is neither a number nor a number with a unit.

    Examples
    --------
    >>> split_quantity("0.5 um"), split_quantity(3)
    ((0.5, 'um'), (3.0, ''))
    """
    if isinstance(value, bool):
        raise UnitsError(f"must be a number, or a number with a unit, not {value!r}")
    if isinstance(value, Real):
        try:
            return float(value), ""
        except OverflowError:
            raise UnitsError("must be a number below 1e308") from None
    match = QUANTITY_PATTERN.match(value) if isinstance(value, str) else None
    if match is None:
        raise UnitsError(
            f"must be a number, or a number with a unit, not {value!r}", hint='as "0.5 um"'
        )
    unit = match["unit"] or ""
    return float(match["value"]), "" if unit in _PIXELS else unit


@lru_cache(maxsize=256)
def unit_scale(unit: str) -> tuple[float, str]:
    """Return the factor from a unit to its base: ``m``, ``rad``, ``s``, ``m2``, ``rad2``, ``m3``.

    Raises
    ------
    UnitsError
        If the unit is unknown, or is not one of length, angle, time, area or volume.
    """
    parsed = _parsed(unit)
    if parsed is None:
        raise UnitsError(f"{unit!r} is not a unit", hint="as um, nm, Mm, arcsec, s, min")
    for kind, base in _BASES.items():
        if parsed.physical_type == kind:
            return float(parsed.to(base)), base
    raise UnitsError(f"{unit!r} is no unit of length, angle, time, area or volume")


def scale_to(unit: str, base: str) -> float:
    """Return the factor from a unit to another one of the same kind, of whatever kind.

    Raises
    ------
    UnitsError
        If one of them is unknown, or they are of different kinds.

    Examples
    --------
    >>> scale_to("min/Mm^(1/2)", "s/m^(1/2)")
    0.06
    """
    parsed, wanted = _parsed(unit), _parsed(base)
    if parsed is None or wanted is None or not parsed.is_equivalent(wanted):
        raise UnitsError(f"{unit!r} must be a unit such as {base}")
    return float(parsed.to(wanted))


def unit_power(unit: str, number: int) -> str:
    """Return a unit to a power; one that is not understood too, as it is a name like others.

    Examples
    --------
    >>> unit_power("um", 2), unit_power("1/nm", 2), unit_power("furlong2", 2)
    ('um2', '1 / nm2', '(furlong2)**2')
    """
    if number == 1 or not unit or unit.isalpha():
        return f"{unit}{number}" if unit and number > 1 else unit
    parsed = _parsed(unit)
    return f"({unit})**{number}" if parsed is None else str(parsed**number)


def unit_product(first: str, second: str, power: float = 1) -> tuple[float, str]:
    """Return the unit of the first times a power of the second, and the factor to it.

    What cancels is no unit, whatever scale the two are in. Pixels count as a unit of their own,
    and so does a unit that is not understood.

    Examples
    --------
    >>> unit_product("um2", "um", -1), unit_product("mm", "um", -1), unit_product("px", "px")
    ((1.0, 'um'), (1000.0, ''), (1.0, 'px2'))
    """
    product = _with_pixels(first) * _with_pixels(second) ** power
    if product.physical_type == "dimensionless":
        return float(product.to("")), ""
    return 1.0, re.sub(r"\bpix", "px", product.to_string())


def unit_factor(unit: str, other: str) -> float | None:
    """Return the factor from a unit to another one of the same kind; None if it is of another.

    Pixels are of one kind, what is not understood of its own, and no unit of no kind but ``%``'s.

    Examples
    --------
    >>> unit_factor("mm", "um"), unit_factor("px2", "px2"), unit_factor("um", "px")
    (1000.0, 1.0, None)
    """
    if unit == other:
        return 1.0
    one, two = _with_pixels(unit), _with_pixels(other)
    return float(f"{one.to(two):.12g}") if one.is_equivalent(two) else None


def axis_scale(unit: str) -> tuple[float, str]:
    """Return the factor from an axis's unit to its base, which a unit of another kind is itself.

    So axes of the same unit compare whatever it is, and others only where it is known how.

    Examples
    --------
    >>> axis_scale("km"), axis_scale("furlong"), axis_scale("")
    ((1000.0, 'm'), (1.0, 'furlong'), (1.0, ''))
    """
    try:
        return unit_scale(unit) if unit else (1.0, "")
    except UnitsError:
        return 1.0, unit


def is_unit(unit: str) -> bool:
    """Whether a unit is known, of whatever kind.

    Examples
    --------
    >>> is_unit("um"), is_unit("keV"), is_unit("furlong")
    (True, True, False)
    """
    return unit in _USUAL or _parsed(unit) is not None


@lru_cache(maxsize=256)
def _parsed(unit: str) -> Any:
    from astropy import units

    if unit in _IMPERIAL:
        return getattr(units.imperial, unit)
    try:
        return units.Unit(unit)
    except (ValueError, TypeError):
        return None


@lru_cache(maxsize=256)
def _with_pixels(unit: str) -> Any:
    """Return a unit to calculate with; one that is not known is a unit of its own."""
    from astropy import units

    parsed = _parsed(re.sub(r"\bpx(?=\d|\b)", "pix", unit))
    return units.def_unit(unit) if parsed is None else parsed
