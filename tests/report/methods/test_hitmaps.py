"""report.methods.hitmaps: strokes are shown with what was said of the rest of the image."""

import numpy as np
import pytest
import tifffile

from graticule.learn.crossval import compare
from graticule.learn.dividing import divided
from graticule.learn.document import load
from graticule.learn.methods import methods_of
from graticule.report.methods.hitmaps import WRONG, class_colours, hit_maps, several_hits
from graticule.report.methods.loading import loaded, run_pipeline
from graticule.report.methods.words import answer


def test_what_is_right_wrong_and_not_labelled_is_told_apart():
    colours = class_colours(3)
    said = np.array([[0, 1, 2, -1]])
    truth = np.array([[0, 2, 0, 1]])
    known = np.array([[True, True, False, True]])
    ground = np.full((1, 4, 3), 100, np.uint8)
    right, wrong, rest, nothing = several_hits(said, truth, known, colours, ground)[0]
    np.testing.assert_array_equal(right, colours[0])
    np.testing.assert_array_equal(wrong, WRONG)
    np.testing.assert_array_equal(rest, (colours[2].astype(int) * 2 + 300) // 5)
    assert nothing.tolist() not in (colours.tolist(), list(WRONG))


@pytest.mark.parametrize("count", [2, 6, 7, 30])
def test_every_class_has_a_colour_of_its_own(count):
    colours = class_colours(count)
    assert colours.shape == (count, 3)
    assert len({tuple(colour) for colour in colours.tolist()} | {WRONG}) == count + 1


DOCUMENT = """
graticule: 1
name: strokes
labels: classes
split: {by: blocks, folds: 2}
methods: {tree: {features: {sigmas: [1]}, estimator: {name: tree, max_depth: 3}}}
"""


def test_the_map_of_strokes_names_the_classes_and_no_interval_is_spoken_of(tmp_path):
    rng = np.random.default_rng(0)
    image = np.zeros((80, 80), np.float32) + (np.arange(80) >= 40)[:, None]
    labels = np.zeros((80, 80), np.uint8)
    labels[10:14, 5:75] = 3
    labels[60:64, 5:75] = 8
    tifffile.imwrite(tmp_path / "image.tif", image + rng.normal(0, 0.1, image.shape))
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    (tmp_path / "training.yaml").write_text(DOCUMENT)
    training = load(tmp_path / "training.yaml")
    given = loaded(training, tmp_path / "image.tif", tmp_path / "labels.tif")
    methods = methods_of(training, run_pipeline)
    division = divided(training.split, given.data, methods)
    found = compare(given.data, methods, division.folds)
    drawing = hit_maps(found, 0)
    assert "labels" in drawing.alt
    assert "paler" in drawing.caption
    said = " ".join(answer(found, division))
    assert ("too few blocks" in said) != ("intervals are over blocks" in said)
