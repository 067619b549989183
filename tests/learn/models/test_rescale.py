"""A model on another spacing: the same in tiles as at once, and near what it would be there."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from models import Cells, Cut
from pydantic import Field

from graticule.core import BlockInfo, Image, Neighbourhood, as_image, op
from graticule.core.errors import ImageError
from graticule.learn.data.input_spec import InputSpec
from graticule.learn.model_file import ModelFile
from graticule.learn.models.rescale import RescaledModel, _simple, at_spacing
from graticule.pipeline.tiles import run_tiled


def expects(y: float = 1.0, x: float = 1.0) -> InputSpec:
    return InputSpec(("y", "x"), spacing={"y": (y, "um"), "x": (x, "um")})


def image(shape: tuple[int, int] = (40, 50), y: float = 1.0, x: float = 1.0) -> xr.DataArray:
    values = np.random.default_rng(0).random(shape).astype(np.float32)
    return as_image(values, spacing={"y": f"{y} um", "x": f"{x} um"})


@op(
    version=1,
    scope=Neighbourhood(
        lambda image, p: at_spacing(p["model"].model, image, p["spacing"]).halo(image),
        align=lambda image, p: at_spacing(p["model"].model, image, p["spacing"]).align(image),
    ),
    dtype="float32",
    name="example.fitted",
    tolerance=1e-5,
)
def probability(
    image: Image,
    *,
    model: Annotated[ModelFile, Field(title="Model")],
    answer: str = "predict",
    spacing: Any = "rescale",
) -> Image:
    """Answer of a model."""
    found = getattr(at_spacing(model.model, image, spacing), answer)(image)
    return found.isel({"class": 1}, drop=True) if "class" in found.dims else found.astype("float32")


def test_the_same_spacing_needs_nothing() -> None:
    model = Cut(expects=expects())
    for near in (image(), image(y=1.01), as_image(np.zeros((3, 3)))):
        assert at_spacing(model, near, "rescale") is model


def test_refused_says_the_way_out() -> None:
    model = Cut(expects=expects())
    with pytest.raises(ImageError, match="rescale"):
        at_spacing(model, image(y=0.5), "refuse").predict(image(y=0.5))


def test_ignored_it_is_taken_sample_for_sample() -> None:
    plain, other = image(), image(y=0.5, x=3)
    model = Cut(expects=expects())
    found = at_spacing(model, other, "ignore").predict(other)
    np.testing.assert_array_equal(found, model.predict(plain))
    assert found.coords.to_dataset().identical(other.coords.to_dataset())


@settings(deadline=None, max_examples=200)
@given(st.floats(1 / 31, 31))
def test_ratios_are_simple_and_close(ratio: float) -> None:
    simple = _simple("x", ratio)
    assert isinstance(simple, Fraction)
    assert simple.denominator <= 48
    assert abs(float(simple) / ratio - 1) < 0.02


def test_too_far_is_refused() -> None:
    with pytest.raises(ImageError, match="too far"):
        at_spacing(Cut(expects=expects()), image(y=0.01), "rescale")


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from([0.2, 0.37, 0.5, 0.65, 0.9, 1.1, 1.5, 2, 2.7, 4]),
    st.sampled_from([1.0, 0.5, 1.3]),
    st.integers(4, 23),
    st.integers(3, 17),
    st.sampled_from(["predict", "predict_proba", "uncertainty"]),
    st.sampled_from([Cut(0.5, 1, expects()), Cut(0.5, 0, expects()), Cells(expects=expects())]),
)
def test_tiles_are_as_the_whole(
    y: float, x: float, high: int, wide: int, answer: str, model: Any
) -> None:
    answer = "predict" if isinstance(model, Cells) else answer
    given_image = image((23, 29), y, x)
    params = {"model": ModelFile(model), "answer": answer, "spacing": "rescale"}
    whole = probability(given_image, **params)
    tiled = run_tiled(probability, [given_image], params=params, tile={"y": high, "x": wide})
    assert tiled.dims == whole.dims
    if answer == "predict" and isinstance(model, Cut):
        np.testing.assert_array_equal(tiled, whole)
    np.testing.assert_allclose(tiled, whole, rtol=0, atol=1e-5)


@pytest.mark.parametrize("y", [0.25, 0.5, 2.0, 3.0])
def test_a_smooth_image_gives_what_its_resampling_gives(y: float) -> None:
    def smooth(y: float, rows: int) -> xr.DataArray:
        along = np.sin(np.arange(rows) * y / 6)[:, None] * np.ones(20)
        return as_image(along.astype(np.float32), spacing={"y": f"{y} um", "x": "1 um"})

    model = Cut(0.1, 1, expects())
    there = model.predict_proba(smooth(1.0, 120))[1]
    here = at_spacing(model, smooth(y, int(120 / y)), "rescale").predict_proba(
        smooth(y, int(120 / y))
    )[1]
    wanted = there.interp(y=here.y.values[5:-5])
    np.testing.assert_allclose(here.values[5:-5], wanted, atol=0.05)


def test_classes_stay_classes_and_coordinates_those_of_the_image() -> None:
    other = image(y=0.7, x=1.9)
    found = at_spacing(Cut(0.5, 1, expects()), other, "rescale")
    assert isinstance(found, RescaledModel)
    labels = found.predict(other)
    assert labels.dtype == np.int32
    assert set(np.unique(labels)) <= {0, 1}
    assert labels.sizes == other.sizes
    np.testing.assert_array_equal(labels.y, other.y)
    assert found.predict_proba(other)["class"].values.tolist() == ["no", "yes"]


def test_what_is_missing_stays_missing_and_goes_no_further() -> None:
    other = image((20, 20), y=0.5)
    other[10, 10] = np.nan
    there = at_spacing(Cut(0.5, 0, expects()), other, "rescale")
    assert isinstance(there, RescaledModel)
    seen = there._to_model(other)
    assert 1 <= int(np.isnan(seen).sum()) <= 3
    assert BlockInfo.of(seen).shape == {"y": 11, "x": 20}
