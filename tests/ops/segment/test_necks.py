"""Tops of objects and smoothing: as SciPy and the reconstruction find them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from graticule.ops._smoothing_kernels import gaussian_weights, smooth
from graticule.ops.segment._extrema import high_maxima
from graticule.ops.segment._necks import parted
from graticule.ops.segment._necks_kernels import distance_tops
from graticule.simulate.nuclei import nuclei

SHARES = st.sampled_from([0.01, 0.05, 0.15, 0.4])


def equal_tops(inside: np.ndarray, share: float) -> int:
    """Compare far and tops of an object in one piece; return how many tops it has."""
    mask = np.pad(inside, 1)
    far = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 0.5) * mask
    tops = high_maxima(far.astype(np.float32), share * float(far.max()), mask.ndim) & mask
    labels, count = ndimage.label(tops, np.ones((3,) * mask.ndim))
    shape = np.array(mask.shape)
    found = distance_tops(mask.reshape(-1), shape, gaussian_weights(0.5), share)
    np.testing.assert_array_equal(found[0].reshape(mask.shape), far)
    np.testing.assert_array_equal(found[1].reshape(mask.shape), labels)
    assert found[2] == count
    return int(count)


@given(arrays(bool, array_shapes(min_dims=1, max_dims=3, max_side=12)), SHARES)
def test_tops_of_any_object(inside: np.ndarray, share: float) -> None:
    assume(inside.any())
    pieces, _ = ndimage.label(inside)
    equal_tops(pieces == np.bincount(pieces[pieces > 0]).argmax(), share)


@pytest.mark.parametrize("seed", range(3))
def test_tops_of_blobs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for shape in ((60, 70), (20, 25, 30)):
        blobs = ndimage.gaussian_filter(rng.normal(size=shape), 2) > 0
        pieces, count = ndimage.label(blobs)
        several = [equal_tops(pieces == number, 0.15) for number in range(1, count + 1)]
        assert max(several) > 1


def test_equal_tops_are_both_tops() -> None:
    two = np.zeros((11, 24), bool)
    two[1:10, 1:10] = two[1:10, 14:23] = two[3:8, 9:15] = True
    assert equal_tops(two, 0.15) == 2
    assert equal_tops(two, 0.9) == 2


def test_parts_leave_all_else_as_it_was() -> None:
    labels = nuclei(count=80, seed=4)[1].values
    merged = np.where(labels > 0, 1 + labels % 2, 0)
    pieces = ndimage.label(merged == 1)[0]
    parts = parted(pieces.astype(np.int32), 20)
    assert parts.max() >= pieces.max()
    np.testing.assert_array_equal(parts > 0, pieces > 0)
    for number in range(1, int(parts.max()) + 1):
        whole = np.unique(pieces[parts == number])
        assert len(whole) == 1
    kept = np.unique(parts[pieces > 0])
    np.testing.assert_array_equal(kept, np.arange(1, parts.max() + 1))


@given(
    arrays(
        float,
        array_shapes(min_dims=1, max_dims=4, max_side=8),
        elements=st.floats(-1e9, 1e9, width=32),
    ),
    st.sampled_from([0.3, 0.5, 0.7, 1.6, 5.0]),
)
def test_smoothing_is_that_of_scipy_to_the_last_bit(values: np.ndarray, sigma: float) -> None:
    found = smooth(values.reshape(-1), np.array(values.shape), gaussian_weights(sigma))
    np.testing.assert_array_equal(
        found.reshape(values.shape), ndimage.gaussian_filter(values, sigma)
    )
