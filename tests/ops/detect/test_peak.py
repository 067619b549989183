"""detect.peak: where a parabola has its top, in the units of the axes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graticule as gt
from graticule.core import as_image


@given(at=st.tuples(st.floats(4, 15), st.floats(4, 15)))
def test_the_top_of_a_paraboloid_is_found_exactly(at: tuple[float, float]) -> None:
    y, x = np.mgrid[:20, :20]
    image = as_image(100 - (y - at[0]) ** 2 - 2 * (x - at[1]) ** 2, spacing={"y": "2 s"})
    row = gt.detect.peak(image).iloc[0]
    assert row["y"] == pytest.approx(2 * at[0], abs=1e-6)
    assert row["x"] == pytest.approx(at[1], abs=1e-6)
    assert row["statistic"] == image.values.max()
    assert gt.detect.peak(image).attrs["units"] == {"y": "s"}


def test_the_width_of_a_gaussian() -> None:
    x = np.arange(400)
    row = gt.detect.peak(np.exp(-0.5 * ((x - 200) / 12) ** 2)).iloc[0]
    assert row["x_width"] == pytest.approx(2.3548 * 12, abs=0.1)


def test_nan_is_passed_over_and_nothing_is_nan() -> None:
    row = gt.detect.peak(np.array([np.nan, 1.0, 3.0, 1.0, np.nan])).iloc[0]
    assert (row["statistic"], row["x"]) == (3.0, 2.0)
    nothing = gt.detect.peak(np.full((3, 3), np.nan))
    assert nothing.pop("at_end").tolist() == [""]
    assert nothing.isna().all(axis=None)


def test_other_coordinates_are_read_at_the_peak() -> None:
    image = as_image(np.array([[0.0, 1.0, 0.0], [0.0, 3.0, 0.0], [0.0, 1.0, 0.0]]))
    image = image.assign_coords(
        delay=(("y", "x"), np.arange(9.0).reshape(3, 3), {"units": "min"}), distance=8.7
    )
    table = gt.detect.peak(image)
    assert table["delay"].item() == 4.0
    assert table["distance"].item() == 8.7
    assert table.attrs["units"] == {"delay": "min"}


def test_the_dims_at_whose_end_the_peak_lies_are_named() -> None:
    values = np.zeros((4, 5, 1))
    values[3, 2] = 1
    image = as_image(values, dims=("a", "d0", "time"))
    assert gt.detect.peak(image)["at_end"].tolist() == ["a"]
    values[3, 2], values[1, 0] = 0, 1
    assert gt.detect.peak(image)["at_end"].tolist() == ["d0"]
    values[1, 1] = 2
    assert gt.detect.peak(image)["at_end"].tolist() == [""]


def test_along_a_dim_of_names_the_position_is_the_name() -> None:
    image = as_image([[0.0, 1.0, 0.0], [0.0, 3.0, 2.0]], dims=("part", "x"))
    image = image.assign_coords(part=["near", "far"])
    row = gt.detect.peak(image).iloc[0]
    assert (row["part"], row["statistic"]) == ("far", 3.0)
    assert 1 < row["x"] < 1.5
