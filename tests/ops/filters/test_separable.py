"""Even and odd kernels along axes, against SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from graticule.ops.filters._separable import Taps, mirrored, separable


@settings(max_examples=60)
@given(
    shape=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    seed=st.integers(0, 2**16),
    data=st.data(),
)
def test_equals_scipy_along_any_axes(shape: list[int], seed: int, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape).astype(np.float32)
    axes = data.draw(st.sets(st.integers(0, len(shape) - 1)))
    taps, wanted = {}, values.astype(np.float64)
    for axis in axes:
        weights = rng.normal(size=data.draw(st.integers(1, 11)))
        odd = data.draw(st.booleans())
        weights[0] = 0 if odd else weights[0]
        taps[axis] = Taps(weights, odd)
        whole = np.concatenate([(-1 if odd else 1) * weights[:0:-1], weights])
        wanted = ndimage.correlate1d(wanted, whole, axis=axis, mode="reflect")
    np.testing.assert_allclose(separable(values, taps), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(70, 5000), (5000, 70), (3, 40, 4100), (2, 9, 66, 65)])
def test_wide_arrays_are_put_together_from_bands(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    weights = np.array([0.4, 0.2, 0.1, 0.03, 0.02, 0.01])
    whole = np.concatenate([weights[:0:-1], weights])
    for axes in ([0], [len(shape) - 1], range(len(shape))):
        wanted: Any = values.astype(np.float64)
        for axis in axes:
            wanted = ndimage.correlate1d(wanted, whole, axis=axis, mode="reflect")
        found = separable(values, {axis: Taps(weights) for axis in axes})
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@given(st.integers(1, 9), st.integers(0, 30))
def test_positions_are_mirrored_as_numpy_pads(size: int, reach: int) -> None:
    np.testing.assert_array_equal(
        mirrored(size, reach), np.pad(np.arange(size), reach, mode="symmetric")
    )


def test_a_part_has_the_bits_of_the_whole() -> None:
    values = np.random.default_rng(1).normal(size=(120, 300)).astype(np.float32)
    taps = dict.fromkeys((0, 1), Taps(np.exp(-np.arange(9.0))))
    part = separable(values[20:80, 33:144], taps)[8:-8, 8:-8]
    np.testing.assert_array_equal(part, separable(values, taps)[28:72, 41:136])


@pytest.mark.parametrize("shape", [(70, 80, 9), (80, 9), (2, 66, 63)])
def test_a_slice_across_the_columns_has_the_bits_of_the_whole(shape: tuple[int, ...]) -> None:
    wide = (*shape[:-1], 90)
    values = np.random.default_rng(2).normal(size=wide).astype(np.float32)
    taps = dict.fromkeys(range(values.ndim), Taps(np.exp(-np.arange(4.0))))
    part = separable(values[..., 20 : 20 + shape[-1]], taps)
    whole = separable(values, taps)
    np.testing.assert_array_equal(part[..., 3:-3], whole[..., 23 : 17 + shape[-1]])
    assert part.flags.c_contiguous
