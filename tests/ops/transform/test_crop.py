"""transform.crop: the slices of NumPy and xarray, by index and by coordinate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError, UnitsError
from graticule.pipeline.coarse import coarsen

IMAGE = as_image(
    np.arange(60.0).reshape(6, 10), spacing={"y": "0.1 um", "x": "200 nm"}, units="count"
)


@given(st.data())
def test_by_index_is_the_slice_of_numpy(data: st.DataObject) -> None:
    array = IMAGE.values
    first = data.draw(st.integers(0, 9))
    end = data.draw(st.integers(first + 1, 10))
    cut = gt.op("transform.crop")(array, start={"x": first}, stop={"x": end})
    np.testing.assert_array_equal(cut, array[:, first:end])


@given(st.integers(0, 9), st.integers(0, 9))
def test_by_coordinate_is_the_selection_of_xarray(first: int, last: int) -> None:
    first, last = min(first, last), max(first, last)
    low, high = IMAGE.x.values[[first, last]]
    cut = gt.op("transform.crop")(
        IMAGE, start={"x": float(low)}, stop={"x": float(high)}, by="coordinate"
    )
    assert cut.identical(IMAGE.sel(x=slice(low, high)))


def test_a_quantity_is_a_position_whatever_by_says() -> None:
    cut = gt.op("transform.crop")(IMAGE, start={"y": "0.3 um"}, stop={"x": "1000 nm"})
    assert cut.identical(IMAGE.isel(y=slice(3, None), x=slice(None, 6)))


def test_a_falling_coordinate_is_cut_in_its_own_direction() -> None:
    falling = IMAGE.isel(x=slice(None, None, -1))
    cut = gt.op("transform.crop")(falling, start={"x": "1000 nm"}, stop={"x": "400 nm"})
    assert cut.x.values.tolist() == [1000.0, 800.0, 600.0, 400.0]


def test_negative_indices_count_from_the_end() -> None:
    cut = gt.op("transform.crop")(IMAGE, start={"x": -3}, stop={"x": -1})
    assert cut.identical(IMAGE.isel(x=slice(-3, -1)))


@pytest.mark.parametrize(
    ("params", "error", "says"),
    [
        ({"start": {"xx": 1}}, ImageError, "xx"),
        ({"start": {"x": 5}, "stop": {"x": 5}}, ImageError, "along x"),
        ({"stop": {"x": 11}}, ImageError, "0 to 10"),
        ({"start": {"x": -11}}, ImageError, "along x"),
        ({"start": {"x": 1.5}}, ParameterError, "start.x"),
        ({"start": {"x": "3 s"}}, UnitsError, "dim x"),
        ({"start": {"x": "far"}}, ParameterError, "far"),
    ],
)
def test_bounds_that_make_no_sense_are_named(
    params: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        gt.op("transform.crop")(IMAGE, **params)


def test_a_position_needs_a_coordinate() -> None:
    with pytest.raises(UnitsError, match="no coordinate"):
        gt.op("transform.crop")(np.zeros((4, 4)), start={"x": "1 um"})


@given(st.integers(0, 62), st.integers(1, 5), st.data())
def test_a_coarser_level_holds_the_samples_cut_out(
    first: int, level: int, data: st.DataObject
) -> None:
    image = as_image(np.arange(64.0), spacing={"x": 1})
    end = data.draw(st.integers(first + 1, 64))
    cut = gt.op("transform.crop")(coarsen(image, level), start={"x": first}, stop={"x": end})
    reach = 2.0 ** (level - 1)
    assert cut.x[0] - reach <= first
    assert cut.x[-1] + reach >= end - 1
    assert cut.size <= (end - first) / 2**level + 2


def test_negative_bounds_on_a_coarser_level_count_from_the_end() -> None:
    image = coarsen(as_image(np.arange(64.0)), 2)
    cut = gt.op("transform.crop")(image, start={"x": -9}, stop={"x": -1})
    np.testing.assert_array_equal(cut, image[13:16])
