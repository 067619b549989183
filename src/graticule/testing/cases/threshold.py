"""What suits the ops of ``threshold``."""

from __future__ import annotations

from graticule.testing.cases.case import Case

CASES = {
    "threshold.phases": Case(params={"values": (8.0, 12.0)}),
    "threshold.hysteresis": Case(params={"low": 8.0, "high": 11.0}),
    "threshold.by_result": Case(params={"target": 0.3}),
}
