"""measure.profile: as scikit-image and SciPy take values along lines."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.measure import profile_line

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError, ParameterError, UnitsError

PLACES = st.tuples(st.integers(4, 25), st.integers(4, 35))


@settings(deadline=None)
@given(PLACES, PLACES, st.integers(1, 5), st.sampled_from(["mean", "median", "min", "max"]))
def test_a_line_is_that_of_scikit_image(start, stop, width, statistic):
    if start == stop:
        return
    image = np.random.default_rng(0).random((30, 40))
    found = gt.measure.profile(image, points=[start, stop], width=width, statistic=statistic)
    rule = getattr(np, statistic)
    wanted = profile_line(image, start, stop, linewidth=width, order=1, reduce_func=rule,
                          mode="constant")  # fmt: skip
    length = np.hypot(*np.subtract(stop, start))
    np.testing.assert_array_equal(found["distance"], np.arange(int(length + 1e-9) + 1))
    # theirs spreads its steps over a whole number of samples: equal where that is the length
    if length == int(length):
        np.testing.assert_allclose(found["value"], wanted[: len(found)], rtol=1e-9)


def test_a_path_turns_at_its_points():
    image = np.random.default_rng(1).random((30, 40))
    corners = np.array([[5, 5], [5, 20], [20, 20], [20, 8]])
    found = gt.measure.profile(image, points=corners.tolist())
    along = [(5, x) for x in range(5, 20)] + [(y, 20) for y in range(5, 20)]
    along += [(20, x) for x in range(20, 7, -1)]
    np.testing.assert_allclose(found["value"], [image[place] for place in along])
    assert found["distance"].iloc[-1] == 42


def test_units_spacing_channels_and_steps():
    rng = np.random.default_rng(2)
    values = rng.random((2, 30, 40))
    spacing = {"y": "1 um", "x": "500 nm"}
    image = as_image(values, dims=["c", "y", "x"], units="count", spacing=spacing)
    image = image.assign_coords(c=["dna", "gfp"])
    line = [["2 um", "1 um"], ["20 um", "15 um"]]
    found = gt.measure.profile(image, points=line, step="0.7 um")
    assert found.attrs["units"] == {"distance": "nm", "y": "px", "x": "px",
                                    "value_dna": "count", "value_gfp": "count"}  # fmt: skip
    np.testing.assert_allclose(np.diff(found["distance"]), 700)
    way = np.array([18.0, 14.0]) / np.hypot(18, 14)
    places = np.array([2.0, 1.0]) + 0.7 * np.arange(len(found))[:, None] * way
    for channel, name in enumerate(("dna", "gfp")):
        wanted = ndimage.map_coordinates(values[channel], (places / [1.0, 0.5]).T, order=1)
        np.testing.assert_allclose(found[f"value_{name}"], wanted)
    with pytest.raises(UnitsError):
        gt.measure.profile(values[0], points=line)


def test_volumes_and_what_lies_outside():
    volume = np.random.default_rng(3).random((9, 10, 11))
    found = gt.measure.profile(volume, points=[[1, 1, 1], [7, 8, 9]], step=0.5)
    places = found[["z", "y", "x"]].to_numpy().T
    np.testing.assert_allclose(found["value"], ndimage.map_coordinates(volume, places, order=1))
    leaves = gt.measure.profile(np.ones((4, 4)), points=[[2, 2], [2, 9]])
    assert leaves["value"].notna().tolist() == [True, True] + [False] * 6
    edge = gt.measure.profile(np.ones((4, 4)), points=[[3, 0], [3, 3]], width=3)
    assert edge["value"].tolist() == [1, 1, 1, 1], "what is outside is left out"


def test_faults_are_named():
    image = np.ones((4, 4))
    with pytest.raises(ParameterError, match="places along y, x"):
        gt.measure.profile(image, points=[[1, 1, 1], [2, 2, 2]])
    with pytest.raises(ParameterError, match="points that differ"):
        gt.measure.profile(image, points=[[1, 1], [1, 1]])
    with pytest.raises(ParameterError, match="points"):
        gt.measure.profile(image, points=[[1, 1]])
    with pytest.raises(ParameterError, match="width"):
        gt.measure.profile(np.ones((4, 4, 4)), points=[[1, 1, 1], [2, 2, 2]], width=3)
    with pytest.raises(ImageError, match="none of them of space"):
        gt.measure.profile(xr.DataArray(np.ones(4), dims="t"), points=[[1], [2]])
