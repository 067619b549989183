"""The simulated slice: mitochondria that grey alone does not tell apart, and features do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graticule.io import read
from graticule.learn.crossval.crossval import compare
from graticule.learn.crossval.split import make_split
from graticule.learn.data.labelled_images import LabelledImages
from graticule.learn.document.document import build_methods, load
from graticule.recipes import expected, make_example, trainings
from graticule.recipes.mitochondria.example import simulated_slice


def test_the_same_seed_gives_the_same_slice() -> None:
    first, truth = simulated_slice(3)
    again, same = simulated_slice(3)
    assert np.array_equal(first, again)
    assert np.array_equal(truth, same)
    assert not np.array_equal(first, simulated_slice(4)[0])


def test_mitochondria_are_darker_but_not_by_themselves() -> None:
    values, truth = simulated_slice()
    assert 0.04 < truth.mean() < 0.2
    assert values[truth].mean() < values[~truth].mean() - 0.1
    as_dark = ~truth & (values < np.median(values[truth]))
    assert as_dark.sum() > truth.sum() / 2


@pytest.mark.slow
def test_more_of_the_surroundings_tells_more(tmp_path: Path) -> None:
    folder = make_example("mitochondria", tmp_path)
    image, mask = (read(folder / part / "slice.tif").compute() for part in ("images", "labels"))
    data = LabelledImages.of(image, mask, kind="mask")
    training = load(trainings()["mitochondria"])
    every = build_methods(training)
    quick = [each for each in every if each.name in ("tree", "polynomial", "filters", "nearest")]
    found = compare(data, quick, make_split(training.split, data, every).folds)
    assert not found.failed
    scores = {name: each.scores.measures for name, each in found.results.items()}
    for name, values in scores.items():
        for measure, (value, tolerance) in expected("mitochondria")["methods"][name].items():
            if measure in values:
                assert values[measure].estimate == pytest.approx(value, abs=tolerance), name
    assert scores["filters"]["auc"].estimate > scores["tree"]["auc"].estimate + 0.02


def test_every_step_of_the_lecture_is_there() -> None:
    training = load(trainings()["mitochondria"])
    assert list(training.methods) == [
        "tree", "tree_position", "clusters", "polynomial", "filters", "neighbourhood",
        "nearest", "boosted", "unet",
    ]  # fmt: skip
    assert training.split.naive == "halves"
