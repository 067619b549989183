"""Q7 compares values as well as times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graticule.bench import kernels


def test_every_row_has_equal_values(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MEDIAN_SIDE", "LABEL_SIDE", "JOIN_SIDE"):
        monkeypatch.setattr(kernels, name, 96)
    medians: Any = kernels.medians.measure()
    rows: Any = [
        *medians,
        *(
            each.measure()
            for each in (kernels.label_of_noise, kernels.join_of_parts_and_superpixels)
        ),
    ]
    assert len(rows) == 4
    assert all(row.what.endswith("; equal") for row in rows)


def test_other_values_are_told_and_other_numbers_of_one_partition_are_not() -> None:
    one, other = np.array([0, 1, 1, 2]), np.array([0, 7, 7, 3])
    told = kernels._in_turn("x", lambda: one, {"peer": lambda: other}, 0.001)
    assert told.what == "x against peer; NOT equal"
    assert told.reached is False
    alike = kernels._in_turn(
        "x", lambda: one, {"peer": lambda: other}, 1e-6, alike=kernels._partition
    )
    assert alike.what == "x against peer; equal"
    assert alike.reached
