"""Image conventions: names, spacing, units, byte order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import graticule as gt
from graticule.core import as_image, filtered_dims, like, require_dims, spatial_dims, step_of
from graticule.core.errors import ImageError, UnitsError

NUMBERS = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
)


@given(hnp.arrays(NUMBERS, hnp.array_shapes(max_dims=3, max_side=5)))
def test_values_are_kept_in_native_byte_order(array: Any) -> None:
    image = as_image(array)
    assert image.dtype.isnative
    np.testing.assert_array_equal(image.values, array)
    assert image.dims == ("z", "y", "x")[-array.ndim :]


def test_native_arrays_are_not_copied() -> None:
    array = np.zeros((3, 4))
    assert np.shares_memory(as_image(array).values, array)
    image = xr.DataArray(array, dims=("y", "x"))
    assert as_image(image) is image


def test_masked_places_become_nan() -> None:
    image = as_image(np.ma.MaskedArray([1, 2, 3], mask=[0, 1, 0]))
    np.testing.assert_array_equal(image.values, [1, np.nan, 3])
    assert image.dtype.kind == "f"


@given(st.integers(2, 50), st.floats(1e-3, 1e3))
def test_the_spacing_given_is_the_step_found(size: int, step: float) -> None:
    image = as_image(np.zeros(size), spacing={"x": f"{step!r} um"})
    found, unit = step_of(image, "x")
    assert found == pytest.approx(step)
    assert unit == "um"


def test_a_dim_without_coordinate_is_counted_in_pixels() -> None:
    assert step_of(as_image(np.zeros(3)), "x") == (1.0, "")


@pytest.mark.parametrize("step", [0, -1, float("nan"), float("inf")])
def test_a_spacing_must_be_positive(step: float) -> None:
    with pytest.raises(UnitsError, match="spacing along x"):
        as_image(np.zeros(3), spacing={"x": step})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"data": np.array(["a"])}, "numbers or bools"),
        ({"data": [[1, 2], [3]]}, "is no array"),
        ({"data": np.zeros((2,) * 4)}, "a name for each"),
        ({"data": np.zeros((32, 48, 3), np.uint8)}, r"32 x 48 x 3 may be a colour .*dims="),
        ({"data": np.zeros((32, 48, 4))}, "colour image or a volume"),
        ({"data": np.zeros((2, 2)), "dims": ["x"]}, "2 axes need 2"),
        ({"data": np.zeros((2, 2)), "dims": ["x", "x"]}, "different dims"),
        ({"data": np.zeros(2), "spacing": {"y": 1}}, "names the dim 'y'"),
    ],
)
def test_what_is_no_image_is_refused(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(ImageError, match=says):
        as_image(**arguments)


@pytest.mark.parametrize("shape", [(3, 48, 32), (48, 32, 5), (8, 48, 3)])
def test_what_can_hardly_be_colours_is_a_volume(shape: tuple[int, ...]) -> None:
    assert as_image(np.zeros(shape)).dims == ("z", "y", "x")


def test_colours_are_taken_as_the_user_says() -> None:
    array = np.random.default_rng(0).integers(0, 255, (32, 48, 3), np.uint8)
    colours = as_image(array, dims=["y", "x", "c"])
    smooth = gt.filters.gaussian(colours, sigma=2)
    alone = gt.filters.gaussian(array[..., 1], sigma=2)
    np.testing.assert_array_equal(smooth.values[..., 1], alone)
    assert as_image(array, dims=["z", "y", "x"]).dims == ("z", "y", "x")
    with pytest.raises(ImageError, match=r"filters\.gaussian: image: .* may be a colour image"):
        gt.filters.gaussian(array, sigma=2)


def test_the_unit_of_the_values_does_not_outlive_them() -> None:
    image = as_image(np.zeros((2, 3)), units="K", spacing={"x": "1 um"}).assign_attrs(camera="A")
    other = like(image, np.ones((2, 3)))
    assert other.attrs == {"camera": "A"}
    assert other.x.identical(image.x)
    assert like(image, np.ones((2, 3)), units="m").attrs == {"camera": "A", "units": "m"}


def test_filters_work_along_space_or_along_all() -> None:
    cube = as_image(np.zeros((2, 3, 4)), dims=("t", "y", "x"))
    wave = as_image(np.zeros((3, 4)), dims=("time", "distance"))
    assert spatial_dims(cube) == filtered_dims(cube) == ("y", "x")
    assert (spatial_dims(wave), filtered_dims(wave)) == ((), ("time", "distance"))


def test_missing_dims_are_named() -> None:
    with pytest.raises(ImageError, match=r"must have the dims t, c; it has y, x"):
        require_dims(as_image(np.zeros((2, 2))), ["t", "c", "x"])


def test_a_dim_named_twice_is_an_error() -> None:
    with pytest.raises(ImageError, match="needs 2 different dims, not x and x"):
        require_dims(as_image(np.zeros((2, 2))), ["x", "x"])
