"""What suits the ops of ``segment``."""

from __future__ import annotations

from graticule.testing.cases.case import Case

CASES: dict[str, Case] = {
    "segment.merge_regions": Case(params={"threshold": 3.0}),
    "segment.quadtree": Case(params={"threshold": 6.0}),
}
