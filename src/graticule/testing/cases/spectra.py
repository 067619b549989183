"""What suits the ops of ``spectra``: cubes with one spectral dim."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from graticule.testing.cases.case import Case, Dims

CUBES: tuple[Dims, ...] = (("wavelength", "y", "x"), ("y", "x", "wavelength"), ("tof", "y", "x"))
_TIMES: tuple[Dims, ...] = (("tof", "y", "x"), ("y", "x", "tof"))
_WAVELENGTHS: tuple[Dims, ...] = (("wavelength", "y", "x"), ("y", "wavelength"))


def _of_places(data: xr.DataArray | None) -> xr.DataArray:
    """Return labels or a mask that are the same in every bin."""
    assert data is not None
    dim = next(str(dim) for dim in data.dims if dim not in ("y", "x"))
    return data.isel({dim: 0}, drop=True)


def _thickness(image: xr.DataArray | None) -> xr.DataArray:
    return _of_places(image).assign_attrs(units="mm")


def _dose(_: xr.DataArray | None) -> pd.DataFrame:
    return pd.DataFrame({"dose": [1.25], "error": [0.01]})


def _spectrum(image: xr.DataArray | None) -> pd.DataFrame:
    assert image is not None
    size = next(size for dim, size in image.sizes.items() if dim not in ("y", "x"))
    return pd.DataFrame({"region": "all", "wavelength": np.arange(size), "mean": 5.0})


def _box(image: Any) -> dict[str, Any]:
    return {"region": {"x": (0, max(1, image.sizes["x"] // 2))}}


CASES: dict[str, Case] = {
    "spectra.attenuation": Case(dims=CUBES, data={"thickness": _thickness}),
    "spectra.dead_pixels": Case(dims=CUBES),
    "spectra.denoise": Case(dims=CUBES),
    "spectra.dose": Case(dims=CUBES, params_for=_box),
    "spectra.moving_average": Case(dims=CUBES),
    "spectra.open_beam": Case(dims=CUBES, data={"dose": _dose, "dead": _of_places}),
    "spectra.overlap_correction": Case(dims=CUBES, params={"triggers": (5000.0,)}),
    "spectra.rebin": Case(dims=CUBES, params={"bins": 3}, data={"spectrum": _spectrum}),
    "spectra.regions": Case(dims=CUBES, data={"labels": _of_places, "mask": _of_places}),
    "spectra.to_time_of_flight": Case(dims=_WAVELENGTHS, params={"flight_path": "16.5 m"}),
    "spectra.to_wavelength": Case(dims=_TIMES, params={"flight_path": "16.5 m", "offset": "12 us"}),
}
