"""What suits the ops on tables of objects, and on labels within labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from graticule.testing.cases.case import PLANE, Case, Dims


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


def _spots(labels: xr.DataArray | None) -> xr.DataArray:
    """Return spots on a grid, of which a few are missing."""
    assert labels is not None
    y, x = np.ogrid[: labels.sizes["y"], : labels.sizes["x"]]
    number = y // 5 * 100 + x // 6 + 1
    inside = ((y % 5 - 2) ** 2 + (x % 6 - 3) ** 2 < 3) & (number % 7 != 0)
    return labels.copy(data=np.where(inside, number, 0).astype(labels.dtype))


_FRAMES: tuple[Dims, ...] = (("y", "x"), ("t", "y", "x"), ("z", "t", "x"))


def _path(image: xr.DataArray) -> dict[str, Any]:
    """Return a path through an image, that leaves it at its end."""
    sizes = [size for dim, size in image.sizes.items() if dim in ("z", "y", "x")]
    middle = [0.4 * size for size in sizes]
    return {"points": ([0] * len(sizes), middle, [float(size + 1) for size in sizes])}


CASES: dict[str, Case] = {
    "measure.fit_circle": Case(dims=_FRAMES),
    "measure.fit_ellipse": Case(dims=_FRAMES),
    "measure.derive": Case(
        params={"columns": {"scaled": "area / median(area)", "width": "sqrt(area)"}},
        data={"table": _cells},
    ),
    "measure.join": Case(data={"table": _cells, "other": _nuclei}),
    "measure.profile": Case(
        dims=(("y", "x"), ("x",), ("y", "c", "x"), ("z", "y", "x")), params_for=_path
    ),
    "measure.summarise": Case(
        params={"columns": ("area", "ring.mean"), "quantiles": (0.05, 0.975)},
        data={"table": _cells},
    ),
    "segment.spot_grid": Case(dims=PLANE, data={"labels": _spots}, size=30),
    "segment.track": Case(dims=(("t", "y", "x"), ("t", "x"))),
}
