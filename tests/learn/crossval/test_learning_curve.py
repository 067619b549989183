"""learn.learning_curve: ever more labels, always judged on the same samples."""

import numpy as np
import pytest
from learning_scenes import Smoothed, scene
from scipy import ndimage

from graticule.core import as_image
from graticule.learn.crossval import learning_curve as module
from graticule.learn.crossval.learning_curve import learning_curve
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.splits.splits import by_blocks, by_image


def strokes(seed=0):
    image, truth = scene(seed)
    spots = ndimage.label(np.random.default_rng(seed).random(truth.shape) > 0.995)[0] > 0
    wide = ndimage.binary_dilation(spots)
    return image, as_image(np.where(wide, truth.values + 1, 0))


@pytest.mark.parametrize("of", ["samples", "strokes"])
def test_what_is_drawn_grows_and_is_never_held_out(of):
    data = LabelledImages.of(*strokes())
    for fold in by_blocks(list(data.images), folds=2, buffer=4):
        order = module._order(data, fold, of, (0,))
        before = np.zeros(data.labels[0].shape, bool)
        for count in (2, 5, order.size):
            mask = order.masks(count)[0].values
            assert (before <= mask).all()
            assert not (mask & fold.test[0].values).any()
            assert not (mask & ~fold.train[0].values).any()
            assert set(data.truth(0)[mask]) == {0, 1}
            if of == "samples":
                assert mask.sum() == count
            else:
                same = [ndimage.label(mask & (data.truth(0) == c), np.ones((3, 3)))[1]
                        for c in (0, 1)]  # fmt: skip
                assert sum(same) == count
            before = mask
        known = data.known(0) & fold.train[0].values
        np.testing.assert_array_equal(before, known)


def test_scores_grow_with_labels():
    data = LabelledImages.of(*scene())
    folds = by_blocks(list(data.images), folds=2, buffer=3)
    method = Smoothed()
    calls = []
    found = learning_curve(data, [method], folds, points=3, repeats=2, seed=1,
                           progress=lambda done, total, _: calls.append((done, total)))  # fmt: skip
    assert (found.of, found.measure) == ("samples", "dice")
    means = found.rows.groupby("labels")["auc"].mean()
    assert means.iloc[-1] >= means.iloc[0] - 0.01
    assert found.rows["share"].max() == 1
    assert all(done <= total for done, total in calls)


def test_images_are_drawn_where_there_are_many():
    pairs = [scene(seed, (40, 48)) for seed in range(5)]
    data = LabelledImages.of([i for i, _ in pairs], [t for _, t in pairs])
    method = Smoothed()
    found = learning_curve(data, [method], by_image(data.images, 5), points=3, repeats=1)
    assert found.of == "images"
    assert found.rows["labels"].max() == 4
    assert {len(training_set.images) for training_set in method.training_sets} == set(
        found.rows["labels"]
    )


def test_few_images_are_drawn_one_by_one():
    pairs = [scene(seed, (40, 48)) for seed in range(4)]
    data = LabelledImages.of([i for i, _ in pairs], [t for _, t in pairs])
    found = learning_curve(data, [Smoothed()], by_image(data.images, 3), repeats=1)
    assert found.rows["labels"].tolist() == [1, 2]


def test_stopped_it_gives_what_is_done():
    data = LabelledImages.of(*scene())
    folds = by_blocks(list(data.images), folds=2, buffer=3)
    found = learning_curve(data, [Smoothed(fail="stop")], folds, points=2, repeats=1)
    assert found.unfinished
