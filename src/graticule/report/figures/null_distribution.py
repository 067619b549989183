"""What chance alone gives: the null distribution with the statistic."""

from __future__ import annotations

import numpy as np

from graticule.core.errors import CheckError, UnknownNameError
from graticule.report.figures import View
from graticule.report.style import GREY, INK, RED, Drawing, drawn, new_figure


def null_distribution(view: View, *, of: str) -> Drawing:
    """Draw the null distribution of a check, the statistic, and what p it supports.

    Parameters
    ----------
    view : View
        An image of the study.
    of : str
        A check that leaves the arrays ``null`` and ``statistic``.
    """
    if view.preview is None:
        raise UnknownNameError("no pictures were kept of this image")
    values = np.asarray(view.preview.evidence(of, "null"), dtype=float).ravel()
    values = values[np.isfinite(values)]
    if values.size == 0:
        raise CheckError("the null distribution is empty")
    statistic = float(view.preview.evidence(of, "statistic"))
    m, k = values.size, int(np.count_nonzero(values >= statistic))
    p = (1 + k) / (1 + m)
    figure, ax = new_figure()
    low, high = min(values.min(), statistic), max(values.max(), statistic)
    bins = np.linspace(low, high if high > low else low + 1, min(60, max(10, m // 12)) + 1)
    ax.hist(values, bins=bins, color="#c3cad3", edgecolor=GREY, lw=0.5)
    ax.axvline(statistic, color=RED, lw=1.8)
    ax.margins(x=0.05)
    ax.set_ylim(0, ax.get_ylim()[1] * 1.16)
    right = statistic > (ax.get_xlim()[0] + ax.get_xlim()[1]) / 2
    ax.annotate(
        f"{statistic:.4g}, p = {p:.2g}",
        (statistic, 0.97),
        (-5 if right else 5, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if right else "left",
        va="top",
        fontsize=9,
        color=INK,
    )
    ax.set_xlabel("statistic")
    ax.set_ylabel("surrogates")
    words = (
        f"{k} of {m} surrogates reach the statistic {statistic:.4g}: "
        f"p = (1 + {k}) / (1 + {m}) = {p:.2g}"
    )
    caption = f"{words}. The smallest p that {m} surrogates can support is {1 / (1 + m):.2g}."
    return drawn(
        figure, f"Null distribution of {view.image}. {words}.", "Null distribution", caption
    )
