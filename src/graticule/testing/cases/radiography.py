"""What suits the ops of ``radiography``."""

from __future__ import annotations

from graticule.testing.cases.case import Case, Dims

_PLANES: tuple[Dims, ...] = (("y", "x"), ("z", "y", "x"), ("t", "y", "x"))

CASES: dict[str, Case] = {
    "radiography.remove_lines": Case(dims=_PLANES),
    "radiography.remove_rings": Case(dims=_PLANES, params={"space": "sinogram"}),
}
