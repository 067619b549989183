"""F6: in tiles, every op gives what it gives on the whole."""

from __future__ import annotations

from graticule.bench.row import Row, processes, row
from graticule.core.registry import get_op, op_names


def _differs(name: str) -> tuple[int, str]:
    """Return how many cases of an op were tried, and how it differs, if it does."""
    from graticule.testing.tiling import CASES_PER_OP, check_tiling

    try:
        return check_tiling(get_op(name), CASES_PER_OP), ""
    except AssertionError as error:
        return CASES_PER_OP, str(error)


@row("F6")
def tiled_equals_whole() -> Row:
    """Draw images, parameters and tiles for every op that may be cut, and compare."""
    from graticule.testing.strategies import is_cut

    names = [name for name in op_names() if is_cut(get_op(name))]
    with processes() as pool:
        outcomes = list(pool.map(_differs, names))
    cases = sum(tried for tried, _ in outcomes)
    faults = [fault for _, fault in outcomes if fault]
    ops = f"{len(names)} ops, exact for integers and bools"
    return Row(
        id="F6",
        what=f"tiled = whole, {ops}; {'; '.join(faults) or 'none differs'}",
        value=cases,
        unit="cases",
        bar=">= 1000, none differs",
        reached=cases >= 1000 and not faults,
    )
