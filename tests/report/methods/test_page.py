"""report.methods: what the page says of a comparison is what the comparison found."""

import pytest
from learning_scenes import write_pair

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


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "training.yaml").write_text(DOCUMENT)
    (tmp_path / "bright.yaml").write_text(BRIGHT.replace("[smooth, bright]", "[smooth]"))
    write_pair(tmp_path, "a")
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
