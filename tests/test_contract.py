"""Every registered op keeps the contract."""

from __future__ import annotations

from pathlib import Path

from hypothesis import settings

from graticule.testing.contract import OpContract


class TestBuiltIn(OpContract):
    """All ops there are."""

    seed = OpContract.seed if settings.default.derandomize else None  # None explores
    golden = Path(__file__).parent / "golden.json"
