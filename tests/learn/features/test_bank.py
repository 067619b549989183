"""learn.features: cuts, names, reach, missing values, refusals."""

import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from graticule.core import ALL, Length, as_image
from graticule.core.errors import GraticuleError, ImageError, ParameterError, UnitsError
from graticule.learn.features import Features

EVERYTHING = {
    "kinds": ("value", "gaussian", "gradient", "laplacian", "dog", "hessian", "structure"),
    "sigmas": (0.7, 2),
    "window": 3,
    "rank": ("min", "median", "max", "std", "deviation"),
    "position": 0.5,
}
BANKS = [
    Features(**EVERYTHING),
    Features(**EVERYTHING, border="nearest", derivatives="difference"),
    Features(sigmas=(1, 3), kinds=("sobel", "hessian", "structure"), derivatives="difference"),
    Features.basic(0.5, 2),
]
SHAPES = [(1, 1), (1, 40), (23, 1), (31, 29), (6, 700), (4, 5, 6), (11, 9, 13), (1, 1, 7)]
WHERE = st.integers(0, 2**32 - 1)


def _image(shape, seed=0):
    return as_image(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


@pytest.mark.parametrize("bank", BANKS)
@pytest.mark.parametrize("shape", SHAPES)
def test_strips_samples_and_subsets_are_the_whole_to_the_bit(bank, shape):
    image, rng = _image(shape), np.random.default_rng(1)
    whole = bank.compute(image)
    assert whole.shape == (len(bank.names(image)), *shape)
    for size in (1, 3, 7):
        strips = list(bank.strips(image, size=size))
        np.testing.assert_array_equal(np.concatenate([b for _, b in strips], axis=1), whole)
        assert [where[0].start for where, _ in strips] == list(range(0, shape[0], size))
    mask = rng.random(shape) < 0.2
    np.testing.assert_array_equal(bank.rows(image, mask), whole[:, mask].T)
    only = rng.permutation(len(whole))[:5].tolist()
    np.testing.assert_array_equal(bank.compute(image, only=only), whole[only])


@pytest.mark.parametrize("bank", BANKS)
@settings(max_examples=15)
@given(where=WHERE)
def test_a_part_with_its_halo_is_the_whole_to_the_bit(bank, where):
    rng = np.random.default_rng(where)
    image = _image((40, 620)).assign_coords(y=np.arange(40.0), x=np.arange(620.0))
    start = [int(rng.integers(0, n)) for n in image.shape]
    stop = [int(rng.integers(a + 1, n + 1)) for a, n in zip(start, image.shape, strict=True)]
    reach = [bank.halo(image)[dim] for dim in ("y", "x")]
    low = [max(0, a - r) for a, r in zip(start, reach, strict=True)]
    high = [min(n, b + r) for b, r, n in zip(stop, reach, image.shape, strict=True)]
    part = image[low[0] : high[0], low[1] : high[1]]
    found = bank.compute(part)[
        :, start[0] - low[0] : stop[0] - low[0], start[1] - low[1] : stop[1] - low[1]
    ]
    wanted = bank.compute(image)[:, start[0] : stop[0], start[1] : stop[1]]
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("bank", BANKS)
def test_nothing_beyond_the_halo_is_looked_at(bank):
    image = _image((61, 63))
    whole, reach = bank.compute(image), bank.halo(image.assign_coords(y=range(61), x=range(63)))
    for dim, at in (("y", 30), ("x", 31)):
        other = image.copy()
        other[{dim: slice(at + reach[dim] + 1, None)}] += 100
        other[{dim: slice(None, at - reach[dim])}] -= 100
        found = bank.compute(other)
        line = (slice(None), at) if dim == "y" else (slice(None), slice(None), at)
        np.testing.assert_array_equal(found[line], whole[line])


@pytest.mark.parametrize("bank", BANKS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite_in_reach_is_nan_and_nothing_else_changes(bank, bad):
    image = _image((60, 50))
    whole = bank.compute(image)
    image[20, 30] = bad
    found = bank.compute(image)
    named = bank.names(image)
    changed = np.isnan(found)
    assert not np.isinf(found).any()
    np.testing.assert_array_equal(found[~changed], whole[~changed])
    placed = as_image(image.values).assign_coords(y=range(60), x=range(50))
    for number, one in enumerate(named):
        reach = bank.halo(placed, [number])
        box = np.zeros(image.shape, bool)
        box[
            max(0, 20 - reach["y"]) : 21 + reach["y"], max(0, 30 - reach["x"]) : 31 + reach["x"]
        ] = 1
        if one.kind == "value":
            assert changed[number].sum() == 1
        elif one.kind in ("gaussian", "dog", "gradient") and bank.derivatives == "gaussian":
            np.testing.assert_array_equal(changed[number], box)
        assert not changed[number][~box].any()
        shifted = one.kind == "value" and any(one.part)
        assert changed[number][20, 30] == (one.kind != "position" and not shifted)


def test_constant_and_two_valued_images():
    bank = Features(sigmas=(1,), kinds=("gaussian", "gradient", "dog", "structure"))
    found = bank.compute(np.full((20, 20), 7.0))
    np.testing.assert_allclose(found[0], 7, rtol=1e-6)
    np.testing.assert_allclose(found[1:], 0, atol=1e-6)
    mask = np.arange(400).reshape(20, 20) % 3 == 0
    np.testing.assert_array_equal(bank.compute(mask), bank.compute(mask.astype(float)))


@pytest.mark.parametrize("dtype", ["uint8", ">u2", "int32", "float64", ">f4"])
def test_dtypes_and_memory_orders(dtype):
    values = np.random.default_rng(0).integers(0, 200, (25, 30))
    bank = Features(sigmas=(1,), rank=("median",))
    wanted = bank.compute(values.astype(np.float32))
    given_ = np.asfortranarray(values.astype(dtype))
    given_.flags.writeable = False
    np.testing.assert_array_equal(bank.compute(given_), wanted)


def test_lazy_images_are_read_strip_by_strip():
    image = _image((64, 40))
    read = []

    def noted(block):
        read.append(block.shape)
        return block

    lazy = image.chunk({"y": 8}).copy()
    lazy.data = lazy.data.map_blocks(noted, dtype=np.float32, meta=np.zeros((0, 0), np.float32))
    bank = Features(sigmas=(1,), kinds=("gradient",))
    first = next(iter(bank.strips(lazy, size=8)))
    assert len(read) <= 2
    np.testing.assert_array_equal(first[1], bank.compute(image)[:, :8])


def test_names_scales_and_units():
    image = as_image(np.zeros((8, 9)), spacing={"y": "500 nm", "x": "1 um"}, units="count")
    bank = Features(sigmas=("2 um", 3), kinds=("gaussian", "hessian", "structure"), position=1)
    named = bank.names(image)
    assert [one.name for one in named[:3]] == [
        "gaussian 2000 nm", "hessian largest 2000 nm", "hessian smallest 2000 nm",
    ]  # fmt: skip
    assert [one.unit for one in named] == [
        *["count", "count nm-2", "count nm-2", "", ""] * 2, "nm", "um",
    ]  # fmt: skip
    assert named[0].scale == Length("2 um")
    assert named[5].name == "gaussian 3 px"
    table = bank.table(image, where=[[0, 1], [3, 4]])
    assert table.attrs["units"]["hessian largest 2000 nm"] == "count nm-2"
    assert list(table.index) == [(0, 1), (3, 4)]
    np.testing.assert_array_equal(table["position x"], [1, 4])


def test_table_of_all_samples():
    image = _image((5, 6))
    bank = Features(sigmas=(1,))
    table = bank.table(image)
    assert table.shape == (30, len(bank.names(image)))
    np.testing.assert_array_equal(table.to_numpy().T.reshape(-1, 5, 6), bank.compute(image))


def test_halo():
    image = as_image(np.zeros((8, 9)), spacing={"y": "500 nm", "x": "1 um"})
    bank = Features(sigmas=("2 um",), kinds=("gaussian", "structure"))
    assert bank.halo(image) == {"y": 24, "x": 12}
    assert bank.halo(image, only=[0]) == {"y": 16, "x": 8}
    placeless = xr.DataArray(np.zeros((3, 8, 9)), dims=("c", "y", "x"))
    assert Features(sigmas=(1,), position=1).halo(placeless) == {"y": ALL, "x": ALL, "c": ALL}


@settings(max_examples=50)
@given(
    st.lists(st.floats(0, 9), min_size=1, max_size=3, unique_by=lambda s: float(f"{s:.12g}")),
    st.sampled_from([1, 3]),
    st.sampled_from(["gaussian", "difference"]),
    st.floats(-2, 2),
)
def test_json_round_trip(sigmas, window, derivatives, position):
    bank = Features(
        sigmas=(*sigmas, "2.5 um"), window=window, derivatives=derivatives, position=position,
        rank=("std",), radii=("1 um",),
    )  # fmt: skip
    assert Features.from_json(json.loads(json.dumps(bank.to_json()))) == bank
    assert hash(bank) == hash(Features.from_json(bank.to_json()))


@pytest.mark.parametrize(
    ("given_", "where"),
    [
        ({"sigmas": (-1,)}, "sigmas"),
        ({"sigmas": (1, 1.0)}, "sigmas"),
        ({"sigmas": 3}, "sigmas"),
        ({"sigmas": ("1 furlong",)}, "sigmas"),
        ({"sigmas": (True,)}, "sigmas"),
        ({"kinds": ("edges",)}, "kinds"),
        ({"kinds": "gaussian"}, "kinds"),
        ({"kinds": ()}, "kinds"),
        ({"kinds": ("sobel",)}, "kinds"),
        ({"rank": ("mode",)}, "rank"),
        ({"window": 2}, "window"),
        ({"polynomial": 0}, "polynomial"),
        ({"position": np.nan}, "position"),
        ({"rho": -1}, "rho"),
        ({"border": "wrap"}, "border"),
    ],
)
def test_bad_parameters_name_themselves(given_, where):
    with pytest.raises(GraticuleError, match=where) as caught:
        Features(**given_)
    assert str(caught.value).startswith(where)


def test_refusals():
    bank = Features(sigmas=(1,))
    with pytest.raises(ImageError, match="planes and volumes"):
        bank.compute(np.zeros(5))
    with pytest.raises(ImageError, match="time"):
        bank.compute(xr.DataArray(np.zeros((2, 3, 4)), dims=("time", "y", "x")))
    with pytest.raises(ImageError, match="complex"):
        bank.compute(np.zeros((3, 4), complex))
    with pytest.raises(UnitsError, match="no unit"):
        Features(sigmas=("1 um",)).compute(np.zeros((3, 4)))
    with pytest.raises(ParameterError, match="only"):
        bank.compute(np.zeros((3, 4)), only=[99])
    with pytest.raises(ImageError, match="mask"):
        bank.rows(np.zeros((3, 4)), np.zeros((3, 3), bool))
    with pytest.raises(ImageError, match="flat positions"):
        bank.rows(np.zeros((3, 4)), [12])
    with pytest.raises(ParameterError, match="out"):
        bank.compute(np.zeros((3, 4)), out=np.zeros((1, 3, 4)))
    with pytest.raises(ParameterError, match="furlongs"):
        Features.from_json({"furlongs": 1})
    with pytest.raises(ParameterError, match="size"):
        next(bank.strips(np.zeros((3, 4)), size=0))
    with pytest.raises(ParameterError, match="polynomial: makes"):
        Features(polynomial=9).names(np.zeros((3, 4)))


def test_no_sample_gives_no_row():
    found = Features(sigmas=(1,), kinds=("gaussian",)).rows(np.ones((4, 4)), np.zeros((4, 4), bool))
    assert found.shape == (0, 1)


def test_empty_image():
    bank = Features(sigmas=(1,), rank=("median",))
    assert bank.compute(np.zeros((0, 5))).shape == (9, 0, 5)
    assert bank.compute(np.zeros((5, 0))).shape == (9, 5, 0)
