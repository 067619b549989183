"""segment.distance: SciPy's exact distances, in the units of the axes."""

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
from graticule.core.errors import UnitsError
from graticule.pipeline.tiles import run_tiled

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=1, max_dims=3, max_side=14))
STEPS = st.sampled_from([0.25, 1.0, 1.7, 4.0])


@given(MASKS, st.data())
def test_equals_scipy(mask: Any, data: st.DataObject) -> None:
    steps = [data.draw(STEPS) for _ in mask.shape]
    dims = ("z", "y", "x")[-mask.ndim :]
    image = as_image(mask, spacing={d: f"{s} um" for d, s in zip(dims, steps, strict=True)})
    found = gt.op("segment.distance")(image)
    assert found.attrs["units"] == "um"
    if mask.all():
        assert np.isinf(found.values).all()
        return
    expected = ndimage.distance_transform_edt(mask, sampling=steps)
    np.testing.assert_allclose(found.values, expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(300, 5), (5, 300), (150, 140), (3, 130, 131)])
@pytest.mark.parametrize("holes", [1, 30])
def test_equals_scipy_where_distances_are_long(shape: tuple[int, ...], holes: int) -> None:
    rng = np.random.default_rng(holes)
    mask = np.ones(shape, bool)
    mask.ravel()[rng.integers(mask.size, size=holes)] = False
    found = gt.op("segment.distance")(mask)
    np.testing.assert_allclose(found, ndimage.distance_transform_edt(mask), rtol=1e-6)


@given(MASKS, st.sampled_from([0, 1, 1.5, 2, 3.7]), st.data())
def test_a_limit_cuts_and_makes_tiles_possible(
    mask: Any, limit: float, data: st.DataObject
) -> None:
    image = as_image(mask)
    cut = gt.op("segment.distance")(image, limit=limit)
    whole = gt.op("segment.distance")(image)
    np.testing.assert_array_equal(cut, np.minimum(whole, np.float32(limit)))
    tile = {str(dim): data.draw(st.integers(3, 9)) for dim in image.dims}
    tiled = run_tiled("segment.distance", [image], {"limit": limit}, tile=tile)
    np.testing.assert_array_equal(tiled, cut)


def test_units_of_one_kind_are_brought_to_one() -> None:
    mask = np.ones((3, 5), bool)
    mask[0, 0] = False
    image = as_image(mask, spacing={"y": "1 um", "x": "500 nm"})
    found = gt.op("segment.distance")(image)
    assert found.attrs["units"] == "nm"
    assert float(found[2, 0]) == 2000
    assert float(gt.op("segment.distance")(image, limit="1.2 um").max()) == pytest.approx(1200)
    with pytest.raises(UnitsError, match="of one kind"):
        gt.op("segment.distance")(as_image(mask, spacing={"y": "1 um"}))
    with pytest.raises(UnitsError):
        gt.op("segment.distance")(mask, limit="1 um")
