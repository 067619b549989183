"""What dims are for: every dim is a place or a feature, and a name is one sample's alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from graticule.core import feature_dims, feature_names, spatial_dims, with_features_last
from graticule.core.dims import FEATURES, FRAMES
from graticule.core.errors import ImageError, ParameterError
from graticule.core.image import SPATIAL

WORDS = st.text(st.sampled_from("ab1"), min_size=1, max_size=2)


def image_of(*dims: str, **sizes: int) -> xr.DataArray:
    return xr.DataArray(np.zeros([sizes.get(dim, 2) for dim in dims]), dims=dims)


@given(st.lists(st.sampled_from([*SPATIAL, *FEATURES, *FRAMES]), max_size=4, unique=True))
def test_a_known_dim_is_one_thing(dims: list[str]) -> None:
    image = image_of("x", *(dim for dim in dims if dim != "x"))
    features = feature_dims(image)
    frames = {dim for dim in image.dims if dim in FRAMES}
    assert set(features) | set(spatial_dims(image)) | frames == set(image.dims)
    assert set(features) == {dim for dim in dims if dim in FEATURES}


@pytest.mark.parametrize("dims", [("time", "distance"), ("a", "b"), ("angle",)])
def test_without_space_all_dims_are_places(dims: tuple[str, ...]) -> None:
    assert feature_dims(image_of(*dims)) == ()


def test_a_dim_beside_space_that_is_not_known_has_to_be_decided() -> None:
    image = image_of("angle", "c", "y", "x")
    with pytest.raises(ImageError, match="the dim 'angle'") as caught:
        feature_dims(image)
    assert "features: [c, angle] makes it features, features: [c] frames" in str(caught.value)
    assert feature_dims(image, ["c", "angle"]) == ("angle", "c")
    assert feature_dims(image, []) == ()
    with pytest.raises(ParameterError, match="there is no dim 'angel'; the image has angle, c"):
        feature_dims(image, ["angel"])


@pytest.mark.parametrize("wanted", [None, ["energy"]])
def test_features_need_a_place(wanted: list[str] | None) -> None:
    with pytest.raises(ImageError, match="no place that has them"):
        feature_dims(image_of("energy"), wanted)
    assert feature_dims(image_of("energy"), []) == ()


@given(
    st.one_of(
        st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=6),
        st.lists(st.integers(0, 3), min_size=1, max_size=6),
        st.lists(WORDS, min_size=1, max_size=6),
    ),
    st.sampled_from(["", "nm"]),
)
def test_every_feature_has_a_name_of_its_own(values: list[Any], unit: str) -> None:
    image = image_of("c", "a", c=len(values)).assign_coords(c=("c", values, {"units": unit}))
    names = feature_names(image, ["c"])
    assert len(set(names) | {"c", "a"}) == len(values) + 2
    assert [f"{name} a{k}" for name in names for k in (0, 1)] == feature_names(image, ["c", "a"])


def test_near_positions_are_told_apart() -> None:
    energy = ("energy", [8.0478222, 8.0478223], {"units": "keV"})
    names = feature_names(image_of("energy", "x").assign_coords(energy=energy), ["energy"])
    assert names == ["energy=8.0478222 keV", "energy=8.0478223 keV"]


@given(st.permutations(["t", "stokes", "energy", "y", "x"]))
def test_features_are_stacked_in_the_order_of_their_names(dims: list[str]) -> None:
    sizes = {"t": 2, "stokes": 3, "energy": 4, "y": 2, "x": 3}
    values = np.arange(144).reshape([sizes[dim] for dim in dims])
    image = xr.DataArray(values, dims=dims, coords={"x": [0, 1, 2], "stokes": list("IQU")})
    features = feature_dims(image)
    stacked, names = with_features_last(image, features), feature_names(image, features)
    assert set(stacked.coords) == {"x"}
    at = int(np.random.default_rng(0).integers(12))
    stokes, energy = sorted(names[at].split(), key=lambda word: word.startswith("energy"))
    wanted = image.sel(stokes=stokes).isel(energy=int(energy.removeprefix("energy")))
    np.testing.assert_array_equal(stacked[..., at].transpose(*wanted.dims), wanted)
