"""How well scores tell objects from background, over all thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from graticule.core import CheckFigure, Evidence, Measure, Subject, check
from graticule.core.errors import CheckError
from graticule.core.palette import BLUE, FAINT, GREEN, INK, ORANGE
from graticule.core.typing import Array
from graticule.evaluate.checks import _against_truth as truths
from graticule.evaluate.scores import score_row

if TYPE_CHECKING:
    from matplotlib.axes import Axes


_COLOURS = (BLUE, ORANGE, INK, GREEN)
_DASHES = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))


def _draw(axes: Axes, evidence: Mapping[str, Mapping[str, Array]]) -> str:
    """Draw ROC curves, of several checks to compare them."""
    from matplotlib.ticker import MultipleLocator

    axes.plot([0, 1], [0, 1], color=FAINT, lw=1, label="chance (0.5)")
    areas = []
    for number, (name, arrays) in enumerate(evidence.items()):
        rates = (arrays[key] for key in ("false_positive_rate", "recall"))
        x, y = (np.concatenate([[0], np.asarray(rate, dtype=float)]) for rate in rates)
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise CheckError("the truth is of one class, so there is no curve", where=name)
        # the curve is thinned, so the last digits of its area are those of the check's column
        area = float(np.trapezoid(y, x))
        colour, dashes = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
        axes.plot(x, y, color=colour, ls=dashes, lw=1.7, label=f"{name} (area {area:.3f})")
        areas.append(f"area under the curve of {name} {area:.3f}")
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    axes.set_aspect("equal")
    axes.xaxis.set_major_locator(MultipleLocator(0.2))
    axes.set_xlabel("false positive rate")
    axes.set_ylabel("true positive rate (recall)")
    words = "; ".join(areas)
    return f"{words[:1].upper()}{words[1:]}. Every point is a threshold."


ROC_FIGURE = CheckFigure("roc", "ROC", _draw, size=(4.6, 4.4), legend="lower right")


def _meaning(*, invert: bool, **_: object) -> str:
    return (
        "The values are compared with the truth over all thresholds, before one is chosen. The "
        "area under the ROC curve is the probability that a sample of an object has a "
        f"{'smaller' if invert else 'larger'} value than one of the background: 0.5 is chance, 1 "
        "parts them completely. Where objects are rare, look at the average precision, whose "
        "chance level is the prevalence. best_dice is what the best of all thresholds would give, "
        "chosen with the truth in view." + truths.INTERVALS
    )


@check(
    version=1,
    doc=truths.DOC,
    study=truths.means_of("auc", "average_precision"),
    meaning=_meaning,
    measures=(
        Measure("auc", "area under the ROC curve"),
        Measure("average_precision", "average precision"),
    ),
    figure=ROC_FIGURE,
)
def roc(
    subject: Subject,
    *,
    invert: Annotated[bool, Field(title="Objects have the smaller values")] = False,
    n: truths.Resamples = 1000,
    confidence: truths.Confidence = 0.95,
    seed: truths.Seed = 0,
) -> Evidence:
    """Compare an image of scores with a true mask over all thresholds: ROC and precision-recall.

    In a pipeline: ``{check: roc, of: smooth, against: truth}``. It judges an image before any
    threshold is chosen: no threshold of it can do better than its curve.

    Parameters
    ----------
    subject : Subject
        Its value is an image of finite numbers, and what it is held against is a mask.
    invert : bool
        Take the negative of the values: dark objects on a bright ground.
    %(intervals)s

    Returns
    -------
    Evidence
        Columns ``auc`` and ``average_precision`` with ``_low`` and ``_high`` over blocks of the
        image, ``prevalence, best_dice, best_threshold, blocks, block_size``; over a study the
        means with their intervals. Arrays ``false_positive_rate, recall, precision, thresholds``.

    Raises
    ------
    %(no_truth)s
    ImageError
        If the sizes differ, a value is not finite, or the truth is no mask.

    References
    ----------
    .. [1] Fawcett, T., "An introduction to ROC analysis", Pattern Recognition Letters 27(8),
       861-874, 2006. :doi:`10.1016/j.patrec.2005.10.010`

    Examples
    --------
    >>> import numpy as np
    >>> from graticule.core import Subject, as_image
    >>> from graticule.core.registry import get_check
    >>> scores = as_image([[0.1, 0.4, 0.35, 0.8]])
    >>> truth = as_image([[False, False, True, True]])
    >>> found = get_check("roc")(Subject(scores, scores, rerun=None, against=truth)).columns
    >>> found["auc"], found["best_threshold"]
    (0.75, 0.35)
    """
    values = subject.value
    if invert:
        # signed and wide enough, so that the negative of a whole number is one
        values = -(values.astype("int64") if values.dtype.kind in "bu" else values)
    row, curve = score_row(values, truths.truth_of(subject), n=n, seed=seed, confidence=confidence)
    if invert:
        row["best_threshold"] = -float(row["best_threshold"])
    thin = curve.thinned()
    arrays = {
        "false_positive_rate": thin.false_positive_rate,
        "recall": thin.recall,
        "precision": thin.precision,
        "thresholds": -thin.thresholds if invert else thin.thresholds,
    }
    return Evidence(row, arrays)
