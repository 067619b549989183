"""Answers averaged over mirrored and swapped windows: they turn with the image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import graticule as gt
from graticule.core import as_image
from graticule.core.errors import ParameterError
from graticule.learn import open_model, save_model
from graticule.learn.unet import UNet
from graticule.learn.unet.tta import Orientation, mean_over_orientations, orientations
from graticule.pipeline.tiles import run_tiled

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def turned(fitted: UNet) -> UNet:
    """Return the network that knows discs, with tta."""
    model = UNet.from_state(fitted.state())
    model.tta = True
    return model


@pytest.mark.parametrize("extent", [(6, 6), (6, 4), (1, 5, 5), (4, 4, 4), (1, 7), (1, 1)])
def test_ways_differ_and_lead_back(extent: tuple[int, ...]) -> None:
    values = np.arange(np.prod(extent)).reshape(1, 1, *extent)
    ways = list(orientations(extent))
    assert ways[0] == Orientation()
    laid = [way.apply(values) for way in ways]
    assert len({each.tobytes() for each in laid}) == len(ways)
    for way, each in zip(ways, laid, strict=True):
        assert each.shape == values.shape
        np.testing.assert_array_equal(way.undo(each), values)


def test_what_looks_alike_from_all_sides_is_left_as_it_is() -> None:
    values = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
    np.testing.assert_allclose(mean_over_orientations(np.abs, values), np.abs(values), rtol=1e-6)
    lopsided = mean_over_orientations(lambda each: np.cumsum(each, axis=-1), values)
    both = (np.cumsum(values, -1) + np.cumsum(values[..., ::-1], -1)[..., ::-1]) / 2
    down = (np.cumsum(values, -2) + np.cumsum(values[..., ::-1, :], -2)[..., ::-1, :]) / 2
    np.testing.assert_allclose(lopsided, (both + down) / 2, atol=1e-5)


def test_the_answer_is_the_mean_over_turned_images(fitted: UNet, turned: UNet, discs: Any) -> None:
    image = discs((32, 32), seed=3)[0]
    sides = [(False, 0), (True, 0)]
    every = []
    for swap, _ in sides:
        for y in (1, -1):
            for x in (1, -1):
                laid = (image.T if swap else image)[::y, ::x]
                said = fitted.predict_proba(laid).values[:, ::y, ::x]
                every.append(said.transpose(0, 2, 1) if swap else said)
    found = turned.predict_proba(image).values
    np.testing.assert_allclose(found, np.mean(every, 0), atol=1e-6)
    np.testing.assert_allclose(found.sum(0), 1, atol=1e-5)
    assert np.abs(found - fitted.predict_proba(image).values).max() > 1e-3


def test_a_turned_image_has_the_turned_answer(fitted: UNet, turned: UNet, discs: Any) -> None:
    image = discs((32, 32), seed=4)[0]

    def gap(model: UNet) -> float:
        said = model.predict_proba(image[::-1].T).values.transpose(0, 2, 1)[:, ::-1]
        return float(np.abs(said - model.predict_proba(image).values).max())

    assert gap(turned) < 1e-6
    assert gap(fitted) > 1e-3


def test_tiles_give_the_whole_with_tta(turned: UNet, discs: Any) -> None:
    image = as_image(discs((90, 71), seed=2)[0])
    image[40:44, 30:34] = np.nan
    whole = gt.learn.probability(image, model=turned)
    tiled = run_tiled("learn.probability", [image], {"model": turned}, tile={"y": 13, "x": 29})
    xr.testing.assert_identical(tiled, whole)


def test_volumes_and_continuous_targets_have_tta_too(
    make_small: Callable[..., UNet], discs: Any
) -> None:
    image, mask = discs((16, 24, 24))
    for settings in ({"dims": 3, "patch": 16, "window": 16}, {"loss": "mae"}):
        model = make_small(tta=True, batch=2, **settings)
        target = mask.astype(np.float32) if model.regression else mask
        found = model.fit(image, target, steps=2).predict(image)
        assert found.shape == image.shape
        plain = UNet.from_state(model.state())
        plain.tta = False
        assert not plain.predict(image).identical(found)


def test_a_model_file_keeps_tta_and_older_files_have_none(
    turned: UNet, fitted: UNet, discs: Any, tmp_path: Path
) -> None:
    image = discs((40, 40), seed=5)[0]
    save_model(turned, tmp_path / "a.model")
    again = open_model(tmp_path / "a.model")
    xr.testing.assert_identical(again.predict_proba(image), turned.predict_proba(image))
    state = fitted.state()
    older = {key: value for key, value in state.card["settings"].items() if key != "tta"}
    state.card["settings"] = older
    assert UNet.from_state(state).tta is False


def test_training_is_the_same_with_tta() -> None:
    assert UNet(tta=True).to_json(learned_only=True) == UNet().to_json(learned_only=True)


def test_what_is_no_bool_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"tta: must be true or false, not 'yes'"):
        UNet(tta="yes")  # type: ignore[arg-type]
