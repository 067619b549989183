"""Neutrons in flight: their wavelength from the time they took, and the other way."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Duration, Length
from graticule.core.errors import ParameterError

FlightPath = Annotated[Length, Field(title="Flight path", gt=0)]
Offset = Annotated[Duration, Field(title="Time of emission")]

PLANCK_OVER_NEUTRON_MASS = 3956.0340061
"""h / m_n in angstrom m / s (CODATA 2018)."""

PARAGRAPHS = {
    "flight": """\
flight_path : Length
    From the source to the detector, as ``"16.5 m"``.
offset : Duration
    When the neutrons start, on the clock of ``tof``, as ``"12 us"``.""",
    "flight_error": """\
ParameterError
    If the flight path or an offset other than 0 has no unit.""",
}


def metres(flight_path: Length) -> float:
    """Return a flight path in metres."""
    if flight_path.base != "m":
        raise ParameterError(
            f"must be a length with a unit, not {flight_path}",
            where="flight_path",
            hint='as "16.5 m"',
        )
    return flight_path.value


def seconds(offset: Duration) -> float:
    """Return an offset in seconds."""
    if offset.value and offset.base != "s":
        raise ParameterError(
            f"must be a time with a unit, not {offset}", where="offset", hint='as "12 us"'
        )
    return offset.value
