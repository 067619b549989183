"""What suits the ops of ``transform``."""

from __future__ import annotations

from typing import Any

import xarray as xr

from graticule.testing.cases.case import Case


def _first_dim(image: xr.DataArray) -> dict[str, Any]:
    return {"dim": str(image.dims[0])}


CASES: dict[str, Case] = {
    "transform.crop": Case(params_for=lambda image: {"start": {str(image.dims[-1]): -1}}),
    "transform.grey": Case(dims=(("y", "x", "c"), ("z", "y", "x", "c"))),
    "transform.select": Case(dims=(("y", "x", "c"), ("t", "y", "x", "c"))),
    "transform.flip": Case(params_for=_first_dim),
    "transform.time_distance": Case(
        dims=(("t", "y", "x"),), params={"y": 5, "x": 5, "reach": 4}, size=10
    ),
    "transform.zscore": Case(params_for=_first_dim),
}
