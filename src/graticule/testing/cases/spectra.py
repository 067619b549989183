"""What suits the ops of ``spectra``: cubes with one spectral dim."""

from __future__ import annotations

from collections.abc import Sequence
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


def _cube(dims: Sequence[Dims] = CUBES, **case: Any) -> Case:
    """Return a case of small cubes: tiles of a single sample are many."""
    return Case(dims=dims, size=6, **case)


CASES: dict[str, Case] = {
    "spectra.attenuation": _cube(data={"thickness": _thickness}),
    "spectra.dead_pixels": _cube(),
    "spectra.denoise": _cube(),
    "spectra.dose": _cube(params_for=_box),
    "spectra.kmeans": _cube(data={"mask": _of_places}),
    "spectra.moving_average": _cube(),
    "spectra.open_beam": _cube(data={"dose": _dose, "dead": _of_places}),
    "spectra.overlap_correction": _cube(params={"triggers": (5000.0,)}),
    "spectra.rebin": _cube(params={"bins": 3}, data={"spectrum": _spectrum}),
    "spectra.regions": _cube(data={"labels": _of_places, "mask": _of_places}),
    "spectra.to_time_of_flight": _cube(_WAVELENGTHS, params={"flight_path": "16.5 m"}),
    "spectra.to_wavelength": _cube(_TIMES, params={"flight_path": "16.5 m", "offset": "12 us"}),
}
