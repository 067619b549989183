"""What suits the ops of ``spectra``: cubes with one spectral dim."""

from __future__ import annotations

from graticule.testing.cases.case import Case, Dims

CUBES: tuple[Dims, ...] = (("wavelength", "y", "x"), ("y", "x", "wavelength"), ("tof", "y", "x"))
_TIMES: tuple[Dims, ...] = (("tof", "y", "x"), ("y", "x", "tof"))
_WAVELENGTHS: tuple[Dims, ...] = (("wavelength", "y", "x"), ("y", "wavelength"))

CASES: dict[str, Case] = {
    "spectra.to_time_of_flight": Case(dims=_WAVELENGTHS, params={"flight_path": "16.5 m"}),
    "spectra.to_wavelength": Case(dims=_TIMES, params={"flight_path": "16.5 m", "offset": "12 us"}),
}
