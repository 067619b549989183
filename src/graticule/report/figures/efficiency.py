"""How strong a signal must be to be found: recovery of injected signals."""

from __future__ import annotations

import numpy as np

from graticule.core.errors import UnknownNameError
from graticule.report.figures import View
from graticule.report.style import BLUE, Drawing, drawn, new_figure


def efficiency(view: View, *, of: str = "injection") -> Drawing:
    """Draw the part of injected signals that is found, against their strength.

    Parameters
    ----------
    view : View
        An image of the study.
    of : str
        A check that leaves the arrays ``strength``, ``found``, ``low`` and ``high``.
    """
    if view.preview is None:
        raise UnknownNameError("no pictures were kept of this image")
    names = ("strength", "found", "low", "high")
    strength, found, low, high = (
        np.asarray(view.preview.evidence(of, name), dtype=float) for name in names
    )
    figure, ax = new_figure()
    ax.fill_between(strength, low, high, color=BLUE, alpha=0.18, lw=0)
    ax.plot(strength, found, "o-", color=BLUE, lw=1.4, ms=5)
    ax.set_ylim(0, 1.03)
    ax.set_xlabel("strength of the injected signal / sigma")
    ax.set_ylabel("part found")
    pairs = ", ".join(f"{f:.0%} at {s:g}" for s, f in zip(strength, found, strict=True))
    alt = f"Detection efficiency on {view.image}: {pairs}."
    return drawn(figure, alt, "Detection efficiency", f"Found: {pairs} sigma.")
