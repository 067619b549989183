"""S2 and S3 compare values as well as times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graticule.bench import filters


def test_a_row_is_reached_by_speed_and_equal_values_together() -> None:
    assert filters._judged("S2", "x", 0.001, 0.2, 100, True).reached
    assert not filters._judged("S2", "x", 0.001, 0.05, 100, True).reached
    wrong = filters._judged("S2", "x", 0.001, 0.2, 100, False)
    assert not wrong.reached
    assert "NOT equal" in wrong.what


def test_every_size_and_dtype_has_a_row_with_equal_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "SIDE", 64)
    medians: Any = filters.median_against_scikit_image.measure()
    gaussians: Any = filters.gaussian_against_scipy.measure()
    assert [len(medians), len(gaussians)] == [4, 3]
    assert all(row.what.endswith("; equal") for row in (*medians, *gaussians))


def test_a_filter_that_gives_other_values_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "SIDE", 32)
    monkeypatch.setattr(filters, "get_op", lambda name: lambda image, **_: np.zeros_like(image))
    row = filters._median("uint16", 1)
    assert "NOT equal" in row.what
    assert row.reached is False
