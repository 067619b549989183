"""F6 counts what was tried, and does not hide an op that differs."""

from __future__ import annotations

import numpy as np
import pytest

from graticule.bench import tiling
from graticule.core import Image, Pointwise, op, registry


def test_an_op_that_keeps_the_law_is_counted() -> None:
    tried, fault = tiling._differs("threshold.fixed")
    assert tried >= 50
    assert fault == ""


def test_an_op_that_breaks_the_law_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    @op(version=1, scope=Pointwise(), dtype="float64", name="broken.rank")
    def rank(image: Image) -> Image:
        flat = np.argsort(np.argsort(image.values.ravel())).astype(float)
        return image.copy(data=flat.reshape(image.shape))

    monkeypatch.setitem(registry._OPS._values, "broken.rank", rank)
    _, fault = tiling._differs("broken.rank")
    assert "broken.rank in tiles" in fault
