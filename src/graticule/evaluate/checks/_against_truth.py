"""What the checks against a truth share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from graticule.core import Subject, Table, is_image
from graticule.core.errors import CheckError
from graticule.evaluate.scores import with_means

Resamples: TypeAlias = Annotated[int, Field(title="Resampled intervals", ge=1, le=100_000)]
Confidence: TypeAlias = Annotated[float, Field(title="Of the intervals", gt=0, lt=1)]
Seed: TypeAlias = Annotated[int, Field(title="Seed", ge=0)]

DOC = {
    "intervals": """\
n : int
    How often blocks of an image, and the images of a study, are drawn for the intervals.
confidence : float
    Of the intervals.
seed : int
    Of the drawing.""",
    "no_truth": """\
CheckError
    If no truth was named.""",
}
DOC["mean_intervals"] = DOC["intervals"].replace(
    "blocks of an image, and the images of a study,", "the images of a study"
)
"""What the docstrings of the checks against a truth say."""

INTERVALS = (
    " Intervals of an image are over its blocks and those of means over images, never over "
    "samples, which know of their neighbours; where there are too few blocks, none is given."
)


def truth_of(subject: Subject) -> Any:
    """Return the truth; raise `CheckError` where none was named, or one of the two is no image."""
    if subject.against is None:
        raise CheckError(
            "needs a truth to compare with",
            hint='add against: truth, and an input truth: {path: "{stem}_mask.png"}',
        )
    for what, value in (("of", subject.value), ("against", subject.against)):
        if not is_image(value):
            raise CheckError(f"compares images; {what} names a {type(value).__name__}")
    return subject.against


def means_of(*names: str) -> Callable[..., Table]:
    """Return a study function that adds the means of columns, with intervals over the images."""

    def study(rows: Table, *, n: int, seed: int, confidence: float, **_: Any) -> Any:
        return with_means(rows, names, n=n, seed=seed, confidence=confidence)

    return study
