"""What suits the ops of all families but ``learn``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core.registry import get_op
from graticule.testing.cases.case import PLANE, WAVES, Case, Dims

_PLANES: tuple[Dims, ...] = (("y", "x"), ("z", "y", "x"), ("t", "y", "x"))


def _noise_model(image: xr.DataArray | None) -> Any:
    return get_op("detect.noise_spectrum")(image)


def _object(_: xr.DataArray | None) -> pd.DataFrame:
    place = {"y": 5.0, "x": 6.0, "radius": 2.0, "angle": 0.4, "sky": 1.0, "label": 1}
    return pd.DataFrame([place])


def _layer(_: xr.DataArray | None) -> pd.DataFrame:
    depth = np.linspace(0, 20, 41)
    layer = pd.DataFrame({"depth": depth, "speed": np.sqrt(142 * depth)})
    layer.attrs["units"] = {"depth": "Mm", "speed": "km/s"}
    return layer


def _grains(_: xr.DataArray | None) -> pd.DataFrame:
    diameter = np.random.default_rng(0).lognormal(1.0, 0.4, 60)
    grains = pd.DataFrame({"equivalent_diameter": diameter, "volume": diameter**3})
    grains.attrs["units"] = {"equivalent_diameter": "um", "volume": "um3"}
    return grains


def _placed(_: xr.DataArray | None) -> pd.DataFrame:
    table = pd.DataFrame({"label": [1, 2], "centroid_y": [0.5, 2.0], "centroid_x": [3.0, 1.25]})
    table.attrs["units"] = {"centroid_y": "arcsec", "centroid_x": "arcsec"}
    return table


def _square(image: xr.DataArray | None) -> xr.DataArray:
    """Return an image with the step of x along y too."""
    assert image is not None
    step = float(image.x.diff("x")[0]) if image.sizes["x"] > 1 else 1.0
    return image.assign_coords(y=("y", step * np.arange(image.sizes["y"]), image.x.attrs))


def _from_middle(image: xr.DataArray) -> xr.DataArray:
    """Return distances from a place near the middle, in samples."""
    y, x = (np.arange(image.sizes[dim]) - 0.47 * image.sizes[dim] for dim in ("y", "x"))
    return xr.DataArray(np.hypot(y[:, None], x), dims=("y", "x"))


def _with_galaxy(image: xr.DataArray | None) -> xr.DataArray:
    """Return an image with light whose shape is plain: of noise alone a fit may be anything."""
    square = _square(image)
    light = 400 * np.exp(-_from_middle(square) / 1.5)
    return (square + light.astype(square.dtype)).transpose(*square.dims).assign_attrs(square.attrs)


def _of_galaxy(labels: xr.DataArray | None) -> xr.DataArray:
    square = _square(labels)
    return square.copy(data=np.broadcast_to((_from_middle(square) < 3.5) * 4, square.shape)
                       .astype(square.dtype))  # fmt: skip


def _on_the_sky(image: xr.DataArray | None) -> xr.DataArray:
    assert image is not None
    sky = {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 60.0,
           "CD1_1": -1e-3, "CD1_2": 1e-4, "CD2_1": 2e-4, "CD2_2": 1e-3}  # fmt: skip
    axes = {
        dim: (dim, np.arange(image.sizes[dim]), {"units": "arcsec", "header_axis": [number, 0, 1]})
        for number, dim in ((1, "x"), (2, "y"))
        if dim in image.dims
    }
    return image.assign_coords(axes).assign_attrs(header=sky)


def _first_dim(image: xr.DataArray) -> dict[str, Any]:
    return {"dim": str(image.dims[0])}


def _one_column(image: xr.DataArray) -> dict[str, Any]:
    count = int(image.sizes["pixel"])
    rows = 2 if count and not count % 2 else 1
    return {"rows": rows, "columns": max(1, count // rows)}


CASES: dict[str, Case] = {
    "detect.blobs": Case(params={"min_sigma": 0.7, "max_sigma": 2, "min_snr": 0.5}),
    "detect.gain_control": Case(dims=WAVES),
    "detect.main_object": Case(dims=PLANE),
    "detect.moveout": Case(dims=WAVES),
    "detect.noise_spectrum": Case(dims=WAVES, size=16),
    "detect.scan": Case(dims=WAVES, params={"a": (0.5, 2.0, 3), "d0": (0.0, 2.0, 2)}, size=16),
    "detect.spots": Case(params={"threshold": 2.5, "radius": 1, "window": 3}, size=20),
    "detect.stack": Case(dims=WAVES),
    "detect.travel_time": Case(data={"speed": _layer}),
    "detect.whiten": Case(dims=WAVES, data={"model": _noise_model}, size=16),
    "detect.published_baseline": Case(dims=WAVES, params={"first": 2, "columns": 6}, size=16),
    "filters.bilateral": Case(params={"sigma_value": 3.0}),
    "filters.non_local_means": Case(params={"strength": 2.0, "patch": 1, "search": 2}),
    "filters.total_variation": Case(params={"weight": 2.0, "iterations": 8}),
    "measure.morphology": Case(
        dims=(("y", "x"), ("t", "y", "x")),
        data={"labels": _of_galaxy, "intensity": _with_galaxy},
        size=24,
    ),
    "measure.size_distribution": Case(data={"table": _grains}),
    "radiography.remove_lines": Case(dims=_PLANES),
    "radiography.remove_rings": Case(dims=_PLANES, params={"space": "sinogram"}),
    "segment.merge_regions": Case(params={"threshold": 3.0}),
    "segment.quadtree": Case(params={"threshold": 6.0}),
    "threshold.phases": Case(params={"values": (8.0, 12.0)}),
    "threshold.hysteresis": Case(params={"low": 8.0, "high": 11.0}),
    "threshold.by_result": Case(params={"target": 0.3}),
    "transform.canonical": Case(dims=PLANE, params={"size": 16}, data={"object": _object}),
    "transform.crop": Case(params_for=lambda image: {"start": {str(image.dims[-1]): -1}}),
    "transform.grey": Case(dims=(("y", "x", "c"), ("energy", "y", "x"), ("z", "y", "x", "c"))),
    "transform.select": Case(dims=(("y", "x", "c"), ("t", "y", "x", "c"))),
    "transform.flip": Case(params_for=_first_dim),
    "transform.fold": Case(
        dims=(("band", "pixel"), ("pixel", "energy")),
        params={"order": "columns"},
        params_for=_one_column,
    ),
    "transform.time_distance": Case(
        dims=(("t", "y", "x"),), params={"y": 5, "x": 5, "reach": 4}, size=10
    ),
    "transform.to_sky": Case(dims=PLANE, data={"table": _placed, "image": _on_the_sky}),
    "transform.zscore": Case(params_for=_first_dim),
}
