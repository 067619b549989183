"""Row C5 on a few galaxies: what it compares, and how it counts differences."""

from __future__ import annotations

import math

import pytest

from graticule.bench import morphology
from graticule.simulate.galaxies import galaxies


def test_the_row_says_how_many_agree() -> None:
    """All columns of three galaxies; both times are told."""
    pytest.importorskip("statmorph")
    images = [
        galaxies(160, morphology=kind, radius=8, neighbours=0, seed=[51, 1]).image.values.mean(-1)
        for kind in ("spiral", "elliptical", "disk")
    ]
    pairs = [pair for pair in map(morphology._both, images) if pair is not None]
    agreement, shared, whole = morphology._rows("simulated", pairs)
    assert agreement.value == 1.0
    assert agreement.reached
    assert "of 3 where statmorph's flag is 0" in agreement.what
    assert shared.baseline is not None
    assert whole.baseline is not None
    assert whole.baseline >= shared.baseline > 0


def test_differences_are_parts_of_the_value_but_near_zero() -> None:
    """There they are parts of a hundredth; angles turn with their convention."""
    assert morphology._apart("gini", 0.51, 0.5) == pytest.approx(0.02)
    assert morphology._apart("asymmetry", 0.002, 0.001) == pytest.approx(0.1)
    assert math.isnan(morphology._apart("gini", math.nan, 0.5))
    assert morphology._apart("orientation", 0.3, math.pi / 2 - 0.3) == pytest.approx(0, abs=1e-12)
    assert morphology._apart("orientation", 0.3 - math.pi, math.pi / 2 - 0.3) < 1e-12
