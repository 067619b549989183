"""learn.features: sums over taps are the same bits wherever a block of them begins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graticule.core import as_image, threads
from graticule.learn.features import Features
from graticule.learn.features._pass_kernels import (
    BLOCK,
    ROWS,
    SLACK,
    sum_along,
    sum_line,
    sum_lines,
)

KINDS = ("gaussian", "gradient", "laplacian", "dog", "hessian", "structure")
WIDE = Features(sigmas=(0.5, 5, 12), kinds=KINDS)
BANKS = [WIDE, Features.basic(0.5, 16), Features(sigmas=(6,), kinds=KINDS, border="nearest")]
WHERE = st.integers(0, 2**32 - 1)


def _summed(values, taps, order):
    """Sum along the first axis in double precision, without margins."""
    side = taps[order, 1:][::-1]
    weights = np.concatenate([-side if order == 1 else side, taps[order]]).astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(values.astype(float), weights.size, 0)
    return windows @ weights


@settings(max_examples=40)
@given(where=WHERE)
def test_sums_across_and_along_lines(where):
    rng = np.random.default_rng(where)
    reach, order = int(rng.integers(0, 20)), int(rng.integers(0, 3))
    rows, across = int(rng.integers(1, 12)), int(rng.integers(BLOCK, 200))
    taps = rng.normal(size=(order + 1, reach + 1)).astype(np.float32)
    values = rng.normal(size=(rows + 2 * reach, across)).astype(np.float32)
    index = np.pad(np.arange(len(values)), (0, ROWS - 1), "edge")
    low = int(rng.integers(0, across))
    high, row = int(rng.integers(low + 1, across + 1)), int(rng.integers(0, rows))
    room = 2 * SLACK + high - low
    lines = np.empty(ROWS * room * (order + 1), np.float32)
    flat = values.reshape(-1)
    sum_lines(flat, across, index, row, (low, high), taps, order, lines, SLACK, room)
    lines = lines.reshape(order + 1, ROWS, room)[..., SLACK : SLACK + high - low]
    single = np.empty((order + 1, across), np.float32)
    at = (0, across, 2 * across)
    sum_line(flat, index, row + reach, across, (0, across), taps, order, single.reshape(-1), at)
    for k in range(order + 1):
        wanted = _summed(values, taps, k)[row : row + ROWS, low:high]
        np.testing.assert_allclose(lines[k, : len(wanted)], wanted, rtol=1e-5, atol=2e-5)
        np.testing.assert_array_equal(lines[k, 0], single[k, low:high])
    line = np.ascontiguousarray(values[:, low])
    long = np.concatenate([line, np.zeros(BLOCK, np.float32)])
    found = np.empty((order + 1, rows + BLOCK), np.float32)
    at = (0, rows + BLOCK, 2 * (rows + BLOCK))
    sum_along(long, 0, np.arange(2 * reach + 1), rows, taps, order, found.reshape(-1), at)
    for k in range(order + 1):
        np.testing.assert_array_equal(found[k, row], single[k, low])


@pytest.mark.parametrize("bank", BANKS)
@settings(max_examples=12)
@given(where=WHERE)
def test_any_strips_are_the_whole_to_the_bit(bank, where):
    rng = np.random.default_rng(where)
    shape = int(rng.integers(1, 90)), int(rng.choice([15, 63, 64, 65, 129, 530, 1100]))
    image = as_image(rng.normal(size=shape).astype(np.float32))
    whole = bank.compute(image)
    size = int(rng.integers(1, shape[0] + 1))
    strips = [block for _, block in bank.strips(image, size=size)]
    np.testing.assert_array_equal(np.concatenate(strips, axis=1), whole)


@pytest.mark.parametrize("bank", BANKS)
@pytest.mark.parametrize("parts", [1, 5, 64])
def test_any_parts_are_the_same_to_the_bit(bank, parts, monkeypatch):
    image = as_image(np.random.default_rng(0).normal(size=(101, 700)).astype(np.float32))
    whole = bank.compute(image)
    monkeypatch.setattr(threads, "PARTS", parts)
    np.testing.assert_array_equal(bank.compute(image), whole)


@pytest.mark.parametrize("bank", BANKS)
@pytest.mark.parametrize("place", [(0, 0), (43, 77), (89, 599), (44, 512)])
def test_a_missing_value_reaches_as_far_as_the_taps(bank, place):
    image = np.random.default_rng(0).normal(size=(90, 600)).astype(np.float32)
    whole = bank.compute(image)
    image[place] = np.nan
    found = bank.compute(image)
    placed = as_image(image).assign_coords(y=range(90), x=range(600))
    y, x = np.ogrid[:90, :600]
    for number, one in enumerate(bank.names(placed)):
        reach = bank.halo(placed, [number])
        box = (abs(y - place[0]) <= reach["y"]) & (abs(x - place[1]) <= reach["x"])
        np.testing.assert_array_equal(found[number, ~box], whole[number, ~box])
        if one.kind == "gaussian":
            np.testing.assert_array_equal(np.isnan(found[number]), box)


def test_a_mirrored_image_has_mirrored_sums():
    image = np.random.default_rng(0).normal(size=(50, 300)).astype(np.float32)
    bank = Features(sigmas=(2, 7), kinds=("gaussian", "gradient", "laplacian"))
    flipped = bank.compute(image[::-1, ::-1])[:, ::-1, ::-1]
    np.testing.assert_array_equal(flipped, bank.compute(image))
