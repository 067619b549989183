"""Images to try things on: the same seed gives the same image, another seed another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from graticule.testing.images import blobs, coins, noise, ramp


@pytest.mark.parametrize("make", [blobs, noise])
@pytest.mark.parametrize("shape", [(40,), (20, 30), (6, 7, 8)])
def test_the_seed_decides(make: Callable[..., Any], shape: tuple[int, ...]) -> None:
    image = make(shape, seed=3)
    assert image.identical(make(shape, seed=3))
    assert not image.equals(make(shape, seed=4))
    assert image.shape == shape
    assert image.dtype == np.float32


def test_a_ramp_rises_along_its_dim_alone() -> None:
    image = ramp((5, 7), dim="y")
    assert image.dtype == np.float32
    assert (image.diff("y") > 0).all()
    assert (image.diff("x") == 0).all()


def test_the_coins_can_be_told_from_the_ground() -> None:
    import graticule as gt

    mask = gt.threshold.otsu(gt.filters.background_polynomial(coins()))
    labels = gt.segment.label(gt.segment.fill_holes(gt.segment.closing(mask, radius="0.3 mm")))
    table = gt.measure.regions(gt.segment.filter_by_size(labels, min_size="5 mm2"))
    assert 22 <= len(table) <= 26
    assert table.attrs["units"]["area"] == "mm2"
