"""What a network gets of a training set: blanks where samples are held out, and validation."""

import numpy as np
import pytest
from learning_scenes import scene

from graticule.core import as_image
from graticule.learn.crossval.method_run import training_set_of
from graticule.learn.crossval.split import make_split
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.document.document import build_methods, parse
from graticule.learn.methods.kinds.unet import validation_of

(METHOD,) = build_methods(parse("{graticule: 1, methods: {a: {estimator: tree}}}"))


def strokes(shape, seed):
    """Labels of a few samples, two classes, in one corner."""
    labels = np.zeros(shape, np.uint8)
    labels[2:12, 3:6], labels[2:12, 14:17] = 1, 2
    return as_image(np.roll(labels, 7 * seed, axis=0))


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_sparse_labels_are_validated_where_they_are(share):
    image, _ = scene()
    data = LabelledImages.of(image, strokes(image.shape, 0), kind="classes")
    training_set = training_set_of(data, None, METHOD)
    (own,) = validation_of(training_set, share)
    count = int(own.sum())
    labelled = int((data.labels[0] != 0).sum())
    assert share * labelled <= count < labelled
    assert bool((data.labels[0].values[own.values] != 0).all())


def test_images_without_labels_do_not_validate():
    pictures = [scene(n)[0] for n in range(5)]
    labels = [strokes(pictures[0].shape, 0) * (n == 0) for n in range(5)]
    labels[3] = strokes(pictures[0].shape, 1)
    data = LabelledImages.of(pictures, labels, kind="classes")
    chosen = validation_of(training_set_of(data, None, METHOD), 0.2)
    held = [n for n, mask in enumerate(chosen) if mask is not None]
    assert len(held) == 1
    assert held[0] in (0, 3)


def test_validation_is_of_what_may_be_learned_from():
    image, labels = scene()
    data = LabelledImages.of(image, labels)
    training = parse("{graticule: 1, methods: {a: {estimator: tree}}}")
    for fold in make_split(training.split, data, [METHOD]).folds:
        (own,) = validation_of(training_set_of(data, fold, METHOD), 0.3)
        assert own.any()
        assert not (own & ~fold.train[0]).any()
