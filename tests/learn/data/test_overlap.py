"""learn.overlap: images that share content are never on both sides."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from graticule.core.errors import CheckError
from graticule.learn.data.overlap import pixel_hash, require_disjoint, require_distinct


def image(seed=0, shape=(64, 64), dtype=np.float32):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 255, shape) if np.dtype(dtype).kind == "u" else rng.normal(size=shape)
    return xr.DataArray(values.astype(dtype), dims=("z", "y", "x")[-len(shape) :])


@settings(deadline=None, max_examples=30)
@given(
    st.integers(0, 20),
    st.integers(0, 20),
    st.integers(24, 40),
    st.sampled_from([np.uint8, np.float32]),
)
def test_a_part_of_another_image_is_found(y, x, side, dtype):
    whole = image(dtype=dtype)
    part = whole[y : y + side, x : x + side]
    with pytest.raises(CheckError, match=r"part.*whole|whole.*part"):
        require_disjoint({"whole": whole}, {"part": part})
    with pytest.raises(CheckError, match=r"part.*whole|whole.*part"):
        require_disjoint({"part": part}, {"whole": whole})


def test_tiles_of_one_mosaic_that_share_a_margin_are_found():
    mosaic = image(shape=(80, 160))
    with pytest.raises(CheckError, match="shares a part"):
        require_disjoint({"left": mosaic[:, :90]}, {"right": mosaic[:, 60:]})


def test_neighbours_without_a_common_sample_are_not_refused():
    mosaic = image(shape=(80, 160))
    require_disjoint({"left": mosaic[:, :80]}, {"right": mosaic[:, 80:]})


def test_the_same_image_under_another_name_is_named():
    with pytest.raises(CheckError, match=r"b.*is equal to a") as caught:
        require_disjoint({"a": image()}, {"b": image()})
    assert "group" in caught.value.hint


def test_a_plane_of_a_volume_is_found():
    volume = image(shape=(4, 40, 40))
    with pytest.raises(CheckError, match="shares a part"):
        require_disjoint({"volume": volume}, {"plane": volume[2]})


@pytest.mark.parametrize("value", [0, 255])
def test_constant_images_are_no_copies(value):
    empty = xr.DataArray(np.full((64, 64), value, np.uint8), dims=("y", "x"))
    require_disjoint({"a": empty}, {"b": empty.copy()})


def test_common_background_is_no_copy():
    def photo(seed):
        values = np.zeros((64, 64), np.uint8)
        values[20:40, 20:40] = image(seed, (20, 20), np.uint8).values
        return xr.DataArray(values, dims=("y", "x"))

    require_disjoint({"a": photo(0)}, {"b": photo(1)})


def test_images_of_one_group_may_share():
    both = [image(), image()]
    require_distinct(["a", "b"], both, ["one", "one"])
    with pytest.raises(CheckError, match=r"equal to"):
        require_distinct(["a", "b"], both, [0, 1])


def test_content_is_of_values_shape_and_dtype():
    assert pixel_hash(image()) == pixel_hash(image().rename("other").assign_attrs(units="K"))
    assert pixel_hash(image()) != pixel_hash(image().astype(float))
    assert pixel_hash(image()) != pixel_hash(
        image().transpose("x", "y").reset_coords(drop=True).T + 1
    )


def other_numbers():
    eight = image(dtype=np.uint8)
    return {
        "16 bits": eight.astype(np.uint16) * 257,
        "float": (eight / np.float32(255)).astype(np.float32),
        "signed": eight.astype(np.int16),
        "darker": (eight // 4).astype(np.uint8),
    }


@pytest.mark.parametrize("name", other_numbers())
def test_a_copy_in_other_numbers_is_found(name):
    copy = other_numbers()[name]
    with pytest.raises(CheckError, match=r"b .*is a in other numbers"):
        require_distinct(["a", "b"], [image(dtype=np.uint8), copy], [0, 1])
    with pytest.raises(CheckError, match=r"test .*is train in other numbers"):
        require_disjoint({"train": image(dtype=np.uint8)}, {"test": copy})


def test_images_that_are_only_alike_are_not_refused():
    """The same uneven light, and other noise: what is learned is not what is judged."""
    light = 100 + 50 * np.hypot(*np.mgrid[:64, :64])
    noisy = [image(seed) * 100 + light for seed in (0, 1)]
    require_distinct(["a", "b"], noisy, [0, 1])
    masks = [(image(seed) > 0).astype(np.uint8) for seed in (0, 0)]
    masks[1][0, 0] = 1 - masks[1][0, 0]
    require_distinct(["a", "b"], masks, [0, 1])
