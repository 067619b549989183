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


def of_places(data: xr.DataArray | None) -> xr.DataArray:
    """Return labels or a mask that are the same in every bin."""
    assert data is not None
    dim = next(str(dim) for dim in data.dims if dim not in ("y", "x"))
    return data.isel({dim: 0}, drop=True)


def _thickness(image: xr.DataArray | None) -> xr.DataArray:
    return of_places(image).assign_attrs(units="mm")


def _dose(_: xr.DataArray | None) -> pd.DataFrame:
    return pd.DataFrame({"dose": [1.25], "error": [0.01]})


def _spectrum(image: xr.DataArray | None) -> pd.DataFrame:
    assert image is not None
    size = next(size for dim, size in image.sizes.items() if dim not in ("y", "x"))
    return pd.DataFrame({"region": "all", "wavelength": np.arange(size), "mean": 5.0})


def _with_edge(_: xr.DataArray | None) -> pd.DataFrame:
    wavelength = np.linspace(3.8, 4.3, 60)
    rows = {"region": "all", "wavelength": wavelength, "pixels": 9}
    mean = 0.4 + 0.3 / (1 + np.exp(-(wavelength - 4.05) / 0.01))
    return pd.DataFrame({**rows, "mean": mean, "error_counts": 0.01})


def _at_iron(image: xr.DataArray | None) -> xr.DataArray:
    """Return an image with wavelengths about the first edge of iron."""
    assert image is not None
    bins = 3.9338 + 0.02 * np.arange(image.sizes["wavelength"])
    return image.assign_coords(wavelength=("wavelength", bins, image.wavelength.attrs))


def _step(image: xr.DataArray | None) -> xr.DataArray:
    """Return an image with an edge, and its noise as a small part of that."""
    moved = _at_iron(image)
    edge = 1 / (1 + np.exp(-(moved.wavelength - 4.0538) / 0.01))
    noisy: xr.DataArray = (0.4 + 0.3 * edge + 0.002 * moved).transpose(*moved.dims)
    return noisy.astype(np.float32).assign_attrs(moved.attrs)


def _small_error(image: xr.DataArray | None) -> xr.DataArray:
    moved = _at_iron(image)
    return moved.copy(data=np.full(moved.shape, 0.008, np.float32))


def _box(image: Any) -> dict[str, Any]:
    return {"region": {"x": (0, max(1, image.sizes["x"] // 2))}}


def cube(dims: Sequence[Dims] = CUBES, **case: Any) -> Case:
    """Return a case of small cubes: tiles of a single sample are many."""
    return Case(dims=dims, size=6, **case)


CASES: dict[str, Case] = {
    "spectra.attenuation": cube(data={"thickness": _thickness}),
    "spectra.bragg_edge_maps": Case(
        dims=(("wavelength", "y", "x"), ("y", "wavelength")),
        params={"phase": "ferrite", "window": 0.04},
        data={"image": _step, "error": _small_error, "open_beam": _at_iron},
        size=12,
    ),
    "spectra.bragg_edges": Case(
        data={"spectra": _with_edge},
        params={"phase": "ferrite", "planes": ["110"]},
    ),
    "spectra.dead_pixels": cube(),
    "spectra.denoise": cube(),
    "spectra.dose": cube(params_for=_box),
    "spectra.expected_edges": Case(
        dims=(("wavelength", "y", "x"), ("y", "wavelength")),
        params={"lattice": "fcc", "lattice_parameter": 8.0},
        size=6,
    ),
    "spectra.gaussian_mixture": cube(data={"mask": of_places}),
    "spectra.kmeans": cube(data={"mask": of_places}),
    "spectra.moving_average": cube(),
    "spectra.open_beam": cube(data={"dose": _dose, "dead": of_places}),
    "spectra.overlap_correction": cube(params={"triggers": (5000.0,)}),
    "spectra.rebin": cube(params={"bins": 3}, data={"spectrum": _spectrum}),
    "spectra.regions": cube(data={"labels": of_places, "mask": of_places}),
    "spectra.to_time_of_flight": cube(_WAVELENGTHS, params={"flight_path": "16.5 m"}),
    "spectra.to_wavelength": cube(_TIMES, params={"flight_path": "16.5 m", "offset": "12 us"}),
}
