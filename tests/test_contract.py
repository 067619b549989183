"""Every registered op keeps the contract."""

from __future__ import annotations

from pathlib import Path

from graticule.testing.contract import OpContract


class TestBuiltIn(OpContract):
    """All ops there are."""

    golden = Path(__file__).parent / "golden.json"
