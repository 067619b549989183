"""segment.combine: the four rules are those of sets."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import graticule as gt
from graticule.core.errors import ImageError

MASKS = st.lists(st.booleans(), min_size=9, max_size=9).map(lambda x: np.reshape(x, (3, 3)))
SETS = {"and": set.__and__, "or": set.__or__, "xor": set.__xor__, "minus": set.__sub__}


@pytest.mark.parametrize("rule", SETS)
@given(one=MASKS, two=MASKS)
def test_rules_are_those_of_sets(rule, one, two):
    found = gt.segment.combine(one, two, rule=rule)
    wanted = SETS[rule](set(np.flatnonzero(one)), set(np.flatnonzero(two)))
    assert set(np.flatnonzero(found)) == wanted


def test_dims_are_matched_by_name():
    one = xr.DataArray(np.array([[True, False, True]]), dims=("y", "x"))
    xr.testing.assert_identical(gt.segment.combine(one, one.T), one)


def test_sizes_must_agree():
    with pytest.raises(ImageError, match="must agree"):
        gt.segment.combine(np.ones((3, 3), bool), np.ones((3, 4), bool))


def test_dims_must_agree():
    flat = xr.DataArray(np.ones(3, bool), dims="x")
    with pytest.raises(ImageError, match="must have the dim y"):
        gt.segment.combine(xr.DataArray(np.ones((2, 3), bool), dims=("y", "x")), flat)
