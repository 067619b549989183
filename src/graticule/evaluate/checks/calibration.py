"""Whether probabilities come true as often as they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from graticule.core import CheckFigure, Evidence, Measure, Subject, check
from graticule.core.palette import BLUE, FAINT
from graticule.core.typing import Array
from graticule.evaluate.checks import _against_truth as truths
from graticule.evaluate.curves import reliability

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _draw(axes: Axes, evidence: Mapping[str, Mapping[str, Array]]) -> str:
    """Draw how often samples of a given probability are object; the diagonal is calibrated."""
    (arrays,) = evidence.values()
    predicted, observed, counts = (
        np.asarray(arrays[name], dtype=float) for name in ("predicted", "observed", "counts")
    )
    held = counts > 0
    predicted, observed, counts = predicted[held], observed[held], counts[held]
    axes.plot([0, 1], [0, 1], color=FAINT, lw=1)
    axes.plot(predicted, observed, color=BLUE, lw=1.2)
    area = 12 + 120 * counts / counts.max()
    axes.scatter(predicted, observed, s=area, color=BLUE, alpha=0.8, lw=0)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal")
    axes.set_xlabel("probability")
    axes.set_ylabel("part that is object")
    error = float(counts @ np.abs(observed - predicted) / counts.sum())
    return f"Expected calibration error {error:.3f}. The size of a point is the number of samples."


@check(
    version=1,
    doc=truths.DOC,
    study=truths.means_of("ece"),
    meaning=(
        "Samples are gathered in {bins} bins by the probability they were given, and in each bin "
        "that is compared with how many are objects. The expected calibration error is the mean "
        "difference, weighted by the samples in a bin: 0.05 says that probabilities are off by 5 "
        "points on average. It says nothing of whether objects are told from background; see roc. "
        "Intervals of means are over images."
    ),
    measures=(Measure("ece", "expected calibration error"),),
    figure=CheckFigure("reliability", "Calibration", _draw, size=(4.6, 4.4)),
)
def calibration(
    subject: Subject,
    *,
    bins: Annotated[int, Field(title="Bins", ge=2, le=1000)] = 15,
    n: truths.Resamples = 1000,
    confidence: truths.Confidence = 0.95,
    seed: truths.Seed = 0,
) -> Evidence:
    """Compare probabilities with how often they come true, in bins of equal width.

    In a pipeline: ``{check: calibration, of: probability, against: truth}``.

    Parameters
    ----------
    subject : Subject
        Its value is an image of probabilities, and what it is held against is a mask.
    bins : int
        Bins of probability from 0 to 1.
    %(mean_intervals)s

    Returns
    -------
    Evidence
        Columns ``ece`` (expected calibration error) and ``largest_calibration_error``; over a
        study ``ece_mean`` with its interval. Arrays ``edges, predicted, observed, counts``.

    Raises
    ------
    %(no_truth)s
    ImageError
        If the sizes differ, the truth is no mask, or a value is not between 0 and 1.

    References
    ----------
    .. [1] Guo, C., Pleiss, G., Sun, Y., Weinberger, K. Q., "On calibration of modern neural
       networks", ICML 2017, 1321-1330.

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import Subject, as_image
    >>> from graticule.core.registry import get_check
    >>> sure = as_image(np.full((10, 10), 0.9, np.float32))
    >>> right = as_image(np.arange(100).reshape(10, 10) < 60)
    >>> found = get_check("calibration")(Subject(sure, sure, rerun=None, against=right))
    >>> round(found.columns["ece"], 2)
    0.3
    """
    found = reliability(subject.value, truths.truth_of(subject), bins=bins)
    columns = {"ece": found.expected_error, "largest_calibration_error": found.largest_error}
    arrays = {name: getattr(found, name) for name in ("edges", "predicted", "observed", "counts")}
    return Evidence(columns, arrays)
