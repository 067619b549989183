"""The thresholds of all methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from graticule.core import Image, Mask, Record, Table, op
from graticule.core.errors import ImageError, suggest
from graticule.core.registry import Family, get_op
from graticule.ops.threshold._histogram import DOC, Histogram, Thresholding, counting
from graticule.ops.threshold.multi_otsu import thresholds_of


def methods_by_name() -> dict[str, Thresholding]:
    """Return the scope of every histogram threshold of the family, a plugin's too."""
    scopes = {name: get_op(f"threshold.{name}").scope for name in dir(Family("threshold"))}
    return {name: scope for name, scope in scopes.items() if isinstance(scope, Thresholding)}


def _known(name: str) -> str:
    names = [*methods_by_name(), "multi_otsu"]
    if name not in names:
        raise ValueError(f"there is no histogram threshold {name!r} ({suggest(name, names)})")
    return name


def _with_choices(schema: dict[str, Any]) -> None:
    schema["enum"] = [*methods_by_name(), "multi_otsu"]


_Method = Annotated[str, AfterValidator(_known), Field(json_schema_extra=_with_choices)]

# Written out: a default that grew with a plugin would be another output of the same version.
_DEFAULT: tuple[str, ...] = (
    *("otsu", "isodata", "li", "yen", "triangle", "mean", "minimum", "intermodes"),
    *("kittler_illingworth", "max_entropy", "moments"),
)


def _finish(histogram: Histogram, *, methods: Sequence[str], classes: int) -> Table:
    import pandas as pd

    row: dict[str, float] = {}
    for name in dict.fromkeys(methods):
        if name == "multi_otsu":
            cuts = [float(value) for value in thresholds_of(histogram, classes=classes)]
            cuts += [float("nan")] * (classes - 1 - len(cuts))
            row |= {f"multi_otsu_{number}": value for number, value in enumerate(cuts, start=1)}
        else:
            row[name] = _value(histogram, name)
    return pd.DataFrame([row])


def _value(histogram: Histogram, name: str) -> float:
    try:
        return float(methods_by_name()[name].finish(histogram))
    except ImageError:
        return float("nan")


def _doubtful(histogram: Histogram, *, methods: Sequence[str], **_: Any) -> int | None:
    scopes = methods_by_name()
    asking = [scopes[name].doubtful for name in methods if name in scopes]
    found = (ask(histogram) for ask in asking if ask is not None)
    return next((at for at in found if at is not None), None)


_SCOPE = counting(_finish, doubtful=_doubtful)


@op(version=2, scope=_SCOPE, tolerance=1e-9, doc=DOC)
def values(
    image: Image,
    mask: Mask | None = None,
    *,
    methods: Annotated[tuple[_Method, ...], Field(title="Methods", min_length=1)] = _DEFAULT,
    classes: Annotated[int, Field(title="Number of phases of multi_otsu", ge=2, le=10)] = 3,
) -> Record:
    """Find the thresholds of an image by several methods, all from one histogram.

    NaN, infinite values and what is outside ``mask`` are left out. The threshold of a constant
    image is its value.

    Parameters
    ----------
    image : Image
        Any dims; one threshold for all of it.
    %(where)s
    methods : sequence of str
        Names of the histogram thresholds: ``otsu``, ``isodata``, ``li``, ``yen``, ``triangle``,
        ``mean``, ``minimum``, ``intermodes``, ``kittler_illingworth``, ``max_entropy``,
        ``moments``; all of these by default. Also those that a plugin adds to the family, and
        ``multi_otsu``, with a column for each threshold (``multi_otsu_1``, ...), from the lowest.
    classes : int
        How many phases ``multi_otsu`` parts.

    Returns
    -------
    Record
        A column for each method, in the unit of the image's values. NaN where a method has no
        answer, as ``minimum`` for a histogram without two modes, and for thresholds of
        ``multi_otsu`` that an image of few values has not.

    %(raises_values)s

    References
    ----------
    Sezgin, M., Sankur, B., "Survey over image thresholding techniques and quantitative performance
    evaluation", Journal of Electronic Imaging 13(1), 146-165, 2004. :doi:`10.1117/1.1631315`

    %(examples)s
    >>> image = np.array([1, 2, 1, 9, 8, 2])
    >>> gt.threshold.values(image, methods=["otsu", "isodata", "mean"]).round(2)
       otsu  isodata  mean
    0   2.0      5.0  3.83
    """
    table: Record = _SCOPE.whole(image, mask, methods=methods, classes=classes)
    return table
