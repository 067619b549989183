"""report.methods.hitmaps: strokes are shown with what was said of the rest of the image."""

import numpy as np
import pytest
import tifffile

from graticule.learn.crossval.crossval import compare
from graticule.learn.crossval.split import make_split
from graticule.learn.document.document import build_methods, load
from graticule.report.methods.hitmaps import WRONG, class_colours, hit_maps, several_hits
from graticule.report.methods.words import answer
from graticule.training.loading import load_images


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
    given = load_images(training, tmp_path / "image.tif", tmp_path / "labels.tif")
    methods = build_methods(training)
    split = make_split(training.split, given.data, methods)
    found = compare(given.data, methods, split.folds)
    drawing = hit_maps(found, 0)
    assert "labels" in drawing.alt
    assert "paler" in drawing.caption
    said = " ".join(answer(found, split))
    assert ("too few blocks" in said) != ("intervals are over blocks" in said)


MASKS = """
graticule: 1
labels: mask
split: {by: image, folds: 2}
methods: {tree: {features: {sigmas: [1]}, estimator: {name: tree, max_depth: 3}}}
"""


def compared(folder, document, images, labels):
    (folder / "training.yaml").write_text(document)
    for kind, arrays in (("images", images), ("labels", labels)):
        (folder / kind).mkdir()
        for number, array in enumerate(arrays):
            tifffile.imwrite(folder / kind / f"{number}.tif", array)
    training = load(folder / "training.yaml")
    given = load_images(training, folder / "images", folder / "labels")
    methods = build_methods(training)
    split = make_split(training.split, given.data, methods)
    return compare(given.data, methods, split.folds)


def test_the_number_over_a_map_is_that_of_its_image(tmp_path):
    rng = np.random.default_rng(0)
    truth = np.zeros((60, 60), np.uint8)
    truth[20:40, 10:50] = 1
    images = [(truth + rng.normal(0, width, truth.shape)).astype(np.float32)
              for width in (0.3, 1.5)]  # fmt: skip
    found = compared(tmp_path, MASKS, images, [truth, truth])
    own = found.results["tree"].scores.by_image
    for index, name in enumerate(found.data.names):
        said = found.results["tree"].pictures[name] == 1
        dice = 2 * (said & (truth == 1)).sum() / (said.sum() + (truth == 1).sum())
        assert own[index]["dice"] == pytest.approx(dice)
        drawing = hit_maps(found, index)
        assert f"tree   {dice:.3f}" in drawing.alt
        assert "of this image" in drawing.caption
    assert own[0]["dice"] > own[1]["dice"] + 0.05


def test_of_a_volume_the_plane_with_labels_is_shown(tmp_path):
    rng = np.random.default_rng(0)
    volume = rng.normal(0, 0.1, (9, 48, 48)).astype(np.float32)
    volume[:, 24:] += 1
    labels = np.zeros(volume.shape, np.uint8)
    labels[2, 4:16, 4:44], labels[2, 30:44, 4:44] = 1, 2
    document = DOCUMENT.replace("sigmas: [1]", "sigmas: [0.5]")
    found = compared(tmp_path, document, [volume], [labels])
    drawing = hit_maps(found, 0)
    assert "z 3 of 9" in drawing.caption
    said = found.results["tree"].pictures[found.data.names[0]]
    assert (said[labels[2] > 0] == labels[2][labels[2] > 0] - 1).mean() > 0.9
