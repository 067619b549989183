"""The ops of ``learn`` on images of another spacing than the model's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ImageError
from graticule.learn import Features, PixelClassifier
from graticule.pipeline.tiles import run_tiled


def discs(step: float, size: float = 60.0) -> xr.DataArray:
    """Discs of 5 um in noise, sampled at some step."""
    y, x = np.mgrid[: int(size / step), : int(size / step)] * step
    values = np.random.default_rng(0).normal(0, 0.2, y.shape)
    for cy, cx in [(15, 15), (15, 42), (42, 18), (44, 44)]:
        values += np.hypot(y - cy, x - cx) < 5
    return as_image(values.astype(np.float32), spacing={"y": f"{step} um", "x": f"{step} um"})


@pytest.fixture(scope="module")
def model() -> PixelClassifier:
    image = discs(1.0)
    y, x = np.meshgrid(image.y, image.x, indexing="ij")
    centres = [(15, 15), (15, 42), (42, 18), (44, 44)]
    truth = np.any([np.hypot(y - cy, x - cx) < 5 for cy, cx in centres], axis=0)
    return PixelClassifier(Features(sigmas=(1, 2)), "logistic").fit(image, truth)


def test_it_is_refused_with_the_way_out(model: PixelClassifier) -> None:
    with pytest.raises(ImageError, match="spacing: rescale"):
        gt.learn.classify(discs(0.5), model=model)


@pytest.mark.parametrize("step", [0.4, 0.73, 1.7])
def test_rescaled_it_finds_the_same_area(model: PixelClassifier, step: float) -> None:
    found = gt.learn.classify(discs(step), model=model, spacing="rescale")
    area = float((found == 1).sum()) * step**2
    assert abs(area / (4 * np.pi * 25) - 1) < 0.15
    assert "samples as" in found.attrs["respaced"]


@pytest.mark.parametrize("spacing", ["rescale", "ignore"])
@pytest.mark.parametrize("name", ["classify", "probability", "uncertainty"])
def test_tiles_are_as_the_whole(model: PixelClassifier, name: str, spacing: str) -> None:
    run: Any = getattr(gt.learn, name)
    image = discs(0.73, 30.0)
    whole = run(image, model=model, spacing=spacing)
    params = run.parameters.validate({"model": model, "spacing": spacing})
    tiled = run_tiled(run, [image], params=params, tile={"y": 11, "x": 7})
    np.testing.assert_allclose(tiled, whole, rtol=0, atol=1e-5)
    assert tiled.sizes == whole.sizes


@pytest.mark.parametrize("begin", [0.0, 0.25, 7.0])
@pytest.mark.parametrize("spacing", ["rescale", "ignore"])
def test_positions_are_those_in_the_whole_image(spacing: str, begin: float) -> None:
    plain = discs(1.0)
    bank = Features(sigmas=(1,), kinds=("gaussian",), position=1.0)
    model = PixelClassifier(bank, "tree").fit(plain, plain.coords["y"] + 0 * plain > 30)
    image = discs(0.5)
    image = image.assign_coords({dim: image.coords[dim] + begin for dim in ("y", "x")})
    for dim in ("y", "x"):
        image.coords[dim].attrs["units"] = "um"
    params = {"model": model, "spacing": spacing}
    run: Any = gt.learn.classify
    whole = run(image, **params)
    params = run.parameters.validate(params)
    tiled = run_tiled(run, [image], params=params, tile={"y": 11, "x": 7})
    np.testing.assert_array_equal(tiled, whole)
    low = np.argmax(whole.values[:, 5] == 1) * 0.5 + begin
    assert low == pytest.approx(30 if spacing == "rescale" else 15, abs=1)
