"""The page: taking the light away wins over all thresholds, not by one lucky one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from graticule.evaluate.curves import ranking
from graticule.recipes import expected
from graticule.recipes.page.example import simulated_page


@pytest.mark.parametrize("seed", [0, 1])
def test_the_second_curve_wins_whatever_the_noise(seed: int) -> None:
    page, ink = simulated_page(seed)
    values = page.astype(float)
    band = ndimage.gaussian_filter(values, 0.7) - ndimage.gaussian_filter(values, 8)
    before, after = ranking(-values, ink), ranking(-band, ink)
    assert before.roc_area < 0.8 < 0.98 < after.roc_area
    rates = np.linspace(0.01, 0.99, 50)
    recalls = [np.interp(rates, c.false_positive_rate, c.recall) for c in (before, after)]
    assert (recalls[1] > recalls[0] - 1e-9).all()


def test_the_numbers_say_that_the_second_wins() -> None:
    numbers = expected("page")["columns"]["page"]
    assert numbers["after_auc"][0] - numbers["before_auc"][0] > 0.2
    assert numbers["ink_after_dice"][0] - numbers["ink_before_dice"][0] > 0.5


def test_paper_in_the_shade_is_darker_than_ink_in_the_light() -> None:
    page, ink = simulated_page()
    assert np.percentile(page[~ink], 10) < np.percentile(page[ink], 90)
