"""An answer in a region is the whole answer cut to it, and nothing else is computed for it."""

from __future__ import annotations

from functools import cache
from typing import Any

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from graticule.core import Region
from graticule.core.errors import ImageError
from graticule.core.registry import get_op
from graticule.learn import Features, PixelClassifier, PixelRegressor
from graticule.learn.model_file import ModelFile
from graticule.pipeline.tiles import run_tiled

SIZES = {"y": 61, "x": 47}
SPANS = st.fixed_dictionaries(
    {
        dim: st.tuples(st.integers(0, size - 1), st.integers(1, size)).map(
            lambda pair: (min(pair[0], pair[1] - 1), pair[1])
        )
        for dim, size in SIZES.items()
    }
)


def _image(seed: int = 0) -> xr.DataArray:
    values = np.random.default_rng(seed).normal(size=tuple(SIZES.values())).astype(np.float32)
    return xr.DataArray(values, dims=tuple(SIZES))


@cache
def _model(**options: Any) -> PixelClassifier:
    image = _image(1)
    features = Features(sigmas=(1, 2), kinds=("gaussian", "hessian"), **options)
    return PixelClassifier(features, {"name": "forest", "n_estimators": 5}).fit(image, image > 0)


@settings(max_examples=25, deadline=None)
@given(spans=SPANS, placed=st.booleans(), hole=st.booleans())
def test_every_answer_is_the_whole_one_cut(
    spans: dict[str, tuple[int, int]], placed: bool, hole: bool
) -> None:
    model, image = _model(**{"position": 0.1} if placed else {}), _image()
    if hole:
        image[30, 20] = np.nan
    for method in ("predict", "predict_proba", "uncertainty"):
        whole, part = getattr(model, method)(image), getattr(model, method)(image, region=spans)
        xr.testing.assert_identical(part, Region(spans).cut(whole))


def test_of_a_view_too() -> None:
    view = _model().view(_image())
    part = _model().predict(view, region={"y": (5, 9)})
    xr.testing.assert_identical(part, _model().predict(_image()).isel(y=slice(5, 9)))


def test_continuous_values_too() -> None:
    image = _image()
    model = PixelRegressor(Features(sigmas=(1,)), "tree").fit(image, 2 * image)
    part = model.predict(image, region=Region({"x": (3, 20)}))
    xr.testing.assert_identical(part, model.predict(image).isel(x=slice(3, 20)))


def test_other_orders_of_dims_and_channels() -> None:
    image = xr.concat([_image(), _image(2)], "c").transpose("y", "x", "c")
    model = PixelClassifier(Features(sigmas=(1,)), "tree").fit(image, _image() > 0)
    turned = image.transpose("c", "x", "y")
    part = model.predict(turned, region={"y": (10, 30), "x": (2, 4)})
    xr.testing.assert_identical(part, model.predict(turned).isel(y=slice(10, 30), x=slice(2, 4)))


def test_of_a_lazy_image_no_more_is_read_than_lies_around_it() -> None:
    read: list[tuple[int, ...]] = []

    def block(block_info: Any) -> np.ndarray[Any, Any]:
        read.append(tuple(a for a, _ in block_info[None]["array-location"]))
        return np.zeros((64, 64), np.float32)

    lazy = da.map_blocks(block, chunks=((64,) * 16, (64,) * 16), dtype=np.float32)
    image = xr.DataArray(lazy, dims=("y", "x"))
    read.clear()
    found = _model().predict(image, region={"y": (200, 220), "x": (80, 100)})
    assert found.sizes == {"y": 20, "x": 20}
    assert set(read) == {(192, 64)}


@pytest.mark.parametrize("region", [{"y": (0, 62)}, {"z": (0, 1)}, {"x": (5, 5)}])
def test_a_region_that_leaves_the_image_is_refused(region: dict[str, tuple[int, int]]) -> None:
    with pytest.raises(ImageError):
        _model().predict(_image(), region=region)


@pytest.mark.parametrize("span", [(np.int64(2), np.uint8(5)), np.array([2, 5], np.uint16)])
def test_a_region_may_be_of_any_integers(span: Any) -> None:
    part = _model().predict(_image(), region={"y": span})
    xr.testing.assert_identical(part, _model().predict(_image()).isel(y=slice(2, 5)))


@pytest.mark.parametrize("span", [(1.0, 4.0), slice(1, 4), (1, 2, 3), 3, ("a", "b"), (None, 4)])
def test_what_is_no_start_and_stop_is_refused(span: Any) -> None:
    with pytest.raises(ImageError, match=r"y: .* is no start and stop in whole samples"):
        _model().predict(_image(), region={"y": span})


@pytest.mark.parametrize("name", ["classify", "probability", "uncertainty"])
def test_ops_compute_what_is_wanted_of_a_tile_and_not_its_surroundings(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    op = get_op(f"learn.{name}")
    params = op.parameters.validate({"model": ModelFile(_model())})
    whole = op.run([_image()], params)
    own = Region({"y": (20, 41), "x": (0, 10)})
    xr.testing.assert_identical(op.run([_image()], params, own), own.cut(whole))
    asked: list[int] = []
    strips = Features.strips

    def counted(self: Features, *args: Any, **kwargs: Any) -> Any:
        for at, columns in strips(self, *args, **kwargs):
            asked.append(columns[0].size)
            yield at, columns

    monkeypatch.setattr(Features, "strips", counted)
    tiled = run_tiled(op, [_image()], {"model": _model()}, tile={"y": 16, "x": 16})
    xr.testing.assert_identical(tiled, whole)
    # one sample more tells what the result looks like
    assert sum(asked) == _image().size + 1
