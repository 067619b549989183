"""report.methods: what the page says of a comparison is what the comparison found."""

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from graticule.core.errors import FormatError, RequestError
from graticule.learn.crossval.crossval import compare
from graticule.learn.crossval.split import make_split
from graticule.learn.document.document import build_methods, load
from graticule.report.methods.page import page
from graticule.report.methods.words import answer
from graticule.training.loading import load_images

DOCUMENT = """
graticule: 1
name: blobs
description: Blobs in noise.
split: {by: blocks, folds: 3, naive: halves}
methods:
  fixed: {pipeline: bright.yaml}
  tree: {features: {sigmas: [1, 2]}, estimator: {name: tree, max_depth: 4}, max_samples: 3000}
"""
BRIGHT = """
graticule: 1
name: bright
steps:
  smooth: {op: filters.gaussian, sigma: 2}
  bright: {op: threshold.otsu}
outputs: [smooth, bright]
"""


def write(folder, name, seed=0, shape=(96, 120)):
    rng = np.random.default_rng(seed)
    truth = ndimage.gaussian_filter(rng.normal(size=shape), 3) > 0.05
    for kind, values in (
        ("images", (truth + rng.normal(size=shape)).astype(np.float32)),
        ("labels", truth.astype(np.uint8) * 255),
    ):
        (folder / kind).mkdir(exist_ok=True)
        tifffile.imwrite(folder / kind / f"{name}.tif", values)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "training.yaml").write_text(DOCUMENT)
    (tmp_path / "bright.yaml").write_text(BRIGHT.replace("[smooth, bright]", "[smooth]"))
    write(tmp_path, "a")
    return tmp_path


@pytest.fixture
def found(folder):
    training = load(folder / "training.yaml")
    given = load_images(training, folder / "images", folder / "labels")
    methods = build_methods(training)
    split = make_split(training.split, given.data, methods)
    naive = compare(given.data, methods, split.naive)
    from dataclasses import replace

    result = replace(compare(given.data, methods, split.folds), naive=naive)
    return result, training, split


def test_the_page_holds_every_method_and_number(found):
    result, training, split = found
    text = page(result, training, split, command=["graticule", "evaluate", "a b"])
    for name in training.methods:
        value = result.results[name].scores.measures["dice"].estimate
        assert f'data-v="{value}"' in text
        assert f"{value:.3f}" in text
    for part in ("ROC", "Calibration", "Hits and misses", "The split", "naive split", "a b"):
        assert part in text
    assert "<script>" in text
    assert "http://" not in text


def test_the_answer_names_the_best_and_the_buffer(found):
    result, _, split = found
    said = " ".join(answer(result, split))
    assert said.startswith(f"{result.ranked[0]} is best")
    assert f"buffer of {split.buffer['y']} samples, as far as tree looks" in said
    assert "blocks of this one image: they say nothing of others" in said
    assert "On the naive split" in said or "flatters no method" in said


def test_images_and_labels_are_paired_by_name(folder):
    write(folder, "b", seed=1)
    (folder / "labels" / "a.tif").rename(folder / "labels" / "a_mask.tif")
    write(folder, "c", seed=2)
    (folder / "labels" / "c.tif").unlink()
    training = load(folder / "training.yaml")
    given = load_images(training, folder / "images", folder / "labels")
    assert given.data.names == ("a", "b")
    assert given.missing == ("c has no labels",)
    assert len(given.files) == 4


def test_extra_images_come_from_simulation_and_from_files(folder):
    write(folder, "more", seed=3)
    (folder / "extra").mkdir()
    for kind in ("images", "labels"):
        (folder / "extra" / kind).mkdir()
        (folder / kind / "more.tif").rename(folder / "extra" / kind / "more.tif")
    (folder / "training.yaml").write_text(
        DOCUMENT.replace("max_samples: 3000", "max_samples: 3000, on: [real, made, more]")
        + "extra:\n  made: {simulate: nuclei, count: 2, parameters: {shape: [64, 64], count: 4}}\n"
        + "  more: {images: extra/images, labels: extra/labels}\n"
        + "  unused: {images: nowhere, labels: nowhere}\n"
    )
    given = load_images(load(folder / "training.yaml"), folder / "images", folder / "labels")
    assert given.extra["made"].names == ("nuclei_0000", "nuclei_0001")
    assert given.extra["more"].names == ("more",)
    assert set(given.extra) == {"made", "more"}


def test_what_is_wrong_names_its_file(folder):
    training = load(folder / "training.yaml")
    with pytest.raises(FormatError, match="nowhere"):
        load_images(training, folder / "nowhere", folder / "labels")
    tifffile.imwrite(folder / "labels" / "a.tif", np.full((96, 120), 0.5, np.float32))
    with pytest.raises(RequestError, match=r"a\.tif.*fractions"):
        load_images(training, folder / "images", folder / "labels")
    tifffile.imwrite(folder / "labels" / "a.tif", np.zeros((96, 120), np.uint8))
    with pytest.raises(ValueError, match=r"labels.*none of them has|needed"):
        load_images(training, folder / "images", folder / "labels")
