"""What rows of learned methods share: methods compared on one split, and rows of their scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graticule.bench.row import Row
from graticule.core import filtered_dims
from graticule.evaluate.bootstrap import Interval, bootstrap_sums
from graticule.learn.crossval.counts import Scores, statistic
from graticule.learn.crossval.crossval import Comparison
from graticule.learn.methods.kind import METHOD_KINDS, BuildContext
from graticule.learn.methods.method import Method

if TYPE_CHECKING:
    import xarray as xr


OBJECT = 1.6
"""Weight of a sample of objects. Of a Dice of D the best threshold is D / 2, of .8 thus .4; an
object that weighs 1.6 times as much puts it at one half."""


def learned(name: str, kind: str, **options: Any) -> Method:
    """Return a method of a comparison, as a training document would name it."""
    found = METHOD_KINDS.get(kind)
    return found.build(name, found.spec(**options), BuildContext())


def binned(image: xr.DataArray, by: int = 2) -> xr.DataArray:
    """Return an image of the means of squares of samples; what is left over at the end goes."""
    sides = dict.fromkeys(filtered_dims(image), by)
    return image.astype("float32").coarsen(sides, boundary="trim").mean().drop_vars(
        list(image.coords)
    )  # fmt: skip


def of_class(scores: Scores, measure: str, number: int, classes: int) -> Interval:
    """Return a measure of one class with its interval, where scores are means over classes."""
    rows = scores.rows[measure]
    wide = rows.shape[1] // classes
    class_rows = rows[:, number * wide : (number + 1) * wide]
    return bootstrap_sums(class_rows, statistic(measure), n=1000, seed=0)


def scored(id: str, what: str, found: Interval, bar: str = "", seeds: Sequence[int] = (0,)) -> Row:
    """Return a row of a score, with its interval in words; ``bar`` as ``>= 0.75``."""
    reached = found.estimate >= float(bar.removeprefix(">=")) if bar else None
    what = f"{what}; 95 % {found.low:.3f} to {found.high:.3f} over {found.units} units"
    return Row(id, what, round(found.estimate, 4), "", bar, reached, seeds=tuple(seeds))


def refused(id: str, found: Comparison, bars: Mapping[str, str]) -> list[Row]:
    """Return a row, not reached, for each method that gave no answer."""
    return [
        Row(id, f"{name}: {why}", None, "", bars.get(name, ""), False if name in bars else None)
        for name, why in found.failed.items()
    ]
