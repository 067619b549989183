"""Curves and rays: the analytic polytrope, tables, units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.ops.detect._curves import travel_times

IMAGE = as_image(
    np.zeros((120, 100)),
    dims=("time", "distance"),
    spacing={"time": "0.75 min", "distance": "0.348 Mm"},
)
DIMS = {"along": "time", "across": "distance"}


def _layer(rate: float, deepest: float, rows: int) -> pd.DataFrame:
    depth = np.linspace(0, deepest, rows)
    table = pd.DataFrame({"depth": depth, "speed": np.sqrt(rate * depth)})
    table.attrs["units"] = {"depth": "Mm", "speed": "km/s"}
    return table


@given(rate=st.floats(50, 400), rows=st.integers(2, 40))
def test_rays_in_a_polytrope_follow_the_law(rate: float, rows: int) -> None:
    traced = gt.detect.travel_time(_layer(rate, 20, rows), rays=15)
    metres, seconds = traced["distance"] * 1e6, traced["time"]
    np.testing.assert_allclose(seconds, 2 * np.sqrt(np.pi * metres / rate), rtol=1e-9)


def test_the_polytrope_and_its_ray_table_are_one_curve() -> None:
    table = gt.detect.travel_time(_layer(142, 30, 3), rays=2000)
    law, start = np.array([142.0]), np.array([0.0])
    analytic = travel_times(IMAGE, "polytrope", law, start, **DIMS)[0]
    traced = travel_times(IMAGE, "table", np.array([1.0]), start, table=table, **DIMS)[0]
    np.testing.assert_allclose(traced[1:], analytic[1:], atol=0.01)


def test_sqrt_is_the_polytrope_in_samples() -> None:
    law = 2 * np.sqrt(np.pi * 0.348e6 / 142) / 45
    one = travel_times(IMAGE, "sqrt", np.array([law]), np.array([7.0]), **DIMS)
    other = travel_times(IMAGE, "polytrope", np.array([142.0]), np.array([7.0]), **DIMS)
    np.testing.assert_allclose(one, other, rtol=1e-9)
    assert np.isnan(one[0, :7]).all()


def test_a_sphere_of_great_radius_is_flat() -> None:
    layer = _layer(142, 20, 50)
    flat, sphere = (gt.detect.travel_time(layer, radius=r, rays=9) for r in (0.0, 1e7))
    np.testing.assert_allclose(sphere["time"], flat["time"], rtol=1e-4)


def test_the_sun_returns_its_waves_after_minutes(data_dir: Path) -> None:
    radius = 695.99
    model = np.loadtxt(data_dir / "sunquake_td" / "solar_model_interior.txt")
    depth, speed = radius * (1 - model[:, 0]), model[:, 1] / 1e5
    inside = (depth > 0) & (depth < 300)
    table = pd.DataFrame({"depth": depth[inside], "speed": speed[inside]})
    table.attrs["units"] = {"depth": "Mm", "speed": "km/s"}
    traced = gt.detect.travel_time(table, radius=radius)
    minutes = np.interp([15, 100], traced["distance"], traced["time"] / 60)
    np.testing.assert_allclose(minutes, [19.3, 46.5], atol=1.0)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (pd.DataFrame({"depth": [0.0, 1.0]}), "no column speed"),
        (pd.DataFrame({"depth": [1.0, 0.0], "speed": [1.0, 2.0]}), "must grow from row to row"),
        (pd.DataFrame({"depth": [0.0, 1.0], "speed": [2.0, 1.0]}), "grow with depth"),
    ],
)
def test_a_table_without_rays_is_refused(table: pd.DataFrame, says: str) -> None:
    with pytest.raises(ImageError, match=says):
        gt.detect.travel_time(table)
