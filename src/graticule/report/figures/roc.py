"""Scores against a truth, over all thresholds."""

from __future__ import annotations

import numpy as np

from graticule.core.errors import CheckError, UnknownNameError
from graticule.core.typing import Array
from graticule.report.figures import View
from graticule.report.style import BLUE, FAINT, INK, ORANGE, Drawing, drawn, legend, new_figure

_DASHES = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))


def roc(view: View, *, of: str | list[str] = "roc") -> Drawing:
    """Draw the ROC curve of a check, or of several checks to compare them.

    Parameters
    ----------
    view : View
        An image of the study.
    of : str or list of str
        Checks of the kind ``roc``: they leave ``false_positive_rate`` and ``recall``.
    """
    if view.preview is None:
        raise UnknownNameError("no pictures were kept of this image")
    names = [of] if isinstance(of, str) else [str(name) for name in of]
    curves = {}
    for name in names:
        rates = (view.preview.evidence(name, key) for key in ("false_positive_rate", "recall"))
        fpr, tpr = (np.asarray(rate, dtype=float) for rate in rates)
        curves[name] = (fpr, tpr)
    return draw_roc(curves, view.image)


def draw_roc(curves: dict[str, tuple[Array, Array]], image: str) -> Drawing:
    """Return the figure of curves by name: false positive rate and true positive rate."""
    from matplotlib.ticker import MultipleLocator

    figure, ax = new_figure(4.6, 4.4)
    ax.plot([0, 1], [0, 1], color=FAINT, lw=1, label="chance (0.5)")
    said = []
    colours = (BLUE, ORANGE, INK, "#009e73")
    for number, (name, (fpr, tpr)) in enumerate(curves.items()):
        if not (np.isfinite(fpr).all() and np.isfinite(tpr).all()):
            raise CheckError("the truth is of one class, so there is no curve", where=name)
        x, y = np.concatenate([[0], fpr]), np.concatenate([[0], tpr])
        # the curve is thinned, so the last digits of its area are those of the check's column
        area = float(np.trapezoid(y, x))
        style = _DASHES[number % len(_DASHES)]
        label = f"{name} (area {area:.3f})"
        ax.plot(x, y, color=colours[number % 4], ls=style, lw=1.7, label=label)
        said.append(f"area under the curve of {name} {area:.3f}")
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(-0.01, 1.01)
    ax.set_aspect("equal")
    ax.xaxis.set_major_locator(MultipleLocator(0.2))
    ax.set_xlabel("false positive rate")
    ax.set_ylabel("true positive rate (recall)")
    legend(ax, loc="lower right")
    words = "; ".join(said)
    caption = f"{words[:1].upper()}{words[1:]}. Every point is a threshold."
    return drawn(figure, f"ROC curve of {image}: {words}.", "ROC", caption)
