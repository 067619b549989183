"""Augmentation: image and truth stay together, and chance comes from the seed alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graticule.core.errors import ParameterError
from graticule.learn.unet import Augment
from graticule.learn.unet.augment import smooth_noise

CODES = np.arange(40 * 40).reshape(40, 40) % 3 - 1


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("shape", [(6, 6), (4, 6), (5, 6, 6), (1, 6, 6)])
def test_flips_move_image_and_truth_alike(shape: tuple[int, ...], seed: int) -> None:
    truth = np.arange(np.prod(shape)).reshape(shape)
    image = np.stack([truth, -truth]).astype(np.float32)
    turned, moved = Augment().flipped([image, truth], shape, _rng(seed))
    assert turned.shape == image.shape
    np.testing.assert_array_equal(turned[0], moved)
    np.testing.assert_array_equal(turned[1], -moved)
    np.testing.assert_array_equal(np.sort(moved.ravel()), np.arange(truth.size))


def test_flips_reach_all_eight_ways_to_lay_a_square() -> None:
    square = np.array([[0, 1], [2, 3]])
    ways = {
        tuple(Augment().flipped([square], (2, 2), _rng(seed))[0].ravel()) for seed in range(200)
    }
    assert len(ways) == 8


@pytest.mark.parametrize("dims", [2, 3])
def test_warps_move_image_and_truth_alike(dims: int) -> None:
    extent = (24,) * dims
    augment = Augment(rotate=40, zoom=0.2, elastic=3)
    wide = tuple(24 + 2 * more for more in augment.margin(extent))
    places = np.indices(wide)
    truth = (places[-1] + places[-2] > sum(wide[-2:]) / 2).astype(np.int16)
    image = truth[np.newaxis].astype(np.float32)
    bent, moved = augment.warped([image, truth], extent, _rng(1))
    assert bent.shape == (1, *extent)
    assert moved.shape == extent
    assert moved.dtype == np.int16
    sure = np.abs(bent[0] - 0.5) > 0.3  # away from the border, where rounding decides
    assert sure.mean() > 0.9
    np.testing.assert_array_equal((bent[0] > 0.5)[sure], (moved == 1)[sure])


def test_a_turn_is_a_turn() -> None:
    augment = Augment(rotate=90, zoom=0, elastic=0)
    y, x = np.indices((61, 61)) - 30
    image = np.hypot(y, x)[np.newaxis].astype(np.float32)
    turned = augment.warped([image], (31, 31), _rng(3))[0]
    np.testing.assert_allclose(turned[0], image[0, 15:46, 15:46], atol=0.3)
    slope = augment.warped([x[np.newaxis].astype(np.float32)], (31, 31), _rng(3))[0][0]
    gradient = np.hypot(*(each.mean() for each in np.gradient(slope)))
    assert gradient == pytest.approx(1, abs=1e-3)


def test_labels_stay_labels_when_warped() -> None:
    found = Augment(rotate=30).warped([np.zeros((1, 40, 40), np.float32), CODES], (20, 20), _rng())[
        1
    ]
    assert set(np.unique(found)) <= {-1, 0, 1}


def test_missing_targets_stay_missing_and_do_not_spread() -> None:
    target = np.ones((40, 40), np.float32)
    target[18:22] = np.nan
    found = Augment(elastic=2).warped([target[np.newaxis], target], (20, 20), _rng())[1]
    assert np.isnan(found).any()
    assert (found[~np.isnan(found)] == 1).all()


def test_planes_of_a_stack_are_not_bent_into_each_other() -> None:
    augment = Augment(elastic=4)
    assert augment.margin((1, 32, 32))[0] == 0
    image = _rng().normal(size=(2, 1, 70, 70)).astype(np.float32)
    assert augment.warped([image], (1, 32, 32), _rng())[0].shape == (2, 1, 32, 32)


def test_shading_leaves_the_mean_alone_on_average() -> None:
    augment = Augment(intensity=0.2, noise=0.3, blur=2.0)
    image = _rng().normal(size=(1, 32, 32)).astype(np.float32)
    many = np.stack([augment.shaded(image, _rng(seed)) for seed in range(300)])
    assert many.dtype == np.float32
    assert abs(many.mean() - image.mean()) < 0.05
    assert many.std(0).mean() > 0.1
    np.testing.assert_array_equal(many[7], augment.shaded(image, _rng(7)))


def test_elastic_noise_is_smooth_and_of_deviation_one() -> None:
    found = np.stack([smooth_noise((96, 96), _rng(seed)) for seed in range(50)])
    assert 0.8 < found.std() < 1.2
    assert np.abs(np.diff(found, axis=1)).max() < 0.4


def test_settings_survive_as_json() -> None:
    augment = Augment(rotate=90, flip=False)
    assert Augment.from_json(augment.to_json()) == augment


@pytest.mark.parametrize("wrong", [{"warp": 2}, {"rotate": -1}, {"zoom": 0.9}])
def test_settings_out_of_range_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        Augment(**wrong)
