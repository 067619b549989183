"""Neutrons in flight: their wavelength from the time they took, and the other way."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Duration, Image, Length
from graticule.core.errors import ImageError, ParameterError
from graticule.ops.spectra import _axis
from graticule.ops.spectra._axis import spectral_dim

FlightPath = Annotated[Length, Field(title="Flight path", gt=0)]
Offset = Annotated[Duration, Field(title="Time of emission")]

PLANCK_OVER_NEUTRON_MASS = 3956.0340061
"""h / m_n in angstrom m / s (CODATA 2018)."""

DOC = _axis.DOC | {
    "flight": f"""\
flight_path : Length
    From the source to the detector, as ``"16.5 m"``.
offset : Duration
    When the neutrons start, on the clock of ``tof``, as ``"12 us"``.

Returns
-------
Image
    The values of ``image`` in the same order.

Raises
------
{_axis.DOC["spectral_error"]}
{_axis.DOC["axis_error"]}
ParameterError
    If the flight path or an offset other than 0 has no unit.""",
}
"""Paragraphs that the docstrings of both ways share."""


def require_dim(image: Image, *wanted: str) -> str:
    """Return the spectral dim; raise `ImageError` unless it is one of those wanted."""
    dim = spectral_dim(image)
    if dim not in wanted:
        raise ImageError(
            f"must have the dim {wanted[0]}; its spectral dim is {dim}",
            hint=f"name the axis when reading, as dims: [{wanted[0]}, y, x]",
        )
    return dim


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
