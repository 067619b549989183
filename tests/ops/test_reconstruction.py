"""Grey reconstruction of arrays, against scikit-image and by its own laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from skimage import data, morphology

from graticule.ops._reconstruction import reconstructed

SHAPES = st.one_of(
    st.tuples(st.integers(1, 30)),
    st.tuples(st.integers(1, 14), st.integers(1, 14)),
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6)),
)
DTYPES = st.sampled_from(["bool", "uint8", "int16", "int64", "float32", "float64"])


@given(SHAPES, DTYPES, st.integers(0, 2**16), st.integers(1, 3), st.booleans())
def test_equals_scikit_image(
    shape: tuple[int, ...], dtype: str, seed: int, connectivity: int, up: bool
) -> None:
    rng = np.random.default_rng(seed)
    limit, marker = rng.integers(0, 2 if dtype == "bool" else 9, (2, *shape)).astype(dtype)
    marker = np.minimum(marker, limit) if up else np.maximum(marker, limit)
    method: Any = "dilation" if up else "erosion"
    connectivity = min(connectivity, len(shape))
    found = reconstructed(marker, limit, connectivity, method=method)
    around = ndimage.generate_binary_structure(len(shape), connectivity)
    wanted = morphology.reconstruction(
        marker.astype(float), limit.astype(float), method=method, footprint=around
    )
    assert found.dtype == limit.dtype
    np.testing.assert_array_equal(found.astype(float), wanted)


@given(st.integers(0, 2**16), st.integers(1, 2))
def test_growing_and_shrinking_are_dual(seed: int, connectivity: int) -> None:
    marker, limit = np.random.default_rng(seed).normal(size=(2, 12, 15))
    grown = reconstructed(marker, limit, connectivity)
    shrunk = reconstructed(-marker, -limit, connectivity, method="erosion")
    np.testing.assert_array_equal(grown, -shrunk)
    np.testing.assert_array_equal(reconstructed(grown, limit, connectivity), grown)


@pytest.mark.parametrize("name", ["coins", "moon"])
def test_domes_of_a_real_image(name: str) -> None:
    image = getattr(data, name)().astype(np.int16)
    found = reconstructed(image - 20, image, 2)
    wanted = morphology.reconstruction(image - 20, image, footprint=np.ones((3, 3)))
    np.testing.assert_array_equal(found, wanted)


def test_holes_of_a_real_image() -> None:
    image = data.coins()
    marker = np.full_like(image, 255)
    edge = np.s_[1:-1, 1:-1]
    inner = marker[edge].copy()
    marker[:] = image
    marker[edge] = inner
    found = reconstructed(marker, image, method="erosion")
    wanted = morphology.reconstruction(
        marker, image, method="erosion", footprint=morphology.diamond(1)
    )
    np.testing.assert_array_equal(found, wanted)


def test_a_spiral_is_followed_to_its_end() -> None:
    limit = np.zeros((41, 41), np.uint8)
    for ring in range(0, 20, 2):
        limit[ring, ring : -ring or None] = limit[-ring - 1, ring : -ring or None] = 1
        limit[ring : -ring or None, ring] = limit[ring : -ring or None, -ring - 1] = 1
        limit[ring + 1, ring] = 0
        limit[ring + 2, ring : ring + 2] = 1
    marker = np.zeros_like(limit)
    marker[0, 0] = 1
    labels, _ = ndimage.label(limit)
    np.testing.assert_array_equal(reconstructed(marker, limit), labels == labels[0, 0])


def test_nan_lets_nothing_pass() -> None:
    limit = np.array([5, 5, np.nan, 5, 5])
    marker = np.array([3, np.nan, 9, 0, 0])
    np.testing.assert_array_equal(reconstructed(marker, limit), [3, 3, np.nan, 0, 0])
    found = reconstructed(-marker, -limit, method="erosion")
    np.testing.assert_array_equal(found, [-3, -3, np.nan, 0, 0])


def test_extreme_integers_are_exact() -> None:
    limit = np.array([2**63 - 1, 2**63 - 2, -(2**63)], np.int64)
    marker = np.array([2**63 - 1, 0, 0], np.int64)
    np.testing.assert_array_equal(reconstructed(marker, limit), [2**63 - 1, 2**63 - 2, -(2**63)])


@pytest.mark.parametrize(
    "limit", [[np.inf] * 3, [1, np.inf, 1], [5e-324, 0, 5e-324], [1e308, -1e308, 1]]
)
def test_extreme_floats_are_exact(limit: Any) -> None:
    marker = np.array([np.inf, -np.inf, -np.inf])
    found = reconstructed(marker, np.array(limit))
    np.testing.assert_array_equal(found, np.minimum.accumulate(limit))
