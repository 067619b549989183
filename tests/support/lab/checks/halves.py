"""Do the two halves of an image agree?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from graticule.core import CheckFigure, Evidence, Measure, Subject, check
from graticule.core.typing import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _draw(axes: Axes, evidence: Mapping[str, Mapping[str, Array]]) -> str:
    (arrays,) = evidence.values()
    axes.bar(["left", "right"], arrays["means"])
    return "Each half by itself."


@check(
    version=1,
    meaning="halves_apart is how far the means of the two halves are apart.",
    measures=[Measure("halves_apart", "difference of the halves")],
    figure=CheckFigure("two_halves", "The two halves", _draw),
)
def halves(subject: Subject) -> Evidence:
    """Compare the means of the left and the right half."""
    means = np.array([half.mean() for half in np.array_split(subject.image.values, 2, axis=-1)])
    return Evidence({"halves_apart": float(abs(means[0] - means[1]))}, {"means": means})
