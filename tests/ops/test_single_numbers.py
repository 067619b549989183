"""A number without an axis: each op gives a number for it, or says what is wrong."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
import xarray as xr

from graticule.core.errors import GraticuleError, ImageError
from graticule.core.registry import get_op, op_names
from graticule.core.scope import Pointwise


@pytest.mark.parametrize("name", op_names())
@pytest.mark.parametrize("value", [np.float32(3), np.uint8(3), np.int32(1), np.bool_(True)])
def test_an_op_takes_a_number_or_refuses_it(name: str, value: np.generic) -> None:
    op = get_op(name)
    out = None
    with suppress(GraticuleError):
        out = op(*(xr.DataArray(value) for _ in op.inputs))
    assert out is None or (isinstance(op.scope, Pointwise) and out.ndim == 0)


def test_it_says_how_the_number_becomes_an_image() -> None:
    smooth = get_op("filters.gaussian")
    number = xr.DataArray(np.float32(3))
    with pytest.raises(ImageError, match="without an axis") as told:
        smooth(number)
    assert "expand_dims" in str(told.value)
    assert smooth(number.expand_dims("x")).item() == 3
