"""What suits the ops on tables of objects, and on labels within labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from graticule.testing.cases.case import Case


def _cells(_: xr.DataArray | None) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"label": range(1, 21), "area": rng.lognormal(3, 1, 20)})
    table["ring.mean"] = rng.normal(10, 2, 20)
    table.loc[3, "ring.mean"] = 0.0
    table.attrs["units"] = {"area": "um2", "ring.mean": "count"}
    return table


def _nuclei(_: xr.DataArray | None) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"label": range(3, 23), "volume": rng.lognormal(1, 1, 20)})
    table.attrs["units"] = {"volume": "um3"}
    return table


CASES: dict[str, Case] = {
    "measure.derive": Case(
        params={"columns": {"scaled": "area / median(area)", "width": "sqrt(area)"}},
        data={"table": _cells},
    ),
    "measure.join": Case(data={"table": _cells, "other": _nuclei}),
    "measure.summarise": Case(
        params={"columns": ("area", "ring.mean"), "quantiles": (0.05, 0.975)},
        data={"table": _cells},
    ),
    "segment.track": Case(dims=(("t", "y", "x"), ("t", "x"))),
}
