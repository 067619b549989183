"""What suits the ops of ``measure``."""

from __future__ import annotations

from graticule.testing.cases.case import Case

CASES: dict[str, Case] = {}
