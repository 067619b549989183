"""segment.subtract: what is left of an object is what the other does not have."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis.extra import numpy as hnp

import graticule as gt
from graticule.core.errors import ImageError

LABELS = hnp.arrays(np.uint8, (4, 5), elements={"min_value": 0, "max_value": 3})


@given(LABELS, LABELS)
def test_less_with_and_without_others(cells, nuclei):
    left = gt.segment.subtract(cells, nuclei)
    np.testing.assert_array_equal(left, cells * (nuclei == 0))
    own = gt.segment.subtract(cells, nuclei, own=True)
    np.testing.assert_array_equal(own, cells * (nuclei != cells))
    assert own.dtype == np.uint8


def test_dims_are_matched_by_name():
    cells = xr.DataArray(np.array([[1, 2, 0]]), dims=("y", "x"))
    nuclei = xr.DataArray(np.array([[1, 0, 1]]), dims=("y", "x"))
    found = gt.segment.subtract(cells, nuclei.T)
    assert found.values.tolist() == [[0, 2, 0]]
    with pytest.raises(ImageError, match="must have the dim y"):
        gt.segment.subtract(cells, nuclei.isel(y=0))
