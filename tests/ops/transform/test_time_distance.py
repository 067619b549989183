"""transform.time_distance: what depends on the distance alone comes back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, UnitsError

DIMS = ("t", "y", "x")


def _cube(y: float, x: float, step: float = 1.0) -> np.ndarray:
    yy, xx = np.mgrid[:41, :37]
    ring = np.rint(np.hypot((yy - y) * step, xx - x))
    return np.stack([np.cos(0.3 * t + 0.2 * ring) for t in range(4)])


@given(y=st.integers(15, 25), x=st.integers(15, 20), first=st.floats(0, 360))
def test_a_radial_wave_comes_back_in_every_arc(y: int, x: int, first: float) -> None:
    cube = as_image(_cube(y, x), dims=DIMS)
    result = gt.transform.time_distance(cube, y=y, x=x, reach=12, arc=(first, first + 90))
    expected = np.cos(0.3 * np.arange(4)[:, None] + 0.2 * np.arange(13)[None, :])
    known = ~np.isnan(result.values)
    assert known[:, 1:].all()
    np.testing.assert_allclose(result.values[known], expected[known], atol=1e-6)


def test_units_and_uneven_spacing_are_respected() -> None:
    spacing = {"t": "45 s", "y": "0.696 Mm", "x": "0.348 Mm"}
    cube = as_image(_cube(20, 18, step=2.0), dims=DIMS, spacing=spacing)
    result = gt.transform.time_distance(cube, y="13.92 Mm", x="6.264 Mm", reach="5 Mm")
    assert result.distance.attrs["units"] == "Mm"
    assert result.time.attrs["units"] == "s"
    np.testing.assert_allclose(result.distance[-1], 14 * 0.348)
    np.testing.assert_allclose(result.values[0], np.cos(0.2 * np.arange(15)), atol=1e-6)


def test_missing_pixels_are_not_counted() -> None:
    cube = _cube(20, 18)
    cube[:, 20:, :] = np.nan
    result = gt.transform.time_distance(as_image(cube, dims=DIMS), y=20, x=18, reach=8)
    assert np.isnan(result[:, 0]).all()
    np.testing.assert_allclose(result.values[0, 1:], np.cos(0.2 * np.arange(1, 9)), atol=1e-6)


def test_rings_off_the_image_and_mixed_units_are_refused() -> None:
    cube = as_image(_cube(20, 18), dims=DIMS)
    with pytest.raises(ImageError, match="no pixel"):
        gt.transform.time_distance(cube, y=500, x=18, reach=5)
    mixed = as_image(_cube(20, 18), dims=DIMS, spacing={"x": "1 Mm"})
    with pytest.raises(UnitsError, match="one unit"):
        gt.transform.time_distance(mixed, y=20, x=18, reach=5)


def test_the_middle_of_the_frame_is_the_epicentre_unless_another_is_named() -> None:
    cube = as_image(_cube(20, 18), dims=DIMS)
    middle = gt.transform.time_distance(cube, reach=9)
    named = gt.transform.time_distance(cube, y=20, x=18, reach=9)
    np.testing.assert_array_equal(middle, named)
