"""What suits the ops of ``measure``."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from graticule.testing.cases.case import Case


def _grains(_: xr.DataArray | None) -> pd.DataFrame:
    diameter = np.random.default_rng(0).lognormal(1.0, 0.4, 60)
    grains = pd.DataFrame({"equivalent_diameter": diameter, "volume": diameter**3})
    grains.attrs["units"] = {"equivalent_diameter": "um", "volume": "um3"}
    return grains


CASES: dict[str, Case] = {
    "measure.size_distribution": Case(data={"table": _grains}),
}
