"""L6: how score maps are judged against annotated spots."""

from __future__ import annotations

import numpy as np
import pytest

from graticule.bench._spot_scores import scored
from graticule.evaluate.curves import ranking


@pytest.fixture
def truth() -> np.ndarray:
    mask = np.zeros((128, 140), bool)
    rng = np.random.default_rng(0)
    for y, x in rng.integers(2, 126, (16, 2)):
        mask[y : y + 2, x : x + 2] = True
    return mask


def test_the_truth_itself_is_worth_everything(truth):
    found = scored(truth + 1e-9 * np.arange(truth.size).reshape(truth.shape), truth)
    assert found.area.estimate == pytest.approx(1, abs=0.02)
    assert found.recall.estimate == 1
    assert found.recall_at(0.9).estimate == 1


def test_noise_is_worth_what_chance_is(truth):
    found = scored(np.random.default_rng(1).random(truth.shape), truth)
    assert found.area.estimate < 5 * truth.mean()
    assert found.recall.estimate < 0.2


def test_the_area_is_that_over_all_thresholds(truth):
    rng = np.random.default_rng(2)
    score = truth * 2 + rng.normal(size=truth.shape)
    found = scored(score, truth)
    assert found.area.estimate == pytest.approx(ranking(score, truth).average_precision, abs=0.01)
    assert found.area.low < found.area.estimate < found.area.high


def test_false_answers_are_counted_as_parts_and_spots_are_met_by_one_pixel(truth):
    score = np.where(truth, 1.0, 0.0)
    rows, columns = np.nonzero(truth)
    score[rows[::2], columns[::2]] = 0.4  # half of the pixels of spots are missed
    false = [(13 * k + 5, 136) for k in range(9)]
    for y, x in false:
        score[y : y + 2, x] = 2.0  # nine false answers of two pixels, brighter than any spot
    score += 1e-9 * np.random.default_rng(3).random(score.shape)
    allowed = 9.5 / truth.size
    assert scored(score, truth, rate=allowed).recall.estimate > 0.9
    assert scored(score, truth, rate=allowed / 2).recall.estimate == 0


def test_an_answer_that_covers_everything_meets_nothing(truth):
    score = np.zeros(truth.shape)
    score[0, 0] = 1.0
    assert scored(score, truth).recall.estimate == 0
