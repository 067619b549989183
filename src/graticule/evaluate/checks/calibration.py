"""Whether probabilities come true as often as they say."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from graticule.core import Evidence, Subject, Table, check
from graticule.evaluate.checks._truth import truth_of
from graticule.evaluate.curves import reliability
from graticule.evaluate.scores import with_means


def _study(rows: Table, *, n: int, seed: int, confidence: float, bins: int) -> Table:
    return with_means(rows, ("ece",), n=n, seed=seed, confidence=confidence)


@check(version=1, study=_study)
def calibration(
    subject: Subject,
    *,
    bins: Annotated[int, Field(title="Bins", ge=2, le=1000)] = 15,
    n: Annotated[int, Field(title="Resampled intervals", ge=1, le=100_000)] = 1000,
    confidence: Annotated[float, Field(title="Of the intervals", gt=0, lt=1)] = 0.95,
    seed: Annotated[int, Field(title="Seed", ge=0)] = 0,
) -> Evidence:
    """Compare probabilities with how often they come true, in bins of equal width.

    In a pipeline: ``{check: calibration, of: probability, against: truth}``.

    Parameters
    ----------
    subject : Subject
        Its value is an image of probabilities, and what it is held against is a mask.
    bins : int
        Bins of probability from 0 to 1.
    n : int
        How often the images of a study are drawn for the intervals.
    confidence : float
        Of the intervals.
    seed : int
        Of the drawing.

    Returns
    -------
    Evidence
        Columns ``ece`` (expected calibration error) and ``largest_calibration_error``; over a
        study ``ece_mean`` with its interval. Arrays ``edges, predicted, observed, counts``.

    Raises
    ------
    CheckError
        If no truth was named.
    ImageError
        If the sizes differ, the truth is no mask, or a value is not between 0 and 1.
    """
    found = reliability(subject.value, truth_of(subject), bins=bins)
    columns = {"ece": found.expected_error, "largest_calibration_error": found.largest_error}
    arrays = {name: getattr(found, name) for name in ("edges", "predicted", "observed", "counts")}
    return Evidence(columns, arrays)
