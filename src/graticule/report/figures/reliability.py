"""Probabilities against how often they come true."""

from __future__ import annotations

import numpy as np

from graticule.core.errors import UnknownNameError
from graticule.report.figures import View
from graticule.report.style import BLUE, FAINT, Drawing, drawn, new_figure


def reliability(view: View, *, of: str = "calibration") -> Drawing:
    """Draw how often samples of a given probability are object; the diagonal is calibrated.

    Parameters
    ----------
    view : View
        An image of the study.
    of : str
        A check of the kind ``calibration``: it leaves ``predicted``, ``observed`` and ``counts``.
    """
    if view.preview is None:
        raise UnknownNameError("no pictures were kept of this image")
    predicted, observed, counts = (
        np.asarray(view.preview.evidence(of, name), dtype=float)
        for name in ("predicted", "observed", "counts")
    )
    held = counts > 0
    predicted, observed, counts = predicted[held], observed[held], counts[held]
    figure, ax = new_figure(4.6, 4.4)
    ax.plot([0, 1], [0, 1], color=FAINT, lw=1)
    ax.plot(predicted, observed, color=BLUE, lw=1.2)
    ax.scatter(predicted, observed, s=12 + 120 * counts / counts.max(), color=BLUE, alpha=0.8, lw=0)
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    ax.set_aspect("equal")
    ax.set_xlabel("probability")
    ax.set_ylabel("part that is object")
    error = float(counts @ np.abs(observed - predicted) / counts.sum())
    words = f"expected calibration error {error:.3f}"
    caption = f"{words.capitalize()}. The size of a point is the number of samples."
    return drawn(figure, f"Reliability of {view.image}: {words}.", "Calibration", caption)
