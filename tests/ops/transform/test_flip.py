"""transform.flip: twice is nothing, and every sample keeps its coordinate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError


@given(hnp.arrays(np.int16, hnp.array_shapes(min_dims=2, max_dims=2)))
def test_twice_is_nothing(array: np.ndarray) -> None:
    image = as_image(array, spacing={"y": "2 um", "x": "1 um"})
    once = gt.transform.flip(image, dim="y")
    np.testing.assert_array_equal(once, array[::-1])
    assert gt.transform.flip(once, dim="y").identical(image)
    for position in image.y.values:
        np.testing.assert_array_equal(once.sel(y=position), image.sel(y=position))


def test_the_dim_must_be_there() -> None:
    with pytest.raises(ImageError, match="time"):
        gt.transform.flip(np.zeros((3, 3)), dim="time")
