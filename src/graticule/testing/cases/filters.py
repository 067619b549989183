"""What suits the ops of ``filters``."""

from __future__ import annotations

from graticule.testing.cases.case import Case

CASES: dict[str, Case] = {
    "filters.bilateral": Case(params={"sigma_value": 3.0}),
    "filters.non_local_means": Case(params={"strength": 2.0, "patch": 1, "search": 2}),
    "filters.total_variation": Case(params={"weight": 2.0, "iterations": 8}),
}
