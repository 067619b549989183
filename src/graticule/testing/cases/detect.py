"""What suits the ops of ``detect``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from graticule.core.registry import get_op
from graticule.testing.cases.case import Case, Dims

WAVES: tuple[Dims, ...] = (("time", "distance"),)


def _noise_model(image: xr.DataArray | None) -> Any:
    return get_op("detect.noise_spectrum")(image)


def _layer(_: xr.DataArray | None) -> pd.DataFrame:
    depth = np.linspace(0, 20, 41)
    layer = pd.DataFrame({"depth": depth, "speed": np.sqrt(142 * depth)})
    layer.attrs["units"] = {"depth": "Mm", "speed": "km/s"}
    return layer


CASES: dict[str, Case] = {
    "detect.moveout": Case(dims=WAVES),
    "detect.noise_spectrum": Case(dims=WAVES, size=16),
    "detect.scan": Case(dims=WAVES, params={"a": (0.5, 2.0, 3), "d0": (0.0, 2.0, 2)}, size=16),
    "detect.spots": Case(params={"threshold": 2.5, "radius": 1, "window": 3}, size=20),
    "detect.stack": Case(dims=WAVES),
    "detect.travel_time": Case(data={"speed": _layer}),
    "detect.whiten": Case(dims=WAVES, data={"model": _noise_model}, size=16),
    "detect.published_baseline": Case(dims=WAVES, params={"first": 2, "columns": 6}, size=16),
}
