"""Comparison of results: equal is equal, and every difference is put into words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from graticule.core import as_image
from graticule.testing.compare import difference

IMAGE = as_image(np.arange(6.0).reshape(2, 3), spacing={"x": "1 um"}, units="K")
TABLE = pd.DataFrame({"label": [1, 2], "area": [3.0, np.nan]})


def moved(value: Any, by: float) -> Any:
    return value + np.array([[0, 0, 0], [0, 0, by]])


@pytest.mark.parametrize("value", [IMAGE, TABLE, {"a": np.ones(2)}, (IMAGE, 1.5), np.arange(3)])
def test_a_copy_is_the_same(value: Any) -> None:
    again = value.copy() if hasattr(value, "copy") else tuple(value)
    assert difference(value, again) == ""


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (IMAGE.values, "DataArray"),
        (IMAGE.rename(x="t"), "dims"),
        (IMAGE.drop_vars("x"), "coordinates"),
        (IMAGE.assign_coords(x=IMAGE.x * 2), "the coordinate x"),
        (IMAGE.assign_coords(x=("x", IMAGE.x.values, {"units": "nm"})), "the coordinate x"),
        (IMAGE.assign_attrs(units="C"), "attrs"),
        (IMAGE.astype("f4"), "float32"),
        (IMAGE.copy(data=moved(IMAGE.values, np.nan)), "NaN"),
        (IMAGE.copy(data=moved(IMAGE.values, 1e-9)), r"differ by up to 1e-09 at \(1, 2\)"),
    ],
)
def test_every_difference_of_an_image_is_told(other: Any, says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(difference(IMAGE, other))


def test_the_tolerance_is_relative_to_the_largest_value_and_for_floats_only() -> None:
    near = IMAGE.copy(data=moved(IMAGE.values, 4e-6))
    assert difference(IMAGE, near, tolerance=1e-6) == ""
    assert difference(IMAGE, near, tolerance=1e-7) != ""
    assert difference(np.array([1000]), np.array([1001]), tolerance=0.5) == "1 values differ"


def test_tables_differ_by_column_row_value_and_unit() -> None:
    for other in (TABLE.rename(columns={"area": "size"}), TABLE.iloc[:1], TABLE.assign(label=7)):
        assert difference(TABLE, other) != ""
    with_unit = TABLE.copy()
    with_unit.attrs["units"] = {"area": "um2"}
    assert "attrs" in difference(TABLE, with_unit)
