"""Which answers are doubtful, of one image and of a study."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from graticule.core import Subject, as_image
from graticule.core.errors import CheckError
from graticule.core.registry import get_check

CHECK = get_check("plausibility")


def subject(labels: np.ndarray, values: np.ndarray) -> Subject:
    return Subject(as_image(labels), as_image(values), lambda image: image)


def discs(radius: int = 6, step: int = 30, height: float = 50, seed: int = 0) -> Subject:
    y, x = np.mgrid[:180, :180]
    inside = (y % step - step // 2) ** 2 + (x % step - step // 2) ** 2 <= radius**2
    labels = np.where(inside, 1 + y // step * 10 + x // step, 0).astype(np.int32)
    grain = np.random.default_rng(seed).normal(0, 2, labels.shape)
    return subject(labels, 20 + height * inside + grain)


def why(one: Subject, **params: Any) -> str:
    return str(CHECK(one, **params).columns["implausible"])


def test_good_answers_are_not_doubted() -> None:
    for one in (discs(), discs(height=-15), discs(radius=12)):
        assert why(one) == ""
        assert not CHECK(one).notable


def test_every_reason_is_said() -> None:
    good = discs()
    labels, values = good.value.values, good.image.values
    assert "no object" in why(subject(0 * labels, values))
    assert "cover 100 %" in why(subject(np.ones_like(labels), values))
    assert "deviations of the ground" in why(discs(height=3))
    specks = labels.copy()
    specks[::3, ::3] = np.where(labels[::3, ::3] == 0, 1000 + np.arange(3600).reshape(60, 60), 0)
    assert "specks" in why(subject(specks, values))
    assert "samples across" in why(discs(radius=1))
    mixed = np.where((labels > 0) & (np.arange(180) < 90), -values, values)
    assert "others darker" in why(subject(labels, mixed))


def test_the_numbers_of_labels_do_not_matter() -> None:
    good = discs()
    labels, values = good.value.values, good.image.values.copy()
    values[3, :40], values[60:63, 50] = np.nan, np.inf
    wanted = dict(CHECK(subject(labels, values)).columns)
    for other in (labels.astype(np.uint8), np.where(labels > 0, labels + 10**9, 0)):
        assert dict(CHECK(subject(other, values)).columns) == wanted
    flat, known = labels.reshape(-1), np.isfinite(values).reshape(-1)
    ground = values.reshape(-1)[known & (flat == 0)]
    means = [values.reshape(-1)[known & (flat == number)].mean() for number in np.unique(flat)[1:]]
    spread = 1.4826 * np.median(np.abs(ground - np.median(ground)))
    apart = np.median(np.abs(np.array(means) - np.median(ground))) / spread
    assert wanted["contrast"] == pytest.approx(apart, rel=1e-12)


def test_an_image_unlike_the_others_is_doubtful() -> None:
    rows = [dict(CHECK(discs(seed=seed)).columns) for seed in range(5)]
    rows.append(dict(CHECK(discs(step=90, radius=25)).columns))
    validated = CHECK.parameters.validate({})
    study = CHECK.conclude(pd.DataFrame(rows), validated)
    assert study["doubtful"].tolist() == [False] * 5 + [True]
    assert "diameter far above" in study["doubt"].iloc[5]
    few = CHECK.conclude(pd.DataFrame(rows[2:]), CHECK.parameters.validate({}))
    assert not few["doubtful"].any()


def test_labels_and_image_must_fit() -> None:
    good = discs()
    with pytest.raises(CheckError, match="labels are"):
        CHECK(subject(good.value.values, good.image.values[:100]))
    with pytest.raises(CheckError, match="looks at labels"):
        CHECK(subject(good.image.values, good.image.values))
