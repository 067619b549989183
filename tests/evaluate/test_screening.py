"""Z' and SSMD: their formulas, and intervals over wells."""

from __future__ import annotations

import math

import numpy as np
import pytest

from graticule.core.errors import CheckError
from graticule.evaluate.screening import ssmd, z_prime


def test_they_are_their_formulas() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.normal(10, 1, 12), rng.normal(1, 0.5, 9)
    spread = p.std(ddof=1) + q.std(ddof=1)
    assert z_prime(p, q).estimate == pytest.approx(1 - 3 * spread / abs(p.mean() - q.mean()))
    assert z_prime(q, p).estimate == pytest.approx(z_prime(p, q).estimate)
    wanted = (p.mean() - q.mean()) / math.hypot(p.std(ddof=1), q.std(ddof=1))
    assert ssmd(p, q).estimate == pytest.approx(wanted)
    assert z_prime([*p, np.nan], q).units == 21


@pytest.mark.parametrize(("function", "true"), [(z_prime, 1 - 3 * 1.5 / 9), (ssmd, 9 / 1.25**0.5)])
def test_intervals_hold_the_true_value(function: object, true: float) -> None:
    rng = np.random.default_rng(1)
    held = []
    for _ in range(150):
        found = function(rng.normal(10, 1, 16), rng.normal(1, 0.5, 16), n=400)  # type: ignore[operator]
        held.append(found.low < true < found.high)
    assert np.mean(held) >= 0.85


def test_controls_of_too_few_wells() -> None:
    with pytest.raises(CheckError, match="positive control needs two wells or more, not 1"):
        z_prime([1.0], [2, 3])
    assert math.isnan(z_prime([1, 2], [5, 6]).low)  # two wells have no interval
