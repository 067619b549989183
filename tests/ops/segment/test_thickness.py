"""segment.thickness: the largest ball of all that hold a sample, tried one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

import graticule as gt
from graticule.core import as_image

SHAPES = hnp.array_shapes(min_dims=1, max_dims=3, max_side=9)


def by_all_balls(mask: Any, steps: Any) -> Any:
    far = ndimage.distance_transform_edt(mask, sampling=steps).astype(np.float32)
    grid = np.stack(np.indices(mask.shape), axis=-1) * np.asarray(steps)
    best = np.zeros(mask.shape, np.float32)
    for centre in np.argwhere(mask):
        radius = far[tuple(centre)]
        away = np.sqrt(((grid - centre * np.asarray(steps)) ** 2).sum(-1))
        inside = (away < radius * (1 - 1e-6)) & mask
        best[inside] = np.maximum(best[inside], 2 * radius)
    return best


@given(hnp.arrays(bool, SHAPES, elements=st.sampled_from([True, True, True, True, False])))
def test_equals_the_search_of_all_balls(mask: Any) -> None:
    found = gt.op("segment.thickness")(mask)
    if mask.all():
        assert np.isinf(found).all()
        return
    np.testing.assert_allclose(found, by_all_balls(mask, [1.0] * mask.ndim), rtol=1e-6)


def test_equals_the_search_in_larger_and_stretched_images() -> None:
    smooth = ndimage.gaussian_filter(np.random.default_rng(2).random((17, 18, 19)), 2)
    mask = smooth > np.quantile(smooth, 0.4)
    np.testing.assert_allclose(gt.op("segment.thickness")(mask), by_all_balls(mask, [1, 1, 1]))
    steps = {"z": "2.3 um", "y": "1 um", "x": "0.7 um"}
    found = gt.op("segment.thickness")(as_image(mask, spacing=steps))
    assert found.attrs["units"] == "um"
    expected = by_all_balls(mask, [2.3, 1, 0.7])
    assert np.isclose(found.values, expected, rtol=1e-5).mean() > 0.999


@pytest.mark.parametrize("width", [1, 4, 7])
def test_a_plate_is_as_thick_as_it_is(width: int) -> None:
    mask = np.zeros((20, 30), bool)
    mask[5 : 5 + width] = True
    found = gt.op("segment.thickness")(mask)
    assert np.unique(found[mask]) == pytest.approx(2 * ((width + 1) // 2))
