"""Patches: what is not to be used has no truth, and what is rare is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graticule.core import Length, as_image
from graticule.core.errors import ImageError
from graticule.learn.data.labels import Class
from graticule.learn.unet import Augment
from graticule.learn.unet.batches import Batches, validation_grid
from graticule.learn.unet.patches import PatchSource, Sampler
from graticule.learn.unet.pixels import Normalisation, NormalisedImage, mirror

CLASSES = (Class(1, "1"), Class(2, "2"), Class(3, "3"))
PLAIN = Normalisation("none", (0.0,), (1.0,))


def _source(image: Any, labels: Any, where: Any = None, by: Any = PLAIN) -> PatchSource:
    given = as_image(image)
    dims = [str(dim) for dim in given.dims]
    return PatchSource(
        NormalisedImage(given, dims, by), as_image(labels), where, CLASSES, "classes"
    )


def _example() -> PatchSource:
    rng = np.random.default_rng(0)
    image = rng.normal(size=(60, 70))
    image[5, 6] = np.nan
    labels = np.ones((60, 70), int)
    labels[:, 40:] = 2
    labels[30, 20] = 3
    labels[50:] = 0
    where = np.ones((60, 70), bool)
    where[:, :5] = False
    return _source(image, labels, where)


def test_unlabelled_missing_and_masked_samples_have_no_truth() -> None:
    truth = _example().truth([0, 0], [60, 70])
    assert (truth[50:] == -1).all()
    assert (truth[:, :5] == -1).all()
    assert truth[5, 6] == -1
    assert truth[30, 20] == 2
    assert (truth[:30, 5:40] == 0).sum() == 30 * 35 - 1


def test_boxes_are_mirrored_beyond_the_image_and_have_no_truth_there() -> None:
    source = _source(np.arange(20.0).reshape(4, 5), np.ones((4, 5), int))
    image, truth, _ = source.box([-2, 3], [4, 4])
    np.testing.assert_array_equal(image[0, :2], image[0, 3:1:-1])
    np.testing.assert_array_equal(image[0, :, 2:], image[0, :, 1::-1])
    np.testing.assert_array_equal(truth >= 0, np.pad(np.ones((2, 2), bool), ((2, 0), (0, 2))))


@pytest.mark.parametrize(("start", "long", "size"), [(-7, 20, 3), (0, 5, 5), (4, 9, 1)])
def test_mirrored_rows_as_numpy(start: int, long: int, size: int) -> None:
    row = np.pad(np.arange(size), 50, mode="symmetric")
    np.testing.assert_array_equal(mirror(start, long, size), row[50 + start : 50 + start + long])


def test_a_rare_class_is_drawn_as_often_as_others() -> None:
    source = _example()
    sampler = Sampler([source], (16, 16), class_balanced_fraction=1.0, seed=0)
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(300):
        _, starts = sampler.draw(rng)
        assert all(0 <= a <= n - 16 for a, n in zip(starts, (60, 70), strict=True))
        hits += (source.truth(starts, [a + 16 for a in starts]) == 2).any()
    assert hits > 90
    common = Sampler([source], (16, 16), class_balanced_fraction=0.0, seed=0)
    assert (
        sum(
            (source.truth(at, [a + 16 for a in at]) == 2).any()
            for _, at in (common.draw(rng) for _ in range(300))
        )
        < hits / 2
    )


def test_every_patch_holds_a_labelled_sample() -> None:
    labels = np.zeros((90, 90), int)
    labels[3, 80], labels[70, 10] = 1, 2
    source = _source(np.zeros((90, 90)), labels)
    sampler = Sampler([source], (8, 8), class_balanced_fraction=0.5, seed=0)
    rng = np.random.default_rng(0)
    for _ in range(50):
        _, starts = sampler.draw(rng)
        assert (source.truth(starts, [a + 8 for a in starts]) >= 0).any()


def test_images_smaller_than_a_patch_lie_in_its_middle() -> None:
    sampler = Sampler([_source(np.zeros((5, 40)), np.ones((5, 40), int))], (16, 16), 0.5, 0)
    source, starts = sampler.draw(np.random.default_rng(0))
    assert starts[0] == -5
    assert (source.box(starts, (16, 16))[1] >= 0).sum() == 5 * 16


def test_nothing_to_learn_from_is_refused() -> None:
    source = _source(np.zeros((5, 5)), np.ones((5, 5), int), np.zeros((5, 5), bool))
    with pytest.raises(ImageError, match="labelled"):
        Sampler([source], (4, 4), 0.5, 0)


def test_the_grid_of_validation_holds_each_labelled_sample_once() -> None:
    source = _example()
    counts = np.zeros((60, 70), int)
    for _, starts in validation_grid([source], (16, 16), 1000, 0):
        counts[tuple(slice(a, a + 16) for a in starts)] += 1
    truth = source.truth([0, 0], [60, 70])
    assert (counts[truth >= 0] == 1).all()
    assert len(validation_grid([source], (16, 16), 3, 0)) == 3


def test_normalisation_of_images_ignores_what_is_missing() -> None:
    values = np.random.default_rng(0).normal(5, 3, (40, 50))
    values[3] = np.nan
    found = Normalisation.of([as_image(values)], "images", Length(4))
    assert found.mean[0] == pytest.approx(np.nanmean(values))
    assert found.deviation[0] == pytest.approx(np.nanstd(values))
    box = NormalisedImage(as_image(values), ("y", "x"), found).box((0, 0), (40, 50))
    assert box[0, 3].tolist() == [0.0] * 50
    assert Normalisation.from_json(found.to_json()) == found


def test_local_normalisation_of_a_box_is_that_of_the_image() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(90, 80)) * (1 + np.arange(80)) + 1000
    found = Normalisation.of([as_image(values)], "local", Length(3))
    pixels = NormalisedImage(as_image(values), ("y", "x"), found)
    whole = pixels.box((0, 0), (90, 80))[0]
    np.testing.assert_allclose(pixels.box((30, 20), (16, 24))[0], whole[30:46, 20:44], atol=1e-5)
    assert abs(whole[:, 60:].std() / whole[:, :20].std() - 1) < 0.2
    assert abs(whole.mean()) < 0.05


def test_local_normalisation_of_a_flat_image_is_flat() -> None:
    found = Normalisation.of([as_image(np.full((9, 9), 7.0))], "local", Length(2))
    assert (
        NormalisedImage(as_image(np.full((9, 9), 7.0)), ("y", "x"), found).box((0, 0), (9, 9)) == 0
    ).all()


def test_batches_made_ahead_are_those_made_in_turn() -> None:
    sampler = Sampler([_example()], (16, 16), 0.5, 0)
    batches = Batches(sampler, Augment(warp=1.0), 2, seed=3)
    in_turn = list(batches.iter_steps(2, 8, ahead=False))
    ahead = list(batches.iter_steps(2, 8, ahead=True))
    assert len(ahead) == len(in_turn) == 6
    for one, other in zip(in_turn, ahead, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
    assert not np.array_equal(in_turn[0][0], in_turn[1][0])
